"""Geometries, their rank correlations and the choice of layers, against SciPy and rsatoolbox."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.spatial.distance
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from heschl.errors import InvalidInput
from heschl.metrics.rsa import RSA, Ranked, TuckuteRSA, dissimilarities, similarity
from heschl.metrics.rsa.choice import by_blocks, on_splits
from heschl.metrics.rsa.draws import over_sounds
from heschl.metrics.rsa.ranks import counts_of, matched
from heschl.resampling import drawn_places
from heschl.splits import Fold, GroupKFold

N_SOUNDS = 24
NAMES = [f"sound {number}" for number in range(N_SOUNDS)]


def patterns(seed, width=15, n_sounds=N_SOUNDS):
    return np.random.default_rng(seed).standard_normal((n_sounds, width))


def geometries(seed, n, width=15):
    return np.stack([dissimilarities(patterns([seed, k], width)) for k in range(n)])


def folds_of(n_folds, n_sounds=N_SOUNDS):
    return GroupKFold(n_folds).folds({"stimulus": np.arange(n_sounds)})


def spearman(one, other):
    return scipy.stats.spearmanr(one, other).statistic


def on(geometry, sounds):
    """Return the dissimilarities of the pairs of some sounds."""
    square = scipy.spatial.distance.squareform(geometry)
    return scipy.spatial.distance.squareform(square[np.ix_(sounds, sounds)])


# --- geometries --------------------------------------------------------------------------------


def test_dissimilarities_equal_scipys():
    values = patterns(0) * 7 + 3

    expected = scipy.spatial.distance.pdist(values, "correlation")
    standard = scipy.spatial.distance.pdist(scipy.stats.zscore(values), "correlation")

    np.testing.assert_allclose(dissimilarities(values, standardise=False), expected, atol=1e-9)
    np.testing.assert_allclose(dissimilarities(values), standard, atol=1e-9)


def test_dissimilarities_equal_rsatoolboxs():
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import calc_rdm

    expected = calc_rdm(Dataset(patterns(1)), method="correlation").dissimilarities[0]

    np.testing.assert_allclose(dissimilarities(patterns(1), standardise=False), expected, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**16))
def test_scaled_and_permuted_features_change_nothing(seed):
    generator = np.random.default_rng(seed)
    values = patterns(seed)
    order, scale = generator.permutation(15), generator.uniform(0.1, 10, 15)

    moved = values[:, order] * scale + generator.standard_normal(15)

    one, other = (Ranked(dissimilarities(each)[None]) for each in (values, moved))
    assert similarity(one, other)[0, 0] == pytest.approx(1, abs=1e-6)


def test_a_rotation_changes_correlations_and_not_distances():
    values = patterns(2) * np.geomspace(0.1, 10, 15)
    rotation, _ = np.linalg.qr(patterns(3, n_sounds=15))

    before, after = dissimilarities(values), dissimilarities(values @ rotation)

    euclidean = [scipy.spatial.distance.pdist(each) for each in (values, values @ rotation)]
    assert spearman(before, after) < 0.95
    assert spearman(*euclidean) == pytest.approx(1, abs=1e-6)


def test_what_does_not_vary_is_as_unlike_as_independent():
    values = patterns(4)
    values[3] = 5.0

    unlike = scipy.spatial.distance.squareform(dissimilarities(values, standardise=False))

    assert unlike[3].tolist() == [1.0] * 3 + [0.0] + [1.0] * (N_SOUNDS - 4)
    assert dissimilarities(patterns(5, width=1)).tolist() == [1.0] * 276


def test_a_feature_that_never_varies_counts_for_nothing():
    values = patterns(6)

    with_constant = np.column_stack([values, np.full(N_SOUNDS, 0.1)])

    # It adds 0 to every pattern, as a feature at its mean does.
    expected = scipy.spatial.distance.pdist(
        np.column_stack([scipy.stats.zscore(values), np.zeros(N_SOUNDS)]), "correlation"
    )
    np.testing.assert_allclose(dissimilarities(with_constant), expected, atol=1e-9)


# --- ranks -------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**16), st.integers(2, 40))
def test_similarity_equals_spearmans_with_ties_and_repetitions(seed, n_values):
    generator = np.random.default_rng(seed)
    # Of few values, so that many tie.
    one, other = generator.integers(n_values, size=(2, 2, 66)).astype(float)
    drawn = generator.integers(12, size=12)
    first, second = np.array(list(itertools.combinations(range(12), 2))).T
    places = {pair: k for k, pair in enumerate(zip(first, second, strict=True))}
    taken = [
        places[min(a, b), max(a, b)] for a, b in itertools.combinations(drawn.tolist(), 2) if a != b
    ]

    whole = similarity(Ranked(one), Ranked(other))
    again = similarity(Ranked(one), Ranked(other), counts_of(drawn, 12))

    for a, b in itertools.product(range(2), repeat=2):
        if np.ptp(one[a]) and np.ptp(other[b]):
            assert whole[a, b] == pytest.approx(spearman(one[a], other[b]), abs=1e-12)
        if np.ptp(one[a][taken]) and np.ptp(other[b][taken]):
            expected = spearman(one[a][taken], other[b][taken])
            assert again[a, b] == pytest.approx(expected, abs=1e-12)


def test_similarity_equals_rsatoolboxs():
    from rsatoolbox.rdm import RDMs, compare

    one, other = geometries(7, 3), geometries(8, 4)

    expected = compare(RDMs(one), RDMs(other), method="spearman")

    np.testing.assert_allclose(similarity(Ranked(one), Ranked(other)), expected, atol=1e-12)
    np.testing.assert_allclose(
        matched(Ranked(one), Ranked(other[:3])), np.diag(expected), atol=1e-12
    )


def test_what_does_not_vary_is_like_nothing():
    flat = np.vstack([geometries(9, 1), np.ones(276)])

    found = RSA(n_draws=100).compare(flat, geometries(10, 1), folds_of(4), NAMES, seed=0)

    assert found["flag_constant"].tolist() == [[False], [True]]
    assert found["score"][1].tolist() == [0.0]
    assert np.isfinite(found["draws"]).all()


# --- the choice of layers ----------------------------------------------------------------------


def test_blocks_equal_a_loop_over_scipy():
    layers, brains, folds = geometries(11, 4), geometries(12, 2), folds_of(4)
    part = np.empty(N_SOUNDS, dtype=int)
    for number, fold in enumerate(folds):
        part[fold.test] = number
    of_pair = [{part[x], part[y]} for x, y in itertools.combinations(range(N_SOUNDS), 2)]
    expected = np.empty_like(brains)
    for block in ({i, j} for i in range(4) for j in range(i, 4)):
        inside = [k for k, parts in enumerate(of_pair) if parts == block]
        rest = [k for k, parts in enumerate(of_pair) if not parts & block]
        for b, brain in enumerate(brains):
            best = np.argmax([spearman(layer[rest], brain[rest]) for layer in layers])
            expected[b, inside] = layers[best, inside]

    found = by_blocks(Ranked(layers), Ranked(brains), folds)

    np.testing.assert_array_equal(found.geometry, expected)
    assert found.layer.shape == (10, 2)
    scored = RSA(n_draws=100).compare(layers, brains, folds, NAMES, seed=0)
    assert scored["inner_score"] == pytest.approx(
        [spearman(e, b) for e, b in zip(expected, brains, strict=True)], abs=1e-12
    )


def test_splits_equal_a_loop_over_scipy():
    layers, brains = geometries(13, 4), geometries(14, 2)
    generator = np.random.default_rng(0)
    folds = [
        Fold(f"{k}", order[:12], order[12:])
        for k, order in enumerate(generator.permuted(np.tile(np.arange(N_SOUNDS), (5, 1)), axis=1))
    ]
    expected = []
    for brain in brains:
        of_splits = []
        for fold in folds:
            train = [spearman(on(g, fold.train), on(brain, fold.train)) for g in layers]
            best = layers[int(np.argmax(train))]
            of_splits.append(spearman(on(best, fold.test), on(brain, fold.test)))
        expected.append(np.median(of_splits))

    found = TuckuteRSA().compare(layers, brains, folds, NAMES, seed=0)

    assert found["inner_score"] == pytest.approx(expected, abs=1e-12)
    assert found["inner_layer"].shape == (5, 2)


def test_one_layer_is_assembled_to_itself():
    layers, brains = geometries(15, 1), geometries(16, 2)

    found = RSA(n_draws=100).compare(layers, brains, folds_of(4), NAMES, seed=0)

    assert found["inner_score"] == pytest.approx(found["score"][0], abs=1e-12)
    np.testing.assert_array_equal(found["inner_draws"], found["draws"][0])


def test_toplines_equal_a_loop_over_scipy():
    listeners, folds = geometries(17, 4), folds_of(4)
    others = [np.delete(listeners, k, axis=0).mean(axis=0) for k in range(4)]
    whole = [spearman(own, rest) for own, rest in zip(listeners, others, strict=True)]
    by_split = [
        [spearman(on(o, f.test), on(r, f.test)) for o, r in zip(listeners, others, strict=True)]
        for f in folds
    ]

    assert RSA().topline(listeners, folds) == pytest.approx(whole, abs=1e-12)
    assert TuckuteRSA().topline(listeners, folds) == pytest.approx(
        np.median(by_split, axis=0), abs=1e-12
    )


# --- draws -------------------------------------------------------------------------------------


def test_draws_are_of_the_same_sounds_for_every_listener():
    layers, brains = geometries(18, 2), geometries(19, 3)

    alone = RSA(n_draws=100).compare(layers, brains[:1], folds_of(4), NAMES, seed=3)
    together = RSA(n_draws=100).compare(layers, brains, folds_of(4), NAMES, seed=3)

    np.testing.assert_allclose(alone["draws"], together["draws"][..., :1], atol=1e-12)
    assert together["draws"].shape == (2, 100, 3)


def test_draws_are_of_the_same_names_in_whatever_order_they_come():
    one, other = patterns(31), patterns(32)
    moved = np.random.default_rng(0).permutation(N_SOUNDS)
    by_order = [
        RSA(n_draws=100).compare(
            dissimilarities(one[order])[None],
            dissimilarities(other[order])[None],
            folds_of(4),
            [NAMES[place] for place in order],
            seed=3,
        )["draws"]
        for order in (np.arange(N_SOUNDS), moved)
    ]

    np.testing.assert_allclose(*by_order, atol=1e-12)


def test_names_of_other_sounds_are_refused():
    with pytest.raises(InvalidInput, match="23 names of 24 sounds"):
        RSA().compare(geometries(1, 1), geometries(2, 1), folds_of(4), NAMES[1:], seed=0)


def test_draws_spread_as_rsatoolboxs_bootstrap():
    from rsatoolbox.inference import bootstrap_sample_pattern
    from rsatoolbox.rdm import RDMs, compare

    latent = patterns(20, width=4)
    seen = [latent @ patterns([21, k], 20, 4) + patterns([22, k], 20) for k in range(2)]
    one, other = (dissimilarities(each)[None] for each in seen)
    brain = RDMs(other)
    np.random.seed(0)  # noqa: NPY002  rsatoolbox draws from the global state
    theirs = []
    for _ in range(200):
        sample, drawn = bootstrap_sample_pattern(brain)
        model = RDMs(one).subsample_pattern("index", drawn)
        theirs.append(compare(model, sample, method="spearman")[0, 0])

    models, brains = Ranked(one), Ranked(other)
    ours = over_sounds(models, models, brains, drawn_places(NAMES, seed=0, n_draws=400)).of_layers[
        :, 0, 0
    ]

    assert ours.mean() == pytest.approx(np.mean(theirs), abs=0.03)
    assert ours.std() == pytest.approx(np.std(theirs), rel=0.2)


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.ones(5), "expected \\(sound, feature\\)"),
        (np.ones((3, 5)), "4 sounds at least"),
        (np.ones((9, 0)), "one feature"),
        (np.full((9, 3), np.nan), "3 of 3 features hold NaN"),
    ],
)
def test_patterns_that_are_none_are_refused(values, words):
    with pytest.raises(InvalidInput, match=words):
        RSA().geometry(values)


def test_geometries_that_do_not_match_are_refused():
    layers, brains = geometries(23, 2), geometries(24, 2)
    fewer = dissimilarities(patterns(25, n_sounds=20))[None]

    with pytest.raises(InvalidInput, match="24 sounds and others of 20"):
        similarity(Ranked(layers), Ranked(fewer))
    with pytest.raises(InvalidInput, match="no counterparts"):
        matched(Ranked(layers), Ranked(brains[:1]))
    with pytest.raises(InvalidInput, match="no whole number of sounds"):
        Ranked(np.ones((1, 5)))
    with pytest.raises(InvalidInput, match="finite ones"):
        Ranked(np.full((1, 6), np.nan))
    with pytest.raises(InvalidInput, match="two listeners"):
        RSA().topline(layers[:1], folds_of(4))


def test_folds_that_leave_nothing_to_choose_on_are_refused():
    layers, brains = Ranked(geometries(26, 2)), Ranked(geometries(27, 1))
    uneven = [
        Fold("a", np.arange(11, 24), np.arange(11)),
        Fold("b", np.r_[:11, 22:24], np.arange(11, 22)),
        Fold("c", np.arange(22), np.arange(22, 24)),
    ]

    with pytest.raises(InvalidInput, match="3 folds or more"):
        by_blocks(layers, brains, folds_of(2))
    with pytest.raises(InvalidInput, match="3 folds or more"):
        by_blocks(layers, brains, folds_of(4)[:3])
    with pytest.raises(InvalidInput, match="take more folds"):
        by_blocks(layers, brains, uneven)
    with pytest.raises(InvalidInput, match="no split"):
        on_splits(layers, brains, [])
    with pytest.raises(InvalidInput, match="2 test sounds"):
        on_splits(layers, brains, [Fold("a", np.arange(10), np.arange(10, 12))])
    with pytest.raises(InvalidInput, match="n_draws=3"):
        RSA(n_draws=3)
