"""What probes of the phantom must find: annotations that are planted, and what follows from them.

Word classes and word vectors are made of the lexical features that `phantom-words` knows: a word is
``DET`` if it is a function word, else ``NOUN``; of the variance of its vector a share is linear in
the features and the rest is noise of the word form. Vectors of sentences mean nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from heschl.alignment import Alignment, Interval
from heschl.data_registry.timit.annotations import FOLDER
from heschl.data_registry.timit.labels import folded
from heschl.data_registry.timit.spoken import Spoken
from heschl.phantom.features import LEXICAL_COLUMNS, lexical
from heschl.phantom.labelled import guessed, told

__all__ = ["expectations", "write_annotations"]

_SHARE = 0.6
"""Of the variance of word vectors."""
_WIDTH = 24
_FUNCTION_WORD = LEXICAL_COLUMNS.index("function_word")
_SILENCE = "h#"
_CLOSED_FORM = "docs/protocols.md, S-millet.probing"
_MAJORITY = "docs/protocols.md, S-moussa.downstream: the majority's labels, counted in the files"


def write_annotations(
    root: Path, spoken: Mapping[str, Spoken], probed: Mapping[str, Spoken], *, seed: int
) -> dict[str, float]:
    """Write what a user may add, and return what the words' features reach.

    Parameters
    ----------
    root
        The phantom's folder.
    spoken
        All sentences by their names, such as ``fcjf0_sa1``.
    probed
        Those whose words are probed.
    seed
        Of what is drawn.

    Returns
    -------
    dict
        ``r``, the mean over columns of the correlation of the planted signal with the vectors, over
        the probed words.
    """
    folder = root / FOLDER
    folder.mkdir()
    generator = np.random.default_rng([seed, 7])
    texts = {name.partition("_")[2]: said for name, said in sorted(spoken.items())}
    rows = ["sentence\tposition\ttag"]
    for sentence, said in texts.items():
        flags = _features([label for _, _, label in said.words])[:, _FUNCTION_WORD]
        rows += [
            f"{sentence}\t{number}\t{'DET' if flag else 'NOUN'}"
            for number, flag in enumerate(flags, start=1)
        ]
    (folder / "parts_of_speech.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")

    forms = sorted({label for said in texts.values() for _, _, label in said.words})
    heard = [label for said in probed.values() for _, _, label in said.words]
    tokens = _features(heard)
    varies = np.ptp(tokens, axis=0) > 0
    weights = generator.standard_normal((int(varies.sum()), _WIDTH))
    spread = (tokens[:, varies] / tokens[:, varies].std(axis=0) @ weights).std(axis=0)
    signal = _features(forms)[:, varies] / tokens[:, varies].std(axis=0) @ (weights / spread)
    noise = generator.standard_normal(signal.shape)
    vectors = np.sqrt(_SHARE) * signal + np.sqrt(1 - _SHARE) * noise
    _write_vectors(folder / "word_vectors.txt", dict(zip(forms, vectors, strict=True)))
    means = generator.standard_normal((len(texts), _WIDTH))
    _write_vectors(folder / "sentence_vectors.txt", dict(zip(texts, means, strict=True)))

    place = [forms.index(label) for label in heard]
    of_columns = [
        np.corrcoef(signal[place, column], vectors[place, column])[0, 1] for column in range(_WIDTH)
    ]
    return {"r": float(np.mean(of_columns))}


def expectations(
    parts: Mapping[str, Mapping[str, Spoken]], words: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Return what benchmarks must find, from what the files hold.

    Parameters
    ----------
    parts
        The sentences to train and to test on in the official split, SA among them, and those that
        are probed in folds.
    words
        Of `write_annotations`.
    """
    test = parts["test"]
    kinds = Counter(name.partition("_")[2][:2] for name in test)
    # Training speakers read as many SA as SX, and the first of equals is answered.
    share = kinds["sa"] / kinds.total()
    lists = {
        name: [_phones_of(said) for key, said in parts[name].items() if "_sa" not in key]
        for name in ("train", "test")
    }

    def expected(
        benchmark: str, model: str, layer: str, roi: str, quantity: str, value: float, tol: float,
        source: str = _CLOSED_FORM,
    ) -> dict[str, Any]:  # fmt: skip
        return {
            "benchmark": benchmark,
            "model": model,
            "layer": layer,
            "roi": roi,
            "quantity": quantity,
            "expected": value,
            "tolerance": tol,
            "source": source,
        }

    probing, words_model = "timit-probing", ("phantom-words", "blend.2")
    kind, phonemes, frames = "timit-sentence_type", "timit-phonemes", "timit-mfcc"
    self_told = "a model predicts itself: " + _CLOSED_FORM + " (a)"
    chance = "summary:chance"
    of_phone, of_usual = _share_of_a_phone(parts), _f1_of_usual(lists)
    return [
        expected(probing, *words_model, "word_vector", "score", words["r"], 0.05),
        expected(probing, *words_model, "part_of_speech", "score", 1.0, 0.03),
        expected(probing, *words_model, "part_of_speech", chance, 0.5, 1e-6, _MAJORITY),
        expected(probing, "mel-128", "mel", "MEL", "score", 1.0, 0.02, self_told),
        expected(probing, "mel-128", "mel", "phone", chance, of_phone, 1e-6, _MAJORITY),
        told(kind, tolerance=0.05),
        guessed(kind, share, len(kinds)),
        expected(phonemes, "phantom-phones", "blend.3", "all", chance, of_usual, 1e-6, _MAJORITY),
        expected(frames, "mfcc", "mfcc", "MFCC", "score", 1.0, 0.02, self_told),
        expected(frames, "fbank-40", "fbank", "FBANK", "score", 1.0, 0.02, self_told),
    ]


def _features(forms: Sequence[str]) -> np.ndarray:
    """Return the lexical features (word, column) of word forms."""
    words = tuple(Interval(float(k), k + 1.0, form) for k, form in enumerate(forms))
    return np.asarray(lexical(Alignment(words=words)).values)


def _write_vectors(path: Path, vectors: Mapping[str, np.ndarray]) -> None:
    lines = [" ".join([name, *(f"{value:.6f}" for value in of)]) for name, of in vectors.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _phones_of(said: Spoken) -> set[str]:
    """Return the classes of phones that a sentence holds, but silence."""
    found = {str(folded(label, "brain-tuning")) for _, _, label in said.phones}
    return found - {_SILENCE}


def _share_of_a_phone(parts: Mapping[str, Mapping[str, Spoken]]) -> float:
    """Return 1 / n over the n phones, silence among them, of a probed speaker, on average."""
    of_speakers: dict[str, set[str]] = {}
    for name, said in parts["disc's test"].items():
        found = {folded(label) for _, _, label in said.phones} - {None}
        of_speakers.setdefault(name.partition("_")[0], set()).update(map(str, found))
    return float(np.mean([1 / len(found) for found in of_speakers.values()]))


def _f1_of_usual(lists: Mapping[str, list[set[str]]]) -> float:
    """Return the macro-F1 of answering the phones that most training sentences hold.

    It is 2q / (1 + q) for each of these, q being its share of test sentences, and 0 for the others
    that test sentences hold.
    """
    usual = Counter(phone for phones in lists["train"] for phone in phones)
    tested = Counter(phone for phones in lists["test"] for phone in phones)
    is_usual = {phone: usual[phone] > len(lists["train"]) / 2 for phone in tested}
    shares = [is_usual[phone] * count / len(lists["test"]) for phone, count in tested.items()]
    return float(np.mean([2 * q / (1 + q) for q in shares]))
