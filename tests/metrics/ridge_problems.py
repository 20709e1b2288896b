"""Any ridge problem that somebody may bring, by its settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from tests.metrics.ridge_spectra import design_of, responses_to

from heschl.metrics.ridge import Bootstrap, KFold, LeaveOneOut, Nested
from heschl.metrics.ridge.estimators import Estimator
from heschl.splits import Fold

SPECTRA = ("flat", "1/p", "p^-2", "deficient", "duplicated")

GRIDS = {
    "usual": tuple(np.logspace(1, 8, 20)),
    "one": (100.0,),
    "two": (0.5, 3e3),
    "wide": tuple(np.logspace(-8, 8, 33)),
    "close": tuple(np.linspace(10, 11, 7)),
    "many": tuple(np.logspace(-1, 5, 60)),
}

USUAL_UNITS = ("constant", "constant in training", "constant in test", "orthogonal")
ODD_UNITS = (*USUAL_UNITS, "noiseless", "loud in test", "one spike")

USUAL_LAYOUTS = ("C", "Fortran", "strided", "reversed", "float32", "memory map")
ODD_LAYOUTS = (*USUAL_LAYOUTS, "integer")

FOLDS = ("one", "contiguous", "stories", "interleaved", "tiny", "guarded")


@dataclass(frozen=True)
class Problem:
    """A problem by its settings, so that a failure can be written down.

    Parameters
    ----------
    n_units
        Of each recording.
    special
        Units that take the place of the first ones.
    dead_column
        Whether the last feature does not vary.
    """

    n_rows: int
    n_features: int
    n_units: tuple[int, ...]
    spectrum: str
    folds: str
    estimator: Estimator
    score: str = "pearson"
    dtype: str = "float32"
    special: tuple[str, ...] = ()
    layout: str = "C"
    design_scale: float = 1.0
    design_offset: float = 0.0
    response_scale: float = 1.0
    response_offset: float = 0.0
    dead_column: bool = False
    seed: int = 0

    def outer_folds(self) -> list[Fold]:
        """Return the outer folds."""
        rows = np.arange(self.n_rows)
        tests = self._tests(rows)
        guard = 2 if self.folds == "guarded" else 0
        return [
            Fold(f"{number}", rows[_is_apart(rows, test, guard)], test)
            for number, test in enumerate(tests)
        ]

    def _tests(self, rows: np.ndarray) -> list[np.ndarray]:
        if self.folds == "one":
            return [rows[-self.n_rows // 4 :]]
        if self.folds == "stories":
            generator = np.random.default_rng([self.seed, 2])
            ends = generator.choice(np.arange(2, self.n_rows // 2 - 1), 3, replace=False)
            return np.split(rows, 2 * np.sort(ends))
        if self.folds == "interleaved":
            return [rows[first::3] for first in range(3)]
        if self.folds == "tiny":
            return [rows[:2], rows[2:5], rows[-2:], rows[-4:-2]]
        return np.array_split(rows, 3 if self.folds == "guarded" else 4)

    def design(self) -> np.ndarray:
        """Return (row, feature)."""
        values = design_of(self.spectrum, self.n_rows, self.n_features, self.seed)
        if self.dead_column:
            values[:, -1] = 0.0
        return (values + self.design_offset) * self.design_scale

    def recordings(self) -> list[np.ndarray]:
        """Return recordings, each (row, unit)."""
        design = design_of(self.spectrum, self.n_rows, self.n_features, self.seed)
        fold = self.outer_folds()[0]
        found = []
        for number, n_units in enumerate(self.n_units):
            values = responses_to(design, n_units, seed=self.seed + number)
            for unit, kind in zip(values.T, self.special, strict=False):
                _make_special(unit, kind, design, fold)
            found.append((values + self.response_offset) * self.response_scale)
        return found

    def laid_out(self, values: np.ndarray, folder: Path) -> np.ndarray:
        """Return the numbers (row, column) as they may lie in memory, or on disk."""
        if self.layout == "Fortran":
            return np.asfortranarray(values)
        if self.layout == "strided":
            return np.repeat(np.repeat(values, 2, axis=0), 3, axis=1)[::2, ::3]
        if self.layout == "reversed":
            return np.ascontiguousarray(values[::-1, ::-1])[::-1, ::-1]
        if self.layout == "float32":
            return values.astype(np.float32)
        if self.layout == "integer":
            return np.round(values / np.abs(values).max() * 1000).astype(np.int16)
        if self.layout == "memory map":
            path = folder / f"{len([*folder.iterdir()])}.npy"
            np.save(path, values.astype(np.float32))
            return np.load(path, mmap_mode="r")
        return values


def _is_apart(rows: np.ndarray, test: np.ndarray, guard: int) -> np.ndarray:
    distance = np.abs(rows[:, None] - test).min(axis=1)
    return distance > guard


def _make_special(unit: np.ndarray, kind: str, design: np.ndarray, fold: Fold) -> None:
    if kind == "constant":
        unit[:] = 0.1
    elif kind == "constant in training":
        unit[fold.train] = 0.1
    elif kind == "constant in test":
        unit[fold.test] = 0.1
    elif kind == "orthogonal":
        # To some features only, lest nothing but rounding is left where there are many.
        features = np.column_stack([design[:, : len(design) // 2], np.ones(len(design))])
        unit -= features @ np.linalg.lstsq(features, unit, rcond=None)[0]
    elif kind == "noiseless":
        unit[:] = design[:, 0]
    elif kind == "loud in test":
        unit[fold.test] *= 1e4
    else:
        assert kind == "one spike"
        unit[1:] = 0.0


def penalties() -> st.SearchStrategy[tuple[float, ...]]:
    drawn = st.lists(st.integers(-16, 16), min_size=1, max_size=12, unique=True)
    return st.one_of(
        st.sampled_from([*GRIDS.values()]),
        drawn.map(lambda halves: tuple(10.0 ** (half / 2) for half in sorted(halves))),
    )


@st.composite
def estimators(draw: st.DrawFn) -> Estimator:
    alphas, criterion = draw(penalties()), draw(st.sampled_from(["pearson", "r2"]))
    has_intercept = draw(st.booleans())
    kind = draw(st.sampled_from([LeaveOneOut, KFold, Nested, Bootstrap]))
    if kind is LeaveOneOut:
        return LeaveOneOut(alphas)
    if kind is KFold:
        return KFold(alphas, criterion, draw(st.integers(2, 5)), has_intercept)
    if kind is Nested:
        return Nested(alphas, criterion, has_intercept)
    return Bootstrap(
        alphas,
        criterion,
        n_draws=draw(st.integers(1, 4)),
        chunk=draw(st.integers(1, 9)),
        fraction=draw(st.sampled_from([0.1, 0.25, 0.5])),
        alpha_per_unit=draw(st.booleans()),
    )


@st.composite
def problems(
    draw: st.DrawFn,
    *,
    is_odd: bool = False,
    most_rows: int = 90,
    most_features: int = 130,
    dtype: str | None = None,
) -> Problem:
    """Any problem; odd ones are not prepared as the estimators ask, or hardly determined."""
    estimator = draw(estimators())
    is_free = is_odd or estimator.has_intercept
    offsets = [0.0, 1.0, -30.0] if is_free else [0.0]
    return Problem(
        n_rows=draw(st.integers(30, most_rows)),
        n_features=draw(st.one_of(st.integers(1, 25), st.integers(1, most_features))),
        n_units=tuple(draw(st.lists(st.integers(1, 12), min_size=1, max_size=2))),
        spectrum=draw(st.sampled_from(SPECTRA)),
        folds=draw(st.sampled_from(FOLDS[isinstance(estimator, Nested) :])),
        estimator=estimator,
        score=draw(st.sampled_from(["pearson", "r2", "signed_r"])) if is_odd else "pearson",
        dtype=dtype or draw(st.sampled_from(["float32", "float64"])),
        special=tuple(
            draw(
                st.lists(
                    st.sampled_from(ODD_UNITS if is_odd else USUAL_UNITS), max_size=3, unique=True
                )
            )
        ),
        layout=draw(st.sampled_from(ODD_LAYOUTS if is_odd else USUAL_LAYOUTS)),
        design_scale=draw(st.sampled_from([1.0, 1e-6, 30.0, 1e6])) if is_odd else 1.0,
        design_offset=draw(st.sampled_from(offsets)),
        response_scale=draw(st.sampled_from([1.0, 1e-6, 1e6])),
        response_offset=draw(st.sampled_from([0.0, 3.0, 1e3] if is_free else [0.0])),
        dead_column=draw(st.booleans()),
        seed=draw(st.integers(0, 99)),
    )
