"""Best layers of units: planted profiles, and the circle of S-millet.hierarchy."""

import numpy as np
import pytest
import scipy.stats
from made_scores import made_score

from heschl.errors import InvalidInput, UnknownName
from heschl.layer_maps import best_layers, depth_along, layer_proportions

N_LAYERS, N_UNITS, N_SUBJECTS = 19, 60, 8
REGIONS = {name: np.arange(N_UNITS) // 20 == n for n, name in enumerate(("Heschl", "STG", "STS"))}
DRIVERS = np.repeat([4, 8, 15], 20)
"""The layer, counted from 1, that drives the units of each region."""


def planted(seed=0, noise=0.005):
    """Return r = √.3 .8^|l - driver| (subject, layer, unit) with a little noise."""
    layer = np.arange(1, N_LAYERS + 1)[:, None]
    profile = np.sqrt(0.3) * 0.8 ** np.abs(layer - DRIVERS)
    rng = np.random.default_rng(seed)
    return profile + noise * rng.standard_normal((N_SUBJECTS, N_LAYERS, N_UNITS))


@pytest.fixture(scope="module")
def score():
    return made_score(planted(), rois=REGIONS)


def test_planted_layers_are_found(score):
    found = best_layers(score)
    np.testing.assert_allclose(found["circular_mean"], DRIVERS, atol=0.3)
    np.testing.assert_array_equal(found["linear_median"], DRIVERS)
    assert (found["resultant_length"] > 0.95).all()
    assert found["is_reliable"].all()
    assert (found["n"] == N_SUBJECTS).all()


def test_circle_and_median_of_layers_that_disagree():
    def at(layers):
        values = np.zeros((len(layers), N_LAYERS, 1))
        for subject, layer in enumerate(layers):
            values[subject, layer - 1] = 1.0
        return best_layers(made_score(values))

    assert float(at([4, 8])["circular_mean"][0]) == pytest.approx(6, abs=1e-9)
    assert float(at([2, 17])["circular_mean"][0]) == pytest.approx(19.5, abs=1e-9)
    ends = at([1, 19])
    assert float(ends["circular_mean"][0]) % 20 == pytest.approx(0, abs=1e-9)
    assert float(ends["linear_median"][0]) == 10
    opposite = at([1, 11])
    assert not bool(opposite["is_reliable"][0])


def test_shares_of_layers_add_up(score):
    shares = layer_proportions(score)
    np.testing.assert_allclose(shares.sum("layer"), 1)
    np.testing.assert_allclose(shares.sel(roi="STG", layer="block.7"), 1)
    with pytest.warns(UserWarning, match="no unit of these listeners lies in the region 'V1'"):
        empty = made_score(planted()[:2], rois={"V1": np.zeros(N_UNITS, dtype=bool)})
    assert np.isnan(layer_proportions(empty).sel(roi="V1")).all()


def test_depth_follows_the_order_of_regions(score):
    rho, test = depth_along(score, ("Heschl", "STG", "STS"))
    np.testing.assert_allclose(rho, 1)
    assert test.p == 2 * 0.5**N_SUBJECTS
    backwards, _ = depth_along(score, ("STS", "STG", "Heschl"))
    np.testing.assert_allclose(backwards, -1)
    mixed, _ = depth_along(score, ("STG", "Heschl", "STS"))
    expected = scipy.stats.spearmanr([0, 1, 2], [8, 4, 15]).statistic
    np.testing.assert_allclose(mixed, expected)


def test_orders_that_cannot_be_ranked_are_refused(score):
    with pytest.raises(UnknownName, match="no region 'IFG'"):
        depth_along(score, ("Heschl", "STG", "IFG"))
    with pytest.raises(InvalidInput, match="an order needs three at least"):
        depth_along(score, ("Heschl", "STG"))
    with pytest.raises(InvalidInput, match="no listener has units with different best layers"):
        depth_along(made_score(planted()[:, :1], rois=REGIONS), ("Heschl", "STG", "STS"))


def test_listeners_who_lack_a_place_are_left_out_of_it(score):
    units = score.tree["units"]
    assert units.sizes["unit"] == N_SUBJECTS * N_UNITS
    last = (units["subject"] == "S8") & (units["unit_of_subject"] == 0)
    kept = np.flatnonzero(~last.to_numpy())
    tree = score.tree.copy()
    tree["units"] = tree["units"].to_dataset().isel(unit=kept)
    tree["ceiling"] = tree["ceiling"].to_dataset().isel(unit=kept)
    found = best_layers(type(score)(tree))
    assert found["n"].to_numpy().tolist() == [N_SUBJECTS - 1, *[N_SUBJECTS] * (N_UNITS - 1)]
    np.testing.assert_array_equal(found["linear_median"], DRIVERS)
