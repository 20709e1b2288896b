"""What can be refused without any data is, before a phantom is written."""

from __future__ import annotations

import pytest
import small_net

import heschl
from heschl.braintuning.planning import plan_tuning
from heschl.errors import HeschlError, InvalidInput, UnknownName

NET = f"file:{small_net.__file__}:build"


@pytest.fixture
def nothing_written(monkeypatch):
    def refuse(*_):
        raise AssertionError("a phantom was written before the refusal")

    monkeypatch.setattr("heschl.phantom_folders._write", refuse)


def tune(store, model=NET, **settings):
    return heschl.tune(
        model, "lebel_moth", subject="UTS01", data="phantom", store=store, device="cpu", **settings
    )


def score(store, model="logmel", benchmark="lebel_moth-ridge", **settings):
    return heschl.plan(model, benchmark, data="phantom", store=store, **settings)


@pytest.mark.usefixtures("nothing_written")
def test_tuning_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(InvalidInput, match="'logmel' has no weights to learn"):
        tune(tmp_path, "logmel")
    with pytest.raises(UnknownName, match="has no layer 'blok"):
        tune(tmp_path, layer="blok")
    with pytest.raises(UnknownName, match="'logmle'"):
        tune(tmp_path, control="model", targets_from="logmle")
    with pytest.raises(InvalidInput, match="name that one too"):
        tune(tmp_path, target_layers=["cnn"])
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.txt").write_text("mine")
    with pytest.raises(InvalidInput, match="holds something else"):
        tune(tmp_path, output=tmp_path / "thesis")
    with pytest.raises(InvalidInput, match="no data sheet of 'H20'"):
        plan_tuning(NET, "lebel_moth", subject="UTS01", data="phantom", card="H20", store=tmp_path)


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"benchmark": "timit-asr"}, "'logmel' has no weights to learn"),
        ({"layers": ["logmle"]}, "has no layer 'logmle'"),
        ({"device": "cpuu"}, "expected 'auto'"),
        ({"beside": "logmle"}, "'logmle'"),
    ],
    ids=["network", "layer", "device", "beside"],
)
def test_scoring_is_refused_before_anything_is_written(tmp_path, settings, match):
    with pytest.raises(HeschlError, match=match):
        score(tmp_path, **settings)
