"""The kind of benchmark that trains a model to write down sentences, and counts its words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, cast

import numpy as np
import xarray as xr

from heschl.cards import BenchmarkCard
from heschl.cells import Arrays, Cell, Report
from heschl.configuration import describe, digest
from heschl.contracts import AnyModel, LabelledDataset, SpeechModel
from heschl.dimensions import DRAW, LAYER, ROI, SUBJECT
from heschl.encoding_cells import heard_input
from heschl.encoding_rows import stored
from heschl.errors import InvalidInput, MissingData
from heschl.items import Items
from heschl.metrics.asr.letters import transcript
from heschl.metrics.asr.metric import SpeechRecognition
from heschl.passes import planned_windows
from heschl.resampling import drawing_digest
from heschl.samples import sample_groups
from heschl.session import Session
from heschl.tuning import require_tunable, tunable_network
from heschl.windowing import WholeStimulus

__all__ = ["RecognitionBenchmark", "drawn_accuracy"]

Chosen = Mapping[str, str | tuple[str, ...]]
"""Labels that items must have, as `heschl.items.Items.select` takes them."""


@dataclass(frozen=True)
class RecognitionBenchmark:
    """An experiment in speech recognition: what is learned from, and what is written down.

    A model is trained once, up to the last of the layers that are asked for (by
    default its last), and so the Score has that layer alone. Sentences are
    heard whole, each by itself.

    Parameters
    ----------
    card
        The metadata; ``unit_of_uncertainty`` names the label of items, such as
        ``speaker``, whose values are drawn anew for error and interval.
    metric
        How it is trained and judged.
    task
        Of the dataset: its answers are the texts of the sentences.
    train, test
        The labels of the sentences to learn from and of those to write down.
    n_draws
        Of speakers.
    """

    card: BenchmarkCard
    metric: SpeechRecognition
    task: str
    train: Chosen
    test: Chosen
    n_draws: int = 1000
    rois: tuple[str, ...] = ("all",)

    windowing: ClassVar[WholeStimulus] = WholeStimulus()
    trial_model: ClassVar[str] = "phantom-silence"
    """The smallest that can be trained, for the suite of `heschl.testing`."""

    def configuration(self) -> dict[str, Any]:
        """Return every setting, defaults included."""
        settings = describe(self)
        settings["card"] = {"id": self.card.id, "version": self.card.version}
        return settings

    def description(self) -> dict[str, str]:
        """Return what the score and its normalisation are, in words."""
        return {
            "score_meaning": self.metric.meaning,
            "score_power": "variance",
            "normalisation": "none: the score itself",
            "layer_rule": "nested",
        }

    def require(self, model: AnyModel) -> None:
        """Raise unless a model's network can be trained."""
        require_tunable(model)

    def cells(self, session: Session) -> list[Cell]:
        """Return the one piece of work: training, and what is written down after it."""
        train, test = self._items(session)
        model, stimuli = session.model.get(), session.dataset.get().stimuli()
        names = (*train.stimuli, *test.stimuli)
        for name in names:
            planned_windows(cast("SpeechModel", model), stimuli[name], self.windowing)
        configuration = {
            "stage": "recognition",
            "model": session.model_version,
            "layer": session.layers[-1],
            "metric": self.metric,
            "inputs": digest({name: heard_input(model, stimuli[name]) for name in names}),
            "train": train.digest,
            "test": test.digest,
            "seed": session.seed,
        }
        return [
            Cell(
                "recognition",
                self.task,
                f"{session.model_id} × {self.task}",
                (configuration,),
                partial(_compute, self, session),
                heard=names,
                uses_device=session.may_use_device,
                where=session.device_here,
            )
        ]

    def gather(self, session: Session, cells: Sequence[Cell]) -> dict[str, xr.Dataset]:
        """Return the word accuracy, its error over speakers, and the losses of training."""
        (cell,) = cells
        found = stored(session, cell.keys[0], cell.label)
        _, test = self._items(session)
        speakers = test.labels[self.card.unit_of_uncertainty]
        place = {SUBJECT: ["test"], ROI: list(self.rois)}
        layer = {LAYER: [session.layers[-1]]}
        errors, words = found["errors"], found["words"]

        def of_test(value: float) -> xr.DataArray:
            return xr.DataArray([[value]], dims=(SUBJECT, ROI), coords=place)

        draws = drawn_accuracy(errors, words, speakers, n_draws=self.n_draws, seed=session.seed)
        return sample_groups(
            of_test(1 - errors.sum() / words.sum()).expand_dims(layer),
            n_items=of_test(len(test)),
            chance=0.0,
            ceiling=1.0,
            kind="every word",
            power="variance",
            seed=session.seed,
            draws=xr.DataArray(
                draws[np.newaxis, :, np.newaxis],
                dims=(LAYER, DRAW, ROI),
                coords={**layer, ROI: list(self.rois)},
            ),
            drawn_items=test.digest,
            drawn_from=drawing_digest(
                np.unique(speakers).tolist(), seed=session.seed, n_draws=self.n_draws
            ),
            extra={
                "n_words": of_test(words.sum()),
                "n_errors": of_test(errors.sum()),
                "loss": xr.DataArray(found["loss"], dims="epoch"),
            },
        )

    def _items(self, session: Session) -> tuple[Items, Items]:
        """Return the sentences to learn from and those to write down, of a whole dataset."""
        dataset = session.dataset.get()
        if not isinstance(dataset, LabelledDataset):
            raise InvalidInput(
                f"{self.card.id} asks for the texts of sentences, which {dataset.card.id} does not "
                "have; choose a dataset of labelled sounds"
            )
        items = dataset.items(self.task)
        lacking = items.table.attrs.get("missing")
        if lacking and session.data_kind != "phantom":
            raise MissingData(
                f"the copy of {dataset.card.id} is not whole, so that its score would be of "
                f"something else: {lacking}; copy all of it"
            )
        return items.select(**self.train), items.select(**self.test)


