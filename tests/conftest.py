"""Fixtures that several folders of tests share."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bucket import Bucket, serving
from threadpoolctl import threadpool_limits
from warm_runs import WarmRuns
from warm_runs import serving as warm_runs_serving

from heschl import registry
from heschl.cards import DatasetCard
from heschl.data_folders import phantom_folder
from heschl.store import Store
from heschl.testing import phantoms

# librosa compiles what it has when it is first imported, and is no faster here for being optimised.
os.environ.setdefault("NUMBA_OPT", "0")
# Of matrices this small more threads wait, not work. torch, and the commands that tests start, read
# this when they begin: `threadpool_limits` below reaches neither.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

Install = Callable[..., Path]
StoreMaker = Callable[[str], Path]


@pytest.fixture(scope="session")
def new_store(tmp_path_factory: pytest.TempPathFactory) -> StoreMaker:
    """Return what makes an empty store whose phantoms are those of all stores of the run.

    They are the dearest part of most tests, and no test may change one. Workers of one run
    have their folders side by side.
    """
    base = tmp_path_factory.getbasetemp()
    run = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    shared = run / "phantoms"
    shared.mkdir(exist_ok=True)

    def made(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name) / "store"
        folder.mkdir()
        (folder / "phantoms").symlink_to(shared, target_is_directory=True)
        return folder

    return made


@pytest.fixture(scope="session", autouse=True)
def store_folder(new_store: StoreMaker) -> Iterator[Path]:
    """Keep tests, and the commands that they start, out of the user's store and data."""
    store = new_store("heschl")
    folder = store.parent
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HESCHL_STORE", str(folder / "store"))
        patch.setenv("HESCHL_DATA", str(folder / "data"))
        patch.delenv("HESCHL_MIRROR", raising=False)
        yield store


@pytest.fixture(scope="session", autouse=True)
def _phantoms_under_test(store_folder: Path) -> Iterator[None]:
    """Have the contract's checks read copies of the run's phantoms, except where they write one."""
    write = phantoms.write_phantom

    def copy(card: DatasetCard, root: Path) -> None:
        if registry.datasets.has(card.id) and registry.datasets.card(card.id) is card:
            folder = phantom_folder(card.id, 0, Store(store_folder))
            shutil.copytree(folder, root, dirs_exist_ok=True)
        else:
            write(card, root)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phantoms, "write_phantom", copy)
        yield


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Hold linear algebra to one thread: on matrices this small more of them wait, not work."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_wait_for_the_disk() -> Iterator[None]:
    """Write as always, but do not wait for the disk: no test outlives a loss of power."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


@pytest.fixture(scope="session")
def moth_phantom(store_folder: Path) -> Path:
    """Return the folder of LeBel's phantom with seed 0; no test may change it."""
    return phantom_folder("lebel_moth", 0, Store(store_folder))


@pytest.fixture(scope="session")
def prince_phantom(store_folder: Path) -> Path:
    """Return the folder of The Little Prince's phantom with seed 0; no test may change it."""
    return phantom_folder("little_prince", 0, Store(store_folder))


@pytest.fixture(scope="session")
def narratives_phantom(store_folder: Path) -> Path:
    """Return the folder of the phantom of Narratives with seed 0; no test may change it."""
    return phantom_folder("narratives", 0, Store(store_folder))


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Put a distribution on the path, as an installer would: metadata and modules.

    ``install("stranger", "1.2", entry_points="...", **{"module": "source"})``.
    """
    installed_modules: list[str] = []

    def put(name: str, version: str, entry_points: str, **modules: str) -> Path:
        folder = tmp_path / f"site-{name}-{version}"
        metadata = folder / f"{name}-{version}.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        (metadata / "entry_points.txt").write_text(entry_points)
        for module, source in modules.items():
            (folder / f"{module}.py").write_text(source)
        installed_modules.extend(modules)
        monkeypatch.syspath_prepend(str(folder))
        registry.refresh()
        return folder

    yield put

    monkeypatch.undo()
    for module in installed_modules:
        sys.modules.pop(module, None)
    registry.refresh()


@pytest.fixture(scope="session")
def warm_runs() -> Iterator[WarmRuns]:
    """Lend what starts runs in processes of their own, with the imports done once."""
    with warm_runs_serving() as runs:
        yield runs


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    """Serve an empty bucket, for a test to fill and to break."""
    with serving() as bucket:
        yield bucket


@pytest.fixture
def fresh_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget afterwards what the test registers."""
    for each in (registry.models, registry.benchmarks, registry.metrics, registry.datasets):
        monkeypatch.setattr(each, "_registrations", {})
