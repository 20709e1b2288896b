"""The way on to rsatoolbox: a score's geometries as its RDMs, for its inference and its plots."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from heschl.dimensions import LAYER, ROI, STIMULUS, SUBJECT
from heschl.errors import InvalidInput, MissingExtra, UnknownName, near_names

if TYPE_CHECKING:
    from rsatoolbox.rdm import RDMs

    from heschl.scores import Score

__all__ = ["ToolboxRDMs", "to_rsatoolbox"]


class ToolboxRDMs(NamedTuple):
    """The same sounds by a model and by listeners, as ``rsatoolbox.rdm.RDMs``."""

    models: RDMs
    """One RDM a layer, with the descriptors ``model`` and ``layer``."""
    listeners: RDMs
    """One RDM a listener, with the descriptors ``subject`` and ``roi``."""


def to_rsatoolbox(score: Score, roi: str | None = None) -> ToolboxRDMs:
    """Return the geometries of a similarity score as RDMs of rsatoolbox.

    Both have the pattern descriptor ``stimulus``. Listeners without a geometry of the region are
    left out.

    Parameters
    ----------
    score
        Of a similarity benchmark; its file holds the geometries, in float32.
    roi
        The region; the primary one by default.

    Examples
    --------
    >>> import heschl
    >>> score = heschl.score("hubert-base-ls960", "nh2015-rsa")  # doctest: +SKIP
    >>> models, listeners = to_rsatoolbox(score)  # doctest: +SKIP
    >>> from rsatoolbox.model import ModelFixed
    >>> from rsatoolbox.inference import eval_dual_bootstrap
    >>> layers = [ModelFixed(name, models[number])  # doctest: +SKIP
    ...           for number, name in enumerate(models.rdm_descriptors["layer"])]
    >>> eval_dual_bootstrap(layers, listeners, method="spearman")  # doctest: +SKIP
    """
    if "geometries" not in score.tree.children:
        raise InvalidInput(
            f"the score of {score.benchmark} holds no geometries; give one of a similarity "
            "benchmark, such as nh2015-rsa"
        )
    try:
        from rsatoolbox.rdm import RDMs
    except ImportError as error:
        raise MissingExtra(
            "RDMs of rsatoolbox need rsatoolbox, which is not installed; "
            'run pip install "heschl[brain]"'
        ) from error
    held = score.tree["geometries"].to_dataset()
    region = roi or str(score.tree.attrs["primary_roi"])
    known = held[ROI].to_numpy().tolist()
    if region not in known:
        raise UnknownName(f"this score has no region {region!r}; {near_names(region, known)}")
    listeners = held["listener"].sel({ROI: region})
    has_geometry = np.isfinite(listeners.to_numpy()).all(axis=1)
    if not has_geometry.any():
        raise InvalidInput(f"no listener of this score has a geometry of {region!r}")
    stimuli = {STIMULUS: held[STIMULUS].to_numpy().astype(str).tolist()}
    subjects = listeners[SUBJECT].to_numpy()[has_geometry].astype(str).tolist()
    layers = held[LAYER].to_numpy().astype(str).tolist()
    return ToolboxRDMs(
        RDMs(
            held["model"].to_numpy().astype(np.float64),
            dissimilarity_measure="correlation",
            rdm_descriptors={"model": [score.model] * len(layers), LAYER: layers},
            pattern_descriptors=stimuli,
        ),
        RDMs(
            listeners.to_numpy()[has_geometry].astype(np.float64),
            dissimilarity_measure="correlation",
            rdm_descriptors={SUBJECT: subjects, ROI: [region] * len(subjects)},
            pattern_descriptors=stimuli,
        ),
    )
