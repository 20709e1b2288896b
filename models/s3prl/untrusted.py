"""Look into a checkpoint before s3prl loads it, because a pickle may carry code to run.

torch reads weights alone by default, which is safe; four families switch that off. And s3prl
evaluates some settings of a checkpoint, written as lists, like any other text of Python.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from heschl.errors import InvalidInput
from heschl.packed import check_zip, is_zip

__all__ = ["check_harmless"]

_WHOLE_PICKLES = ("audio_albert", "distiller", "mockingjay", "tera")
"""The families that are loaded with ``weights_only=False``."""

_EVALUATED = (
    "conv_aggregator_layers",
    "conv_feature_layers",
    "extractor_conv_feature_layers",
    "override_encoder_layers",
)
_LIST = re.compile(r"[\d\s()\[\],+*]*")
"""Numbers, brackets and repetitions, ``[(512,10,5)] + [(512,3,2)] * 4``, or nothing."""


def check_harmless(family: str, checkpoint: Path, *, is_trusted: bool) -> None:
    """Refuse a checkpoint that holds more than weights and settings, unless it is trusted."""
    if is_trusted:
        return
    is_packed = is_zip(checkpoint)
    if is_packed:
        # As torch writes it, nothing is compressed.
        check_zip(checkpoint, at_most=checkpoint.stat().st_size)
    try:
        # The command line of the training lies beside the weights of some releases.
        with torch.serialization.safe_globals([argparse.Namespace]):
            content = torch.load(
                checkpoint,
                map_location="cpu",
                weights_only=True,
                mmap=is_packed,
            )
    except Exception as error:
        if family not in _WHOLE_PICKLES:
            return  # s3prl reads it in the same way, and says what is wrong
        raise InvalidInput(
            f"{checkpoint} cannot be read as weights and settings alone ({type(error).__name__}), "
            "and any code in it would run; give a checkpoint in the format of its releases, or "
            "add &trust=yes if you trust who made this one"
        ) from error
    for text in _evaluated(content):
        if not _LIST.fullmatch(text):
            raise InvalidInput(
                f"{checkpoint} has the layers {text[:80]!r}, which s3prl would run as code; "
                "expected a list such as '[(512,10,5)] + [(512,3,2)] * 4'"
            )


def _evaluated(content: Any) -> Iterator[str]:  # whatever a checkpoint holds
    if not isinstance(content, Mapping):
        return
    for key, value in content.items():
        if key in _EVALUATED:
            yield str(value)
        else:
            yield from _evaluated(value)
