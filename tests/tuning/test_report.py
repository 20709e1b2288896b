"""Before against after: scalars, intervals and tests on curves that are planted (S-moussa)."""

from __future__ import annotations

import csv
import json
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import scipy.stats
from made_cards import STORIES, card
from made_scores import made_score, without_values

from heschl.braintuning.pairing import Pair, pairs_in
from heschl.braintuning.report import SCALARS, late_slope, report
from heschl.braintuning.report_writing import (
    csv_table,
    latex_table,
    methods,
    over_listeners,
    write_figure,
)
from heschl.cli import main
from heschl.errors import CorruptData, InvalidInput, MissingData

N_LISTENERS, N_LAYERS, N_UNITS = 8, 12, 6
LISTENERS = [f"S{number}" for number in range(1, N_LISTENERS + 1)]
DEPTH = np.arange(N_LAYERS) / 100
ROIS = {"left": np.arange(N_UNITS) < N_UNITS // 2}


def values(rise, seed, noise=0.002):
    """Return unit scores (subject, layer, unit): a line in depth, and noise."""
    shape = (N_LISTENERS, N_LAYERS, N_UNITS)
    drawn = noise * np.random.default_rng(seed).standard_normal(shape)
    return 0.2 + (rise * DEPTH)[:, None] + drawn


def score(numbers, subjects=None, model="base", **attrs):
    return made_score(numbers, model, ROIS, subjects=subjects, **attrs)


def pairs(before, after, control="none"):
    base = score(before)
    return [
        Pair(card(name, control), base, score(after[[number]], [name], "tuned"))
        for number, name in enumerate(LISTENERS)
    ]


@pytest.fixture(scope="module")
def numbers():
    return values(0, 1), values(1, 2)


@pytest.fixture(scope="module")
def found(numbers):
    flat, steep = numbers
    controls = pairs(flat, values(0, 3), "local")
    return report([*pairs(flat, steep), *controls])


def change(found, scalar, control="none", roi="left"):
    (one,) = (
        each
        for each in found.changes
        if (each.scalar, each.control, each.roi) == (scalar, control, roi)
    )
    return one


def test_planted_slope_is_recovered_and_a_flat_one_is_none(found):
    steep, flat = change(found, "slope"), change(found, "slope", "local")

    assert steep.difference == pytest.approx(0.01, rel=0.1)
    assert steep.before == pytest.approx(0, abs=5e-4)
    assert flat.low < 0 < flat.high
    assert change(found, "peak layer").after == N_LAYERS


def test_eight_listeners_of_one_sign_reach_the_floor_and_no_less(found):
    up = change(found, "mean")

    assert up.p == up.floor == 0.0078125
    assert up.n == N_LISTENERS


def test_changes_are_those_of_plain_means_fits_and_scipy(numbers, found):
    curves = [each[:, :, : N_UNITS // 2].mean(axis=2) for each in numbers]
    late = np.arange(6)
    slopes = [[scipy.stats.linregress(late, row[6:]).slope for row in each] for each in curves]
    means = [each.mean(axis=1) for each in curves]
    for scalar, (before, after) in (("mean", means), ("slope", slopes)):
        difference = np.subtract(after, before)
        here = change(found, scalar)
        assert here.difference == pytest.approx(difference.mean(), abs=1e-12)
        assert here.error == pytest.approx(scipy.stats.sem(difference), abs=1e-12)
        assert here.p == pytest.approx(scipy.stats.wilcoxon(difference, mode="exact").pvalue)


def test_scores_of_no_listener_are_set_against_one_number_of_the_base():
    generator = np.random.default_rng(4)
    shape = (3, 4, 1)  # speakers, layers, one part
    attrs = {"unit_of_uncertainty": "speaker", "dataset": "timit", "benchmark": "timit-phonemes"}
    layers = ["cnn", "block.0", "block.1", "final"]
    base = generator.uniform(0.3, 0.6, shape)
    tuned = generator.uniform(0.3, 0.6, (N_LISTENERS, *shape))
    before = made_score(base, layers=layers, **attrs)

    found = report(
        [
            Pair(card(name), before, made_score(values, "tuned", layers=layers, **attrs))
            for name, values in zip(LISTENERS, tuned, strict=True)
        ]
    )

    here = change(found, "mean", roi="all")
    difference = tuned.mean(axis=(1, 3))[:, [1, 2]].mean(axis=1) - base[:, [1, 2]].mean()
    assert here.difference == pytest.approx(difference.mean(), abs=1e-12)
    assert here.p == pytest.approx(scipy.stats.wilcoxon(difference, mode="exact").pvalue)
    last = tuned[:, :, 2].mean() - base[:, 2].mean()
    assert change(found, "last layer", roi="all").difference == pytest.approx(last, abs=1e-12)
    assert found.curves[0].values["layer"].to_numpy().tolist() == ["block.0", "block.1"]


def test_slope_is_of_the_later_half():
    curve = np.r_[np.full(6, 9.0), 2 * np.arange(6.0)]

    assert float(late_slope(curve)) == pytest.approx(2)
    assert np.isnan(late_slope(np.ones((3, 2)))).all()


def test_tables_say_the_same(found):
    rows = list(csv.DictReader(csv_table(found).splitlines()))
    latex = latex_table(found).splitlines()

    assert len(rows) == len(found.changes) == 2 * 2 * len(SCALARS)
    assert float(rows[0]["difference"]) == found.changes[0].difference
    assert latex[2].count("&") == latex[4].count("&") == 9
    assert r"95 \% interval" in latex[2]
    assert len(latex) == len(rows) + 6


def test_methods_take_their_numbers_from_the_cards(found):
    text = methods(found)

    for words in (
        "8 listeners", "16 s of sound", "1,001 to 1,008 units", "over 2 stories", "batches of 128",
        "5e-05 (network)", "0.0001 (layer)", "first 10 %", "at most 30 epochs", "70 steps; seed 3)",
        "loss on c, the best", "Controls of as many steps: local", "reach 0.0078",
        "phantom responses of made",
    ):  # fmt: skip
        assert words in text, words


@pytest.mark.parametrize(
    ("n", "told"),
    [
        (1, ("for one listener (S1), with", "1,001 units", "shows nothing of other listeners")),
        (3, ("each of 3 listeners (S1, S2, S3) apart", "can reach 0.2500", "that none is given")),
    ],
)
def test_methods_say_what_few_listeners_show(numbers, n, told):
    few = report(pairs(*numbers)[:n])

    text = methods(few)

    for words in told:
        assert words in text, words
    assert "1 listeners" not in text
    assert all(np.isnan(each.p) for each in few.changes)
    assert "1.0000" not in text


def test_what_cannot_be_paired_is_refused(numbers):
    flat, steep = numbers
    (first, *_) = made = pairs(flat, steep)
    with pytest.raises(InvalidInput, match="two models of S1"):
        report([first, first])
    with pytest.raises(InvalidInput, match="no tuned model was given"):
        report([])
    other = Pair(first.card, first.before, score(steep[[0]], ["S1"], n_stimuli=2))
    with pytest.raises(InvalidInput, match=r"S1 has n_stimuli 3 before and 2 after .* --beside"):
        report([other])
    with pytest.raises(InvalidInput, match="other values of data_kind"):
        report([*made, Pair(card("S9"), first.before, score(steep, data_kind="real"))])
    with pytest.raises(InvalidInput, match="has no listener S9"):
        report([Pair(card("S9"), first.before, first.after)])


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("base",), "hf:other", "another base, 'hf:other'"),
        (("base_digest",), "0", "another base_digest"),
        (("plan", "dataset"), "narratives", "another dataset, 'narratives'"),
        (("plan", "layer"), "block.3", "another layer that was tuned, 'block.3'"),
    ],
)
def test_models_of_another_base_or_dataset_are_refused(numbers, path, value, words):
    first, second, *_ = pairs(*numbers)
    other = json.loads(json.dumps(second.card))
    (other if len(path) == 1 else other[path[0]])[path[-1]] = value

    with pytest.raises(InvalidInput, match=f"model of S2 has {words}.* than that of S1"):
        report([first, Pair(other, second.before, second.after)])


