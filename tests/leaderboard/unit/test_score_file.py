"""Score files: what is written is read, and Scores are told truly."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import math
import zlib
from importlib.resources import files

import jsonschema
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from made_scores import made_score

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


@pytest.mark.parametrize("option", ["-o /home/me/a.nc", "--output=/home/me/a.nc"])
def test_a_command_is_told_without_where_its_file_lay(score, tmp_path, option):
    tree = score.tree.copy(deep=True)
    tree["provenance"].attrs["command"] = f"heschl score logmel made {option} --seed 1"

    file = from_score(Score(tree), score.save(tmp_path / "score.nc"), "self-reported")

    assert file.provenance["command"] == "heschl score logmel made --seed 1"


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
