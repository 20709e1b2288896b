"""What the cells of an encoding benchmark do; they run wherever the executor puts them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, cast

import numpy as np
import xarray as xr

from heschl.cells import Arrays, Cell, Report
from heschl.clocks import Resampler
from heschl.contracts import PredictingMetric, needs_repeats, shares_designs
from heschl.dimensions import FEATURE, FOLD, STIMULUS, TIME, UNIT
from heschl.encoding_rows import folds_of, repeats_of, responses_of, stored
from heschl.errors import BrokenPlugin
from heschl.event_rendering import EventStamp
from heschl.extraction import FrameScaling, Precision, extract
from heschl.gathering import SubjectScores
from heschl.resampling import over_stimuli
from heschl.session import Session
from heschl.splits import Fold
from heschl.temporal import stacked

if TYPE_CHECKING:
    from heschl.encoding import EncodingBenchmark

__all__ = [
    "FoldAverage",
    "Hearing",
    "compute_features",
    "compute_scores",
    "design_of",
    "on_clock",
    "over_folds",
    "subject_scores",
]

FoldAverage = Literal["mean", "median"]

DesignOf: TypeAlias = "Callable[[EncodingBenchmark, Session, Mapping[str, str]], xr.DataArray]"
"""Makes the design (time, feature) of a layer from the entries that a cell names by stimulus."""

_KEPT = ("score", "normalised")
"""What a metric returns for each unit, of every fold or of all together."""

RESPONSES_BYTES = 2**30
"""Of listeners who are scored together, held in memory at once; one who needs more is alone."""


class Hearing(Protocol):
    """What of a benchmark decides the features of a stimulus on the recording's clock."""

    @property
    def windowing(self) -> Any:
        """How the sound is cut; of `heschl.windowing`, or a stranger's of the same shape."""

    @property
    def event_stamp(self) -> EventStamp:
        """Where a text model's value stands within its word or phone."""

    @property
    def precision(self) -> Precision:
        """What the model's products are computed in."""

    @property
    def frame_scaling(self) -> FrameScaling:
        """How frames are scaled over a stimulus."""

    @property
    def resampler(self) -> Resampler:
        """How frames reach the recording's clock."""


def compute_features(
    benchmark: Hearing,
    session: Session,
    stimulus: str,
    missing: Sequence[int],
    report: Report,
) -> Iterator[tuple[int, Arrays]]:
    """Yield the missing layers of one stimulus, float32 (row, unit) on the recording's clock."""
    dataset = session.dataset.get()
    names = [session.layers[position] for position in missing]
    values = extract(
        session.model.get(),
        dataset.stimuli()[stimulus],
        names,
        benchmark.windowing,
        benchmark.resampler,
        dataset.clock(stimulus),
        event_stamp=benchmark.event_stamp,
        precision=benchmark.precision,
        frame_scaling=benchmark.frame_scaling,
        report=report,
    )
    for position, name in zip(missing, names, strict=True):
        yield position, {"values": values[name]}


def on_clock(
    benchmark: EncodingBenchmark, session: Session, stimulus: str, key: str
) -> xr.DataArray:
    """Return the features (time, feature) of a stimulus under a key, in the rows that enter."""
    values = stored(session, key, f"the features of {stimulus}")["values"]
    clock = session.dataset.get().clock(stimulus)
    rows = xr.DataArray(values, dims=(TIME, FEATURE), coords={TIME: clock})
    return rows.isel({TIME: benchmark.rows(stimulus)})


def design_of(
    benchmark: EncodingBenchmark, session: Session, keys: Mapping[str, str]
) -> xr.DataArray:
    """Return the design (time, feature) of one layer from the features under ``keys``."""
    features = {
        stimulus: on_clock(benchmark, session, stimulus, key).astype(np.float64)
        for stimulus, key in keys.items()
    }
    return stacked(features, standardise=benchmark.standardise, delays=benchmark.delays)


def compute_scores(
    benchmark: EncodingBenchmark,
    session: Session,
    inputs: Sequence[Mapping[str, str]],
    missing: Mapping[str, Sequence[int]],
    report: Report,
    make_design: DesignOf = design_of,
) -> Iterator[tuple[str, int, Arrays]]:
    """Yield the unit scores of listeners who heard the same, a layer at a time.

    Parameters
    ----------
    benchmark, session
        What is scored.
    inputs
        For each layer the keys of the features of each stimulus, in the order of the rows.
    missing
        The listeners and, for each, the positions of the layers.
    report
        Hears of every layer.
    make_design
        Makes a design of what a layer's keys stand for.
    """
    n_done, n_all = 0, sum(map(len, missing.values()))
    for responses in _parts(benchmark, session, tuple(inputs[0]), missing):
        for found in _scores_of(benchmark, session, inputs, responses, missing, make_design):
            yield found
            n_done += 1
            report(n_done / n_all)


