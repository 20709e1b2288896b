"""Fetched on one machine, carried as a folder, scored on another that has no network."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bucket import PATIENCE, Bucket
from huggingface_checkpoints import write_checkpoint

import heschl
from heschl.data_folders import phantom_folder
from heschl.manifest import Manifest
from heschl.store import Store

_DATASET = "nh2015_components"
_BENCHMARK = f"{_DATASET}-ridge"

# Python imports a module of this name when it starts, in child processes too.
_NO_NETWORK = """
import errno, os, sys, time

# Nobody waits long for a network that will not come.
time.sleep = lambda seconds, sleep=time.sleep: sleep(min(seconds, 0.01))

def refuse(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo",
                 "socket.gethostbyname"):
        if event.startswith("socket.get") or isinstance(arguments[1], tuple):
            with open(os.environ["ATTEMPTS"], "a") as file:
                print(event, *arguments, file=file)
            raise OSError(errno.ENETUNREACH, "there is no network")

sys.addaudithook(refuse)
"""


class Offline:
    """A machine without a network: its own folders, and nothing of the other's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.attempts = folder / "attempts"
        (folder / "python").mkdir(parents=True)
        (folder / "python/sitecustomize.py").write_text(_NO_NETWORK)
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
        self.environment = {
            **kept,
            "HOME": str(folder),
            "PYTHONPATH": str(folder / "python"),
            "ATTEMPTS": str(self.attempts),
            "HESCHL_DATA": str(folder / "data"),
            "HESCHL_STORE": str(folder / "store"),
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        # Where a user may make a network of his own, that has no way out at all.
        unshare = ["unshare", "--map-root-user", "--net"]
        is_allowed = (
            shutil.which("unshare")
            and not subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode
        )
        self.before = unshare if is_allowed else []

    def tried(self) -> str:
        """Return every attempt to reach a network."""
        return self.attempts.read_text() if self.attempts.exists() else ""

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.before, sys.executable, "-m", "heschl.cli", *words],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


@pytest.fixture
def offline(tmp_path: Path) -> Offline:
    return Offline(tmp_path / "offline")


def _fetched(bucket: Bucket, source: Path, target: Path) -> None:
    """Bring a folder by its manifest, over HTTP, as `heschl fetch` does."""
    rows = [
        "# dataset: ds0",
        f"# base_url: {bucket.address}",
        "path\tsize\thash\ts3_version\ts3_path",
    ]
    for path in sorted(each for each in source.rglob("*") if each.is_file()):
        name, content = path.relative_to(source).as_posix(), path.read_bytes()
        bucket.files[name] = content
        rows.append(f"{name}\t{len(content)}\tsha256:{hashlib.sha256(content).hexdigest()}\t\t")
    manifest = target.parent / "manifest.tsv"
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_text("\n".join(rows) + "\n", encoding="utf-8")
    Manifest.read(manifest).fetch(target, patience=PATIENCE)


@pytest.mark.slow
def test_carried_folder_scores_without_a_network(
    tmp_path: Path, offline: Offline, bucket: Bucket, store_folder: Path
):
    source = phantom_folder(_DATASET, 0, Store(store_folder))
    carried = tmp_path / "carried"
    _fetched(bucket, source, carried / "data" / _DATASET)
    write_checkpoint(carried / "models" / "tiny", "wav2vec2")
    assert bucket.requests
    shutil.copytree(carried, offline.folder, dirs_exist_ok=True)
    shutil.rmtree(carried)

    words = ("score", "hf:models/tiny", _BENCHMARK, "--layers", "block.1", "-o", "tiny.nc")
    done = offline.run(*words)
    assert done.returncode == 0, done.stderr
    model = f"hf:{offline.folder / 'models/tiny'}"
    here = heschl.score(model, _BENCHMARK, layers=["block.1"], data=source)
    assert heschl.open_score(offline.folder / "tiny.nc").value == here.value
    assert offline.tried() == ""


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (("score", "logmel", _BENCHMARK), f"run `heschl fetch {_DATASET}`"),
        (("fetch", _DATASET), "set HESCHL_MIRROR to a folder or address"),
        (("score", "hf:facebook/wav2vec2-base@" + "0" * 40, "lebel_moth-ridge"), "give a folder"),
    ],
)
def test_what_is_missing_offline_is_named_with_how_to_get_it(
    offline: Offline, words: tuple[str, ...], advice: str
):
    done = offline.run(*words)
    assert done.returncode != 0
    assert advice in done.stderr
    assert "Traceback" not in done.stderr
    # What the scoring above would leave behind if it asked for anything.
    assert ("raw.githubusercontent.com" in offline.tried()) == (words[0] == "fetch")
