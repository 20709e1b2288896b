"""Say what is installed, what is broken, and what to do about it."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from heschl import registry
from heschl._version import __version__
from heschl.cli.printing import print_json, print_table, print_text
from heschl.data_folders import default_data_folder
from heschl.offers import diagnoses
from heschl.progress import readable_size
from heschl.registry import Registry
from heschl.store import default_folder

_EXTRAS = {
    "speech": ("torch", "transformers"),
    "s3prl": ("s3prl", "torchaudio"),
    "brain": ("nibabel", "nilearn", "h5py", "rsatoolbox"),
    "abx": ("numba",),
    "site": ("jinja2", "tomli_w"),
    "dask": ("distributed",),
    "slurm": ("submitit",),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("--traces", action="store_true", help="whole traces of broken plugins")


def run(arguments: argparse.Namespace) -> int:
    """Print the findings; exit 1 if a plugin is broken."""
    broken = registry.broken()
    kinds = (registry.models, registry.benchmarks, registry.metrics, registry.datasets)
    duplicates = {
        name: list(origins) for plugins in kinds for name, origins in plugins.duplicates().items()
    }
    record: dict[str, Any] = {
        "heschl": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "store": _folder(str(default_folder())),
        "data": _folder(str(default_data_folder(""))),
        "mirror": os.environ.get("HESCHL_MIRROR"),
        "extras": {extra: _versions(names) for extra, names in _EXTRAS.items()},
        "arithmetic": _arithmetic(),
        "needing": _needing(kinds),
        "schemes": {name: list(sentences) for name, sentences in diagnoses().items()},
        "broken": [vars(each) for each in broken],
        "duplicates": duplicates,
    }
    if arguments.json:
        print_json(record)
        return 1 if broken or duplicates else 0
    print_text(f"heschl {__version__}, Python {record['python']} on {record['system']}")
    for name in ("store", "data"):
        print_text(f"{name}: {record[name]['path']} ({record[name]['state']})")
    print_text(f"mirror: {record['mirror'] or 'none ($HESCHL_MIRROR)'}\n")
    rows = [
        [extra, package, version or f'missing: pip install "heschl[{extra}]"']
        for extra, versions in record["extras"].items()
        for package, version in versions.items()
    ]
    print_table(["extra", "package", "version"], rows)
    print_text()
    _print_arithmetic(record["arithmetic"])
    for name, origins in duplicates.items():
        print_text(f"{name} is claimed more than once: {'; '.join(origins)}. Uninstall all but one")
    for each in broken:
        print_text(f"broken: {each.name} ({each.group}, {each.origin}): {each.reason}")
        if arguments.traces and each.traceback:
            print_text(each.traceback)
    for name, sentences in record["schemes"].items():
        for sentence in sentences:
            print_text(f"{name}: {sentence}")
    for name, packages in record["needing"].items():
        print_text(f"{name} needs {', '.join(packages)}")
    n_plugins = sum(len(plugins.names()) for plugins in kinds)
    n_usable = (
        n_plugins - len(record["needing"]) - len({each.name for each in broken} | {*duplicates})
    )
    print_text(f"{n_usable} of {n_plugins} plugins can be used")
    return 1 if broken or duplicates else 0


def _needing(kinds: Sequence[Registry[Any]]) -> dict[str, list[str]]:
    """Return the plugins that lack packages, and which."""
    lacking = {
        entry.name: list(entry.card.missing_requirements())
        for plugins in kinds
        for entry in plugins.entries()
        if entry.card is not None
    }
    return {name: packages for name, packages in lacking.items() if packages}


def _arithmetic() -> dict[str, Any]:
    """Return how fast matrices are multiplied, and what slows that down."""
    try:
        from heschl.metrics.ridge.engine.rates import advice, rates

        found = rates()
        return {"rates": [asdict(rate) for rate in found], "advice": advice(found[0])}
    except (ImportError, OSError, RuntimeError) as error:  # a torch or driver that is broken
        return {"rates": [], "advice": [f"matrix products could not be timed: {error}"]}


def _print_arithmetic(found: Mapping[str, Any]) -> None:
    rows = [
        [
            rate["device"],
            f"{rate['backend']}, {rate['library']}",
            *(f"{rate[name] / 1e9:,.0f}" for name in ("float32", "float64")),
        ]
        for rate in found["rates"]
    ]
    print_table(["device", "products by", "float32 Gflop/s", "float64 Gflop/s"], rows)
    for sentence in found["advice"]:
        print_text(sentence)
    print_text()


def _versions(packages: tuple[str, ...]) -> dict[str, str | None]:
    versions: dict[str, str | None] = {}
    for package in packages:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = None
    return versions


def _folder(path: str) -> dict[str, str]:
    place = above = os.path.abspath(path)  # noqa: PTH100  what is relative ends at no folder
    while not os.path.isdir(above):  # noqa: PTH112  walks up text until something exists
        above = os.path.dirname(above)  # noqa: PTH120
    is_writable = os.access(above, os.W_OK)
    free = readable_size(shutil.disk_usage(above).free)
    state = ("writable" if is_writable else "NOT writable") + f", {free} free"
    return {"path": path, "state": state if above == place else f"not made yet, {state}"}
