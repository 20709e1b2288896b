"""The contract suites that every plugin, ours or a stranger's, must pass.

In a test of your own::

    import pytest
    from heschl.testing import model_checks

    @pytest.mark.parametrize("check", model_checks("file:./my_model.py:my_net"), ids=str)
    def test_contract(check):
        check()

On the command line: ``heschl check file:./my_model.py:my_net``. A check that
does not apply is skipped and says why.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from heschl import registry
from heschl.cards import ModelCard
from heschl.contracts import Dataset
from heschl.errors import HeschlError, InvalidInput
from heschl.testing import (
    benchmarks,
    dataset_files,
    datasets,
    feature_sources,
    hearing,
    labelled_datasets,
    metrics,
    models,
    similarity_metrics,
    speech_models,
    speech_timing,
    text_models,
)
from heschl.testing.check import Check, Outcome, examine, held_against
from heschl.testing.kinds import card_of, kind_of
from heschl.testing.loading import loads

__all__ = [
    "Check",
    "Outcome",
    "benchmark_checks",
    "dataset_checks",
    "examine",
    "kind_of",
    "metric_checks",
    "model_checks",
    "plugin_checks",
]


def model_checks(plugin: object) -> tuple[Check, ...]:
    """Return the checks of a model, given as an id, a URI, a card, a class or an object.

    The model is made when the first check is called; one that is not given by
    its id or card is made now, to know whether it hears or reads.

    >>> checks = model_checks("logmel")
    >>> checks[-1].name
    'padding_changes_nothing'
    >>> checks[-1]()
    """
    modality = _modality(plugin)
    if modality == "audio":
        heard = hearing.SpeechModelUnderTest(plugin)
        promises = (*models.CHECKS, *speech_models.CHECKS, *speech_timing.CHECKS)
        return held_against(heard, promises)
    if modality == "text":
        reading = text_models.TextModelUnderTest(plugin)
        return held_against(reading, (*models.CHECKS, *text_models.CHECKS))
    model = models.ModelUnderTest(plugin)
    if modality == "features":
        return held_against(model, (*models.CHECKS, *feature_sources.CHECKS))
    return held_against(model, (loads,))


def dataset_checks(plugin: object, root: str | Path | None = None) -> tuple[Check, ...]:
    """Return the checks of a dataset on a folder of real data, by default on its phantom."""
    if labelled_datasets.is_labelled(plugin, root):
        labelled = labelled_datasets.LabelledUnderTest(plugin, root)
        return held_against(labelled, labelled_datasets.CHECKS)
    return held_against(
        datasets.DatasetUnderTest(plugin, root), (*datasets.CHECKS, *dataset_files.CHECKS)
    )


def metric_checks(plugin: object, **settings: Any) -> tuple[Check, ...]:
    """Return the checks of a metric with these settings, by default its own."""
    if similarity_metrics.compares_geometries(plugin, **settings):
        similar = similarity_metrics.SimilarityUnderTest(plugin, **settings)
        return held_against(similar, similarity_metrics.CHECKS)
    return held_against(metrics.MetricUnderTest(plugin, **settings), metrics.CHECKS)


def benchmark_checks(plugin: object, data: str | Path | Dataset | None = None) -> tuple[Check, ...]:
    """Return the checks of a benchmark on a folder or a live dataset, by default its phantom."""
    return held_against(benchmarks.BenchmarkUnderTest(plugin, data), benchmarks.CHECKS)


def plugin_checks(
    plugin: object, kind: str | None = None, data: str | Path | None = None
) -> tuple[Check, ...]:
    """Return the checks of whatever kind a plugin is; ``data`` is a dataset's folder."""
    kind = kind_of(plugin) if kind is None else kind
    if kind == "dataset":
        return dataset_checks(plugin, data)
    if kind == "benchmark":
        return benchmark_checks(plugin, data)
    if data is not None:
        raise InvalidInput(f"data={str(data)!r} came with a {kind}, which reads none; leave it out")
    if kind not in ("model", "metric"):
        raise InvalidInput(f"kind={kind!r}; expected model, dataset, metric or benchmark")
    return model_checks(plugin) if kind == "model" else metric_checks(plugin)


def _modality(plugin: object) -> str:
    """Return ``audio``, ``text`` or ``features``; nothing for a model that cannot be made."""
    card = None
    if isinstance(plugin, (str, ModelCard)):
        with contextlib.suppress(HeschlError):  # the check `loads` says what it is
            card = card_of(registry.models, plugin)
    if isinstance(card, ModelCard):
        return card.modality
    model = models.ModelUnderTest(plugin)
    if not model.is_loaded:
        return ""
    methods = {"forward": "audio", "read": "text", "frames": "features"}
    return next(modality for method, modality in methods.items() if hasattr(model.model, method))
