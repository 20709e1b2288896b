"""The commands that compare scores: two models, all layers, and the paper's numbers."""

import dataclasses
import json

import numpy as np
import pytest
from made_scores import made_score

from heschl import registry
from heschl.cards import BenchmarkCard

CARD = BenchmarkCard("made-ridge", load="none:none", summary="A toy")


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(0)
    paths = []
    for name, level in (("one", 0.4), ("other", 0.3)):
        values = level + 0.01 * rng.standard_normal((8, 2, 20))
        path = tmp_path / f"{name}.nc"
        made_score(values, name, {"front": np.arange(20) < 10}).save(path)
        paths.append(str(path))
    return paths


def test_compare_prints_the_contrast_of_every_region(heschl, files):
    code, out, _ = heschl("compare", *files)
    assert code == 0
    title, _, header, *rows = out.splitlines()
    assert title.startswith("one - other: normalised, the layer with the best mean over the other")
    assert header.split() == [
        "region",
        "difference",
        "95",
        "%",
        "interval",
        "p",
        "p",
        "adjusted",
        "n",
    ]
    assert rows[0].startswith("all")
    assert ".0078" in rows[0]  # eight listeners, all of one sign
    _, out, _ = heschl("compare", *files, "--json", "--rule", "mean", "--quantity", "score")
    record = json.loads(out)
    assert [row["roi"] for row in record["regions"]] == ["all", "front"]
    assert record["regions"][0]["difference"] == pytest.approx(0.1, abs=0.01)
    assert len(record["listeners"]) == 8


def test_compare_refuses_other_benchmarks(heschl, files, tmp_path):
    path = made_score(np.ones((8, 2, 20)), "third", benchmark="other-ridge").save(tmp_path / "o.nc")
    code, _, err = heschl("compare", files[0], str(path))
    assert code == 1
    assert "compare models on one benchmark" in err


def test_show_prints_shares_of_layers(heschl, files):
    _, out, _ = heschl("show", files[0], "--layers")
    table = out[out.index("The share of units") :].splitlines()
    assert table[1].split() == ["region", "block.0", "block.1"]
    assert sum(map(float, table[2].split()[1:])) == pytest.approx(1, abs=0.01)


def test_show_prints_the_papers_numbers(heschl, files, tmp_path, fresh_session):
    table = tmp_path / "published.tsv"
    table.write_text(
        "# paper: A et al.\n# note: A note.\nmodel\troi\tquantity\tvalue\terror\tsource\n"
        "their net\tfront\tscore\t.38\t.01\tTable 1\n"
    )
    registry.register_benchmark(dataclasses.replace(CARD, published=str(table)))
    code, out, _ = heschl("show", files[0], "--published")
    assert code == 0
    assert "A et al." in out
    assert "A note." in out
    row = next(line for line in out.splitlines() if line.startswith("their net"))
    assert row.split()[2:] == [
        "front",
        "score",
        "0.380",
        "±",
        "0.010",
        row.split()[-3],
        "Table",
        "1",
    ]
    _, out, _ = heschl("show", files[0], "--published", "--json")
    assert json.loads(out)["published"]["rows"][0]["published"] == 0.38


def test_show_says_where_nothing_was_published(heschl, files):
    code, _, err = heschl("show", files[0], "--published")
    assert code == 1
    assert "no published numbers are kept for made-ridge" in err


def test_relate_prints_a_row_for_each_two_sets(heschl, files, tmp_path):
    rows = [f"m{k}\t{k + k % 3}\tfamily {k % 5}" for k in range(9)]
    for name in ("words", "music", "brain"):
        path = tmp_path / f"{name}.tsv"
        path.write_text("\n".join(["model\tvalue\tfamily", *rows[len(name) == 5 :]]) + "\n")
    tables = [str(tmp_path / f"{name}.tsv") for name in ("words", "music", "brain")]
    code, out, _ = heschl("relate", *tables[:2], "--with", tables[2])
    assert code == 0
    header, *body = out.splitlines()
    assert header.split()[:3] == ["of", "with", "r"]
    assert [row.split()[:3] for row in body[:3]] == [
        [of, "brain", "1.000"] for of in ("overall", "words", "music")
    ]
    assert "families of models" in out or "family of models" in out
    _, out, _ = heschl("relate", tables[0], "--with", tables[2], "--json")
    (record,) = json.loads(out)["relations"]
    assert record["r"] == pytest.approx(1)
    assert len(record["r_without_family"]) == 5
    code, _, err = heschl("relate", *files, "--with", tables[2])
    assert code == 1
    assert "0 models have both overall and brain" in err
