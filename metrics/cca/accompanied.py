"""What is common to benchmarks that compare a model's fit to a brain with that of other models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from heschl.cards import BenchmarkCard
from heschl.configuration import describe
from heschl.encoding import EncodingBenchmark
from heschl.errors import InvalidInput
from heschl.metrics.cca.company import Company, Heard, heard
from heschl.metrics.cca.parts import Counts
from heschl.session import Session, with_model
from heschl.splits import Fold

__all__ = ["Accompanied"]


@dataclass(frozen=True)
class Accompanied:
    """A benchmark of one model beside others.

    Parameters
    ----------
    card
        The metadata.
    trf
        The encoding benchmark in which models are compared. Features, ceilings and the scores of
        whole layers are its own, and are not computed again where it has been run.
    company
        The other models.
    on_phantom
        Those on simulated data.
    """

    card: BenchmarkCard
    trf: EncodingBenchmark
    company: Company
    on_phantom: Company
    rois: tuple[str, ...] = field(init=False)
    numerics: ClassVar[int]
    """Raised whenever the same declaration and inputs give other numbers."""

    def __post_init__(self) -> None:
        """Refuse encoding benchmarks that score no single fold, or choose no layer within one."""
        object.__setattr__(self, "rois", self.trf.rois)
        trf = self.trf
        if not hasattr(trf.metric, "score_fold") or trf.layer_rule != "inner" or trf.delays:
            raise InvalidInput(
                f"{self.card.id} is built on {trf.card.id}, with metric="
                f"{type(trf.metric).__name__}, layer_rule={trf.layer_rule!r} and "
                f"delays={trf.delays}; expected LaggedRidge, 'inner' and no delays"
            )

    @property
    def windowing(self) -> Any:  # as of EncodingBenchmark
        """How the sound is cut."""
        return self.trf.windowing

    def configuration(self) -> dict[str, Any]:
        """Return every setting, defaults included."""
        settings = describe(self)
        settings["card"] = {"id": self.card.id, "version": self.card.version}
        return settings | {"numerics": self.numerics}

    def listeners(self, session: Session) -> tuple[str, ...]:
        """Return the listeners of the encoding benchmark."""
        return self.trf.listeners(session)

    def company_of(self, session: Session) -> Company:
        """Return the other models for the data at hand."""
        return self.on_phantom if session.data_kind == "phantom" else self.company

    def models(self, session: Session) -> dict[str, Heard]:
        """Return what ``model``, ``partner`` and ``baseline`` leave behind in the benchmark."""
        company = self.company_of(session)
        return {
            "model": heard(self.trf, session, is_scored=True),
            "partner": self.of_other(session, company.partner),
            "baseline": self.of_other(session, company.baseline.model, company.baseline.layer),
        }

    def of_other(self, session: Session, model: str, layer: str | None = None) -> Heard:
        """Return what another model leaves behind, of one layer or of all."""
        other = with_model(session, model, None if layer is None else [layer])
        return heard(self.trf, other, is_scored=False)

    def counts(self, session: Session, subject: str, folds: Sequence[Fold]) -> Counts:
        """Return how many stimuli and rows a listener's scores are of."""
        return Counts(
            n_stimuli=len(self.trf.stimuli(session, subject)),
            n_train=min(len(fold.train) for fold in folds),
            n_test=sum(len(fold.test) for fold in folds),
        )
