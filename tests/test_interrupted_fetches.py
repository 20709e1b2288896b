"""What was fetched in part is continued where it can be, else fetched anew."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time

import pytest
from bucket import PATIENCE, content_of, one_file

from heschl.errors import MissingData
from heschl.fetching import Patience


def test_fetch_continues_after_dropped_connections(tmp_path, bucket):
    content = content_of(1)
    manifest = one_file(tmp_path, bucket, content)
    bucket.faults = [("drop", 2**17), ("drop", 0), ("drop", 2**16)]

    manifest.fetch(tmp_path / "root", patience=PATIENCE)

    assert (tmp_path / "root/big.bin").read_bytes() == content
    spans = [span for _, _, span in bucket.requests]
    assert spans == [None, "bytes=131072-", "bytes=131072-", "bytes=196608-"]


def test_fetch_continues_what_a_killed_process_left(tmp_path, bucket):
    content = content_of(2, 4_000_000)
    manifest = one_file(tmp_path, bucket, content)
    bucket.seconds_a_block = 0.02
    program = textwrap.dedent(f"""
        from heschl.manifest import Manifest
        Manifest.read({str(tmp_path / "manifest.tsv")!r}).fetch({str(tmp_path / "root")!r})
    """)
    process = subprocess.Popen([sys.executable, "-c", program])
    part = tmp_path / "root/.big.bin.part"
    deadline = time.monotonic() + 20
    while not (part.exists() and part.stat().st_size > 2**19) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    bucket.seconds_a_block = 0.0
    left = part.stat().st_size

    manifest.fetch(tmp_path / "root", patience=PATIENCE)

    assert 2**19 < left < len(content)
    assert bucket.requests[-1] == ("ds0/big.bin", "versionId=v.1", f"bytes={left}-")
    assert (tmp_path / "root/big.bin").read_bytes() == content


def test_fetch_starts_anew_where_ranges_are_ignored(tmp_path, bucket):
    content = content_of(3)
    manifest = one_file(tmp_path, bucket, content)
    bucket.ignores_ranges = True
    bucket.faults = [("drop", 70_000)]

    manifest.fetch(tmp_path / "root", patience=PATIENCE)

    assert (tmp_path / "root/big.bin").read_bytes() == content


def test_fetch_starts_anew_when_an_old_part_spoils_the_hash(tmp_path, bucket):
    content = content_of(4)
    manifest = one_file(tmp_path, bucket, content)
    (tmp_path / "root").mkdir()
    (tmp_path / "root/.big.bin.part").write_bytes(b"another version" * 100)

    manifest.fetch(tmp_path / "root", patience=PATIENCE)

    assert (tmp_path / "root/big.bin").read_bytes() == content
    assert [span for _, _, span in bucket.requests] == ["bytes=1500-", None]


def test_fetch_waits_out_server_errors_with_growing_pauses(tmp_path, bucket):
    content = content_of(5, 1000)
    manifest = one_file(tmp_path, bucket, content)
    bucket.faults = [503, 500]
    pauses: list[float] = []
    patience = Patience(attempts=3, wait_s=0.5, timeout_s=5, sleep=pauses.append)

    manifest.fetch(tmp_path / "root", patience=patience)

    assert (tmp_path / "root/big.bin").read_bytes() == content
    assert pauses == [0.5, 1.0]


def test_fetch_asks_a_host_again_that_drops_connections(tmp_path, bucket):
    manifest = one_file(tmp_path, bucket, b"a")
    bucket.faults = [("drop", 0)] * 3

    manifest.fetch(tmp_path / "root", patience=PATIENCE)

    assert [query for _, query, _ in bucket.requests] == ["versionId=v.1"] * 3 + [""]


def test_fetch_tells_of_parts_that_no_place_can_complete(tmp_path, bucket):
    manifest = one_file(tmp_path, bucket, b"x" * 1000)
    bucket.files["ds0/big.bin"] = b"x" * 400
    (tmp_path / "root").mkdir()
    (tmp_path / "root/.big.bin.part").write_bytes(b"x" * 500)

    with pytest.raises(MissingData, match="fewer than the 500 bytes that are here already"):
        manifest.fetch(tmp_path / "root", patience=PATIENCE)


def test_fetch_takes_a_part_that_is_too_long_from_the_start(tmp_path, bucket):
    manifest = one_file(tmp_path, bucket, b"x" * 1000)
    (tmp_path / "root").mkdir()
    (tmp_path / "root/.big.bin.part").write_bytes(b"x" * 1001)

    manifest.fetch(tmp_path / "root", patience=PATIENCE)

    assert (tmp_path / "root/big.bin").read_bytes() == b"x" * 1000


def test_fetch_names_a_complete_part_without_asking(tmp_path, bucket):
    manifest = one_file(tmp_path, bucket, b"x" * 1000)
    (tmp_path / "root").mkdir()
    (tmp_path / "root/.big.bin.part").write_bytes(b"x" * 1000)

    manifest.fetch(tmp_path / "root", patience=PATIENCE)

    assert (tmp_path / "root/big.bin").read_bytes() == b"x" * 1000
    assert bucket.requests == []
