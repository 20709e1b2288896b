"""What the phantom of TIMIT expects of speech recognition."""

from __future__ import annotations

from typing import Any

__all__ = ["recognition_expectations"]


def recognition_expectations() -> list[dict[str, Any]]:
    """Return what is known in closed form of who hears nothing.

    Frames that never change spell no letter but the one that leads from the beginning, which is
    none: every word is left out, WER is 1.
    """
    return [
        {
            "benchmark": "timit-asr",
            "model": "phantom-silence",
            "layer": "silence",
            "roi": "all",
            "quantity": "null",
            "expected": 0.0,
            "tolerance": 1e-12,
            "source": "docs/protocols.md, S-moussa.downstream: an empty hypothesis has WER 1",
        }
    ]
