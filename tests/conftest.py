"""Fixtures that several folders of tests share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from heschl import registry

Install = Callable[..., Path]


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
def fresh_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget afterwards what the test registers."""
    for each in (registry.models, registry.benchmarks, registry.metrics, registry.datasets):
        monkeypatch.setattr(each, "_registrations", {})
