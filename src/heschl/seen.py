"""What a model was tuned on and a benchmark would test it on: refused, left out, or branded.

A model whose card names what it has `heschl.cards.Seen` is never tested on those sounds: what it
says of them it may have learned by heart, whoever's responses are predicted. Fitting a readout on
them is no test, and allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

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

__all__ = ["Fairness", "UnseenFolds", "fair", "fair_cells"]


@dataclass(frozen=True)
class Fairness:
    """What a Score says of what its model had seen before; nothing of most."""

    seen: str = ""
    """The test stimuli that it was tuned on, where that was allowed."""
    left_out: str = ""
    """Those that were left out of its tests."""

    @property
    def attributes(self) -> dict[str, str]:
        """What stands on the Score's root."""
        told = {"trained_on_test_data": self.seen, "left_out_of_test": self.left_out}
        return {name: text for name, text in told.items() if text}


@dataclass(frozen=True)
class UnseenFolds:
    """Another splitter's folds, without the test rows of some stimuli.

    A fold that tests on nothing else is left out.
    """

    splitter: Splitter
    seen: tuple[str, ...]

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": 1}

    def folds(self, rows: Mapping[str, np.ndarray]) -> tuple[Fold, ...]:
        """Return the folds that are left."""
        is_seen = np.isin(rows[STIMULUS], self.seen)
        found = [
            Fold(fold.name, fold.train, fold.test[~is_seen[fold.test]])
            for fold in self.splitter.folds(rows)
            if not is_seen[fold.test].all()
        ]
        if not found:
            raise InvalidInput(
                f"every fold tests on {some(self.seen)} alone, which the model was tuned on; "
                "choose a model that was not, or allow_seen=True (--allow-seen) for a Score that "
                "says so and is never ranked"
            )
        return tuple(found)


def fair(benchmark: Benchmark, session: Session, *, is_allowed: bool) -> tuple[Benchmark, Fairness]:
    """Return what may be scored of an encoding benchmark, and what there is to say of it.

    Test rows that the model was tuned on are left out where other folds stay; where there are no
    others it is refused, unless that is allowed.
    """
    inner = getattr(benchmark, "alignment", benchmark)
    if not session.model.get().card.seen or not isinstance(inner, EncodingBenchmark):
        return benchmark, Fairness()
    seen = _seen(session, inner.stimuli(session))
    tested = [name for name in seen if name in _tested(inner, session)]
    if not tested:
        return benchmark, Fairness()
    if is_allowed:
        return benchmark, Fairness(seen=", ".join(tested))
    can_mask = (
        inner is benchmark
        and not isinstance(inner.splitter, HeldOutStimuli)
        and inner.layer_rule == "nested"
        and inner.card.unit_of_uncertainty != STIMULUS
    )
    if not can_mask:
        raise _refusal(benchmark, session, tested)
    masked = replace(inner, splitter=UnseenFolds(inner.splitter, tuple(sorted(tested))))
    _tested(masked, session)
    return masked, Fairness(left_out=", ".join(tested))


def fair_cells(
    benchmark: Benchmark, session: Session, cells: tuple[Cell, ...], *, is_allowed: bool
) -> Fairness:
    """Return what there is to say of a benchmark that tests on whatever its model hears."""
    inner = getattr(benchmark, "alignment", benchmark)
    if not session.model.get().card.seen or isinstance(inner, EncodingBenchmark):
        return Fairness()
    heard = tuple(dict.fromkeys(name for cell in cells for name in cell.heard))
    seen = _seen(session, heard)
    if not seen or is_allowed:
        return Fairness(seen=", ".join(seen))
    raise _refusal(benchmark, session, seen)


def _seen(session: Session, stimuli: tuple[str, ...]) -> list[str]:
    """Return those of the stimuli that the model was tuned on, by name or by sound."""
    dataset = session.dataset.get()
    sounds = dataset.stimuli()
    names, digests = set(), set()
    for each in session.model.get().card.seen:
        digests |= set(each.sounds)
        if (each.dataset, each.data_kind) == (dataset.card.id, session.data_kind):
            names |= set(each.stimuli)
    return [name for name in stimuli if name in names or sounds[name].sound.digest in digests]


def _tested(benchmark: EncodingBenchmark, session: Session) -> set[str]:
    """Return the stimuli with rows that are tested on."""
    dataset, found = session.dataset.get(), set()
    for stimuli in listeners(benchmark, session):
        clocks = {name: dataset.clock(name) for name in stimuli}
        rows = labels_of_rows(benchmark, dataset, clocks)[STIMULUS]
        for fold in folds_of(benchmark, session, stimuli):
            found |= set(rows[fold.test].tolist())
    return found


def _refusal(benchmark: Benchmark, session: Session, tested: list[str]) -> InvalidInput:
    return InvalidInput(
        f"{session.model_id} was tuned on {some(tested)} of {session.dataset.get().card.id}, on "
        f"which {benchmark.card.id} would test it; choose other stimuli or another benchmark, or "
        "allow_seen=True (--allow-seen) for a Score that says so and is never ranked"
    )
