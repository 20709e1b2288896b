"""Ridge on many lags of the same features (a TRF, or FIR model), the lags never written out.

The derivation
--------------
Let h(t) be the frames of a sentence, zero outside of it, and X (row, lag · feature) the design
whose row t holds h(t - τ) for all lags τ. With 20 lags of 768 features X'X has 15,360 columns: too
many to decompose for each of 15 training sets. Wanted is, for many penalties a and all units,

    W(a) = (G + a)⁻¹ B,      G = X'X and B = X'Y on training rows less their means

1. *Statistics* (`statistics`). If rows went on before and after each sentence until its frames
   have left the lags, the block of lags τ and τ + δ of G would be R(δ)', whatever τ, with R(δ) the
   sum of h(t - δ) h(t)': 20 matrices instead of 400. The rows that are not there are functions of
   the few frames at the ends of sentences. R, these frames and X'Y of the folds add up to those
   of every training set: nothing is subtracted that was added. All are correlations of the stream
   of frames, found from short pieces of it by Fourier transforms (`spectra`), in float64.

2. *Products with G* (`gram`). Rows that go on make G a convolution over lags: at each of N/2 + 1
   frequencies, N twice the lags, a product of (feature, feature) with (feature, column). With E(f)
   the transformed ends of sentences and S the choice of the rows that are not there,

       G V = F⁻¹ [ R(f) V(f) - E(f)* F S F⁻¹ E(f) V(f) ] - n μμ'V

3. *One space for all penalties and units* (`krylov`). Q₁, Q₂, … are orthonormal bases of B, GB,
   G²B, … less what came before (block Lanczos). In them G is block tridiagonal, for any penalty:

       G [Q₁ … Q_k] = [Q₁ … Q_k] T + Q_{k+1} (0 … 0 B_{k+1}),      Q₁ R = B

   with A_j on the diagonal of T and B_{j+1} below it. The best weights in the space are
   Q (T + a)⁻¹ E₁R, from a Cholesky factorisation block by block:

       D₁ = A₁ + a,  z₁ = R,     D_j = L_j L_j',  C_{j+1} = L_j⁻¹ B_{j+1}',  u_j = L_j⁻¹ z_j,
       D_{j+1} = A_{j+1} + a - C_{j+1}' C_{j+1},     z_{j+1} = -C_{j+1}' u_j

4. *How far off they are.* Their residual B - (G + a) W is Q_{k+1} z_{k+1}, and z_{k+1} is
   -B_{k+1} y_k with y_k = L_k⁻ᵀ u_k, the solution in the last block. So their error e obeys, for
   each unit,

       e'(G + a) e  =  z'Q'(G + a)⁻¹Q z  ≤  |z_{k+1}|² / a

   and a block takes |u_k|² off it. When no direction is left, W is the dense solution. Units are
   scored when the bound on the score is below 5e-6 in float32, and 1e-10 in float64 (`scoring`).

5. *Scores without predictions* (`heldout`). With Z = X_t Q the held-out rows less their means, a
   prediction Zy needs y'(Z'Y), y'(Z'Z)y and its mean alone. X_t Q is a convolution, as in 1.

6. *Penalties* (`judging`, `choosing`). Two folds share the training set without both, so that F
   folds take F(F-1)/2 + F sets. A set's space grows until every penalty that may be the best of a
   unit, on the mean over folds, is known well enough; most are dropped after three blocks.

7. *Offset.* All this is done on frames less m, near their mean, lest the mean drown the rest. Then
   X = X₀ + P M', with P (row, lag) 1 where a lag is within its sentence, and M' repeating m. Less
   means P is nothing but the sentences' edges, and enters as `lag` further responses.

Where lags written out cost less, the engine of ridge is used on them instead (`costs`).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from heschl.cards import MetricCard

if TYPE_CHECKING:
    from heschl.metrics.ridge.lagged.lags import lags_within
    from heschl.metrics.ridge.lagged.metric import LaggedRidge

_HOMES = {"LaggedRidge": "metric", "lags_within": "lags"}

__all__ = ["LAGGED_RIDGE", "LaggedRidge", "lags_within"]

LAGGED_RIDGE = MetricCard(
    id="lagged-ridge",
    load="heschl.metrics.ridge.lagged.metric:LaggedRidge",
    summary="How well the features at many lags (a TRF), shrunk by a penalty, predict each unit",
    licence="BSD-3-Clause",
    citation="""\
@article{crosse2016mtrf,
  title = {The multivariate temporal response function ({mTRF}) toolbox: a {MATLAB} toolbox for
    relating neural signals to continuous stimuli},
  author = {Crosse, Michael J. and Di Liberto, Giovanni M. and Bednar, Adam and Lalor, Edmund C.},
  journal = {Frontiers in Human Neuroscience},
  volume = {10},
  pages = {604},
  year = {2016}
}
""",
    verification="heschl.metrics.ridge.lagged.verification:verification",
)


def __getattr__(name: str) -> Any:  # the type of a lazily loaded name is its module's business
    if name not in _HOMES:
        raise AttributeError(f"module 'heschl.metrics.ridge.lagged' has no attribute {name!r}")
    return getattr(importlib.import_module(f"heschl.metrics.ridge.lagged.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
