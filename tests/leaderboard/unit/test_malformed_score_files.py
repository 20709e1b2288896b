"""Score files that are malformed: each is refused with the one thing that is wrong with it."""

from __future__ import annotations

import dataclasses
import json
import os
from functools import cache
from importlib.resources import files

import jsonschema
import numpy as np
import pytest
from made_scores import made_score

from heschl.errors import CorruptData, MissingData
from heschl.leaderboard.score_file_of_score import from_score
from heschl.leaderboard.score_file_reading import parse_score_file, read_score_file
from heschl.leaderboard.score_file_writing import packed, score_file_json, write_score_file

SCHEMA = json.loads((files("heschl.leaderboard") / "score_file.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
N_VERTICES = 10_242


@cache
def made_text():
    rng = np.random.default_rng(0)
    score = made_score(0.4 + 0.05 * rng.standard_normal((8, 3, 20)), "net")
    return score_file_json(from_score(score, __file__, "self-reported"))


def made(**changes):
    """Return the file of a made Score, changed."""
    return json.loads(made_text()) | changes


def with_region(**changes):
    record = made()
    record["regions"][0] |= changes
    return record


def with_estimate(**changes):
    record = made()
    record["regions"][0]["normalised"] |= changes
    return record


def with_samples(**changes):
    record = made()
    record["samples"] |= changes
    return record


def with_map(**changes):
    one = {"name": "score", "low": 0, "high": 1, "left": packed(bytes(N_VERTICES))}
    return made(maps=[{**one, "right": one["left"], **changes}])


def without(name):
    record = made()
    del record[name]
    return record


def drawn(content):
    return made(samples={"noun": "stimulus", "is_drawn": True, "names": ["d"], "draws": content})


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


MALFORMED = {
    "a list": ([], "the file is []"),
    "no version": (without("schema_version"), "schema_version is None"),
    "a version of text": (made(schema_version="1"), "schema_version is '1'"),
    "a later version": (made(schema_version=2), "this Heschl reads up to 1"),
    "a field that lacks": (without("layers"), "lacks layers"),
    "a field too many": (made(colour="red"), "has 'colour', which is no field"),
    "no model": (made(model=""), "model is ''"),
    "an invisible model": (made(model="a\u202eb"), "of characters that can be seen"),
    "a numeric model": (made(model=3), "model is 3; expected a text"),
    "a long text": (made(protocol="x" * 501), "at most 500 characters"),
    "an unknown kind": (made(data_kind="made up"), "expected 'real' or 'phantom'"),
    "an unknown status": (made(status="checked"), "status is 'checked'"),
    "a status in a list": (made(status=["rerun"]), "status is ['rerun']"),
    "a version of half": (made(benchmark_version=1.5), "benchmark_version is 1.5"),
    "a true version": (made(benchmark_version=True), "benchmark_version is True"),
    "a level of 1": (made(interval_level=1), "interval_level is 1.0"),
    "no regions": (made(regions=[]), "a list of 1 to 500 regions"),
    "a region twice": (made(regions=made()["regions"] * 2), "expected each name once"),
    "another primary": (made(primary_roi="V1"), "primary_roi is 'V1'"),
    "a region of text": (made(regions=["all"]), "a region is 'all'"),
    "a negative count": (with_region(n=-1), "n is -1"),
    "a ceiling of text": (with_region(ceiling="1"), "ceiling is '1'"),
    "a huge number": (with_estimate(value=1e300), "expected a number within"),
    "a huge whole number": (with_estimate(value=10**400), "expected a number within"),
    "a true number": (with_estimate(value=True), "normalised is True"),
    "a negative error": (with_estimate(error=-0.1), "the error of normalised in 'all' is -0.1"),
    "an interval reversed": (with_estimate(low=0.9, high=0.1), "expected its lower end first"),
    "a p above 1": (with_estimate(p=1.5), "a number from 0 to 1"),
    "an estimate of less": (with_region(score={"value": 1}), "score lacks error"),
    "layers twice": (made(layers=["a", "a", "b"]), "layers is ['a', 'a', 'b']"),
    "a short curve": (made(layers=["a"]), "expected a list of 1 numbers"),
    "a curve of nowhere": (
        made(curves=[{**made()["curves"][0], "roi": "V1"}]),
        "the roi of a curve is 'V1'",
    ),
    "a curve twice": (made(curves=made()["curves"] * 2), "expected one for each region"),
    "a negative error of a layer": (
        made(curves=[{**made()["curves"][0], "score_error": [0.1, -0.1, None]}]),
        "expected errors of 0 or above",
    ),
    "text in a curve": (
        made(curves=[{**made()["curves"][0], "score": [1, "2", 3]}]),
        "expected numbers or null",
    ),
    "a sample too many": (with_samples(score=[1.0]), "expected a list of 8 numbers"),
    "samples that may be draws": (with_samples(is_drawn=None), "is_drawn is None"),
    "draws that are no text": (drawn(3), "draws is 3"),
    "draws that are no base64": (drawn("?"), "expected base64 of zlib"),
    "draws that are no zlib": (drawn("AAAA"), "expected base64 of zlib"),
    "draws cut short": (drawn(packed(bytes(64))[:-8]), "one whole stream of zlib"),
    "draws of half a row": (drawn(packed(bytes(8))), "expected two rows of doubles"),
    "a bomb of draws": (drawn(packed(bytes(10**7))), "expected no more, once unpacked"),
    "infinite draws": (
        drawn(packed(np.full(2, np.inf).view(np.uint8).reshape(2, 8).T.tobytes())),
        "draws is 'a number out of range'",
    ),
    "an unknown map": (with_map(name="thickness"), "the name of a map is 'thickness'"),
    "a small map": (with_map(left=packed(bytes(99))), "10,242 vertices in each hemisphere"),
    "a bomb of a map": (with_map(left=packed(bytes(10**7))), "once unpacked"),
    "a map of no range": (with_map(low=None), "the lower one first"),
    "a short digest": (made(source_sha256="abc"), "64 hexadecimal digits"),
    "an empty digest": (made(source_sha256=""), "64 hexadecimal digits"),
    "a provenance of text": (made(provenance="lost"), "provenance is 'lost'"),
    "a deep provenance": (made(provenance={"a": nested(200)}), "it nests deeper than 100"),
    "a deep rest": (made(extra={"a": nested(200)}), "it nests deeper than 100"),
    "a rest of text": (made(extra="more"), "extra is 'more'"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_file_is_refused(name):
    record, message = MALFORMED[name]
    with pytest.raises(CorruptData) as error:
        parse_score_file(json.dumps(record).encode(), "net/bench.json")

    assert str(error.value).startswith("net/bench.json: ")
    assert message in str(error.value)


UNREADABLE = {
    "nothing": b"",
    "half": b'{"schema_version": 1',
    "other bytes": b"\xff\xfe",
    "NaN": json.dumps(made(source_bytes=1)).replace('"source_bytes": 1', '"x": NaN').encode(),
    "beyond all bounds": json.dumps(made(extra={"a": 1.5})).replace("1.5", "1e999").encode(),
    "half a character": json.dumps(made(explanation="\ud800")).encode(),
    "brackets": b"[" * 10**5,
    "something after it": json.dumps(made()).encode() + b"{}",
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_json_is_refused(name):
    with pytest.raises(CorruptData, match="is not JSON in UTF-8"):
        parse_score_file(UNREADABLE[name], "bench.json")


def test_the_schema_is_one_and_refuses_other_files():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for name in ("a negative error", "a field too many", "an empty digest", "an unknown status"):
        assert not VALIDATOR.is_valid(MALFORMED[name][0]), name


def test_every_layout_of_json_is_read_alike():
    record = made()
    first_last = {"provenance": record["provenance"], **record}
    texts = [
        json.dumps(record),
        json.dumps(record, indent=4),
        json.dumps(first_last, indent=1),
        json.dumps(record, indent=1).replace('\n "provenance": ', ' \n "provenance": '),
    ]
    found = {repr(parse_score_file(text.encode(), "file")) for text in texts}
    assert len(found) == 1
    twice = json.dumps({**record, "extra": {"provenance": {"a": 1}}}, indent=0)
    assert parse_score_file(twice.encode(), "file").provenance == record["provenance"]


def test_large_files_folders_and_pipes_are_refused(tmp_path):
    large = tmp_path / "large.json"
    large.write_bytes(b" " * (2**21 + 1))
    with pytest.raises(CorruptData, match="2,097,153 bytes, where a score file has at most"):
        read_score_file(large)
    os.mkfifo(tmp_path / "pipe.json")
    for path in (tmp_path / "pipe.json", tmp_path):
        with pytest.raises(CorruptData, match="is no regular file"):
            read_score_file(path)
    with pytest.raises(MissingData, match="`heschl submit` writes a score file"):
        read_score_file(tmp_path / "none.json")


def test_a_writer_refuses_what_no_reader_takes(tmp_path):
    file = parse_score_file(json.dumps(made()).encode(), "file")
    with pytest.raises(CorruptData, match="primary_roi"):
        write_score_file(dataclasses.replace(file, primary_roi="V1"), tmp_path / "f.json")
    assert list(tmp_path.iterdir()) == []
