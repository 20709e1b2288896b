"""The impact of low-level features: the whole chain beside scikit-learn, and what it shares."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from sklearn.linear_model import Ridge as SkRidge
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold as SkKFold
from toy import Loudness, ToyDataset, toy_benchmark

import heschl
from heschl.aggregation import over_subjects
from heschl.cards import BenchmarkCard
from heschl.errors import InvalidInput
from heschl.extraction import extract
from heschl.metrics.low_level_impact import LowLevelImpactBenchmark, Residualiser
from heschl.metrics.low_level_impact.gathering import _require_same_rows
from heschl.metrics.ridge import KFold, Ridge
from heschl.models.acoustic.model import envelope, powspec_8k
from heschl.scoring import plan
from heschl.shared_ceilings import SharedCorrelation

ALPHAS = (1e-2, 1.0, 1e2)
SPACES = {"envelope": envelope, "powspec8k": powspec_8k}
CARD = BenchmarkCard(
    "toy-impact", load="none:none", summary="A toy", dataset="toy", protocol="toy.protocol"
)
ALIGNMENT = toy_benchmark(metric=Ridge(KFold((10.0,), n_folds=2, has_intercept=False)))


def impact_benchmark(**changes):
    settings = {
        "card": CARD,
        "alignment": ALIGNMENT,
        "low_level": tuple(SPACES),
        "residualiser": Residualiser(ALPHAS, n_folds=5),
    }
    return LowLevelImpactBenchmark(**(settings | changes))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def scored(store):
    return heschl.score(Loudness(), impact_benchmark(), data=ToyDataset(), store=store)


def z(values):
    spread = values.std(axis=0)
    return (values - values.mean(axis=0)) / np.where(spread > 1e-12, spread, np.inf)


def rows_of(model, layer):
    """Return z-scored features of each sound, without the rows that the benchmark skips."""
    data = ToyDataset()
    found = {}
    for name in ("one", "two", "test"):
        values = extract(
            model,
            data.stimuli()[name],
            [layer],
            ALIGNMENT.windowing,
            ALIGNMENT.resampler,
            data.clock(name),
        )[layer]
        found[name] = z(values.astype(np.float64)[ALIGNMENT.skipped_rows.get(name, 0) :])
    return found


def lagged(rows):
    return np.hstack([np.vstack([np.zeros((d, rows.shape[1])), rows[:-d]]) for d in (1, 2)])


def left_by(features, low):
    """Return the residuals of each sound by scikit-learn, a column at a time."""
    train = np.concatenate([low["one"], low["two"]])
    mean, spread = train.mean(axis=0), train.std(axis=0)
    known = (train - mean) / spread
    targets = np.concatenate([features["one"], features["two"]])
    found = {name: np.empty_like(values) for name, values in features.items()}
    for column, target in enumerate(targets.T):
        means = [
            np.mean(
                [
                    r2_score(
                        target[part],
                        SkRidge(alpha, fit_intercept=False)
                        .fit(known[rest], target[rest])
                        .predict(known[part]),
                    )
                    for rest, part in SkKFold(5).split(known)
                ]
            )
            for alpha in ALPHAS
        ]
        fitted = SkRidge(ALPHAS[int(np.argmax(means))], fit_intercept=False).fit(known, target)
        for name, values in features.items():
            found[name][:, column] = values[:, column] - fitted.predict((low[name] - mean) / spread)
    return found


def alignments(features, subject, ceiling):
    """Return the mean score over ceiling of the units that count, with one penalty."""
    data = ToyDataset()
    responses = data.recording(subject).responses
    kept = np.arange(6)  # those of A1
    train = np.concatenate([lagged(features[name]) for name in ("one", "two")])
    target = np.concatenate([z(responses[name].values[:, kept]) for name in ("one", "two")])
    fitted = SkRidge(10.0, fit_intercept=False).fit(train, target)
    predicted = fitted.predict(lagged(features["test"]))
    truth = z(responses["test"].values[3:, kept])
    r = [np.corrcoef(a, b)[0, 1] for a, b in zip(predicted.T, truth.T, strict=True)]
    return float(np.mean(np.array(r)[ceiling > 0.4] / ceiling[ceiling > 0.4]))


@pytest.mark.parametrize("layer", ["low", "high"])
def test_impacts_are_those_of_a_script_of_numpy_and_scikit_learn(scored, layer):
    summary = scored.tree["summary"].to_dataset()
    ceilings = scored.tree["ceiling"]["ceiling"]
    features = rows_of(Loudness(), layer)
    left = {}
    for name, make in SPACES.items():
        model = make()
        left[name] = left_by(features, rows_of(model, model.layers[0].name))

    for subject in ("S1", "S2", "S3"):
        own = ceilings.values[ceilings["subject"].values == subject][:6]
        here = summary.sel(subject=subject, layer=layer, roi="A1")
        original = alignments(features, subject, own)
        residuals = {name: alignments(each, subject, own) for name, each in left.items()}
        impacts = {name: 100 * (original - each) / original for name, each in residuals.items()}
        assert float(here["original"]) == pytest.approx(original, abs=1e-5)
        for name in SPACES:
            found = here.sel(low_level=name)
            assert float(found["residual"]) == pytest.approx(residuals[name], abs=1e-4)
            assert float(found["impact"]) == pytest.approx(impacts[name], abs=0.02)
        assert float(here["score"]) == pytest.approx(np.mean([*impacts.values()]), abs=0.02)


def test_residuals_are_divided_by_the_ceiling_that_listeners_share(store):
    alignment = toy_benchmark(metric=ALIGNMENT.metric, ceiling=SharedCorrelation(minimum=0.4))
    shared = impact_benchmark(alignment=alignment, low_level=("envelope",))
    tree = heschl.score(Loudness(), shared, data=ToyDataset(), layers=["low"], store=store).tree
    ceilings = tree["ceiling"].to_dataset()
    place = ceilings["unit_of_subject"].to_numpy()
    of_all = (np.bincount(place, ceilings["ceiling"]) / np.bincount(place))[:6]
    residuals = left_by(rows_of(Loudness(), "low"), rows_of(envelope(), "envelope"))

    for subject in ("S1", "S2", "S3"):
        own = ceilings["ceiling"].values[ceilings["subject"].values == subject][:6]
        here = tree["summary"].sel(subject=subject, layer="low", roi="A1", low_level="envelope")
        expected = alignments(residuals, subject, of_all)
        assert float(here["residual"]) == pytest.approx(expected, abs=1e-5)
        assert abs(alignments(residuals, subject, own) - expected) > 5e-5


def test_board_number_is_the_mean_over_layers_and_then_over_listeners(scored):
    impacts = scored.tree["summary"]["impact"].sel(roi="A1")

    assert scored.layer_rule == "mean"
    assert scored.value == pytest.approx(float(impacts.mean("low_level").mean()))
    assert "100 (B_o - B_r) / B_o" in scored.explain()
    assert "the mean over layers" in scored.explain()


def test_map_is_of_single_units_and_not_the_score_of_the_region(scored):
    units = scored.tree["units"].to_dataset()
    inside = units["in_roi"].sel(roi="A1").astype(bool) & (units["subject"] == "S1")
    found = units["score"].sel(layer="low").values[inside.values]
    original, residual = (
        units[name].sel(layer="low").values[..., inside.values] for name in ("original", "residual")
    )

    np.testing.assert_allclose(found, 100 * (1 - residual / original).mean(axis=0), rtol=1e-4)
    of_region = float(scored.tree["summary"]["score"].sel(layer="low", subject="S1", roi="A1"))
    assert abs(found.mean() - of_region) > 1e-3


def test_alignment_and_features_are_not_computed_twice(store, scored):
    of_ridge = plan(Loudness(), ALIGNMENT, data=ToyDataset(), store=store)
    of_space = plan("envelope", ALIGNMENT, data=ToyDataset(), store=store)

    assert of_ridge.n_cached == len(of_ridge.cells)
    assert all(of_space.is_cached(cell) for cell in of_space.cells if cell.stage == "features")


def test_a_space_that_is_itself_scored_has_one_cell_of_features_a_sound(store):
    cells = plan("envelope", impact_benchmark(), data=ToyDataset(), store=store).cells
    keys = [key for cell in cells for key in cell.keys]

    assert len(set(keys)) == len(keys)
    assert sum(cell.stage == "features" for cell in cells) == 3 + 3


def test_a_layer_without_an_impact_counts_for_none_in_the_mean_over_layers():
    values = xr.DataArray([[[10.0], [30.0]], [[np.nan], [50.0]]], dims=("layer", "subject", "roi"))
    summary = xr.Dataset(
        {
            "score": values,
            "normalised": values,
            "ceiling": (("subject", "roi"), np.ones((2, 1))),
        },
        coords={"layer": ["a", "b"], "subject": ["S1", "S2"], "roi": ["all"]},
    )

    population = over_subjects(summary, seed=0)
    turned = over_subjects(summary.isel(layer=[1, 0]), seed=0)

    found = population["rule_value"].sel(layer_rule="mean", quantity="score")
    assert float(found.squeeze()) == np.mean([10.0, (30 + 50) / 2])
    assert population["n"].item() == turned["n"].item() == 2  # in whichever layer S1 lacks one


def test_nothing_to_lose_is_undefined_and_flagged(store):
    unheard = impact_benchmark(minimum=5.0)

    found = heschl.score(Loudness(), unheard, data=ToyDataset(), store=store)

    assert np.isnan(found.value)
    assert bool((found.tree["summary"]["flag_undefined"] == 1).all())


def test_scores_that_were_made_in_two_ways_are_refused(store):
    cells = plan(Loudness(), impact_benchmark(), data=ToyDataset(), store=store).cells
    fewer = toy_benchmark(metric=ALIGNMENT.metric, skipped_rows={"test": 9})
    skipping = plan(
        Loudness(), impact_benchmark(alignment=fewer), data=ToyDataset(), store=store
    ).cells
    original = next(cell for cell in cells if (cell.stage, cell.about) == ("scores", "S1"))
    residual, other = (
        next(cell for cell in each if cell.stage == "residual scores") for each in (cells, skipping)
    )

    _require_same_rows(original, residual)
    with pytest.raises(InvalidInput, match="same rows of the same stories"):
        _require_same_rows(original, other)


def test_unique_variance_is_parted_between_layer_and_space(store):
    found = heschl.score(
        Loudness(),
        impact_benchmark(low_level=("envelope",), has_unique_variance=True),
        data=ToyDataset(),
        layers=["low"],
        store=store,
    ).tree["summary"]
    parts = [found[name].sel(roi="A1") for name in ("unique_layer", "unique_space")]

    # The layer is loudness, and so is the envelope: what they explain they explain alike.
    assert float(found["shared_variance"].sel(roi="A1").mean()) > 0.5
    assert all(float(abs(part).max()) < 0.1 for part in parts)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"low_level": ()}, "one model at least"),
        ({"low_level": ("envelope", "envelope")}, "each once"),
        ({"alignment": toy_benchmark(layer_rule="inner")}, "nested"),
    ],
)
def test_declarations_that_cannot_be_scored_are_refused(changes, message):
    with pytest.raises(InvalidInput, match=message):
        impact_benchmark(**changes)


def test_models_of_several_layers_are_no_low_level_space(store):
    with pytest.raises(InvalidInput, match="a model of one layer"):
        plan(
            Loudness(),
            impact_benchmark(low_level=("phantom-phones",)),
            data=ToyDataset(),
            store=store,
        )


def test_moth_compares_on_the_ten_stories_that_the_original_had():
    from heschl.benchmarks.lebel_moth import low_level_impact, ridge

    whole, ten = low_level_impact.benchmark(), low_level_impact.oota10()

    assert whole.alignment == ridge.benchmark()
    assert len(ten.alignment.included) == 11
    assert ten.card.id == "lebel_moth-low_level_impact-oota10"
    assert whole.low_level == ("powspec8k", "diphone", "triphone", "articulation-22")
    assert whole.residualiser.alphas == pytest.approx(np.logspace(-6, 9, 16))
    assert (whole.residualiser.n_folds, whole.minimum) == (10, 0.05)
