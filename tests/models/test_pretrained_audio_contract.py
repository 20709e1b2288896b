"""Small checkpoints of VGGish, BEATs, Dasheng and EnCodecMAE keep the contract of a model."""

from __future__ import annotations

import pretrained_checkpoints as small
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'heschl[speech]'")

import torch

from heschl.testing import examine, model_checks


@pytest.mark.slow
@pytest.mark.parametrize("family", sorted(small.SMALL))
def test_a_file_of_the_release_keeps_the_contract(family, tmp_path):
    path = small.written(tmp_path, family)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        outcomes = [examine(check) for check in model_checks(f"{family}:{path}")]
    finally:
        torch.set_num_threads(before)
    assert not [each for each in outcomes if each.verdict == "failed"]
    passed = {each.check for each in outcomes if each.verdict == "passed"}
    assert {"frames_fit_the_clock", "rows_are_independent", "it_is_extracted"} <= passed
