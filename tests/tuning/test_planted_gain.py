"""What is planted is gained by tuning and by no control: whole families, listener by listener."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import heschl
from heschl import statistics
from heschl.braintuning.family import tune_family
from heschl.braintuning.recipe import Recipe
from heschl.data_registry.lebel_moth.phantom_tuning import SUBJECT, write_tuning_phantom
from heschl.statistics import bootstrap_interval, wilcoxon

EXAMPLE = Path(__file__).parents[2] / "examples" / "brain_tuning.py"
LISTENERS = range(1, 7)
"""Seeds: with fewer listeners no test can tell."""
PLANTED = ("STG", "IFG")


def family(folder: Path, seed: int) -> dict[str, dict[str, float]]:
    """Return the alignment of each region before, tuned, and of each control."""
    data = folder / "phantom"
    if not data.exists():
        write_tuning_phantom(data, seed=seed)
    net, benchmark = f"file:{EXAMPLE}:tiny", f"file:{EXAMPLE}:alignment"
    made = tune_family(
        net, "lebel_moth", subject=SUBJECT, data=data, device="cpu", seed=seed,
        recipe=Recipe(n_epochs=6, batch_size=32, network_rate=3e-3, head_rate=3e-3),
        output=folder / "models",
    )  # fmt: skip
    found = {}
    for name, uri in {"before": net, **{k: v.uri for k, v in made.items()}}.items():
        score = heschl.score(
            uri, benchmark, data=data, layers=["block.1"], device="cpu",
            beside=made["none"].uri if name == "before" else None,
        )  # fmt: skip
        found[name] = {
            roi: float(score.layers(roi, quantity="normalised")["value"][0]) for roi in PLANTED
        }
    return found


def gains_of(families: list[dict[str, dict[str, float]]], name: str, roi: str) -> np.ndarray:
    return np.array([each[name][roi] - each["before"][roi] for each in families])


def check_gains(families: list[dict[str, dict[str, float]]]) -> None:
    for roi in PLANTED:
        gained = gains_of(families, "none", roi)
        low, _ = bootstrap_interval(gained)
        assert wilcoxon(gained).p == statistics.testability_floor(len(families)), (
            "not every listener gains"
        )
        assert low > 0.03
        # A score over the ceiling is 1 where all of the planted signal is found.
        assert np.mean([each["none"][roi] for each in families]) < 1.02
        for control in ("local", "random-head", "stimulus"):
            changed = gains_of(families, control, roi)
            # None gains over listeners, and tuning beats it in each of them.
            assert bootstrap_interval(changed)[0] < 0, control
            assert (gained > changed).all(), control


@pytest.mark.long
def test_tuning_gains_what_is_planted_and_no_control_does(tmp_path):
    check_gains([family(tmp_path / str(seed), seed) for seed in LISTENERS])


def test_example_has_what_the_long_test_tunes():
    spec = importlib.util.spec_from_file_location("brain_tuning_example", EXAMPLE)
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)

    assert [layer.name for layer in example.tiny().layers] == ["cnn", "embed", "block.0", "block.1"]
    declared = example.alignment()
    assert "stagefright" not in declared.included
    assert set(PLANTED) <= set(declared.rois)
