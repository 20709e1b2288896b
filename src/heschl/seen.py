"""What a model was tuned on and a benchmark would test it on: refused, left out, or branded.

A model whose card names what it has `heschl.cards.Seen` is never tested on those sounds: what it
says of them it may have learned by heart, whoever's responses are predicted. Fitting a readout on
them is no test, and allowed; but not on those that said when tuning was to stop, as in
moussa2025.alignment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import numpy as np

from heschl.cards import Seen
from heschl.cells import Cell
from heschl.configuration import describe
from heschl.contracts import Benchmark
from heschl.dimensions import STIMULUS
from heschl.encoding import EncodingBenchmark
from heschl.encoding_cells import listeners
from heschl.encoding_rows import folds_of, labels_of_rows
from heschl.errors import InvalidInput
from heschl.session import Session
from heschl.splits import Fold, HeldOutStimuli, Splitter
from heschl.wording import some

__all__ = ["ATTRIBUTES", "Fairness", "UnseenFolds", "fair", "fair_cells"]

ATTRIBUTES = ("trained_on_test_data", "left_out_of_test", "left_out_of_training")
"""What may stand on a Score's root, and goes with it to the board."""


@dataclass(frozen=True)
class Fairness:
    """What a Score says of what its model had seen before; nothing of most."""

    seen: str = ""
    """The test stimuli that it was tuned on, where that was allowed."""
    left_out: str = ""
    """Those that were left out of its tests."""
    unfitted: str = ""
    """The stimuli that said when tuning was to stop, and were left out of its readouts."""

    @property
    def attributes(self) -> dict[str, str]:
        """What stands on the Score's root."""
        told = zip(ATTRIBUTES, (self.seen, self.left_out, self.unfitted), strict=True)
        return {name: text for name, text in told if text}


@dataclass(frozen=True)
class UnseenFolds:
    """Another splitter's folds, without the test rows of some stimuli, the training rows of others.

    A fold that tests on nothing else is left out.
    """

    splitter: Splitter
    seen: tuple[str, ...]
    unfitted: tuple[str, ...] = ()

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": 1}

    def folds(self, rows: Mapping[str, np.ndarray]) -> tuple[Fold, ...]:
        """Return the folds that are left."""
        is_seen = np.isin(rows[STIMULUS], self.seen)
        is_unfitted = np.isin(rows[STIMULUS], self.unfitted)
        found = []
        for fold in self.splitter.folds(rows):
            if is_seen[fold.test].all():
                continue
            if is_unfitted[fold.train].all():
                raise InvalidInput(
                    f"a readout would be fitted on {some(self.unfitted)} alone, which said when "
                    "the model's tuning was to stop; fetch other stimuli to train on"
                )
            train = fold.train[~is_unfitted[fold.train]]
            found.append(Fold(fold.name, train, fold.test[~is_seen[fold.test]]))
        if not found:
            raise InvalidInput(
                f"every fold tests on {some(self.seen)} alone, which the model was tuned on; "
                "choose a model that was not, or allow_seen=True (--allow-seen) for a Score that "
                "says so and is never ranked"
            )
        return tuple(found)


def fair(
    benchmark: Benchmark, session: Session, *, is_allowed: bool, also: tuple[Seen, ...] = ()
) -> tuple[Benchmark, Fairness]:
    """Return what may be scored of an encoding benchmark, and what there is to say of it.

    Test rows that the model was tuned on are left out where other folds stay; where there are no
    others it is refused, unless that is allowed. Training rows that said when tuning was to stop
    are always left out. What a model beside this one has seen counts ``also``.
    """
    inner = getattr(benchmark, "alignment", benchmark)
    seen = (*session.model.get().card.seen, *also)
    if not seen or not isinstance(inner, EncodingBenchmark):
        return benchmark, Fairness()
    stimuli = inner.stimuli(session)
    rows_tested, rows_fitted = _rows_of(inner, session)
    tested = [name for name in _seen(seen, session, stimuli) if name in rows_tested]
    unfitted = [name for name in _seen(seen, session, stimuli, "chosen_on") if name in rows_fitted]
    told = Fairness(unfitted=", ".join(unfitted))
    if is_allowed and tested:
        told, tested = replace(told, seen=", ".join(tested)), []
    if not tested and not unfitted:
        return benchmark, told
    can_mask = (
        inner is benchmark
        and not isinstance(inner.splitter, HeldOutStimuli)
        and inner.layer_rule == "nested"
        and inner.card.unit_of_uncertainty != STIMULUS
    )
    if tested and not can_mask:
        raise _refusal(benchmark, session, tested)
    folds = UnseenFolds(inner.splitter, tuple(sorted(tested)), tuple(sorted(unfitted)))
    masked = replace(inner, splitter=folds)
    _rows_of(masked, session)
    told = replace(told, left_out=", ".join(tested))
    # Whatever is made of an alignment is declared by a dataclass around it.
    return (
        masked if inner is benchmark else replace(cast("Any", benchmark), alignment=masked)
    ), told


def fair_cells(
    benchmark: Benchmark,
    session: Session,
    cells: tuple[Cell, ...],
    *,
    is_allowed: bool,
    also: tuple[Seen, ...] = (),
) -> Fairness:
    """Return what there is to say of a benchmark that tests on whatever its model hears."""
    inner = getattr(benchmark, "alignment", benchmark)
    seen = (*session.model.get().card.seen, *also)
    if not seen or isinstance(inner, EncodingBenchmark):
        return Fairness()
    heard = tuple(dict.fromkeys(name for cell in cells for name in cell.heard))
    tested = _seen(seen, session, heard)
    if not tested or is_allowed:
        return Fairness(seen=", ".join(tested))
    raise _refusal(benchmark, session, tested)


def _seen(
    seen: tuple[Seen, ...],
    session: Session,
    stimuli: tuple[str, ...],
    part: Literal["stimuli", "chosen_on"] = "stimuli",
) -> list[str]:
    """Return those of the stimuli that are among what was seen, by name or by sound."""
    dataset = session.dataset.get()
    sounds = dataset.stimuli()
    names, digests = set(), set()
    for each in seen:
        wanted = set(getattr(each, part))
        sounds_of = dict(zip(each.stimuli, each.sounds, strict=False))  # a card may have no sounds
        digests |= {sound for name, sound in sounds_of.items() if name in wanted}
        if (each.dataset, each.data_kind) == (dataset.card.id, session.data_kind):
            names |= wanted
    return [name for name in stimuli if name in names or sounds[name].sound.digest in digests]


def _rows_of(benchmark: EncodingBenchmark, session: Session) -> tuple[set[str], set[str]]:
    """Return the stimuli with rows that are tested on, and those with rows to train on."""
    dataset, tested, fitted = session.dataset.get(), set(), set()
    for stimuli in listeners(benchmark, session):
        clocks = {name: dataset.clock(name) for name in stimuli}
        rows = labels_of_rows(benchmark, dataset, clocks)[STIMULUS]
        for fold in folds_of(benchmark, session, stimuli):
            tested |= set(rows[fold.test].tolist())
            fitted |= set(rows[fold.train].tolist())
    return tested, fitted


def _refusal(benchmark: Benchmark, session: Session, tested: list[str]) -> InvalidInput:
    return InvalidInput(
        f"{session.model_id} was tuned on {some(tested)} of {session.dataset.get().card.id}, on "
        f"which {benchmark.card.id} would test it; choose other stimuli or another benchmark, or "
        "allow_seen=True (--allow-seen) for a Score that says so and is never ranked"
    )
