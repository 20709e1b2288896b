"""The length of an mp3 by its frames, whatever its tag says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from sounds import tone, write

from heschl.errors import CorruptData
from heschl.mp3 import count_samples, ends_within_frame
from heschl.sound import Sound


@pytest.mark.parametrize("rate", [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000])
def test_mp3_frames_count_to_the_length_and_padding(tmp_path: Path, rate: int):
    path = write(tmp_path / "a.mp3", tone(rate, 2.0), rate)

    counted = count_samples(path.read_bytes())

    assert 0 <= counted - 2 * rate <= 4 * 1152
    tag = b"ID3\x04\x00\x00" + bytes([0, 0, 1, 5]) + bytes(128 + 5)
    assert count_samples(tag + path.read_bytes()) == counted


def test_mp3_frames_made_by_hand_are_counted():
    # 128 kbit/s at 44.1 kHz is 144 * 128000 / 44100 = 417.96 bytes: 418 with padding, else 417.
    padded = b"\xff\xfb\x92\x00".ljust(418, b"\0")
    unpadded = b"\xff\xfb\x90\x00".ljust(417, b"\0")
    # 8 kbit/s at 8 kHz is 72 * 8000 / 8000 = 72 bytes of 576 samples.
    slow = b"\xff\xe3\x18\x00".ljust(72, b"\0")
    tag_with_footer = b"ID3\x04\x00\x10" + bytes([0, 0, 0, 9]) + bytes(9) + b"3DI".ljust(10)

    assert count_samples(padded + unpadded + padded + padded) == 4 * 1152
    assert count_samples(slow * 3 + b"TAG" + bytes(125)) == 3 * 576
    assert count_samples(tag_with_footer + unpadded) == 1152


def test_mp3_frames_of_no_known_rate_or_bit_rate_do_not_count():
    for header in (b"\xff\xfb\x9c", b"\xff\xfb\xf0", b"\xff\xfb\x00", b"\xff\xfd\x90", b"", b"ID3"):
        assert count_samples(header + bytes(2000)) == 0


def test_mp3_whose_length_is_guessed_short_is_refused(tmp_path: Path):
    noise = 0.1 * np.random.default_rng(0).standard_normal(48000)
    loud_first = np.concatenate([noise, 1e-3 * tone(16000, 6.0)])
    content = write(tmp_path / "a.mp3", loud_first).read_bytes()
    second_frame = content.index(content[:2], 4)
    untagged = tmp_path / "untagged.mp3"
    untagged.write_bytes(content[second_frame:])
    assert soundfile.info(untagged).frames < 0.9 * len(loud_first)  # libsndfile is fooled

    with pytest.raises(CorruptData, match="convert it to wav or flac"):
        Sound.from_file(untagged).waveform(16000)


def test_mp3_with_a_stale_tag_has_the_length_of_its_decoding(tmp_path: Path):
    content = write(tmp_path / "a.mp3", tone(16000, 4.0)).read_bytes()
    cut = tmp_path / "cut.mp3"
    cut.write_bytes(content[: int(0.995 * len(content))])
    assert soundfile.info(cut).frames == 64000

    sound = Sound.from_file(cut)

    assert sound.n_samples == len(sound.waveform(16000)) < 64000
    assert sound.n_samples_at(8000) == len(sound.waveform(8000))


def test_mp3_that_was_cut_within_a_frame_is_refused(tmp_path: Path):
    content = write(tmp_path / "a.mp3", tone(16000, 4.0)).read_bytes()
    cut = tmp_path / "cut.mp3"
    cut.write_bytes(content[: content.index(content[:2], len(content) // 2) + 30])
    assert ends_within_frame(cut.read_bytes())
    assert not ends_within_frame(content)

    with pytest.raises(CorruptData, match=r"cut\.mp3 promises about 64000 samples .* cut short"):
        Sound.from_file(cut).waveform(16000)


def test_mp3_that_was_edited_between_frames_is_as_long_as_it_is(tmp_path: Path):
    content = write(tmp_path / "a.mp3", tone(16000, 4.0)).read_bytes()
    middle = content.index(content[:2], len(content) // 2)
    edited = tmp_path / "edited.mp3"
    edited.write_bytes(content[:middle])
    assert not ends_within_frame(content[:middle])

    sound = Sound.from_file(edited)

    assert 28000 < sound.n_samples == len(sound.waveform(16000)) < 36000
