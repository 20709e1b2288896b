"""Audio models that transformers lacks: VGGish, BEATs, Dasheng, EnCodecMAE.

::

    dasheng-base                   a release, from the file in its place on this machine
    dasheng:./dasheng_base.pt      a file in the format of the release, wherever it lies
    dasheng-base-random            the architecture before training

Their networks are written here anew, with the names of the releases' weights: no code of theirs
runs, and weights that are missing or left over are refused. A file that holds more than weights
and settings is loaded only if ``?trust=yes`` follows its path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heschl.models.pretrained_audio.scheme import CheckpointScheme, card, twin_card
from heschl.models.pretrained_audio.table import releases, twins

if TYPE_CHECKING:
    from heschl.cards import ModelCard

__all__ = ["BEATS_FILES", "DASHENG_FILES", "ENCODECMAE_FILES", "VGGISH_FILES"]

BEATS_FILES = CheckpointScheme("beats")
DASHENG_FILES = CheckpointScheme("dasheng")
ENCODECMAE_FILES = CheckpointScheme("encodecmae")
VGGISH_FILES = CheckpointScheme("vggish")


def __getattr__(name: str) -> ModelCard:
    """Return the card of a release or twin: ``DASHENG_BASE`` is that of ``dasheng-base``."""
    # In small letters these are the modules of the families.
    identifier = name.lower().replace("_", "-") if name.isupper() else ""
    if identifier in releases():
        return card(releases()[identifier])
    if identifier in twins():
        return twin_card(identifier)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *(name.upper().replace("-", "_") for name in (*releases(), *twins()))]