def _parts(
    benchmark: EncodingBenchmark, session: Session, stimuli: Sequence[str], subjects: Iterable[str]
) -> Iterator[dict[str, xr.DataArray]]:
    """Yield the responses of so many listeners at a time as memory is meant to hold.

    The next listener is expected to take as much as the largest before. What
    was yielded is let go before more is read.
    """
    part: dict[str, xr.DataArray] = {}
    largest = 0
    for subject in subjects:
        if part and sum(each.nbytes for each in part.values()) + largest > RESPONSES_BYTES:
            yield part
            part.clear()
        part[subject] = responses_of(benchmark, session, stimuli, subject)
        largest = max(largest, part[subject].nbytes)
    yield part


def over_folds(benchmark: EncodingBenchmark, values: np.ndarray) -> np.ndarray:
    """Return the average (unit,) of values (fold, unit), as the benchmark averages folds."""
    return np.asarray(
        np.median(values, axis=0) if benchmark.fold_average == "median" else values.mean(axis=0)
    )


def _scores_of(
    benchmark: EncodingBenchmark,
    session: Session,
    inputs: Sequence[Mapping[str, str]],
    responses: Mapping[str, xr.DataArray],
    missing: Mapping[str, Sequence[int]],
    make_design: DesignOf,
) -> Iterator[tuple[str, int, Arrays]]:
    """Yield the missing unit scores of some listeners, one design a layer."""
    folds = folds_of(benchmark, session, tuple(inputs[0]))
    for position, keys in enumerate(inputs):
        lacking = {name: each for name, each in responses.items() if position in missing[name]}
        if not lacking:
            continue
        design = make_design(benchmark, session, keys)
        for subject, result in _scored(benchmark, session, design, lacking, folds):
            yield subject, position, _arrays(benchmark, session, result, responses[subject], folds)


def _scored(
    benchmark: EncodingBenchmark,
    session: Session,
    design: xr.DataArray,
    recordings: Mapping[str, xr.DataArray],
    folds: Sequence[Fold],
) -> Iterator[tuple[str, xr.Dataset]]:
    """Yield the scores of recordings that share a design, made at once if the metric can."""
    metric, seed = benchmark.metric, session.seed
    if shares_designs(metric):
        yield from metric.score_many(design, recordings, folds, seed=seed).items()
        return
    for subject, responses in recordings.items():
        if needs_repeats(metric):
            stimuli = tuple(dict.fromkeys(design[STIMULUS].to_numpy().tolist()))
            repeats = repeats_of(benchmark, session, stimuli, subject)
            yield subject, metric(design, responses, folds, seed=seed, repeats=repeats)
        else:
            yield subject, metric(design, responses, folds, seed=seed)


def _check_answer(
    benchmark: EncodingBenchmark,
    result: xr.Dataset,
    responses: xr.DataArray,
    folds: Sequence[Fold],
) -> None:
    """Refuse an answer that lacks what a score is made of; a stranger's metric gave it."""
    who = f"the metric {benchmark.metric.card.id!r}"
    if not isinstance(result, xr.Dataset):
        raise BrokenPlugin(f"{who} returned a {type(result).__name__}; expected an xarray.Dataset")
    for name in ("score", "alpha", "flag_constant"):
        dims = set(result[name].dims) if name in result else None
        # A score may be of the predictions in all folds together.
        if dims not in ({FOLD, UNIT}, {UNIT} if name == "score" else {FOLD, UNIT}):
            found = (
                f"{name!r} ({', '.join(map(str, result[name].dims))})" if dims else f"no {name!r}"
            )
            raise BrokenPlugin(
                f"{who} returned {found}, beside {', '.join(map(str, result.data_vars))}; expected "
                f"{name!r} ({FOLD}, {UNIT}), 0 where there is none; `heschl check` shows all"
            )
    # What comes back is read by position.
    for dim, names in ((UNIT, responses[UNIT].to_numpy()), (FOLD, [each.name for each in folds])):
        n_found = result.sizes[dim]
        is_other = dim in result.coords and result[dim].to_numpy().tolist() != list(names)
        if n_found != len(names) or is_other:
            raise BrokenPlugin(
                f"{who} returned {n_found} along {dim!r} where {len(names)} were asked for, or "
                "others, or in another order; expected those of the responses and the folds, as "
                "they come"
            )
    if "normalised" in result and not isinstance(
        getattr(benchmark.metric, "normalisation", 0), str
    ):
        raise BrokenPlugin(
            f"{who} returned 'normalised' and does not say how it came about; give it a text "
            "'normalisation', such as 'score / reliability'"
        )
    if not np.isfinite(result["score"]).all():
        raise BrokenPlugin(
            f"{who} returned scores that are not finite; give 0, and 1 in 'flag_constant', where "
            "there is nothing to measure"
        )


