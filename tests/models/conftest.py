"""Fixtures that the tests of models share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="module", autouse=True)
def _one_torch_thread() -> Iterator[None]:
    """On a busy machine small networks lose most of their time between threads."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def language_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the folders of small language models by their kind; no test may change them."""
    import text_checkpoints

    root = tmp_path_factory.mktemp("language_models")
    kinds = ("gpt2", "llama", "bert", "roberta")
    return {kind: getattr(text_checkpoints, kind)(root / kind) for kind in kinds}


@pytest.fixture(scope="module")
def narrow() -> Iterator[None]:
    """Let s3prl make the networks whose width it writes out as narrow as their checkpoints here."""
    from s3prl_checkpoints import narrowed

    with narrowed():
        yield