def _compute(
    benchmark: RecognitionBenchmark, session: Session, _missing: Sequence[int], report: Report
) -> Iterator[tuple[int, Arrays]]:
    """Yield errors and words of each test sentence, what was written, and the losses."""
    from heschl.metrics.asr.fine_tuning import Sentence, fine_tune, recognise

    train, test = benchmark._items(session)  # noqa: SLF001  its own module
    model, stimuli = session.model.get(), session.dataset.get().stimuli()
    rate = cast("SpeechModel", model).sample_rate
    sentences = [
        Sentence(
            name,
            partial(_waveform, stimuli[name].sound, rate),
            stimuli[name].sound.n_samples_at(rate),
            transcript(text),
        )
        for name, text in _texts(train)
    ]
    recogniser, losses = fine_tune(
        tunable_network(model, session.layers[-1], frozen=benchmark.metric.frozen),
        sentences,
        benchmark.metric.schedule,
        device=session.device_here(),
        seed=session.seed,
        report=report,
    )
    written = [
        recognise(recogniser, _waveform(stimuli[name].sound, rate)) for name, _ in _texts(test)
    ]
    counts = benchmark.metric([transcript(text) for _, text in _texts(test)], written)
    yield (
        0,
        {
            "errors": counts["errors"].to_numpy(),
            "words": counts["words"].to_numpy(),
            "written": np.array(written, dtype=np.str_),
            "loss": losses,
        },
    )


def _texts(items: Items) -> list[tuple[str, str]]:
    """Return the stimulus and the text of each sentence."""
    labels = items.labels
    return list(zip(labels["stimulus"].tolist(), labels[items.task.target].tolist(), strict=True))


def _waveform(sound: Any, rate: int) -> np.ndarray:  # a Sound
    return np.asarray(sound.waveform(rate))


def drawn_accuracy(
    errors: np.ndarray, words: np.ndarray, speakers: np.ndarray, *, n_draws: int, seed: int
) -> np.ndarray:
    """Return 1 - WER (draw,) of as many speakers, drawn with replacement with all they said."""
    _, owner = np.unique(speakers, return_inverse=True)
    of_speaker = np.stack([np.bincount(owner, weights=each) for each in (errors, words)])
    n_speakers = of_speaker.shape[1]
    places = np.random.default_rng(seed).integers(n_speakers, size=(n_draws, n_speakers))
    drawn_errors, drawn_words = of_speaker[:, places].sum(axis=-1)
    return np.asarray(1 - drawn_errors / drawn_words)
