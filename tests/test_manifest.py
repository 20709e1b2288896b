"""Manifests and fetching, against a real HTTP server on this machine."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest

from heschl.errors import CorruptData, InvalidInput, MissingData, UnknownName
from heschl.fetching import Patience
from heschl.manifest import Manifest
from heschl.progress import BarProgress, LineProgress, choose_progress

PATIENCE = Patience(attempts=3, wait_s=0.0, timeout_s=5.0)
MOTH = "heschl.data_registry:lebel_moth/manifest.tsv"


@dataclass
class Bucket:
    """A server with ranges and versions, and the faults that its test asks for."""

    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    """Of each request the path, the query and the range."""
    faults: list[object] = field(default_factory=list)
    """For each coming request: a status, ("drop", bytes), ("content", bytes) or None."""
    withdraws_versions: bool = False
    ignores_ranges: bool = False
    seconds_a_block: float = 0.0
    address: str = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        path, span = unquote(parts.path).lstrip("/"), handler.headers.get("Range")
        self.requests.append((path, parts.query, span))
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, int):
            handler.send_error(fault)
            return
        if path not in self.files:
            handler.send_error(404)
            return
        if self.withdraws_versions and parts.query:
            handler.send_error(403)
            return
        body = self.files[path]
        drop_after = None
        if isinstance(fault, tuple):
            kind, value = fault
            body = value if kind == "content" else body
            drop_after = value if kind == "drop" else None
        start = 0
        if span and not self.ignores_ranges:
            start = int(span.removeprefix("bytes=").rstrip("-"))
            if start >= len(body):
                handler.send_error(416)
                return
            handler.send_response(206)
            handler.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            handler.send_response(200)
        handler.send_header("Content-Length", str(len(body) - start))
        handler.end_headers()
        sent = body[start:] if drop_after is None else body[start : start + drop_after]
        for at in range(0, len(sent), 2**16):
            handler.wfile.write(sent[at : at + 2**16])
            handler.wfile.flush()
            time.sleep(self.seconds_a_block)
        if drop_after is not None:
            handler.close_connection = True


@pytest.fixture
def bucket():
    bucket = Bucket()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            bucket.answer(self)

        def log_message(self, *arguments):
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request, client_address):
            # A client that was killed on purpose leaves a broken pipe behind.
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        bucket.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield bucket
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_mirror(monkeypatch):
    monkeypatch.delenv("HESCHL_MIRROR", raising=False)


def content_of(seed: int, n_bytes: int = 300_000) -> bytes:
    return np.random.default_rng(seed).bytes(n_bytes)


def row(path: str, content: bytes, version: str = "v.1", key: str = "") -> str:
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return f"{path}\t{len(content)}\tmd5:{digest}\t{version}\t{key}"


def write_manifest(tmp_path: Path, rows: list[str], base_url: str = "http://127.0.0.1:9") -> Path:
    path = tmp_path / "manifest.tsv"
    head = [
        "# dataset: ds0",
        f"# base_url: {base_url}/ds0",
        "# datalad: https://example.org/ds0.git",
        r"# pattern: stimuli/(?P<stories>[^/]+)\.wav",
        r"# pattern: data/(?P<subjects>[^/]+)/(?P<stories>[^/]+)\.hf5",
        "path\tsize\thash\ts3_version\ts3_path",
    ]
    path.write_text("\n".join([*head, *rows]) + "\n", encoding="utf-8")
    return path


def one_file(tmp_path: Path, bucket: Bucket, content: bytes, path: str = "big.bin") -> Manifest:
    bucket.files[f"ds0/{path}"] = content
    return Manifest.read(write_manifest(tmp_path, [row(path, content)], bucket.address))


# --- reading and selecting -------------------------------------------------------------------


def test_manifest_of_lebel_moth_holds_what_its_loader_reads():
    manifest = Manifest.read(MOTH)

    counts = {
        "wav": sum(file.path.endswith(".wav") for file in manifest.files),
        "TextGrid": sum(file.path.endswith(".TextGrid") for file in manifest.files),
        "hf5": sum(file.path.endswith(".hf5") for file in manifest.files),
    }

    assert counts == {"wav": 84, "TextGrid": 84, "hf5": 440}
    assert manifest.choices()["subjects"] == tuple(f"UTS0{k}" for k in range(1, 10))
    assert len(manifest.choices()["stories"]) == 84
    assert all(file.version for file in manifest.files)
    # Table of bytes by listener in the data's own description: 20,118,122,136 for the first.
    first = manifest.select(subjects=["UTS01"])
    assert sum(f.size for f in first.files if f.path.endswith("hf5")) == 20_118_122_136


def test_select_keeps_common_files_and_chosen_groups(tmp_path):
    paths = ["top.json", "stimuli/a.wav", "stimuli/b.wav", "data/S1/a.hf5", "data/S2/a.hf5"]
    manifest = Manifest.read(write_manifest(tmp_path, [row(path, b"xy") for path in paths]))

    part = manifest.select(subjects=["S2"], stories=["a"])

    assert [file.path for file in part.files] == ["top.json", "stimuli/a.wav", "data/S2/a.hf5"]
    assert part.n_bytes == 6
    assert manifest.select(subjects=None) == manifest
    with pytest.raises(UnknownName, match="no 'S3' among its subjects; known: 'S1', 'S2'"):
        manifest.select(subjects=["S3"])
    with pytest.raises(UnknownName, match="cannot be selected by 'sections'"):
        manifest.select(sections=["1"])
    with pytest.raises(InvalidInput, match="give a list"):
        manifest.select(subjects="S1")


def test_addresses_are_pinned_first_and_percent_encoded(tmp_path):
    rows = [row("anat/voxelize[surf=pia] 1.gz", b"x", "a b/c"), row("new.gz", b"x", "v", "old.gz")]
    manifest = Manifest.read(write_manifest(tmp_path, rows, "https://s3.example"))

    assert list(manifest.addresses(manifest.files[0])) == [
        "https://s3.example/ds0/anat/voxelize%5Bsurf%3Dpia%5D%201.gz?versionId=a%20b%2Fc",
        "https://s3.example/ds0/anat/voxelize%5Bsurf%3Dpia%5D%201.gz",
    ]
    assert list(manifest.addresses(manifest.files[1])) == [
        "https://s3.example/ds0/old.gz?versionId=v",
        "https://s3.example/ds0/old.gz",
        "https://s3.example/ds0/new.gz",
    ]


@pytest.mark.parametrize(
    "path",
    ["../x", "/etc/x", "a/../../x", "a//x", "C:/x", "a\\..\\x", "./x", "a/", "x\x07", ""],
)
def test_read_refuses_paths_that_leave_the_root(tmp_path, path):
    with pytest.raises(CorruptData, match=r"only relative paths below the root"):
        Manifest.read(write_manifest(tmp_path, [row(path, b"x")]))
    with pytest.raises(CorruptData, match=r"only relative paths below the root"):
        Manifest.read(write_manifest(tmp_path, [row("fine", b"x", key=path or "/")]))


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("a\t1\tmd5:" + "0" * 32, "has 3 columns; expected 5"),
        ("a\t-1\tmd5:" + "0" * 32 + "\t\t", "the size '-1'"),
        ("a\t1\tmd5:" + "0" * 31 + "\t\t", "the hash 'md5:"),
        ("a\t1\tsha256:" + "0" * 32 + "\t\t", "the hash 'sha256:"),
        ("a\t1\tcrc:00\t\t", "the hash 'crc:00'"),
    ],
)
def test_read_refuses_malformed_rows(tmp_path, line, complaint):
    with pytest.raises(CorruptData, match=complaint):
        Manifest.read(write_manifest(tmp_path, [line]))


def test_read_refuses_doubles_wrong_heads_and_what_is_no_manifest(tmp_path):
    good = row("a", b"x")
    with pytest.raises(CorruptData, match="lists 'a' twice"):
        Manifest.read(write_manifest(tmp_path, [good, good]))
    with pytest.raises(MissingData, match="not a file"):
        Manifest.read(tmp_path / "absent.tsv")
    with pytest.raises(MissingData, match=r"holds no lebel_moth/absent\.tsv"):
        Manifest.read("heschl.data_registry:lebel_moth/absent.tsv")
    path = tmp_path / "other.tsv"
    for text, complaint in [
        ("path\tsize\n", "needs exactly one line '# dataset"),
        ("# dataset: d\n# base_url: u\npath\tsize\n", "lacks the header row"),
        (
            "# dataset: d\n# base_url: u\n# pattern: (\npath\tsize\thash\ts3_version\ts3_path\n",
            "no reg",
        ),
    ]:
        path.write_text(text, encoding="utf-8")
        with pytest.raises(CorruptData, match=complaint):
            Manifest.read(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CorruptData, match="not UTF-8"):
        Manifest.read(path)


# --- fetching --------------------------------------------------------------------------------


def test_fetch_brings_files_once_from_the_pinned_address(tmp_path, bucket):
    content = content_of(0)
    manifest = one_file(tmp_path, bucket, content, "anat/voxelize[surf=pia].bin")

    report = manifest.fetch(tmp_path / "root", patience=PATIENCE)
    again = manifest.fetch(tmp_path / "root", patience=PATIENCE)

    assert (tmp_path / "root/anat/voxelize[surf=pia].bin").read_bytes() == content
    assert report.fetched == ("anat/voxelize[surf=pia].bin",)
    assert again.kept == report.fetched
    assert again.fetched == ()
    assert bucket.requests == [("ds0/anat/voxelize[surf=pia].bin", "versionId=v.1", None)]
    assert [path.name for path in (tmp_path / "root/anat").iterdir()] == ["voxelize[surf=pia].bin"]


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


def test_fetch_falls_back_to_the_unpinned_address(tmp_path, bucket):
    content = content_of(6, 1000)
    manifest = one_file(tmp_path, bucket, content)
    bucket.withdraws_versions = True

    manifest.fetch(tmp_path / "root", patience=PATIENCE)

    assert (tmp_path / "root/big.bin").read_bytes() == content
    assert [query for _, query, _ in bucket.requests] == ["versionId=v.1", ""]


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        pytest.param(b"y" * 1000, "another hash", id="hash"),
        pytest.param(b"x" * 999, "it has 999 bytes where the manifest says 1000", id="short"),
        pytest.param(b"x" * 5000, "it has 5000 bytes where the manifest says 1000", id="long"),
        pytest.param(
            b"../.git/annex/objects/aa/bb/MD5E-s1000--00.wav", "git-annex pointer", id="pointer"
        ),
    ],
)
def test_fetch_never_names_wrong_content(tmp_path, bucket, sent, reason):
    manifest = one_file(tmp_path, bucket, b"x" * 1000)
    bucket.files["ds0/big.bin"] = sent

    with pytest.raises(MissingData, match=reason) as caught:
        manifest.fetch(tmp_path / "root", patience=PATIENCE)

    assert "datalad clone https://example.org/ds0.git" in str(caught.value)
    assert list((tmp_path / "root").iterdir()) == []


def test_fetch_goes_on_after_a_file_that_is_nowhere(tmp_path, bucket):
    bucket.files["ds0/b"] = b"b"
    rows = [row("a", b"a"), row("b", b"b")]
    manifest = Manifest.read(write_manifest(tmp_path, rows, bucket.address))

    with pytest.raises(MissingData, match=r"a of ds0 could not be fetched .*404"):
        manifest.fetch(tmp_path / "root", patience=PATIENCE)

    assert (tmp_path / "root/b").read_bytes() == b"b"


def test_fetch_stops_at_once_when_nothing_can_be_reached(tmp_path):
    rows = [row("a", b"a"), row("b", b"b")]
    manifest = Manifest.read(write_manifest(tmp_path, rows))

    with pytest.raises(MissingData, match="3 times in a row") as caught:
        manifest.fetch(tmp_path / "root", patience=PATIENCE)

    assert str(caught.value).startswith("2 of 2 files could not be had; a of ds0")


def test_fetch_waits_once_for_a_host_that_cannot_be_reached(tmp_path, bucket, monkeypatch):
    rows = [row(name, name.encode()) for name in ("a", "b", "c", "d")]
    manifest = Manifest.read(write_manifest(tmp_path, rows))
    (tmp_path / "mirror/ds0").mkdir(parents=True)
    (tmp_path / "mirror/ds0/d").write_bytes(b"d")
    monkeypatch.setenv("HESCHL_MIRROR", str(tmp_path / "mirror"))
    pauses: list[float] = []

    with pytest.raises(MissingData, match="3 of 4 files could not be had; a of ds0") as caught:
        manifest.fetch(
            tmp_path / "root", patience=Patience(attempts=3, wait_s=0.5, sleep=pauses.append)
        )

    assert pauses == [0.5, 1.0]
    assert "no connection to 127.0.0.1, 3 times in a row" in str(caught.value)
    assert (tmp_path / "root/d").read_bytes() == b"d"


def test_fetch_goes_past_a_mirror_that_cannot_be_reached(tmp_path, bucket, monkeypatch):
    bucket.files = {"ds0/a": b"a", "ds0/b": b"b"}
    rows = [row("a", b"a"), row("b", b"b")]
    manifest = Manifest.read(write_manifest(tmp_path, rows, bucket.address))
    monkeypatch.setenv("HESCHL_MIRROR", "http://127.0.0.1:9/mirror")
    pauses: list[float] = []

    manifest.fetch(
        tmp_path / "root", patience=Patience(attempts=3, wait_s=0.5, sleep=pauses.append)
    )

    assert pauses == [0.5, 1.0]
    assert (tmp_path / "root/b").read_bytes() == b"b"


def test_fetch_asks_a_host_again_that_drops_connections(tmp_path, bucket):
    manifest = one_file(tmp_path, bucket, b"a")
    bucket.faults = [("drop", 0)] * 3

    manifest.fetch(tmp_path / "root", patience=PATIENCE)

    assert [query for _, query, _ in bucket.requests] == ["versionId=v.1"] * 3 + [""]


def test_fetch_checks_present_files_by_size_and_on_demand_by_hash(tmp_path, bucket):
    manifest = one_file(tmp_path, bucket, b"x" * 1000)
    target = tmp_path / "root/big.bin"
    target.parent.mkdir()
    target.write_bytes(b"y" * 1000)

    by_size = manifest.fetch(tmp_path / "root", patience=PATIENCE)
    by_hash = manifest.fetch(tmp_path / "root", patience=PATIENCE, verify=True)

    assert by_size.fetched == ()
    assert by_hash.fetched == ("big.bin",)
    assert target.read_bytes() == b"x" * 1000


def test_fetch_replaces_an_annex_pointer_by_the_content(tmp_path, bucket):
    manifest = one_file(tmp_path, bucket, b"x" * 1000)
    target = tmp_path / "root/big.bin"
    target.parent.mkdir()
    target.symlink_to(".git/annex/objects/aa/bb/MD5E-s1000--00")

    manifest.fetch(tmp_path / "root", patience=PATIENCE)

    assert target.read_bytes() == b"x" * 1000


@pytest.mark.parametrize("kind", ["folder", "address"])
def test_fetch_asks_the_mirror_first(tmp_path, bucket, monkeypatch, kind):
    content = content_of(7, 1000)
    rows = [row("some where/a", content), row("b", b"b")]
    manifest = Manifest.read(write_manifest(tmp_path, rows, bucket.address))
    bucket.files = {"ds0/b": b"b", "mirror/ds0/some where/a": content, "mirror/ds0/b": b"!"}
    mirror = tmp_path / "mirror"
    (mirror / "ds0/some where").mkdir(parents=True)
    (mirror / "ds0/some where/a").write_bytes(content)
    (mirror / "ds0/b").write_bytes(b"!")
    address = str(mirror) if kind == "folder" else f"{bucket.address}/mirror/"
    monkeypatch.setenv("HESCHL_MIRROR", address)

    manifest.fetch(tmp_path / "root", patience=PATIENCE)

    assert (tmp_path / "root/some where/a").read_bytes() == content
    # The mirror's other file is not the manifest's, so it came from the bucket.
    assert (tmp_path / "root/b").read_bytes() == b"b"
    assert ("ds0/some where/a", "versionId=v.1", None) not in bucket.requests
    assert (mirror / "ds0/b").read_bytes() == b"!"


def test_fetch_refuses_a_mirror_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("HESCHL_MIRROR", str(tmp_path / "absent"))
    manifest = Manifest.read(write_manifest(tmp_path, [row("a", b"a")]))

    with pytest.raises(InvalidInput, match="neither a folder nor an http address"):
        manifest.fetch(tmp_path / "root", patience=PATIENCE)


def test_fetches_at_the_same_time_share_the_work(tmp_path, bucket):
    contents = [content_of(seed) for seed in range(3)]
    rows = [row(f"f{k}", content) for k, content in enumerate(contents)]
    bucket.files = {f"ds0/f{k}": content for k, content in enumerate(contents)}
    bucket.seconds_a_block = 0.02
    manifest = Manifest.read(write_manifest(tmp_path, rows, bucket.address))
    errors: list[Exception] = []

    def work():
        try:
            manifest.fetch(tmp_path / "root", patience=PATIENCE)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test must see it
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert len(bucket.requests) == 3
    assert sorted(path.name for path in (tmp_path / "root").iterdir()) == ["f0", "f1", "f2"]
    for k, content in enumerate(contents):
        assert (tmp_path / f"root/f{k}").read_bytes() == content


def test_fetch_refuses_what_the_disk_cannot_hold(tmp_path):
    line = f"a\t{2**60}\tmd5:{'0' * 32}\t\t"
    manifest = Manifest.read(write_manifest(tmp_path, [line]))

    with pytest.raises(InvalidInput, match="free; choose fewer files"):
        manifest.fetch(tmp_path / "root")


def test_progress_counts_every_byte_once_through_restarts(tmp_path, bucket, capsys):
    content = content_of(8)
    manifest = one_file(tmp_path, bucket, content)
    bucket.ignores_ranges = True
    bucket.faults = [("drop", 2**17)]
    heard: list[int] = []

    class Recorder(LineProgress):
        def advance(self, n_bytes):
            heard.append(n_bytes)
            super().advance(n_bytes)

    manifest.fetch(tmp_path / "root", patience=PATIENCE, progress=Recorder())

    assert sum(heard) == len(content)
    assert min(heard) < 0
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["fetching 1 file, 300.0 kB", "1 of 1 files, 300.0 kB of 300.0 kB"]


def test_reading_a_manifest_imports_no_network_library():
    program = (
        "import sys; from heschl.manifest import Manifest; "
        f"Manifest.read({MOTH!r}); "
        "sys.exit(any(name in sys.modules for name in ('requests', 'pooch', 'rich', 'h5py')))"
    )

    assert (
        subprocess.run([sys.executable, "-c", program], check=False, env=os.environ).returncode == 0
    )


def test_fetch_works_without_file_locks(tmp_path, bucket, monkeypatch):
    content = content_of(9)
    manifest = one_file(tmp_path, bucket, content)
    monkeypatch.setitem(sys.modules, "fcntl", None)
    bucket.faults = [("drop", 2**17)]

    manifest.fetch(tmp_path / "root", patience=PATIENCE)

    assert (tmp_path / "root/big.bin").read_bytes() == content
    assert [path.name for path in (tmp_path / "root").iterdir()] == ["big.bin"]
    assert bucket.requests[1][2] == "bytes=131072-"


def test_fetch_works_where_the_drive_refuses_locks(tmp_path, bucket, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    manifest = one_file(tmp_path, bucket, b"x" * 1000)

    def refuse(*_):
        raise OSError("no locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    manifest.fetch(tmp_path / "root", patience=PATIENCE)

    assert [path.name for path in (tmp_path / "root").iterdir()] == ["big.bin"]


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


def test_bar_shows_the_fetch_on_a_terminal(tmp_path, bucket, capsys, monkeypatch):
    manifest = one_file(tmp_path, bucket, b"x" * 1000)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    progress = choose_progress()
    manifest.fetch(tmp_path / "root", patience=PATIENCE, progress=progress)

    assert isinstance(progress, BarProgress)
    assert "big.bin" in capsys.readouterr().err
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    assert isinstance(choose_progress(), LineProgress)