def test_layers_and_regions_of_one_side_alone_are_refused(numbers):
    flat, steep = numbers
    first = pairs(flat, steep)[0]
    fewer = score(steep[[0], 1:], ["S1"])
    with pytest.raises(
        InvalidInput, match=r"after tuning of S1 has other layers: it lacks block\.11"
    ):
        report([Pair(first.card, first.before, fewer)])
    without = made_score(steep[[0]], "tuned", subjects=["S1"])
    with pytest.raises(InvalidInput, match="other regions: it lacks left and has none"):
        report([Pair(first.card, first.before, without)])


def test_methods_claim_neither_equal_steps_nor_a_best_epoch_that_were_not(numbers):
    flat, steep = numbers
    tuned, controls = pairs(flat, steep), pairs(flat, steep, "local")
    longer = [Pair(p.card | {"n_steps": 90}, p.before, p.after) for p in controls]
    assert "Controls: local (90 steps)." in methods(report([*tuned, *longer]))

    stopped = [
        Pair(p.card | {"plan": p.card["plan"] | {"stop_after": 7}}, p.before, p.after)
        for p in tuned
    ]
    text = methods(report(stopped))
    assert "Of 30 epochs, for which the rates were planned, the first 7 were learned" in text
    assert "the best was kept" not in text

    text = methods(report(controls))
    assert "was tuned on the phantom responses, permuted in blocks, of made" in text
    assert "Of 30 epochs the last was kept (70 steps" in text


