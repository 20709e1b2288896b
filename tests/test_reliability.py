"""Principal components against those of scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from heschl.errors import InvalidInput
from heschl.reliability import principal_components, row_products


@pytest.mark.parametrize(("n_rows", "n_units"), [(60, 200), (60, 5)], ids=["wide", "tall"])
def test_principal_components_equal_those_of_scikit_learn(n_rows, n_units):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(n_rows, n_units)) * np.geomspace(1, 0.01, n_units) + 3
    train = np.arange(40)

    scores = principal_components(row_products(values), train, 5)

    expected = PCA(5, svd_solver="full").fit(values[train]).transform(values)
    signs = np.sign((scores * expected).sum(axis=0))
    np.testing.assert_allclose(scores * signs, expected, atol=1e-9)


def test_principal_components_drop_directions_without_variance():
    values = np.random.default_rng(0).normal(size=(30, 3)) @ np.ones((3, 8))

    assert principal_components(row_products(values), np.arange(20), 5).shape == (30, 1)
    with pytest.raises(InvalidInput, match="no unit varies"):
        principal_components(row_products(np.ones((30, 3))), np.arange(20), 2)
