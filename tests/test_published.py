"""Published numbers: the tables are whole, and ours stand beside them."""

import numpy as np
import pytest
from made_scores import made_score

from heschl.errors import CorruptData, MissingData
from heschl.published import read_published

HEADER = "model\troi\tquantity\tvalue\terror\tsource\n"


def table(tmp_path, *rows, header=HEADER):
    path = tmp_path / "published.tsv"
    path.write_text("# paper: A et al.\n# note: none\n" + header + "\n".join(rows) + "\n")
    return str(path)


def test_numbers_of_millet_are_as_printed():
    found = read_published("heschl.benchmarks:narratives/published.tsv")
    by = {(row.model, row.roi, row.quantity, row.source): row for row in found.rows}
    assert len(by) == len(found.rows) == 35 + 7 + 35 + 14
    assert by["native self-supervised", "STG", "average_of_ratios", "Table S1"].value == 0.403
    assert by["random", "Heschl", "score", "Table S2"].value == 0.192
    assert by["", "Top10", "ceiling", "Table S2"].value == 0.219
    ratio = by["native self-supervised", "Heschl", "ratio_of_averages", "Table S3"]
    assert (ratio.value, ratio.error) == (0.74, 0.025)
    # The two reductions are not the same number, which the table shows by itself.
    for roi in ("all", "STG"):
        score = by["native self-supervised", roi, "score", "Table S2"].value
        quotient = score / by["", roi, "ceiling", "Table S2"].value
        of_ratios = by["native self-supervised", roi, "average_of_ratios", "Table S1"].value
        assert quotient > of_ratios + 0.02


def test_best_layers_of_millet_are_as_printed():
    found = read_published("heschl.benchmarks:timit/published_probing.tsv").rows
    by = {(row.model, row.roi): row.value for row in found}
    assert len(by) == len(found) == 7 * 5
    assert {row.quantity for row in found} == {"best_layer"}
    assert by["random", "MEL"] == 2.0
    assert by["Dutch", "MEL"] == 18.9
    assert by["English", "word_vector"] == 14.0
    assert by["supervised English", "phone"] == 16.9


def test_ours_stand_beside_theirs(tmp_path):
    score = made_score(np.full((3, 1, 4), 0.3), ceiling=np.full(4, 0.6))
    rows = read_published(
        table(
            tmp_path,
            "native\tall\tscore\t.2\t\tTable 1",
            "\tall\tceiling\t.5\t.1\tTable 1",
            "native\tall\tratio_of_averages\t.4\t\tTable 1",
            "native\tall\tnormalised\t.4\t\tTable 1",
            "native\tV1\tscore\t.4\t\tTable 1",
            "native\tall\tbest_layer\t7\t\tTable 1",
        )
    ).rows
    found = [row.ours(score) for row in rows]
    np.testing.assert_allclose(found, [0.3, 0.6, 0.5, 0.5, np.nan, np.nan])


def test_scores_and_ceilings_are_those_of_all_units_as_papers_average(tmp_path):
    """A unit of a ceiling that the board does not divide by counts where nothing is divided."""
    rng = np.random.default_rng(0)
    values, ceiling = rng.uniform(0.1, 0.5, (4, 2, 6)), np.array([0.6, 0.8, 0.5, 0.0, -0.1, 0.7])
    front = np.arange(6) >= 2
    score = made_score(values, rois={"front": front}, ceiling=ceiling)
    quantities = ("score", "ceiling", "ratio_of_averages", "average_of_ratios")
    rows = read_published(
        table(tmp_path, *(f"native\tfront\t{name}\t.2\t\tTable 1" for name in quantities))
    ).rows

    by_layer = values[:, :, [2, 5]] / ceiling[[2, 5]]  # whom the board's number is of
    of_others = (by_layer.mean(-1).sum(0) - by_layer.mean(-1)) / 3
    chosen = of_others.argmax(1)
    of_listeners = values[np.arange(4), chosen]
    expected = [of_listeners[:, front].mean(), ceiling[front].mean()]
    expected += [expected[0] / expected[1], by_layer[np.arange(4), chosen].mean()]
    np.testing.assert_allclose([row.ours(score) for row in rows], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("rows", "header", "match"),
    [
        (["native\tall\tscore\tmuch\t\tx"], HEADER, "row 1 is .*could not convert"),
        (["native\tall\tscore\t.1"], HEADER, "row 1 is .*expected 6 cells"),
        (["native\tall\tr\t.1\t\tx"], HEADER, "row 1 has the quantity 'r'; expected one of score"),
        ([], "model\tvalue\n", "lacks the header row"),
    ],
)
def test_faulty_tables_are_refused(tmp_path, rows, header, match):
    with pytest.raises(CorruptData, match=match):
        read_published(table(tmp_path, *rows, header=header))


def test_training_is_told_of_models_that_the_table_has(tmp_path):
    row = "native\tall\tscore\t.2\t\tTable 1"
    said = read_published(
        table(tmp_path, row, header=f"# training of native: supervised\n{HEADER}")
    )
    assert said.training == {"native": "supervised"}
    with pytest.raises(CorruptData, match="training of 'nativ', of which it has no row"):
        read_published(table(tmp_path, row, header=f"# training of nativ: supervised\n{HEADER}"))


def test_missing_tables_are_refused():
    with pytest.raises(MissingData, match=r"holds no narratives/nothing.tsv"):
        read_published("heschl.benchmarks:narratives/nothing.tsv")
