from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from toy import Loudness, ToyDataset, toy_benchmark

import heschl
from heschl.errors import CorruptData, InvalidInput, MissingData, UnknownName
from heschl.provenance import REQUIRED, capture, missing_fields
from heschl.scores import SCHEMA_VERSION, Score, open_score, prepared_target, schema_problems

GOLDEN = Path(__file__).parent / "golden" / "score-v1.nc"
"""Written once by version 1 of the schema and never again: it must always be readable."""

GROUPS = ("summary", "population", "units", "ceiling")


@pytest.fixture(scope="module")
def score(tmp_path_factory):
    return heschl.score(
        Loudness(), toy_benchmark(), data=ToyDataset(), store=tmp_path_factory.mktemp("store")
    )


def test_file_that_was_read_is_needed_no_more(tmp_path):
    path = shutil.copy(GOLDEN, tmp_path / "score.nc")
    scores = [open_score(path) for _ in range(3)]
    path.unlink()

    for number, score in enumerate(scores):
        assert_same_bits(open_score(score.save(tmp_path / f"{number}.nc")).tree, scores[0].tree)


def assert_same_bits(first: xr.DataTree, second: xr.DataTree) -> None:
    for group in GROUPS:
        one, other = first[group].to_dataset(), second[group].to_dataset()
        xr.testing.assert_identical(one, other)
        for name in one.variables:
            if one[name].dtype.kind in "fiub":
                assert one[name].dtype == other[name].dtype, name
                assert one[name].to_numpy().tobytes() == other[name].to_numpy().tobytes(), name


def test_save_and_open_give_the_same_bits(score, tmp_path):
    again = open_score(score.save(tmp_path / "score.nc"))

    assert_same_bits(score.tree, again.tree)
    assert again.tree.attrs == score.tree.attrs
    assert again.provenance == score.provenance
    assert again.explain() == score.explain()


def test_file_opens_in_plain_xarray(score, tmp_path):
    path = score.save(tmp_path / "score.nc")

    with xr.open_datatree(path) as tree:
        value = tree["population"]["rule_value"].sel(
            quantity="normalised", layer_rule="nested", roi="A1"
        )
        assert float(value) == score.value
    with xr.open_dataset(path, group="summary") as summary:
        assert summary["score"].dims == ("layer", "subject", "roi")


def test_golden_file_of_version_1_is_read():
    score = open_score(GOLDEN)

    assert score.tree.attrs["schema_version"] == SCHEMA_VERSION
    expected = json.loads(GOLDEN.with_suffix(".json").read_text())
    assert score.value == pytest.approx(expected["value"], abs=0)
    assert score.error == pytest.approx(expected["error"], abs=0)
    assert score.layers("all", "score")["value"].to_numpy().tolist() == expected["curve"]


def test_score_of_today_holds_what_the_golden_file_holds(score):
    golden = open_score(GOLDEN)
    for group in GROUPS:
        one, other = score.tree[group], golden.tree[group]
        kept = {n: (v.dims, v.dtype.kind) for n, v in one.data_vars.items() if n in other}
        assert kept == {n: (v.dims, v.dtype.kind) for n, v in other.data_vars.items()}, (
            "what a reader relies on went or changed: raise SCHEMA_VERSION and write a migration"
        )


def test_newer_schema_is_refused_with_what_to_do(score, tmp_path):
    path = score.save(tmp_path / "score.nc")
    with xr.open_datatree(path) as opened:
        tree = opened.load()
    tree.attrs["schema_version"] = SCHEMA_VERSION + 1
    tree.to_netcdf(tmp_path / "newer.nc")
    with pytest.raises(CorruptData, match="pip install -U"):
        open_score(tmp_path / "newer.nc")


@pytest.mark.parametrize(
    ("version", "found"),
    [
        ("one", "the schema version 'one'"),
        ("1", "the schema version '1'"),
        (np.array([1, 1]), "the schema version array"),
        (1.5, r"the schema version .*1\.5"),
        (-1, "the schema version "),
        (0, "the schema version "),
        (None, "no schema version"),
    ],
)
def test_malformed_schema_version_is_one_clear_error(score, tmp_path, version, found):
    tree = score.tree.copy()
    tree.attrs = {**tree.attrs, "schema_version": version}
    if version is None:
        del tree.attrs["schema_version"]
    tree.to_netcdf(tmp_path / "odd.nc")
    with pytest.raises(CorruptData, match=found):
        open_score(tmp_path / "odd.nc")


def test_malformed_benchmark_version_is_one_clear_error(score):
    tree = score.tree.copy()
    tree.attrs = {**tree.attrs, "benchmark_version": "two"}
    with pytest.raises(CorruptData, match="benchmark_version is 'two', no whole number"):
        Score(tree)