def _arrays(
    benchmark: EncodingBenchmark,
    session: Session,
    result: xr.Dataset,
    responses: xr.DataArray,
    folds: Sequence[Fold],
) -> Arrays:
    """Return what is kept of a metric's answer, and of the listener it is about."""
    _check_answer(benchmark, result, responses, folds)
    dims = {
        name: (FOLD, UNIT) if FOLD in result[name].dims else (UNIT,)
        for name in _KEPT
        if name in result
    }
    of_folds = {name: result[name].transpose(*dims[name]).to_numpy() for name in dims}
    arrays = {
        "alpha": result["alpha"].transpose(FOLD, UNIT).to_numpy(),
        "flag_constant": result["flag_constant"].astype(bool).any(FOLD).to_numpy(),
        "unit": responses[UNIT].to_numpy(),
        "ran_on": np.asarray(result.attrs.get("ran_on", "not said by the metric")),
    }
    for name, values in of_folds.items():
        arrays[name] = over_folds(benchmark, values) if FOLD in dims[name] else values
    can_choose = FOLD in dims["score"] or (
        benchmark.layer_rule == "inner" and "prediction" in result
    )
    if benchmark.layer_rule != "nested" and not can_choose:
        raise BrokenPlugin(
            f"layer_rule={benchmark.layer_rule!r} takes each fold's scores from another layer, but "
            f"the metric {benchmark.metric.card.id!r} returned a 'score' {dims['score']} alone; "
            "return it for each fold, or choose layer_rule='nested'"
        )
    if benchmark.layer_rule != "nested":
        arrays |= {f"fold_{name}": of_folds[name] for name in of_folds if FOLD in dims[name]}
    if benchmark.layer_rule == "inner":
        if "inner_score" not in result:
            raise BrokenPlugin(
                f"layer_rule='inner' chooses layers within the training rows, but the metric "
                f"{benchmark.metric.card.id!r} returned no 'inner_score' (fold, unit)"
            )
        arrays["inner_score"] = result["inner_score"].transpose(FOLD, UNIT).to_numpy()
    if "prediction" not in result:
        return arrays
    prediction = result["prediction"].transpose(TIME, UNIT).to_numpy()
    if benchmark.layer_rule == "inner":
        arrays["prediction"] = prediction.astype(np.float32)
    if benchmark.card.unit_of_uncertainty == STIMULUS:
        arrays["draws"] = over_stimuli(
            cast("PredictingMetric", benchmark.metric).score_of,
            prediction,
            responses.to_numpy(),
            responses[STIMULUS].to_numpy(),
            seed=session.seed,
        )
    return arrays


def subject_scores(
    benchmark: EncodingBenchmark,
    session: Session,
    subject: str,
    ceiling: Cell,
    score: Cell,
    choice: Cell | None,
) -> SubjectScores:
    """Read one listener's results from the store."""
    stimuli = benchmark.stimuli(session, subject)
    folds = folds_of(benchmark, session, stimuli)
    noise = stored(session, ceiling.keys[0], ceiling.label)
    layers = [stored(session, key, score.label) for key in score.keys]
    places = {str(layer["ran_on"]): None for layer in layers if "ran_on" in layer}

    def stacked_layers(name: str) -> np.ndarray:
        return np.stack([layer[name] for layer in layers])

    return SubjectScores(
        subject=subject,
        unit=noise["unit"],
        score=stacked_layers("score"),
        alpha=stacked_layers("alpha"),
        flag_constant=stacked_layers("flag_constant"),
        ceiling=noise["ceiling"],
        n_repeats=int(noise["n_repeats"]),
        n_units_dropped=int(noise["n_units_dropped"]),
        n_stimuli=len(stimuli),
        n_train=min(len(fold.train) for fold in folds),
        n_test=len(np.unique(np.concatenate([fold.test for fold in folds]))),
        ran_on=tuple(places),
        normalised=stacked_layers("normalised") if "normalised" in layers[0] else None,
        draws=stacked_layers("draws") if "draws" in layers[0] else None,
        univariate=noise.get("univariate"),
        inner=stored(session, choice.keys[0], choice.label) if choice else None,
    )
