"""Provenance: what is needed to run a score again, captured by code and never typed."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from heschl._version import __version__
from heschl.configuration import canonical_json, digest

__all__ = ["REQUIRED", "capture", "missing_fields"]

REQUIRED = {
    "model": "the model's id or URI",
    "model_digest": "the digest of its weights, configuration and code",
    "model_origin": "where the model was registered",
    "benchmark": "the benchmark's id",
    "benchmark_version": "its version",
    "protocol": "the protocol it declares",
    "dataset": "the dataset's id",
    "data_kind": "`real` or `phantom`",
    "data_digests": "a digest for each subject's recording and each stimulus",
    "configuration": "the full resolved configuration",
    "configuration_digest": "its digest",
    "seed": "the seed",
    "device": "where the model ran",
    "versions": "Python and the packages that make numbers",
    "git": "the state of the source tree, if it is one",
    "hardware": "processor, cores and memory",
    "started": "when, in UTC",
    "seconds": "how long, by stage",
    "cells": "how many cells were computed and how many were cached",
    "command": "what was typed",
}
"""Every field that a complete provenance has, and what it says."""

_PACKAGES = (
    "numpy",
    "scipy",
    "xarray",
    "netCDF4",
    "scikit-learn",
    "soundfile",
    "soxr",
    "torch",
    "transformers",
    "s3prl",
    "nilearn",
    "nibabel",
    "h5py",
)


def capture(**facts: Any) -> dict[str, str]:
    """Return the provenance as texts; what is not text is written as canonical JSON."""
    configuration = facts["configuration"]
    everything = {
        **facts,
        "configuration_digest": digest(configuration),
        "versions": _versions(),
        "git": _git_state(),
        "hardware": _hardware(),
        "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "command": _command(),
    }
    return {
        name: value if isinstance(value, str) else canonical_json(value)
        for name, value in everything.items()
    }


def missing_fields(provenance: Mapping[str, Any]) -> list[str]:
    """Return what a provenance lacks, each as ``name: what it should say``."""
    problems = [
        f"{name}: {meaning}"
        for name, meaning in REQUIRED.items()
        if not str(provenance.get(name, "")).strip()
    ]
    configuration = provenance.get("configuration", "")
    if configuration:
        try:
            is_same = digest(json.loads(configuration)) == provenance.get("configuration_digest")
        except ValueError:
            problems.append("configuration: it is not JSON")
        else:
            if not is_same:
                problems.append("configuration_digest: it is not the configuration's digest")
    return problems


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version(), "heschl": __version__}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _git_state() -> dict[str, str]:
    """Return commit and a digest of uncommitted changes, when Heschl runs from a checkout."""
    folder = Path(__file__).resolve().parent
    # A wheel inside of somebody's repository is not that repository's code.
    if "site-packages" in folder.parts:
        return {"state": "installed package"}

    def git(*arguments: str) -> bytes:
        return subprocess.run(  # noqa: S603  fixed arguments
            ["git", *arguments],  # noqa: S607  the user's own git
            cwd=folder,
            capture_output=True,
            check=True,
            timeout=20,
        ).stdout

    try:
        commit = git("rev-parse", "HEAD").decode().strip()
        patch = git("diff", "HEAD")
    except (OSError, subprocess.SubprocessError):
        return {"state": "no git"}
    if not patch:
        return {"state": "clean", "commit": commit}
    return {"state": "changed", "commit": commit, "patch": hashlib.sha256(patch).hexdigest()}


def _hardware() -> dict[str, Any]:
    hardware: dict[str, Any] = {
        "machine": platform.machine(),
        "system": platform.system(),
        "processor": _processor_name(),
        "cores": os.cpu_count() or 0,
    }
    try:
        hardware["memory_bytes"] = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        hardware["memory_bytes"] = 0
    # Only asked when something else has already loaded torch: provenance must stay cheap.
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        hardware["gpu"] = torch.cuda.get_device_name()
    return hardware


def _processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _command() -> str:
    program = Path(sys.argv[0]).name if sys.argv and sys.argv[0] else "python"
    words = " ".join([program, *sys.argv[1:]])
    # A word may hold bytes that are no text in this locale, which netCDF does not take.
    return words.encode("utf-8", "backslashreplace").decode("utf-8")
