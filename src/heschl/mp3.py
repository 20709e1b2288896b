"""How much sound an mp3 holds, from the headers of its frames alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["count_samples", "ends_within_frame"]

# A tag of the second kind: three letters, two bytes of version, flags, size.
_TAG = re.compile(rb"ID3..(.)(.{4})", re.DOTALL)
_TAG_BYTES = 10
_TAG_HAS_FOOTER = 0x10

# Eleven set bits, the version, layer III, whether there is a check sum; then a bit rate that is
# neither free nor forbidden, the index of the sampling rate, and whether a byte is padded.
_FRAME = re.compile(rb"\xff([\xe2\xe3\xf2\xf3\xfa\xfb])([\x10-\xef])")
_MPEG_1, _MPEG_2, _MPEG_2_5 = 3, 2, 0
_HERTZ = {  # the fourth index is reserved
    _MPEG_1: (44100, 48000, 32000, 0),
    _MPEG_2: (22050, 24000, 16000, 0),
    _MPEG_2_5: (11025, 12000, 8000, 0),
}
_KILOBITS_1 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KILOBITS_2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


def count_samples(data: bytes) -> int:
    """Return the samples per channel in the unbroken run of layer III frames of an mp3.

    Frames that hold a tag or padding count too, so decoders give up to a few
    frames less. The count is 0 for streams of another layer or of free format.
    """
    return sum(n_samples for n_samples, _ in _frames(data))


def ends_within_frame(data: bytes) -> bool:
    """Return whether an mp3 ends before its last frame does, as one does that was cut short."""
    ends = [end for _, end in _frames(data)]
    return bool(ends) and ends[-1] > len(data)


def _frames(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield of each frame how many samples it holds, and where it ends."""
    position = 0
    tag = _TAG.match(data)
    if tag:
        # Seven bits a byte, so that no size looks like the start of a frame.
        size = sum(byte << shift for byte, shift in zip(tag[2], (21, 14, 7, 0), strict=True))
        footer = _TAG_BYTES if tag[1][0] & _TAG_HAS_FOOTER else 0
        position = _TAG_BYTES + size + footer
    while frame := _FRAME.match(data, position):
        version = frame[1][0] >> 3 & 3
        rate, is_padded = frame[2][0] >> 2 & 3, frame[2][0] >> 1 & 1
        hertz = _HERTZ[version][rate]
        if not hertz:
            break
        kilobits = (_KILOBITS_1 if version == _MPEG_1 else _KILOBITS_2)[(frame[2][0] >> 4) - 1]
        n_samples = 1152 if version == _MPEG_1 else 576
        position += n_samples // 8 * kilobits * 1000 // hertz + is_padded
        yield n_samples, position
