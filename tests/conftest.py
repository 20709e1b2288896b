"""Fixtures that several folders of tests share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bucket import Bucket, serving
from threadpoolctl import threadpool_limits

from heschl import registry
from heschl.data_folders import phantom_folder
from heschl.store import Store

Install = Callable[..., Path]


@pytest.fixture(scope="session", autouse=True)
def store_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep tests, and the commands that they start, out of the user's store and data."""
    folder = tmp_path_factory.mktemp("heschl")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HESCHL_STORE", str(folder / "store"))
        patch.setenv("HESCHL_DATA", str(folder / "data"))
        patch.delenv("HESCHL_MIRROR", raising=False)
        yield folder / "store"


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Hold linear algebra to one thread: on matrices this small more of them wait, not work."""
    with threadpool_limits(1):
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
