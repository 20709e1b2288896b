"""A suite over tuned models: what is scored, beside what, and what the report makes of it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import small_net
from toy import ToyDataset, toy_benchmark

import heschl
from heschl.braintuning.evaluation import evaluate
from heschl.braintuning.pairing import pairs_in
from heschl.braintuning.recipe import Recipe
from heschl.braintuning.report import report
from heschl.cli import main
from heschl.cli.tune_evaluate_command import _places
from heschl.errors import InvalidInput, MissingData, UnknownName
from heschl.registry import resolve_model

NET = f"file:{Path(small_net.__file__)}:build"
LISTENERS = ("S1", "S2")
RECIPE = Recipe(n_epochs=2, batch_size=16, network_rate=1e-2, head_rate=1e-2, skipped_rows=3)
DATA = {"toy": ToyDataset(), "timit": "phantom"}


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    """Return the folders of tuned models and that of their Scores."""
    place = tmp_path_factory.mktemp("evaluated")
    folders = [
        heschl.tune(
            NET, "toy", subject=name, data=ToyDataset(), recipe=RECIPE, stories=["one"],
            validation=["two"], test=["test"], output=place / f"net-{name}",
        ).folder
        for name in LISTENERS
    ]  # fmt: skip
    files = evaluate(
        folders, place / "scores", benchmarks=[toy_benchmark(), "timit-phonemes"], data=DATA
    )
    return folders, place / "scores", files


def test_each_base_is_scored_once_and_beside_what_it_is_compared_with(evaluated):
    _, scores, files = evaluated
    digest = resolve_model(NET).object.digest[:8]

    names = [str(path.relative_to(scores)) for path in files]
    toy, timit = toy_benchmark().card.id, "timit-phonemes"
    assert names == [
        f"{toy}/base-{digest}-S1.nc", f"{toy}/net-S1.nc",
        f"{toy}/base-{digest}-S2.nc", f"{toy}/net-S2.nc",
        f"{timit}/base-{digest}.nc", f"{timit}/net-S1.nc", f"{timit}/net-S2.nc",
    ]  # fmt: skip
    base = heschl.open_score(scores / names[0])
    assert base.tree["summary"]["subject"].to_numpy().tolist() == ["S1"]
    assert base.tree.attrs["left_out_of_training"] == "two"


def test_report_sets_each_listeners_model_against_the_base_on_every_benchmark(evaluated):
    folders, scores, _ = evaluated

    found = report(pairs_in(folders, scores))

    assert found.benchmarks == (toy_benchmark().card.id, "timit-phonemes")
    (mean,) = (c for c in found.changes if (c.benchmark, c.scalar) == ("timit-phonemes", "mean"))
    f1 = [
        heschl.score(uri, "timit-phonemes", data="phantom").tree["summary"]["score"]
        for uri in (NET, *(f"tuned:{folder}" for folder in folders))
    ]
    # The blocks alone, not the convolutions below nor what stands above.
    before, *after = (float(each.sel(layer=["block.0", "block.1"]).mean()) for each in f1)
    assert mean.before == pytest.approx(before, abs=1e-12)
    assert mean.difference == pytest.approx(np.mean(after) - before, abs=1e-12)
    assert mean.n == len(LISTENERS)
    assert mean.floor == 0.5  # two listeners can show nothing
    (aligned,) = (
        c
        for c in found.changes
        if (c.benchmark, c.scalar, c.roi) == (toy_benchmark().card.id, "last layer", "all")
    )
    expected = [
        heschl.open_score(scores / toy_benchmark().card.id / f"net-{name}.nc")
        .tree["summary"]["normalised"]
        .sel(layer="block.1", roi="all")
        .item()
        for name in LISTENERS
    ]
    assert aligned.after == pytest.approx(np.mean(expected), abs=1e-12)


def test_models_of_the_same_name_are_refused(evaluated, tmp_path):
    folders, scores, _ = evaluated
    (tmp_path / "net-S1").mkdir()
    (tmp_path / "net-S1" / "card.json").write_bytes((folders[0] / "card.json").read_bytes())

    with pytest.raises(InvalidInput, match="have the same name, by which the models go"):
        evaluate([folders[0], tmp_path / "net-S1"], scores)
    with pytest.raises(MissingData, match=r"it has no card\.json"):
        evaluate([tmp_path], scores)


def test_what_cannot_be_scored_or_drawn_is_refused_before_anything_is_scored(
    evaluated, tmp_path, monkeypatch, capsys
):
    folders, _, _ = evaluated
    with pytest.raises(UnknownName, match="'timit-phonems'"):
        evaluate(folders, tmp_path, benchmarks=["timit-phonemes", "timit-phonems"], data=DATA)
    assert not list(tmp_path.iterdir())
    for name in ("matplotlib", "matplotlib.figure"):  # which an earlier test may have imported
        monkeypatch.setitem(sys.modules, name, None)
    words = [*map(str, folders), "--scores", str(tmp_path), "-o", str(tmp_path / "report")]
    assert main(["tune", "evaluate", *words, "--benchmarks", "timit-phonemes"]) == 1
    assert "run: pip install matplotlib" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    monkeypatch.undo()
    (tmp_path / "report").write_text("a file")
    for words in (["-o", str(tmp_path / "report")], []):
        scores = tmp_path / ("scores" if words else "report")
        whole = ["tune", "evaluate", *map(str, folders), "--scores", str(scores), *words]
        assert main([*whole, "--benchmarks", "timit-phonemes", "--data", "phantom"]) == 1
        told = capsys.readouterr()
        assert "report: the system refuses" in told.err
        assert "scored" not in told.out
        assert not (tmp_path / "scores").exists()


def test_scores_of_what_had_the_name_before_are_not_reported(evaluated, tmp_path):
    _, scores, _ = evaluated
    again = heschl.tune(
        NET, "toy", subject="S1", data=ToyDataset(), recipe=RECIPE, stories=["one"],
        validation=["two"], test=["test"], seed=1, output=tmp_path / "net-S1",
    )  # fmt: skip

    assert again.record["digest"] == resolve_model(again.uri).object.digest
    with pytest.raises(MissingData, match=r"are of other weights than those in .*net-S1; run"):
        pairs_in([again.folder], scores)


def test_place_of_a_dataset_that_nobody_knows_is_refused(evaluated, tmp_path):
    with pytest.raises(UnknownName, match=r"'timt', which is no dataset of .* mean 'timit'"):
        evaluate(evaluated[0], tmp_path, benchmarks=["timit-mfcc"], data={"timt": "phantom"})
    assert not list(tmp_path.iterdir())


def test_places_of_data_are_told_by_dataset():
    assert _places(None) is None
    assert _places(["phantom"]) == "phantom"
    assert _places(["toy=a", "timit=phantom:3"]) == {"toy": "a", "timit": "phantom:3"}
    for words in (["a", "b"], ["toy=a", "toy=b"], ["toy="]):
        with pytest.raises(InvalidInput, match="expected one DATASET=FOLDER"):
            _places(words)


def test_command_scores_and_tells(evaluated, tmp_path, capsys):
    folders, _, _ = evaluated
    words = [*map(str, folders), "--scores", str(tmp_path), "--benchmarks", "timit-phonemes"]

    assert main(["tune", "evaluate", *words, "--data", "timit=phantom"]) == 0

    told = capsys.readouterr().out
    assert f"scored {tmp_path / 'timit-phonemes' / 'net-S1.nc'}" in told
    assert "Scores are those of timit-phonemes (phantom data)" in told
    scaled = ["tune", "scaling", *map(str, folders), "--scores", str(tmp_path)]
    assert main(scaled) == 1
    assert "differ neither in their bases nor in the stories" in capsys.readouterr().err
