"""Goal 17: what is on screen is what was submitted, and ranks are those of the samples.

Nothing here is computed by `heschl.leaderboard`: numbers come from the score files as JSON, and
ranks from a bootstrap of their samples in plain numpy.
"""

import hashlib
import json
import math
from decimal import ROUND_HALF_EVEN, Decimal

import board_reading
import numpy as np
import pytest
from browsing import Visit, visiting
from made_sites import BuiltSite

NONE = "–"


@pytest.fixture(scope="module")
def submitted(large: BuiltSite) -> dict[tuple[str, str], dict]:
    """Return what every score file says, by the names of its folder and of itself."""
    return {
        (path.parent.name, path.stem): json.loads(path.read_text())
        for path in large.submitted.glob("*/*.json")
    }


@pytest.fixture(scope="module")
def tab(browser, large: BuiltSite):
    with visiting(browser, large.origin, width=1600, height=1000, go=False) as visit:
        yield visit


@pytest.fixture
def board(tab: Visit) -> Visit:
    tab.go("index.html")
    return tab


def printed(value: float | None) -> str:
    """Return a number to three decimals, ties to even, as the exact binary number has it."""
    if value is None or not math.isfinite(value):
        return NONE
    rounded = Decimal(value).quantize(Decimal("0.001"), ROUND_HALF_EVEN)
    return f"{rounded:f}".replace("-0.000", "0.000").replace("-", "−")


def printed_with_error(estimate: dict) -> str:
    error = estimate["error"]
    shown = printed(estimate["value"])
    return shown if error is None else f"{shown}±{printed(error).removeprefix('0')}"


def show(visit: Visit, query: str = "", quantity: str = "Normalised") -> None:
    visit.page.get_by_role("radio", name=quantity).check(force=True)
    visit.page.get_by_role("searchbox", name="Search models").fill(query)
    visit.settle()


@pytest.mark.parametrize("quantity", ["Normalised", "Raw", "Ceiling"])
def test_numbers_on_screen_are_those_submitted(board: Visit, submitted, quantity: str) -> None:
    generator = np.random.default_rng(17)
    n_checked = 0
    for number in generator.choice(100, size=3, replace=False):
        show(board, f"model-0{number:02d}", quantity)
        seen = board_reading.rows(board.page)
        assert seen
        for row in seen:
            for key, text in row["cells"].items():
                if not key.startswith("b:"):
                    continue
                file = submitted.get((row["slug"], key.removeprefix("b:")))
                assert text == expected_text(file, quantity), (row["slug"], key)
                n_checked += 1
    assert n_checked >= 3 * 5 * 30


def test_numbers_are_marked_until_those_that_are_asked_for_have_come(browser, large: BuiltSite):
    with visiting(browser, large.origin, go=False) as visit:
        held: list = []
        visit.page.route("**/*-score.js*", lambda route: held.append(route))  # noqa: PLW0108  it takes no method of C
        visit.go("index.html")
        before = board_reading.rows(visit.page)
        visit.page.get_by_role("radio", name="Raw").check(force=True)
        visit.page.locator('heschl-board[aria-busy="true"]').wait_for()
        assert board_reading.rows(visit.page) == before
        held[0].continue_()
        visit.settle()
        assert visit.page.locator("heschl-board").get_attribute("aria-busy") == "false"
        assert board_reading.rows(visit.page) != before


def expected_text(file: dict | None, quantity: str) -> str:
    if file is None:
        return NONE
    (region,) = [each for each in file["regions"] if each["name"] == file["primary_roi"]]
    if quantity == "Ceiling":
        return printed_with_error({"value": region["ceiling"], "error": region["ceiling_error"]})
    estimate = region["normalised" if quantity == "Normalised" else "score"]
    # Above its ceiling a number bears a mark.
    return printed_with_error(estimate)


N_DRAWS = 2000


def draws_of(
    benchmark: str, samples: list[dict], everybody: frozenset[str] = frozenset()
) -> np.ndarray:
    """Return bootstrap means (row, draw) of models' samples, which all have in common.

    Whoever is drawn of everybody in the benchmarks of a dataset counts for those that have them.
    """
    names = sorted(samples[0]["names"])
    assert all(sorted(each["names"]) == names for each in samples)
    values = np.array(
        [
            [dict(zip(each["names"], each["normalised"], strict=True))[name] for name in names]
            for each in samples
        ]
    )
    n, present = len(names), sorted(everybody or names)
    named = [benchmark.rpartition("-")[0], samples[0]["noun"], *present]
    content = json.dumps(named, separators=(",", ":")).encode()
    generator = np.random.default_rng(int.from_bytes(hashlib.sha256(content).digest()[:8], "big"))
    taken: list[list[int]] = [[] for _ in range(N_DRAWS)]
    place = {name: number for number, name in enumerate(names)}
    while any(len(each) < n for each in taken):
        for each, drawn in zip(
            taken,
            generator.integers(len(present), size=(N_DRAWS, len(present)), dtype=np.int32),
            strict=True,
        ):
            each += [place[present[who]] for who in drawn if present[who] in place]
    return np.stack([values[:, each[:n]].mean(axis=1) for each in taken], axis=1)


