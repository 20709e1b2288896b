"""The similarity metrics: patterns in, geometries and their likeness out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from heschl.cards import MetricCard
from heschl.configuration import describe
from heschl.errors import InvalidInput
from heschl.metrics.rsa import RSA_CARD, TUCKUTE_RSA_CARD
from heschl.metrics.rsa.choice import by_blocks, on_splits
from heschl.metrics.rsa.draws import over_sounds
from heschl.metrics.rsa.geometry import dissimilarities
from heschl.metrics.rsa.ranks import Ranked, counts_of, matched, similarity
from heschl.resampling import drawn_places

if TYPE_CHECKING:
    from heschl.splits import Fold

__all__ = ["NUMERICS", "RSA", "TuckuteRSA"]

NUMERICS = 1
"""Raised whenever the same settings would give other numbers."""

_DRAWING = 2
"""Of what sounds are drawn, likewise; 1 drew them in the order in which the data have them."""

_MINIMUM_DRAWS = 100


@dataclass(frozen=True)
class RSA:
    r"""Representational similarity, with a layer chosen for each block of pairs.

    Two systems are alike as far as the dissimilarities of their patterns for the same sounds,
    :math:`d_{ab} = 1 - r(x_a, x_b)`, agree in rank (Spearman). Features are z-scored over sounds
    first: their means, their scales and their order do not count, but a rotation of them does.

    Which layer stands for a model is chosen for each pair of folds, on the pairs of sounds that
    share none with its block; the blocks together make one geometry, which is scored.

    Parameters
    ----------
    n_draws
        How often sounds are drawn anew, for what the score would be with others.

    Examples
    --------
    >>> patterns = np.random.default_rng(0).standard_normal((12, 30))
    >>> rsa = RSA()
    >>> shifted = rsa.geometry(3 * patterns[:, ::-1] + 1)
    >>> from heschl.splits import GroupKFold
    >>> folds = GroupKFold(4).folds({"stimulus": np.arange(12)})
    >>> names = [str(number) for number in range(12)]
    >>> alike = rsa.compare(shifted[None], rsa.geometry(patterns)[None], folds, names, seed=0)
    >>> alike["score"].round(6)
    array([[1.]])
    """

    n_draws: int = 1000

    card: ClassVar[MetricCard] = RSA_CARD
    power: ClassVar[Literal["correlation"]] = "correlation"
    layer_rule: ClassVar[str] = "blocks"
    meaning: ClassVar[str] = (
        "rank correlation of the dissimilarities (1 - r over z-scored features) of all pairs of "
        "sounds"
    )

    def __post_init__(self) -> None:
        """Refuse counts of draws that show no interval."""
        is_whole = isinstance(self.n_draws, int) and not isinstance(self.n_draws, bool)
        if not is_whole or self.n_draws < _MINIMUM_DRAWS:
            raise InvalidInput(
                f"n_draws={self.n_draws!r}; expected a whole number, {_MINIMUM_DRAWS} or above"
            )

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": NUMERICS, "drawing": _DRAWING}

    def geometry(self, patterns: np.ndarray) -> np.ndarray:
        """Return the dissimilarities (pair,) of patterns (sound, feature)."""
        return dissimilarities(patterns)

    def compare(
        self,
        models: np.ndarray,
        brains: np.ndarray,
        folds: Sequence[Fold],
        names: Sequence[str],
        *,
        seed: int,
    ) -> dict[str, np.ndarray]:
        """Compare layers of a model with parts of a brain.

        Parameters
        ----------
        models, brains
            Geometries (layer, pair) and (part, pair) of the same sounds.
        folds
            Three or more, whose test rows hold every sound once.
        names
            Of the sounds, in their order: the same seed draws the same sounds of these names, in
            whatever order they come, as `heschl.resampling.drawn_places` does.
        seed
            Of the draws.

        Returns
        -------
        dict
            ``score`` (layer, part); ``inner_score`` (part,) with the layers that were chosen,
            ``inner_layer`` (block, part); ``flag_constant`` (layer, part), where one of the two
            does not vary; ``draws`` (layer, draw, part) and ``inner_draws`` (draw, part), what
            both scores would be with other sounds.
        """
        layers, parts = Ranked(models), Ranked(brains)
        chosen = by_blocks(layers, parts, folds)
        assembled = Ranked(chosen.geometry)
        if len(names) != parts.n_sounds:
            raise InvalidInput(
                f"{len(names)} names of {parts.n_sounds} sounds; give one for each, in their order"
            )
        places = drawn_places(names, seed=seed, n_draws=self.n_draws)
        drawn = over_sounds(layers, assembled, parts, places)
        return {
            "score": similarity(layers, parts),
            "inner_score": matched(assembled, parts),
            "inner_layer": chosen.layer,
            "flag_constant": _flat(layers, parts),
            "draws": drawn.of_layers.transpose(1, 0, 2),
            "inner_draws": drawn.of_assembled,
        }

    def topline(self, geometries: np.ndarray, folds: Sequence[Fold]) -> np.ndarray:  # noqa: ARG002  TuckuteRSA needs the folds
        """Return how alike each brain (brain,) is to the mean of the others (brain, pair)."""
        return matched(Ranked(geometries), Ranked(_means_of_others(geometries)))


@dataclass(frozen=True)
class TuckuteRSA:
    """Representational similarity on random splits (Tuckute et al., 2023).

    Features are not z-scored. For each split the layer is taken whose geometry is most alike on the
    training sounds; its similarity on the test sounds counts, and the median over splits.

    Examples
    --------
    >>> TuckuteRSA().geometry(np.eye(4)[:, :3]).round(2).tolist()
    [1.5, 1.5, 1.0, 1.5, 1.0, 1.0]
    """

    card: ClassVar[MetricCard] = TUCKUTE_RSA_CARD
    power: ClassVar[Literal["correlation"]] = "correlation"
    layer_rule: ClassVar[str] = "training"
    meaning: ClassVar[str] = (
        "rank correlation of the dissimilarities (1 - r over features) of all pairs of held-out "
        "sounds, its median over splits"
    )

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": NUMERICS}

    def geometry(self, patterns: np.ndarray) -> np.ndarray:
        """Return the dissimilarities (pair,) of patterns (sound, feature)."""
        return dissimilarities(patterns, standardise=False)

    def compare(
        self,
        models: np.ndarray,
        brains: np.ndarray,
        folds: Sequence[Fold],
        names: Sequence[str],  # noqa: ARG002  nothing is drawn
        *,
        seed: int,  # noqa: ARG002  as said
    ) -> dict[str, np.ndarray]:
        """Compare layers of a model with parts of a brain.

        Parameters
        ----------
        models, brains
            Geometries (layer, pair) and (part, pair) of the same sounds.
        folds
            The splits.
        names, seed
            Nothing is drawn.

        Returns
        -------
        dict
            As of `RSA.compare`, without draws; ``inner_layer`` is (split, part).
        """
        layers, parts = Ranked(models), Ranked(brains)
        judged = on_splits(layers, parts, folds)
        of_chosen = np.take_along_axis(judged.test, judged.layer[:, None], axis=1)[:, 0]
        return {
            "score": np.median(judged.test, axis=0),
            "inner_score": np.median(of_chosen, axis=0),
            "inner_layer": judged.layer,
            "flag_constant": _flat(layers, parts),
        }

    def topline(self, geometries: np.ndarray, folds: Sequence[Fold]) -> np.ndarray:
        """Return how alike each brain (brain,) is to the mean of the others, as `compare` has it.

        ``geometries`` is (brain, pair).
        """
        each, others = Ranked(geometries), Ranked(_means_of_others(geometries))
        on_test = [matched(each, others, counts_of(fold.test, each.n_sounds)) for fold in folds]
        return np.asarray(np.median(on_test, axis=0))


def _means_of_others(geometries: np.ndarray) -> np.ndarray:
    if len(geometries) < 2:  # noqa: PLR2004
        raise InvalidInput(
            f"{len(geometries)} geometry has no others to be alike to; give those of two listeners "
            "or more"
        )
    return np.asarray((geometries.sum(axis=0) - geometries) / (len(geometries) - 1))


def _flat(layers: Ranked, parts: Ranked) -> np.ndarray:
    """Return where one of the two does not vary, booleans (layer, part)."""
    of_layers, of_parts = (np.ptp(each.values, axis=1) > 0 for each in (layers, parts))
    return np.asarray(~(of_layers[:, None] & of_parts))