def _text(path):
    path.write_text("no netCDF at all")


def _empty(path):
    path.write_bytes(b"")


def _other(path):
    xr.Dataset({"a": 1}).to_netcdf(path)


def _cut(path):
    path.write_bytes(GOLDEN.read_bytes()[:3000])


@pytest.mark.parametrize("write", [_text, _empty, _other, _cut])
def test_what_is_no_score_gives_one_clear_error(tmp_path, write):
    write(tmp_path / "bad.nc")
    with pytest.raises(
        CorruptData, match=r"write it (again|anew)|give a file that `heschl score` wrote"
    ):
        open_score(tmp_path / "bad.nc")


def test_folder_in_place_of_a_score_is_refused_before_it_is_read_or_computed(tmp_path):
    (folder := tmp_path / "scores.nc").mkdir()

    with pytest.raises(MissingData, match=r"no score at .*scores\.nc; name the file\.nc that"):
        open_score(folder)
    with pytest.raises(InvalidInput, match=r"is a folder or .* name a netCDF"):
        prepared_target(folder)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(MissingData, match=r"nowhere\.nc"):
        open_score(tmp_path / "nowhere.nc")


def test_save_refuses_another_suffix(score, tmp_path):
    with pytest.raises(InvalidInput, match=r"\.nc"):
        score.save(tmp_path / "score.pkl")


@pytest.mark.parametrize("field", sorted(REQUIRED))
def test_validator_names_every_missing_field_of_the_provenance(score, field):
    provenance = {name: text for name, text in score.provenance.items() if name != field}
    assert any(problem.startswith(field) for problem in missing_fields(provenance))


def test_validator_sees_a_changed_configuration(score):
    provenance = score.provenance
    provenance["configuration"] = provenance["configuration"].replace('"seed":0', '"seed":1')
    assert missing_fields(provenance) == [
        "configuration_digest: it is not the configuration's digest"
    ]


@pytest.mark.parametrize("group", [*GROUPS, "provenance"])
def test_schema_names_a_missing_group(score, group):
    tree = xr.DataTree.from_dict(
        {
            path: dataset
            for path, dataset in score.tree.to_dict().items()
            if path.strip("/") != group
        }
    )
    assert any(group in problem for problem in schema_problems(tree))
    with pytest.raises(CorruptData, match=group):
        Score(tree)


def test_layers_hints_at_regions_and_quantities(score):
    with pytest.raises(UnknownName, match="known: 'A1', 'all'"):
        score.layers("A2")
    with pytest.raises(UnknownName, match="no quantity"):
        score.layers(quantity="raw")


def test_explain_says_how_the_number_came_about(score):
    words = score.explain()
    for part in ("Pearson", "score / ceiling", "NC-CCMAX", "other listeners", "not testable"):
        assert part in words
    assert "Fits had 95 rows and were scored on 37, of 3 stimuli." in words


def test_repr_is_one_short_line(score):
    assert repr(score) == (
        f"<Score of toy-loudness on toy-ridge ({score.tree.attrs['data_kind']} data): "
        f"{score.value:.4f} ± {score.error:.4f} in A1; 2 layers, 3 subjects, 2 regions>"
    )


@pytest.mark.parametrize("layers", [None, [Loudness().layers[0].name]])
def test_words_on_one_listener_hold_no_nan_and_no_wrong_plural(tmp_path, layers):
    score = heschl.score(
        Loudness(),
        toy_benchmark(),
        data=ToyDataset(),
        store=tmp_path,
        subjects=[ToyDataset().subjects()[0]],
        layers=layers,
    )

    words = f"{score!r} {score.explain()}"

    assert "nan" not in words
    assert "1 subjects" not in words
    assert "over 1 subject has neither error nor interval nor test" in words
    assert ("no board number" in words) is (layers is None)


def test_explain_says_that_stimuli_are_lacking(tmp_path):
    named = ("one", "two", "three", "four", "test")
    data = ToyDataset(is_phantom=False)

    score = heschl.score(Loudness(), toy_benchmark(included=named), data=data, store=tmp_path)

    assert score.tree["summary"]["n_stimuli"].to_numpy().tolist() == [3, 3, 3]
    assert "of 3 stimuli where the benchmark names 5: less to fit on" in score.explain()


def test_explain_reads_files_that_do_not_count_rows():
    words = open_score(GOLDEN).explain()
    assert "Fits had" not in words


def test_command_of_bytes_that_are_no_text_is_kept(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["heschl", b"\xff.nc".decode("utf-8", "surrogateescape")])

    assert capture(configuration={})["command"] == r"heschl \udcff.nc"