def is_apart(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return whether the central 95 % of the differences to others (row, draw) exclude nought."""
    differences = np.sort(others - one, axis=1)
    return (differences[:, 49] > 0) | (differences[:, -50] < 0)


def rank_text(number: int, means: np.ndarray, draws: np.ndarray) -> str:
    apart = is_apart(draws[number], draws)
    best = 1 + int((apart & (means > means[number])).sum())
    worst = len(means) - int((apart & (means < means[number])).sum())
    return str(best) if best == worst else f"{best}–{worst}"


def test_ranks_on_a_benchmark_are_those_of_its_samples(board: Visit, submitted) -> None:
    benchmark = sorted({name for _, name in submitted})[7]
    files = {slug: each for (slug, name), each in submitted.items() if name == benchmark}
    slugs = list(files)
    draws = draws_of(benchmark, [each["samples"] for each in files.values()])
    means = np.array([each["regions"][0]["normalised"]["value"] for each in files.values()])
    board.page.get_by_role("button", name=benchmark, exact=True).click()
    board.settle()
    seen = board_reading.rows(board.page)
    in_order = [slugs[number] for number in np.argsort(-means, kind="stable")]
    assert [row["slug"] for row in seen] == in_order[: len(seen)]
    assert len(seen) >= 20
    for row in seen[:20]:
        assert row["rank"] == rank_text(slugs.index(row["slug"]), means, draws), row["slug"]


def test_overall_means_and_ranks_are_those_of_complete_models(board: Visit, submitted) -> None:
    benchmarks = sorted({name for _, name in submitted})
    models = sorted({slug for slug, _ in submitted})
    complete = [slug for slug in models if all((slug, name) in submitted for name in benchmarks)]
    # Three benchmarks a dataset, so that the mean of datasets is that of benchmarks.
    assert len(benchmarks) == 30
    draws, means = np.zeros((len(complete), N_DRAWS)), np.zeros(len(complete))
    everybody: dict[str, frozenset[str]] = {}
    for name in benchmarks:
        dataset = name.rpartition("-")[0]
        here = submitted[complete[0], name]["samples"]["names"]
        everybody[dataset] = everybody.get(dataset, frozenset()).union(here)
    for name in benchmarks:
        files = [submitted[slug, name] for slug in complete]
        samples = [each["samples"] for each in files]
        draws += draws_of(name, samples, everybody[name.rpartition("-")[0]]) / 30
        means += np.array([each["regions"][0]["normalised"]["value"] for each in files]) / 30
    seen = board_reading.rows(board.page)
    in_order = [complete[number] for number in np.argsort(-means, kind="stable")]
    n_complete = min(len(seen), len(complete))
    assert [row["slug"] for row in seen[:n_complete]] == in_order[:n_complete]
    assert n_complete >= 20
    for row in seen[:n_complete]:
        number = complete.index(row["slug"])
        assert row["rank"] == rank_text(number, means, draws), row["slug"]
        error = float(draws[number].std(ddof=1))
        expected = printed_with_error({"value": float(means[number]), "error": error})
        assert row["cells"]["overall"] == expected
    show(board, next(slug for slug in models if slug not in complete))
    (lacking,) = board_reading.rows(board.page)
    assert (lacking["rank"], lacking["cells"]["overall"]) == (NONE, NONE)


def test_shading_marks_who_cannot_be_told_from_the_row_in_focus(board: Visit, submitted) -> None:
    benchmark = sorted({name for _, name in submitted})[3]
    files = {slug: each for (slug, name), each in submitted.items() if name == benchmark}
    slugs = list(files)
    draws = draws_of(benchmark, [each["samples"] for each in files.values()])
    board.page.get_by_role("button", name=benchmark, exact=True).click()
    board.settle()
    focus = board_reading.rows(board.page)[5]["slug"]
    board.page.locator("main tbody tr[aria-rowindex]").nth(5).locator(".rank").click()
    board.settle()
    apart = is_apart(draws[slugs.index(focus)], draws)
    seen = board_reading.rows(board.page)
    assert [row["slug"] for row in seen if row["marked"] == "is-focus"] == [focus]
    for row in seen:
        if row["slug"] != focus:
            is_alike = not apart[slugs.index(row["slug"])]
            assert (row["marked"] == "is-alike") == is_alike, row["slug"]
