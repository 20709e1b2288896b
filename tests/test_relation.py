"""Relations of scores over models, against SciPy and by the files they are read from."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from made_scores import made_score

from heschl.errors import CorruptData, InvalidInput
from heschl.relation import OVERALL, correlate, overall, relate
from heschl.score_sets import read_sets

NAMES = [f"m{number}" for number in range(12)]


def values(seed, names=NAMES):
    numbers = np.random.default_rng(seed).standard_normal(len(names))
    return dict(zip(names, numbers.tolist(), strict=True))


def related(tasks, alignment, families=None):
    found = relate(tasks, {"brain": alignment}, families)
    return next(each for each in found if each.of == OVERALL)


def test_overall_is_the_mean_of_z_scores():
    tasks = {"one": values(0), "two": values(1), "three": values(2)}
    table = np.array([list(task.values()) for task in tasks.values()])

    expected = scipy.stats.zscore(table, axis=1, ddof=1).mean(axis=0)

    assert list(overall(tasks).values()) == pytest.approx(expected, abs=1e-12)


def test_r_and_p_equal_scipys():
    tasks, brain = {"one": values(0), "two": values(1)}, values(3)

    found = relate(tasks, {"brain": brain})

    assert [each.of for each in found] == [OVERALL, "one", "two"]
    for each, of in zip(found, (overall(tasks), tasks["one"], tasks["two"]), strict=True):
        expected = scipy.stats.linregress(list(of.values()), list(brain.values()))
        assert each.r == pytest.approx(expected.rvalue, abs=1e-12)
        assert each.p == pytest.approx(expected.pvalue, abs=1e-12)


def test_families_left_out_equal_a_loop():
    pairs = np.random.default_rng(4).standard_normal((12, 2))
    families = list("aaabbbccdddd")

    found = correlate(pairs, families)

    expected = {
        family: scipy.stats.pearsonr(*pairs[np.array(families) != family].T).statistic
        for family in "abcd"
    }
    assert dict(found.without) == pytest.approx(expected, abs=1e-12)
    z = np.arctanh(list(expected.values()))
    jackknife = np.sqrt(3 / 4 * np.sum((z - z.mean()) ** 2))
    reach = scipy.stats.t(3).ppf(0.975) * jackknife
    assert found.high == pytest.approx(np.tanh(np.arctanh(found.r) + reach), abs=1e-12)
    assert found.low == pytest.approx(np.tanh(np.arctanh(found.r) - reach), abs=1e-12)


def test_families_drawn_equal_a_loop():
    pairs = np.random.default_rng(5).standard_normal((12, 2)) + 50  # far from their origin
    families = np.repeat(list("abcdef"), 2)
    counts = np.random.default_rng(0).multinomial(6, np.full(6, 1 / 6), size=2000)

    found = correlate(pairs, families.tolist(), seed=0)

    drawn = []
    for each in counts:
        rows = np.concatenate([np.tile([2 * k, 2 * k + 1], n) for k, n in enumerate(each) if n])
        drawn.append(np.corrcoef(pairs[rows.astype(int)].T)[0, 1])
    expected = np.quantile(drawn, [0.025, 0.975])
    assert [found.drawn_low, found.drawn_high] == pytest.approx(expected, abs=1e-9)


def test_copies_of_models_make_no_interval_narrower():
    pairs = np.random.default_rng(6).standard_normal((12, 2))
    families = list("aaabbbcccddd")

    one, three = correlate(pairs, families), correlate(np.tile(pairs, (3, 1)), families * 3)

    ends = ("low", "high", "drawn_low", "drawn_high")
    assert [getattr(three, end) for end in ends] == pytest.approx(
        [getattr(one, end) for end in ends], abs=1e-9
    )
    assert three.p < one.p  # which takes copies for models


def test_units_of_a_task_do_not_matter():
    tasks, brain = {"one": values(7), "two": values(8)}, values(9)
    moved = tasks | {"two": {name: 3 - 100 * value for name, value in tasks["two"].items()}}

    mirrored = tasks | {"two": {name: -value for name, value in tasks["two"].items()}}

    assert related(moved, brain).r == pytest.approx(related(mirrored, brain).r, abs=1e-9)


def test_models_without_both_values_are_named():
    tasks = {"one": values(0, NAMES[:8]), "two": values(1, NAMES[1:9])}

    found = related(tasks, values(2, [*NAMES[2:8], "other"]))

    assert found.models == tuple(NAMES[2:8])
    assert found.lacking == ("m0", "m1", "m8", "other")


def test_few_families_have_no_interval():
    found = related({"one": values(0)}, values(1), dict.fromkeys(NAMES, "all"))

    assert np.isnan([found.low, found.high, found.drawn_low, found.drawn_high]).all()
    assert np.isfinite(found.r)


@pytest.mark.parametrize(
    ("tasks", "brain", "words"),
    [
        ({}, values(0), "no task"),
        ({"one": values(0)}, values(1, NAMES[:3]), "3 models have both overall and brain"),
        ({"one": values(0)}, values(1, NAMES[:1]), "1 model has both overall and brain"),
        ({"one": values(0)}, values(1, ["x", "y"]), "none"),
        ({"one": dict.fromkeys(NAMES, 1.0)}, values(1), "same value of one"),
        ({"one": values(0)}, dict.fromkeys(NAMES, 1.0), "same value of brain"),
        ({"one": values(0) | {"m3": np.nan}}, values(1), "m3 has a value that is no number"),
        ({"one": values(0)}, values(1) | {"m4": np.inf}, "m4 has a value that is no number"),
        ({"one": values(0, ["a"]), "two": values(0, ["b"])}, values(1), "0 models have all"),
    ],
)
def test_what_cannot_be_related_is_refused(tasks, brain, words):
    with pytest.raises(InvalidInput, match=words):
        relate(tasks, {"brain": brain})


# --- files -------------------------------------------------------------------------------------


def table(path, rows, header="model\tvalue\tfamily"):
    path.write_text("\n".join([header, *rows]) + "\n")
    return str(path)


def score_file(folder, model, level, **attrs):
    rng = np.random.default_rng(int(level * 1000))
    made = made_score(level + 0.01 * rng.standard_normal((8, 1, 5)), model, **attrs)
    return str(made.save(folder / f"{model}-{attrs.get('benchmark', 'made-ridge')}.nc"))


def test_tables_and_scores_are_sets(tmp_path):
    words = table(tmp_path / "words.tsv", ["logmel\t.5\t", "own\t.7\tmine"])
    scores = [score_file(tmp_path, name, level) for name, level in (("own", 0.3), ("x", 0.4))]

    found = read_sets([words, *scores])

    assert list(found.sets) == ["words", "made-ridge"]
    assert found.sets["words"] == {"logmel": 0.5, "own": 0.7}
    assert found.sets["made-ridge"]["own"] == pytest.approx(0.3, abs=0.01)
    # What is registered has its family on its card.
    assert found.families == {"logmel": "acoustic", "own": "mine"}


def test_scores_without_a_number_are_named(tmp_path):
    made = made_score(np.ones((1, 2, 5)), "lonely")  # no others to choose a layer on
    path = made.save(tmp_path / "lonely.nc")

    found = read_sets([path, score_file(tmp_path, "own", 0.3)])

    assert found.without_value == ["lonely on made-ridge"]
    assert list(found.sets["made-ridge"]) == ["own"]
    with pytest.raises(InvalidInput, match="no score of made-ridge has a board number"):
        read_sets([path])


def test_files_that_do_not_belong_together_are_refused(tmp_path):
    one = table(tmp_path / "one.tsv", ["a\t1\tx", "b\t2\tx"])
    twice = table(tmp_path / "twice.tsv", ["a\t1\tx", "a\t2\tx"])
    other = table(tmp_path / "other.tsv", ["a\t1\ty"])
    nameless = table(tmp_path / "nameless.tsv", ["\t1\ty"])
    wordy = table(tmp_path / "wordy.tsv", ["a\tbest\ty"])
    (tmp_path / "sub").mkdir()
    again = table(tmp_path / "sub" / "one.tsv", ["c\t1\tx"])
    new = score_file(tmp_path, "own", 0.3)
    old = score_file(tmp_path, "older", 0.3, benchmark_version=7)

    for paths, error, words in (
        ([twice], InvalidInput, "'a', of which there is a value already"),
        ([one, other], InvalidInput, "family 'y', and a file before it to 'x'"),
        ([one, again], InvalidInput, "second set by the name 'one'"),
        ([nameless], CorruptData, "value without a model"),
        ([wordy], CorruptData, "value is 'best'"),
        ([new, old], InvalidInput, "scores of one version"),
        (["scores.csv"], InvalidInput, "neither a score"),
    ):
        with pytest.raises(error, match=words):
            read_sets(paths)
    with pytest.raises(InvalidInput, match="family 'y'"):
        read_sets([other], read_sets([one]))