def test_methods_do_not_speak_of_one_listener_where_there_is_none(numbers):
    flat, steep = numbers
    empty = [
        Pair(
            p.card,
            p.before,
            without_values(p.after, *((f"block.{k}", p.subject) for k in range(12))),
        )
        for p in pairs(flat, steep)
    ]

    text = methods(report(empty))

    assert "no listener has a value in every layer of any region" in text
    assert "single listener" not in text


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"plan": {}}', '{"plan": 3}', "null"])
def test_damaged_card_is_told_with_what_to_do(tmp_path, content):
    (tmp_path / "card.json").write_text(content)

    with pytest.raises(CorruptData, match=r"card\.json is (no card of a|not what) .*heschl tune"):
        pairs_in([tmp_path], tmp_path)


def test_methods_name_all_seeds_and_validation_stories(numbers):
    first, second, *others = pairs(*numbers)
    plan = second.card["plan"] | {"seed": 4, "stories": {**STORIES, "validation": ["e", "f"]}}
    again = Pair(second.card | {"plan": plan}, second.before, second.after)

    text = methods(report([first, again, *others]))

    assert "seeds 3, 4)" in text
    assert "loss on c, e, f, the best" in text


def test_command_finds_pairs_and_writes_a_report(numbers, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    flat, steep = numbers
    folders = []
    for number, name in enumerate(LISTENERS):
        folder = tmp_path / f"net-{name}"
        folder.mkdir()
        (folder / "card.json").write_text(json.dumps(card(name)))
        folders.append(str(folder))
        after = score(steep[[number]], [name], f"tuned:net-{name}")
        after.tree["provenance"].attrs["model_digest"] = f"digest of {name}"
        after.save(tmp_path / "scores" / f"{name}.nc")
    missing = "0 Scores of hf:net on made-ridge for the model that was tuned on S1"
    with pytest.raises(MissingData, match=missing) as refusal:
        pairs_in(folders, tmp_path / "scores")
    command = f"heschl tune evaluate {folders[0]} --benchmarks made-ridge --scores"
    assert f"run `{command} {tmp_path / 'scores'}`" in str(refusal.value)
    with pytest.raises(MissingData, match=r"of 0 Scores below \S+/absent none is of tuned:net-S1"):
        pairs_in(folders, tmp_path / "absent")
    score(flat).save(tmp_path / "scores" / "base.nc")

    code = main(
        ["tune", "report", *folders, "--scores", str(tmp_path / "scores"), "-o",
         str(tmp_path / "out")]
    )  # fmt: skip

    assert code == 0
    assert "0.0078" in capsys.readouterr().out
    expected = csv_table(report(pairs(flat, steep)))
    assert (tmp_path / "out" / "changes.csv").read_text() == expected
    assert ET.parse(tmp_path / "out" / "made-ridge.svg").getroot().tag.endswith("svg")  # noqa: S314
    assert (tmp_path / "out" / "made-ridge.pdf").read_bytes().startswith(b"%PDF")
    assert main(["tune", "report", str(tmp_path), "--scores", str(tmp_path)]) == 1
    assert "has no card.json" in capsys.readouterr().err


def test_figure_has_a_panel_for_each_region_and_a_line_for_each_model(found, tmp_path):
    pytest.importorskip("matplotlib")
    text = write_figure(found, "made-ridge", tmp_path / "curves.svg").read_text()

    assert text.count('id="axes_') == len(ROIS) + 1
    # Before, tuned and control, each with the band of its error, in every panel.
    assert text.count('id="FillBetweenPolyCollection_') == 3 * (len(ROIS) + 1)


def test_the_band_of_a_figure_is_over_the_listeners_of_the_table(found):
    values = found.curves[0].values.sel(roi="left").copy(deep=True)
    values.loc[{"subject": ["S2", "S5"]}] = np.nan  # they have no unit there
    values.loc[{"subject": "S7", "when": "after", "layer": values.layer[0]}] = np.nan
    kept = values.sel(subject=["S1", "S3", "S4", "S6", "S8"]).transpose("subject", "when", "layer")

    mean, error = over_listeners(values)

    np.testing.assert_allclose(mean, kept.mean("subject"))
    np.testing.assert_allclose(error, scipy.stats.sem(kept.to_numpy()))
    for n in (1, 0):
        mean, error = over_listeners(values.isel(subject=slice(1 - n, 2 - n)))
        assert mean.shape == error.shape == (2, N_LAYERS)
        assert np.isfinite(mean).all() == (n == 1)
        assert np.isnan(error).all()
