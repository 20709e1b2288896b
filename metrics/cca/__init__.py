"""What two models share, and how much of it a brain answers to: canonical correlations.

The derivation
--------------
Let X (row, feature) and Y be two models' features of the same rows, less the means of the training
rows, and n C = [X Y]'[X Y] their covariances. Wanted are directions a and b such that Xa and Yb are
as correlated as can be, then further ones that are uncorrelated with those before.

1. *Sums* (`moments`). C is all that is needed. It is added up in float64 from blocks of rows, so
   that rows may stream, and every training set of a cross-validation is the sum of the blocks that
   it is made of: nothing is subtracted that was added.

2. *One side* (`whitening`). Columns that do not vary are dropped, and so are directions in which
   the others do not. With penalty r, K'(C_xx + r) K = I on the rest. r is 0 from 20 rows a column
   on, below that one thousandth of the mean variance of a column.

3. *Pairs* (`canonical`). K_x' C_xy K_y = U S V'. The pairs are a = K_x U and b = K_y V, their
   canonical correlations the singular values S (with a penalty, a little less than the correlations
   of the variates). The wider side has directions left that have no partner; they are ordered by
   how much of the variance of their side they carry.

4. *Several models* (`multiview`). Of m sides the directions maximise the variance of the sum of
   their variates, where each side has its covariance as its metric (MAXVAR): an eigenproblem of
   the matrix of blocks K_j' C_jl K_l. For two sides its eigenvalues are 1 ± S.

5. *Chance* (`permutation`). Sentences of one side change places. No covariance within a side
   changes, so the whitened rows are kept and only U S V' is found again.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from heschl.cards import MetricCard

if TYPE_CHECKING:
    from heschl.metrics.cca.canonical import CanonicalPairs, canonical_pairs
    from heschl.metrics.cca.metric import CanonicalCorrelation
    from heschl.metrics.cca.moments import Moments
    from heschl.metrics.cca.multiview import CommonDirections, common_directions
    from heschl.metrics.cca.permutation import Significance, permuted_correlations

_HOMES = {
    "CanonicalCorrelation": "metric",
    "CanonicalPairs": "canonical",
    "CommonDirections": "multiview",
    "Moments": "moments",
    "Significance": "permutation",
    "canonical_pairs": "canonical",
    "common_directions": "multiview",
    "permuted_correlations": "permutation",
}

__all__ = [
    "CCA",
    "CanonicalCorrelation",
    "CanonicalPairs",
    "CommonDirections",
    "Moments",
    "Significance",
    "canonical_pairs",
    "common_directions",
    "permuted_correlations",
]

CCA = MetricCard(
    id="cca",
    load="heschl.metrics.cca.metric:CanonicalCorrelation",
    summary="How much of each unit the directions explain that features and units share (CCA)",
    licence="BSD-3-Clause",
    citation="""\
@article{hotelling1936relations,
  author = {Hotelling, Harold},
  title = {Relations between two sets of variates},
  journal = {Biometrika},
  volume = {28},
  number = {3/4},
  pages = {321--377},
  year = {1936},
  doi = {10.1093/biomet/28.3-4.321}
}
@article{kettenring1971canonical,
  author = {Kettenring, Jon R.},
  title = {Canonical analysis of several sets of variables},
  journal = {Biometrika},
  volume = {58},
  number = {3},
  pages = {433--451},
  year = {1971},
  doi = {10.1093/biomet/58.3.433}
}
""",
    verification="heschl.metrics.cca.verification:verification",
)


def __getattr__(name: str) -> Any:  # the type of a lazily loaded name is its module's business
    if name not in _HOMES:
        raise AttributeError(f"module 'heschl.metrics.cca' has no attribute {name!r}")
    return getattr(importlib.import_module(f"heschl.metrics.cca.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
