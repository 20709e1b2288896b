"""Score files: what is written is read, what is malformed is refused, and Scores are told truly."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import math
import os
import zlib
from functools import cache
from importlib.resources import files

import jsonschema
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from made_scores import made_score

from heschl.errors import CorruptData, MissingData
from heschl.leaderboard.score_file import (
    Estimate,
    LayerCurve,
    Provenance,
    Region,
    Samples,
    ScoreFile,
    SurfaceMap,
)
from heschl.leaderboard.score_file_of_score import from_score
from heschl.leaderboard.score_file_reading import parse_score_file, read_score_file
from heschl.leaderboard.score_file_writing import packed, score_file_json, write_score_file
from heschl.scores import Score
from heschl.statistics import standard_error

SCHEMA = json.loads((files("heschl.leaderboard") / "score_file.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
N_VERTICES = 10_242

NUMBERS = st.just(math.nan) | st.floats(-1e9, 1e9)
ERRORS = st.just(math.nan) | st.floats(0, 1e9)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
IDS = st.text("abcß日-_.:/@+?", min_size=1, max_size=12)
COUNTS = st.integers(0, 2**53 - 1)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(-1e300, 1e300) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def estimates(draw):
    low, high = sorted(draw(st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))))
    low, high = draw(st.sampled_from([(low, high), (math.nan, high), (math.nan, math.nan)]))
    p = draw(st.just(math.nan) | st.floats(0, 1))
    return Estimate(draw(NUMBERS), draw(ERRORS), low, high, p)


@st.composite
def score_files(draw):
    def rows(n, of=NUMBERS):
        return tuple(draw(st.lists(of, min_size=n, max_size=n)))

    names = draw(st.lists(TEXTS, min_size=1, max_size=3, unique=True))
    layers = tuple(draw(st.lists(TEXTS, max_size=3, unique=True)))
    regions = tuple(
        Region(
            name,
            draw(COUNTS),
            draw(COUNTS),
            draw(estimates()),
            draw(estimates()),
            draw(NUMBERS),
            draw(ERRORS),
            draw(TEXTS),
        )
        for name in names
    )
    n = len(layers)
    curves = tuple(
        LayerCurve(name, rows(n), rows(n, ERRORS), rows(n), rows(n, ERRORS)) for name in names[:2]
    )
    if draw(st.booleans()):
        n_draws = draw(st.integers(0, 5))
        named = (draw(TEXTS),) if n_draws else ()
        samples = Samples(
            draw(TEXTS), is_drawn=True, names=named, score=rows(n_draws), normalised=rows(n_draws)
        )
    else:
        named = tuple(draw(st.lists(TEXTS, max_size=4, unique=True)))
        n = len(named)
        samples = Samples(
            draw(TEXTS), is_drawn=False, names=named, score=rows(n), normalised=rows(n)
        )
    maps = (SurfaceMap("score", 0.0, 0.5, b"\x07" * N_VERTICES, bytes(N_VERTICES)),)
    return ScoreFile(
        model=draw(IDS),
        benchmark=draw(IDS),
        benchmark_version=draw(COUNTS),
        dataset=draw(TEXTS),
        data_kind=draw(st.sampled_from(["real", "phantom"])),
        protocol=draw(TEXTS),
        status=draw(st.sampled_from(["rerun", "self-reported", "features-only", "published"])),
        primary_roi=names[0],
        layer_rule=draw(TEXTS),
        score_meaning=draw(TEXTS),
        normalisation=draw(TEXTS),
        ceiling_kind=draw(TEXTS),
        interval_level=draw(st.floats(0.01, 0.99)),
        explanation=draw(TEXTS),
        samples=samples,
        regions=regions,
        layers=layers,
        curves=curves,
        provenance=draw(st.dictionaries(TEXTS, JSON, max_size=4)),
        source_sha256="0123456789abcdef" * 4,
        source_bytes=draw(COUNTS),
        maps=draw(st.sampled_from([(), maps])),
        citation=draw(TEXTS),
        extra=draw(st.dictionaries(TEXTS, JSON, max_size=2)),
    )


@given(score_files())
@settings(max_examples=30, deadline=None)
def test_what_is_written_is_read_and_keeps_the_schema(file):
    text = score_file_json(file)

    found = parse_score_file(text.encode(), "file")

    # repr tells NaN from NaN as little as a reader can, and all else apart.
    assert repr(found) == repr(dataclasses.replace(file, extra=dict(file.extra)))
    VALIDATOR.validate(json.loads(text))


def test_the_schema_is_one_and_refuses_other_files():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for name in ("a negative error", "a field too many", "an empty digest", "an unknown status"):
        assert not VALIDATOR.is_valid(MALFORMED[name][0]), name


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


def test_a_provenance_reads_as_the_mapping_that_it_was():
    provenance = Provenance('{"seed":0,"git":{"state":"clean"}}')
    assert provenance == {"seed": 0, "git": {"state": "clean"}}
    assert list(provenance) == ["seed", "git"]
    assert len(provenance) == 2


@pytest.fixture
def score():
    rng = np.random.default_rng(1)
    values = 0.4 + 0.05 * rng.standard_normal((8, 3, 20))
    values[:, 1] += 0.1
    return made_score(values, "net", {"front": np.arange(20) < 10}, ceiling=np.full(20, 0.8))


def test_a_score_is_told_to_the_last_digit(score, tmp_path):
    path = score.save(tmp_path / "score.nc")

    file = read_score_file(write_score_file(from_score(score, path, "rerun"), tmp_path / "f.json"))

    board = file.primary.normalised
    assert (board.value, board.error, board.low, board.high, board.p) == (
        score.value,
        score.error,
        *score.interval,
        score.p,
    )
    assert file.explanation == score.explain()
    assert [region.name for region in file.regions] == ["all", "front"]
    assert file.primary.layer == "block.1"
    assert (file.primary.n, file.primary.n_units) == (8, 8 * 20)
    assert file.primary.ceiling == pytest.approx(0.8)
    for curve, roi in zip(file.curves, ["all", "front"], strict=True):
        for quantity in ("score", "normalised"):
            layers = score.layers(roi, quantity)
            np.testing.assert_allclose(getattr(curve, quantity), layers["value"], rtol=1e-5)
            error = getattr(curve, f"{quantity}_error")
            np.testing.assert_allclose(error, layers["error"], rtol=1e-5)
    for quantity in ("score", "normalised"):
        samples = np.array(getattr(file.samples, quantity))
        estimate = getattr(file.primary, quantity)
        assert samples.mean() == pytest.approx(estimate.value, rel=1e-5)
        assert standard_error(samples) == pytest.approx(estimate.error, rel=1e-4)
    assert file.samples.names == tuple(f"S{n}" for n in range(1, 9))
    assert file.source_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert file.source_bytes == path.stat().st_size


def test_draws_are_kept_beside_their_digest(score, tmp_path):
    rng = np.random.default_rng(2)
    rois = score.tree["population"]["roi"].to_numpy()
    draws = 0.5 + 0.03 * rng.standard_normal((2, 2000, len(rois)))
    draws[1] = draws[0]
    tree = score.tree.copy(deep=True)
    population = tree["population"].to_dataset().assign_attrs(samples_drawn=1, draws_digest="d1")
    population["rule_draws"] = xr.DataArray(
        draws, dims=("quantity", "draw", "roi"), coords={"quantity": ["score", "normalised"]}
    )
    tree["population"] = xr.DataTree(population)

    file = from_score(Score(tree), score.save(tmp_path / "score.nc"), "self-reported")
    text = score_file_json(file)

    found = parse_score_file(text.encode(), "file").samples
    assert found == file.samples
    assert found.names == ("d1",)
    spread = draws[0, :, 0].std()
    np.testing.assert_allclose(found.normalised, draws[1, :, 0], atol=spread / 1000)
    assert len(json.loads(text)["samples"]["draws"]) < 7000


def test_draws_that_an_older_file_lacks_are_none(score, tmp_path):
    tree = score.tree.copy(deep=True)
    tree["population"].attrs["samples_drawn"] = 1
    file = from_score(Score(tree), score.save(tmp_path / "s.nc"), "self-reported")
    assert file.samples == Samples("listener", is_drawn=True, names=(), score=(), normalised=())
    assert parse_score_file(score_file_json(file).encode(), "f").samples == file.samples


def test_listeners_without_a_number_are_left_out(score):
    tree = score.tree.copy(deep=True)
    for name in ("score", "normalised"):
        tree["summary"][name].loc[{"subject": "S3", "roi": "all"}] = np.nan
    file = from_score(Score(tree), __file__, "self-reported")
    assert file.samples.names == ("S1", "S2", "S4", "S5", "S6", "S7", "S8")
    assert np.isfinite(file.samples.normalised).all()


def test_packing_is_base64_of_zlib():
    assert zlib.decompress(base64.b64decode(packed(b"abc"))) == b"abc"
