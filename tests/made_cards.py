"""Cards of tuned models that never were, for what reads cards."""

from __future__ import annotations

STORIES = {"training": ["a", "b"], "validation": ["c"], "test": ["d"]}


def card(subject, control="none"):
    recipe = {
        "window": "paper", "batch_size": 128, "network_rate": 5e-5, "head_rate": 1e-4,
        "warmup": 0.1, "n_epochs": 30, "patience": 5,
    }  # fmt: skip
    plan = {
        "base": "hf:net", "layer": "block.11", "dataset": "made", "data_kind": "phantom",
        "subject": subject, "control": control, "seed": 3, "recipe": recipe,
        "stories": STORIES,
    }  # fmt: skip
    return {
        "plan": plan, "heschl": "0.1", "base": "hf:net", "base_digest": "made",
        "n_units": 1000 + int(subject[1:]), "n_steps": 70,
    }  # fmt: skip
