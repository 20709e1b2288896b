"""Fetching, against a real HTTP server on this machine."""

from __future__ import annotations

import sys
import threading

import pytest
from bucket import PATIENCE, content_of, one_file, row, write_manifest

from heschl.errors import DiskRefused, InvalidInput, MissingData
from heschl.fetching import Patience
from heschl.manifest import Manifest


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


@pytest.mark.parametrize("status", [403, 404, 500])
def test_fetch_says_what_every_address_answered(tmp_path, bucket, status):
    manifest = one_file(tmp_path, bucket, b"x" * 1000)
    bucket.faults = [status] * 100

    with pytest.raises(MissingData, match=rf"big\.bin of ds0 could not be fetched .*{status}"):
        manifest.fetch(tmp_path / "root", patience=PATIENCE)

    assert {query for _, query, _ in bucket.requests} == {"versionId=v.1", ""}
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


@pytest.mark.parametrize(
    ("in_the_way", "reason"),
    [
        pytest.param(
            lambda root: (root / "data/big.bin").mkdir(parents=True), "data/big.bin'", id="folder"
        ),
        pytest.param(lambda root: (root / "data").write_bytes(b"x"), "root/data'", id="file"),
    ],
)
def test_fetch_says_what_lies_where_a_file_or_its_folder_belongs(
    tmp_path, bucket, in_the_way, reason
):
    manifest = one_file(tmp_path, bucket, content_of(7, 1000), "data/big.bin")
    root = tmp_path / "root"
    root.mkdir()
    in_the_way(root)

    with pytest.raises(DiskRefused, match=rf"big\.bin: .*{reason}.*fetch to another folder"):
        manifest.fetch(root, patience=PATIENCE)


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
