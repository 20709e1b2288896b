"""Goal 15 in the browser: what is saved of a view is the view, cell by cell."""

import csv
import io
import json
import re

import board_reading
import pytest
from browsing import Visit, visiting
from made_sites import BuiltSite


@pytest.fixture(scope="module")
def tabs(browser, layered: BuiltSite, hostile: dict[str, BuiltSite]):
    sites = {"layered": layered, "hostile": hostile["hostile"]}
    with visiting(browser, "", go=False, accept_downloads=True) as visit:

        def opened(name: str) -> Visit:
            visit.origin = sites[name].origin
            visit.go("index.html")
            return visit

        yield opened


def saved(visit: Visit, kind: str) -> str:
    visit.page.locator("#export summary").click()
    with visit.page.expect_download() as download:
        visit.page.get_by_role("button", name=kind, exact=True).click()
    return download.value.path().read_bytes().decode()


def on_screen(row: dict, key: str) -> tuple[str, str]:
    """Return a number of a row as it is shown, and its error, in the digits of a file."""
    text = row["cells"][key].replace("−", "-").removesuffix("↑")
    value, _, error = text.partition("±")
    return value.replace("–", ""), re.sub(r"^\.", "0.", error)


@pytest.mark.parametrize("quantity", ["Normalised", "Raw", "Ceiling"])
@pytest.mark.parametrize("site", ["layered", "hostile"])
def test_csv_of_a_view_is_the_view(tabs, site: str, quantity: str) -> None:
    visit = tabs(site)
    visit.page.get_by_role("radio", name=quantity).check(force=True)
    visit.page.get_by_role("button", name="Model", exact=True).click()
    visit.settle()
    seen = board_reading.all_rows(visit.page)
    head, *lines = csv.reader(io.StringIO(saved(visit, "CSV"), newline=""), strict=True)
    keys = [key for key in seen[0]["cells"] if key.startswith("b:")]
    n_texts = head.index("Id") + 1
    assert len(lines) == len(seen)
    for line, row in zip(lines, seen, strict=True):
        fields = dict(zip(head, line, strict=True))
        assert fields["Model"].removeprefix("'") == row["name"]
        low, high = fields["Rank, from"], fields["Rank, to"]
        assert row["rank"] == ((low if low == high else f"{low}–{high}") or "–")
        pairs = line[n_texts:]
        assert tuple(pairs[:2]) == on_screen(row, "overall")
        for number, key in enumerate(keys):
            assert tuple(pairs[3 + 2 * number : 5 + 2 * number]) == on_screen(row, key), key


def test_csv_of_a_filtered_view_without_errors_has_its_rows_and_columns(tabs) -> None:
    visit = tabs("layered")
    visit.page.get_by_role("searchbox").fill("layered-0")
    visit.page.get_by_label("Errors").uncheck()
    visit.settle()
    seen = board_reading.all_rows(visit.page)
    head, *lines = csv.reader(io.StringIO(saved(visit, "CSV"), newline=""), strict=True)
    assert [line[head.index("Model")] for line in lines] == [row["name"] for row in seen]
    assert not [label for label in head if "error" in label]
    assert 0 < len(lines) <= 10


def test_hostile_names_are_no_formulas_in_a_saved_view(tabs) -> None:
    visit = tabs("hostile")
    for line in csv.reader(io.StringIO(saved(visit, "CSV"), newline=""), strict=True):
        for field in line:
            if field.startswith(tuple("=+-@\t\r\n")):
                float(field)


def test_the_other_formats_have_the_same_rows(tabs) -> None:
    visit = tabs("hostile")
    names = [row["name"] for row in board_reading.all_rows(visit.page)]
    rows = json.loads(saved(visit, "JSON"))["rows"]
    assert [row["name"] for row in rows] == names
    latex = saved(visit, "LaTeX")
    body = latex.split("\\midrule\n")[1].split("\\bottomrule")[0].splitlines()
    assert len(body) == len(names)
    assert latex.count("{") == latex.count("}")
    bibtex = saved(visit, "BibTeX")
    assert bibtex.count("{") == bibtex.count("}")


@pytest.mark.parametrize(
    ("quantity", "word"), [("Normalised", "normalised"), ("Raw", "raw"), ("Ceiling", "ceiling")]
)
def test_a_saved_table_is_named_after_what_its_numbers_are(tabs, quantity: str, word: str) -> None:
    visit = tabs("layered")
    visit.page.get_by_role("radio", name=quantity).check(force=True)
    visit.settle()
    for kind, suffix in (("CSV", "csv"), ("LaTeX", "tex"), ("JSON", "json")):
        visit.page.locator("#export summary").click()
        with visit.page.expect_download() as download:
            visit.page.get_by_role("button", name=kind, exact=True).click()

        assert download.value.suggested_filename == f"heschl-real-{word}.{suffix}"
