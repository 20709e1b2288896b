"""Probe thirteen layers and compare with scikit-learn's usual route: ratios and scores.

    python perf/probing.py                  labels and numbers, in ten folds; a minute or two
    python perf/probing.py --items 20000 --width 768 --layers 1

Ridge: `RidgeClassifierCV` and `RidgeCV(alpha_per_target=True)` on standardised features, fold by
fold, with the same penalties. Logistic: `LogisticRegressionCV` with the same penalties, once with
the same items held out, once with five folds, which is its default. Layers are mixtures of what
tells the label and of noise, of spectra that fall as those of networks do. Ours trains on exchanged
truths as well, for the baseline beside each score; peers are timed for the score alone, and with a
second fit for that baseline. They run on as many layers as ``--peer-layers`` says; their time is
scaled up.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from sklearn.linear_model import LogisticRegressionCV, RidgeClassifierCV, RidgeCV
from sklearn.metrics import balanced_accuracy_score, f1_score
from sklearn.model_selection import PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from heschl.metrics.probing import Labels, LogisticHead, RidgeHead, Vectors, probe
from heschl.metrics.probing.parts import held_out
from heschl.metrics.ridge.agreement import pearson
from heschl.splits import Fold, GroupKFold

N_CLASSES, N_COLUMNS = 39, 64


def main() -> None:
    """Print a row for each kind of probe."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--items", type=int, default=6000)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--layers", type=int, default=13)
    parser.add_argument("--peer-layers", type=int, default=1)
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--only", choices=("labels", "numbers", "logistic", "logistic-5"))
    chosen = parser.parse_args()
    generator = np.random.default_rng(0)
    codes = generator.integers(N_CLASSES, size=chosen.items)
    speakers = np.arange(chosen.items) % 120
    layers = [
        layer_of(codes, chosen.width, share, generator)
        for share in np.linspace(0.3, 1.0, chosen.layers)
    ]
    weights = generator.standard_normal((chosen.width, N_COLUMNS))
    numbers = layers[-1] @ weights / np.sqrt(chosen.width)
    numbers += numbers.std() * generator.standard_normal(numbers.shape)
    labels = Labels(codes, tuple(f"phone {k}" for k in range(N_CLASSES)))
    folds = GroupKFold(chosen.folds, by="speaker").folds({"speaker": speakers})
    print(f"{chosen.items} items × {chosen.width} units × {chosen.layers} layers")
    print("probe                          ours cpu s  peer cpu s   × cpu  × both   ours    peer")

    def ours(head: RidgeHead | LogisticHead, target: Labels | Vectors, score: str) -> Scored:
        return lambda layer, these: probe(head, layer, target, these, speakers, seed=0).scores[
            score
        ][0]

    kinds: dict[str, tuple[str, Scored, Peer, np.ndarray, Sequence[Fold]]] = {
        "labels": (
            f"ridge, {N_CLASSES} labels",
            ours(RidgeHead(), labels, "balanced_accuracy"),
            peer_ridge_labels,
            codes,
            folds,
        ),
        "numbers": (
            f"ridge, {N_COLUMNS} numbers",
            ours(RidgeHead(), Vectors(numbers), "r"),
            peer_ridge_numbers,
            numbers,
            folds,
        ),
        "logistic": (
            f"logistic, {N_CLASSES} labels",
            ours(LogisticHead(), labels, "macro_f1"),
            partial(peer_logistic, speakers),
            codes,
            folds[:1],
        ),
        "logistic-5": (
            f"logistic, {N_CLASSES} labels, 5 folds",
            ours(LogisticHead(), labels, "macro_f1"),
            partial(peer_logistic, speakers, n_folds=5),
            codes,
            folds[:1],
        ),
    }
    for name, (title, own, peer, truth, these) in kinds.items():
        if chosen.only in (None, name):
            compare(title, own, peer, truth, layers, these, chosen.peer_layers)


Scored = Callable[[np.ndarray, Sequence[Fold]], np.ndarray]
Peer = Callable[..., np.ndarray]
"""Takes features, what is true of the items, and folds."""


