"""Small checkpoints of VGGish, BEATs, Dasheng and EnCodecMAE keep the contract of a model."""

from __future__ import annotations

import json

import pretrained_checkpoints as small
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'heschl[speech]'")

import torch

from heschl.testing import examine, model_checks, models
from heschl.testing.loading import seen_from_another_process

DIGESTS = """
import json
from heschl.registry import resolve_model
print(json.dumps({name: resolve_model(name).object.digest for name in plugin}))
"""


@pytest.fixture(scope="module")
def names(tmp_path_factory) -> dict[str, str]:
    """Return the name of a file of each family."""
    folder = tmp_path_factory.mktemp("released")
    return {family: f"{family}:{small.written(folder, family)}" for family in small.SMALL}


@pytest.fixture(scope="module")
def elsewhere(names) -> dict[str, str]:
    """Return the digests of all, as one other process sees them: each would import torch again."""
    return json.loads(seen_from_another_process([*names.values()], is_named=True, program=DIGESTS))


@pytest.mark.slow
@pytest.mark.parametrize("family", sorted(small.SMALL))
def test_a_file_of_the_release_keeps_the_contract(family, names, elsewhere, monkeypatch):
    monkeypatch.setattr(models, "seen_from_another_process", lambda name, **_: elsewhere[name])
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        outcomes = [examine(check) for check in model_checks(names[family])]
    finally:
        torch.set_num_threads(before)
    assert not [each for each in outcomes if each.verdict == "failed"]
    passed = {each.check for each in outcomes if each.verdict == "passed"}
    assert {
        "loads_in_another_process",
        "frames_fit_the_clock",
        "rows_are_independent",
        "it_is_extracted",
    } <= passed
