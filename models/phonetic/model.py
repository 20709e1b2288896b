"""One shell for all that read: an alignment in, one layer of events out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import scipy.sparse

from heschl.alignment import Alignment, Interval
from heschl.cards import ModelCard
from heschl.contracts import Events, Layer
from heschl.errors import InvalidInput
from heschl.models import phonetic
from heschl.models.inputs import chosen_layers
from heschl.models.phonetic.articulation import COLUMNS, FIXED, ORIGINAL
from heschl.models.phonetic.labels import ARPABET, arpabet, heard_phones, heard_words
from heschl.models.phonetic.sequences import every_sequence, sequences

__all__ = [
    "PhoneSequences",
    "PhoneticModel",
    "articulation",
    "articulation_original",
    "diphone",
    "phone_rate",
    "triphone",
    "word_rate",
]

NUMERICS = 1
"""Raised whenever an output changes for the same alignment."""

Heard = Callable[[str, Alignment], tuple[Interval, ...]]

_PHONES = frozenset(ARPABET)


class PhoneticModel:
    """A table of features for the words or phones of an alignment; keeps `TextModel`.

    Parameters
    ----------
    card
        The metadata.
    layer
        The one layer.
    events_of
        Returns the layer's events for an alignment, in the order of time.
    settings
        Whatever the events depend on beside the alignment, for the digest.
    """

    def __init__(
        self,
        card: ModelCard,
        layer: Layer,
        events_of: Callable[[Alignment], Events],
        settings: Sequence[object] = (),
    ) -> None:
        self.card = card
        self.layers = (layer,)
        self._events_of = events_of
        self._settings = settings

    @property
    def digest(self) -> str:
        """A text that changes whenever the outputs would."""
        facts = {"model": self.card.id, "numerics": NUMERICS, "settings": list(self._settings)}
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def read(self, alignment: Alignment, taps: Sequence[str]) -> dict[str, Events]:
        """Return ``{layer: Events}`` for one stimulus."""
        chosen = chosen_layers(self.card.id, self.layers, taps)
        return {layer.name: self._events_of(alignment) for layer in chosen}


class PhoneSequences(PhoneticModel):
    """A column for each sequence of a vocabulary: 1 where it is heard.

    An event has no length: it stands at the midpoint of its sequence, whatever
    stamp a benchmark chooses. Sequences that the vocabulary lacks are ignored.

    The protocol's vocabulary is what the training stories hold. That of the
    cards is every sequence there can be, which predicts the same: a column that
    is zero in training has no weight. It only costs time and memory, little for
    pairs, but minutes a listener for the triples of short stories and more than
    there is for those of long ones. Pass a vocabulary then, in a file of your
    own that ``file:./triphones.py:model`` names.

    Examples
    --------
    >>> from heschl.models.phonetic.sequences import attested
    >>> cat = Alignment(phones=((0.0, 0.1, "K"), (0.1, 0.2, "AE1"), (0.2, 0.3, "T")))
    >>> model = PhoneSequences(phonetic.TRIPHONE, 3, attested([cat], order=3))
    >>> model.read(cat, ["triphone"])["triphone"].values.toarray()
    array([[1.]], dtype=float32)
    """

    def __init__(
        self, card: ModelCard, order: int, vocabulary: Sequence[tuple[str, ...]] | None = None
    ) -> None:
        known = every_sequence(order) if vocabulary is None else tuple(vocabulary)
        for sequence in known:
            if len(sequence) != order or not _PHONES.issuperset(sequence):
                raise InvalidInput(
                    f"{card.id!r} was given {' '.join(sequence)!r} in its vocabulary; expected "
                    f"{order} phones of ARPABET in capitals, without stress"
                )
        self._column_of = {sequence: column for column, sequence in enumerate(known)}
        if not known or len(self._column_of) < len(known):
            raise InvalidInput(
                f"{card.id!r} was given a vocabulary of {len(known)} sequences, "
                f"{len(self._column_of)} of them different; expected different ones, at least one"
            )
        self._order = order
        layer = Layer(card.id, len(known))
        super().__init__(card, layer, self._events, [order, *map(" ".join, known)])

    def _events(self, alignment: Alignment) -> Events:
        found = [
            (midpoint_s, self._column_of[sequence])
            for midpoint_s, sequence in sequences(self.card.id, alignment, self._order)
            if sequence in self._column_of
        ]
        rows, columns = np.arange(len(found)), [column for _, column in found]
        ones = np.ones(len(found), dtype=np.float32)
        values = scipy.sparse.csr_array(
            (ones, (rows, columns)), shape=(len(found), len(self._column_of))
        )
        midpoints_s = np.array([midpoint_s for midpoint_s, _ in found], dtype=float)
        return Events(values, midpoints_s, midpoints_s)


def articulation() -> PhoneticModel:
    """Return the 22 articulatory features of each phone, affricates among them.

    >>> heard = Alignment(phones=((0.0, 0.1, "CH"),))
    >>> values = articulation().read(heard, ["articulation"])["articulation"].values[0]
    >>> [column for column, value in zip(COLUMNS, values) if value]
    ['postalveolar', 'affricative', 'unvoiced']
    """
    return _articulation(phonetic.ARTICULATION, FIXED)


def articulation_original() -> PhoneticModel:
    """Return the 22 articulatory features with the fault of the published table."""
    return _articulation(phonetic.ARTICULATION_ORIGINAL, ORIGINAL)


def diphone() -> PhoneSequences:
    """Return the pairs of phones, 1521 columns from ``AA AA`` to ``ZH ZH``."""
    return PhoneSequences(phonetic.DIPHONE, order=2)


def triphone() -> PhoneSequences:
    """Return the triples of phones, 59319 columns; see `PhoneSequences` for fewer."""
    return PhoneSequences(phonetic.TRIPHONE, order=3)


def phone_rate() -> PhoneticModel:
    """Return 1 for each phone, which a clock turns into phones per scan."""
    return _rate(phonetic.PHONE_RATE, "phone_rate", heard_phones)


def word_rate() -> PhoneticModel:
    """Return 1 for each word, which a clock turns into words per scan.

    >>> heard = Alignment(words=((0.0, 0.2, "had"), (0.2, 0.4, "{BR}"), (0.4, 0.6, "your")))
    >>> word_rate().read(heard, ["word_rate"])["word_rate"].onsets_s
    array([0. , 0.4])
    """
    return _rate(phonetic.WORD_RATE, "word_rate", heard_words)


# Models hold no inner functions, so that they can be sent to other processes.
def _articulation(card: ModelCard, table: Mapping[str, np.ndarray]) -> PhoneticModel:
    return PhoneticModel(
        card,
        Layer("articulation", len(COLUMNS)),
        partial(_articulated, card.id, table),
        settings=[[phone, row.tolist()] for phone, row in sorted(table.items())],
    )


def _articulated(model: str, table: Mapping[str, np.ndarray], alignment: Alignment) -> Events:
    phones = heard_phones(model, alignment)
    return _events([table[arpabet(phone)] for phone in phones], phones, len(COLUMNS))


def _rate(card: ModelCard, layer: str, heard: Heard) -> PhoneticModel:
    return PhoneticModel(card, Layer(layer, 1), partial(_counted, card.id, heard))


def _counted(model: str, heard: Heard, alignment: Alignment) -> Events:
    intervals = heard(model, alignment)
    return _events([np.ones(1, dtype=np.float32)] * len(intervals), intervals, 1)


def _events(rows: Sequence[np.ndarray], intervals: tuple[Interval, ...], n_columns: int) -> Events:
    """Return events that last as long as their words or phones."""
    return Events(
        values=np.array(rows, dtype=np.float32).reshape(len(rows), n_columns),
        onsets_s=np.array([interval.onset_s for interval in intervals], dtype=float),
        offsets_s=np.array([interval.offset_s for interval in intervals], dtype=float),
    )
