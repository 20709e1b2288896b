"""What is kept of files is never served for a file that changed."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest
import soundfile

import heschl
from heschl import _sources, fingerprints, remembered
from heschl.fingerprints import file_digest
from heschl.remembered import learned, remembering
from heschl.sound import Sound

NOW = time.time


@pytest.fixture
def later(monkeypatch):
    """Let files rest for an hour before they are read."""
    monkeypatch.setattr(remembered.time, "time", lambda: NOW() + 3600)


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"first")
    return file


@pytest.fixture
def content(tmp_path, path):
    """Return a function that learns the content as a new process would, and says if it read."""

    def ask(what="content"):
        remembered._known.clear()
        reads = []

        def read():
            reads.append(1)
            return path.read_bytes().decode()

        with remembering(tmp_path / "store"):
            return learned(what, path, read), bool(reads)

    return ask


def notes(tmp_path):
    return sorted((tmp_path / "store" / "learned").glob("*.json"))


def test_new_process_does_not_read_again(content, later):
    assert content() == ("first", True)
    assert content() == ("first", False)
    assert content("another question") == ("first", True)


def rewritten(path):
    times = path.stat()
    path.write_bytes(b"other")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def replaced(path):
    times = path.stat()
    other = path.with_name("other")
    other.write_bytes(b"other")
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    other.replace(path)


def lengthened(path):
    path.write_bytes(b"longer than it was")


@pytest.mark.parametrize("change", [rewritten, replaced, lengthened])
def test_changed_file_is_read_again(content, path, later, change):
    content()
    time.sleep(0.02)  # longer than a tick of the clock of files

    change(path)

    assert content() == (path.read_text(), True)
    assert content() == (path.read_text(), False)


def test_file_that_changed_a_moment_ago_is_not_kept(content, tmp_path):
    assert content() == ("first", True)
    assert content() == ("first", True)
    assert not notes(tmp_path)


def test_file_from_the_future_is_not_kept(content, tmp_path, monkeypatch):
    monkeypatch.setattr(remembered.time, "time", lambda: NOW() - 3600)
    content()
    assert not notes(tmp_path)


def test_file_that_changes_while_it_is_read_is_not_kept(tmp_path, path, later):
    def read():
        path.write_bytes(b"it grew meanwhile")
        return "first"

    for _ in range(2):
        path.write_bytes(b"first")
        with remembering(tmp_path / "store"):
            assert learned("content", path, read) == "first"
    assert not notes(tmp_path)


def test_no_byte_of_a_note_can_change_unnoticed(content, tmp_path, later):
    content()
    (note,) = notes(tmp_path)
    whole = note.read_bytes()
    for position in range(len(whole)):
        note.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        assert content() == ("first", True), position
        assert note.read_bytes() == whole, "mended"
    for damaged in (b"", whole[:-5], b"[]", b"null", b"{}", b'"answer"', b"[" * 100_000):
        note.write_bytes(damaged)
        assert content() == ("first", True)


def test_note_of_another_file_is_not_believed(content, tmp_path, path, later):
    content()
    (note,) = notes(tmp_path)
    path.write_bytes(b"other")
    content()
    (second,) = set(notes(tmp_path)) - {note}

    second.write_bytes(note.read_bytes())

    assert content() == ("other", True)


def test_store_that_cannot_be_written_costs_no_answer(content, tmp_path, later):
    (tmp_path / "store").write_text("a file, where the folder should be")
    assert content() == ("first", True)


def test_nothing_is_kept_outside_of_the_context(tmp_path, path, later):
    assert file_digest(path) == file_digest(path)
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_sound_is_decoded_once_for_all_processes(tmp_path, later, monkeypatch):
    path = tmp_path / "sound.wav"
    soundfile.write(path, np.zeros((1000, 2)), 8000)
    n_decoded = 0
    decode = _sources.decode

    def counted(*arguments):
        nonlocal n_decoded
        n_decoded += 1
        return decode(*arguments)

    monkeypatch.setattr(_sources, "decode", counted)
    digests = set()
    for _ in range(3):
        remembered._known.clear()
        with remembering(tmp_path / "store"):
            digests.add(Sound.from_file(path).digest)
    assert len(digests) == 1
    assert n_decoded == 1


def test_second_plan_reads_no_file_whole(tmp_path, moth_phantom, later, monkeypatch):
    def plan():
        remembered._known.clear()
        return heschl.plan("logmel", "lebel_moth-ridge", data=moth_phantom, store=tmp_path).cells

    first = plan()
    for module, name in ((fingerprints, "_read_digest"), (_sources, "decode")):
        monkeypatch.setattr(module, name, lambda *_: pytest.fail("a file was read again"))
    again = plan()

    assert [cell.keys for cell in again] == [cell.keys for cell in first]