def layer_of(
    codes: np.ndarray, width: int, share: float, generator: np.random.Generator
) -> np.ndarray:
    """Return features (item, unit), float32, whose spectrum falls by a thousand."""
    means = generator.standard_normal((N_CLASSES, width))
    drawn = share * means[codes] + 8 * generator.standard_normal((len(codes), width))
    mixing = np.linalg.qr(generator.standard_normal((width, width)))[0]
    return ((drawn * np.logspace(0, -1.5, width)) @ mixing + 1).astype(np.float32)


def compare(
    name: str,
    ours: Scored,
    peer: Peer,
    truth: np.ndarray,
    layers: Sequence[np.ndarray],
    folds: Sequence[Fold],
    n_peer: int,
) -> None:
    """Print how long both take, and what they find in the last layers."""
    begin = time.process_time()
    found = [ours(layer, folds).mean() for layer in layers]
    own_s = time.process_time() - begin
    begin = time.process_time()
    expected = [peer(layer, truth, folds).mean() for layer in layers[-n_peer:]]
    peer_s = (time.process_time() - begin) * len(layers) / n_peer
    exchanged = np.random.default_rng(1).permutation(truth)
    begin = time.process_time()
    for layer in layers[-n_peer:]:
        peer(layer, exchanged, folds)
    both_s = peer_s + (time.process_time() - begin) * len(layers) / n_peer
    print(
        f"{name:30s} {own_s:10.1f} {peer_s:11.1f} {peer_s / own_s:7.1f} {both_s / own_s:7.1f}  "
        f"{np.mean(found[-n_peer:]):.4f}  {np.mean(expected):.4f}",
        flush=True,
    )


def peer_ridge_labels(layer: np.ndarray, codes: np.ndarray, folds: Sequence[Fold]) -> np.ndarray:
    """Return balanced accuracy (fold,) of scikit-learn's classifier."""
    values = []
    for fold in folds:
        model = make_pipeline(StandardScaler(), RidgeClassifierCV(alphas=RidgeHead().alphas))
        model.fit(layer[fold.train].astype(float), codes[fold.train])
        answered = model.predict(layer[fold.test].astype(float))
        values.append(balanced_accuracy_score(codes[fold.test], answered))
    return np.array(values)


def peer_ridge_numbers(layer: np.ndarray, numbers: np.ndarray, folds: Sequence[Fold]) -> np.ndarray:
    """Return the mean correlation (fold,) of scikit-learn's ridge."""
    values = []
    for fold in folds:
        ridge = RidgeCV(alphas=RidgeHead().alphas, alpha_per_target=True)
        model = make_pipeline(StandardScaler(), ridge)
        model.fit(layer[fold.train].astype(float), numbers[fold.train])
        predicted = model.predict(layer[fold.test].astype(float))
        values.append(pearson(predicted, numbers[fold.test]).mean())
    return np.array(values)


def peer_logistic(
    speakers: np.ndarray,
    layer: np.ndarray,
    codes: np.ndarray,
    folds: Sequence[Fold],
    n_folds: int | None = None,
) -> np.ndarray:
    """Return macro-F1 (fold,) of scikit-learn's logistic regression.

    Its penalty is chosen on the items that we hold out too, or by so many folds and a refit.
    """
    values = []
    for fold in folds:
        is_judged = held_out(speakers[fold.train], LogisticHead().validation, seed=0)
        rows = fold.train if n_folds else fold.train[~is_judged]
        standard = StandardScaler().fit(layer[rows].astype(float))
        model = LogisticRegressionCV(
            Cs=sorted(1 / alpha for alpha in LogisticHead().alphas),
            cv=n_folds or PredefinedSplit(np.where(is_judged, 0, -1)),
            scoring="f1_macro",
            refit=n_folds is not None,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it stopped before it was done
            model.fit(standard.transform(layer[fold.train].astype(float)), codes[fold.train])
        answered = model.predict(standard.transform(layer[fold.test].astype(float)))
        values.append(f1_score(codes[fold.test], answered, average="macro"))
    return np.array(values)


if __name__ == "__main__":
    main()
