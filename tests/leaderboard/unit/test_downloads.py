"""Goal 15: downloads hold what the board holds, whatever submitters call their models."""

import csv
import io
import json
import math
import re
import subprocess
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import xarray as xr
from made_board import ONE, board_of, eight, score_file
from made_hostile import HOSTILE_TEXTS, write_hostile
from made_submissions import write_large

from heschl.leaderboard import downloads
from heschl.leaderboard.assembly import assemble
from heschl.leaderboard.bibliography import bibliography
from heschl.leaderboard.board import Board
from heschl.leaderboard.board_tables import board_as_latex, csv_text, latex_text
from heschl.leaderboard.numbers import number
from heschl.leaderboard.site import Site
from heschl.leaderboard.submissions import read_submissions

SECTIONS = ("real", "phantom")
FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001  the wide forms of the signs
PARTS = {"value": "", "error": "_error", "low": "_low", "high": "_high"}
QUANTITIES = ("score", "normalised")


@pytest.fixture(scope="module", params=["ordinary", "hostile", "empty"])
def written(request, tmp_path_factory) -> tuple[Path, dict[str, Board]]:
    """Return a folder of downloads and the boards that they are of."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "ordinary":
        submitted = write_large(folder / "submissions", n_models=12, n_benches=4, missing=0.2)
    else:
        submitted = write_hostile(folder / "submissions", request.param)
    found = read_submissions(submitted)
    boards = {section: assemble(found, section) for section in SECTIONS}
    downloads.write(Site(folder / "site"), boards)
    return folder / "site", boards


def read_csv(folder: Path, section: str) -> list[dict[str, str]]:
    text = (folder / f"data/{section}.csv").read_bytes().decode()
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def as_number(text: str) -> float:
    return float(text) if text else math.nan


def plain(text: str) -> str:
    """Return a text of a CSV file as it was before it was made safe."""
    return text.removeprefix("'")


def test_csv_holds_every_number_in_full(written) -> None:
    folder, boards = written
    for section, board in boards.items():
        lines = read_csv(folder, section)
        cells = {(line["row"], line["column"]): line for line in lines}
        assert len(cells) == len(lines) == len(board.files) + len(board.rows)
        for i, row in enumerate(board.rows):
            assert plain(cells[row.slug, "overall"]["name"]) == row.name
            for part, suffix in PARTS.items():
                got = as_number(cells[row.slug, "overall"][f"normalised{suffix}"])
                np.testing.assert_equal(got, board.overall[part][i])
            for j, column in enumerate(board.columns):
                if (row.slug, column.slug) not in board.files:
                    assert (row.slug, column.slug) not in cells
                    continue
                line = cells[row.slug, column.slug]
                assert int(line["rank_low"]) == board.rank_low[i, j]
                assert int(line["rank_high"]) == board.rank_high[i, j]
                for quantity in QUANTITIES:
                    for part, suffix in PARTS.items():
                        expected = getattr(board, part)[quantity][i, j]
                        np.testing.assert_equal(as_number(line[f"{quantity}{suffix}"]), expected)


def test_no_text_of_a_csv_file_is_a_formula(written) -> None:
    folder, _ = written
    for section in SECTIONS:
        for line in read_csv(folder, section):
            for value in line.values():
                if value.startswith(FORMULA):
                    float(value)


@pytest.mark.parametrize("text", [*HOSTILE_TEXTS.values(), *(f"{c}1+1" for c in FORMULA), "'=1"])
def test_csv_texts_read_back_and_begin_no_formula(text: str) -> None:
    safe = csv_text(text)
    assert not safe.startswith(FORMULA)
    assert safe in {text, f"'{text}"}


def test_json_keeps_its_schema_and_holds_every_number(written) -> None:
    folder, boards = written
    schema = json.loads((folder / "data/board.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for section, board in boards.items():
        record = json.loads((folder / f"data/{section}.json").read_text())
        validator.validate(record)
        assert [row["name"] for row in record["rows"]] == [row.name for row in board.rows]
        assert [each["slug"] for each in record["columns"]] == [c.slug for c in board.columns]
        shape = (len(board.rows), len(board.columns))
        for part in PARTS:
            for quantity in QUANTITIES:
                got = np.array(record[part][quantity], dtype=float).reshape(shape)
                np.testing.assert_array_equal(got, getattr(board, part)[quantity])
        for name in ("rank_low", "rank_high"):
            got = np.array(record[name], dtype=int).reshape(shape)
            np.testing.assert_array_equal(got, getattr(board, name))
        for name, expected in board.overall.items():
            got = np.array(record["overall"][name], dtype=float)
            np.testing.assert_array_equal(got, expected)
        why = {(each["row"], each["column"]): each["why"] for each in record["why_unranked"]}
        assert why == dict(board.why_unranked)


def test_the_schema_refuses_what_it_does_not_name(written) -> None:
    folder, _ = written
    schema = json.loads((folder / "data/board.schema.json").read_text())
    record = json.loads((folder / "data/real.json").read_text())
    for change in ({"extra": 1}, {"section": "both"}, {"rank_low": [[-1]]}, {"rows": [{}]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(record | change, schema)


def test_netcdf_opens_again_equal_to_the_board(written) -> None:
    folder, boards = written
    for section, board in boards.items():
        with xr.open_dataset(folder / f"data/{section}.nc") as opened:
            found = opened.load()
        assert found.attrs["section"] == section
        assert found["row"].to_numpy().tolist() == [row.slug for row in board.rows]
        assert found["column"].to_numpy().tolist() == [column.slug for column in board.columns]
        for part, suffix in PARTS.items():
            for quantity in QUANTITIES:
                expected = getattr(board, part)[quantity]
                np.testing.assert_array_equal(found[f"{quantity}{suffix}"], expected)
        for name, expected in board.overall.items():
            np.testing.assert_array_equal(found[f"overall_{name}"], expected)
        np.testing.assert_array_equal(found["rank_low"], board.rank_low)
        np.testing.assert_array_equal(found["rank_high"], board.rank_high)
        for name in ("overall", *(column.slug for column in board.columns)):
            there = found["separable"].sel(ranked_by=name).to_numpy()
            np.testing.assert_array_equal(there, board.separable[name])
        if board.rows:
            assert found["model_name"].to_numpy().tolist() == [row.name for row in board.rows]


def test_checksums_are_those_that_sha256sum_finds(written) -> None:
    folder, boards = written
    run = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"],
        cwd=folder / "data",
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    listed = downloads.listing(Site(folder), boards)
    assert len(run.stdout.splitlines()) == len(listed) == 10
    for each in listed:
        assert (folder / each.path).stat().st_size == each.bytes


def test_the_same_board_gives_the_same_bytes(written, tmp_path) -> None:
    folder, boards = written
    downloads.write(Site(tmp_path), boards)
    for path in sorted((folder / "data").iterdir()):
        assert path.read_bytes() == (tmp_path / "data" / path.name).read_bytes(), path.name


# What LaTeX prints for each command that may stand in a text; the oracle of escaping.
PRINTED = {
    r"\textbackslash{}": "\\",
    r"\textbraceleft{}": "{",
    r"\textbraceright{}": "}",
    r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^",
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    r"\textbar{}": "|",
    r"\textquotedbl{}": '"',
    **{rf"\{character}": character for character in "$&#_%"},
}
TOKEN = re.compile("|".join(map(re.escape, PRINTED)))


@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS.keys())
def test_latex_prints_a_text_as_it_is(text: str) -> None:
    written = latex_text(text)
    left = TOKEN.sub("", written)
    assert not set(left) & set("\\{}$&#_%~^"), left
    printed = TOKEN.sub(lambda found: PRINTED[found[0]], written)
    seen = "".join(c for c in text if c not in "\u202e\u202c\u2066")
    assert printed == " ".join(seen.split())


def test_every_line_of_the_latex_table_has_all_columns(written) -> None:
    folder, boards = written
    for section, board in boards.items():
        text = (folder / f"data/{section}.tex").read_text()
        body = text.split("\\midrule\n")[1].split("\\bottomrule")[0].splitlines()
        assert len(body) == len(board.rows)
        for line in body:
            assert line.endswith(r" \\")
            assert len(re.findall(r"(?<!\\)&", line)) == len(board.columns) + 1


@pytest.mark.parametrize(
    ("value", "printed"), [(-0.0001, "$0.000 "), (-0.0006, "$-0.001 "), (1.2345, "$1.234 ")]
)
def test_latex_prints_numbers_as_pages_do(value: float, printed: str) -> None:
    board = board_of(score_file("one", ONE, eight(0, 0.5), value=value))
    (line,) = (each for each in board_as_latex(board).splitlines() if each.startswith("one "))

    assert line.count(printed) == 2  # the benchmark's, and the mean of it alone
    assert printed.strip("$ ") == number(value).replace("−", "-")


def parsed_bibtex(text: str) -> dict[str, str]:
    """Return the entries of BibTeX by key: a reader that counts braces and nothing else."""
    entries: dict[str, str] = {}
    place = 0
    while (start := text.find("@", place)) >= 0:
        head = re.compile(r"@\w+\{([^\s,{}]+),").match(text, start)
        assert head, text[start : start + 80]
        depth, place = 1, head.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(text[place], 0)
            place += 1
        assert head[1] not in entries
        entries[head[1]] = text[start:place]
    assert not text[place:].strip()
    return entries


def test_citations_are_bibtex_whatever_was_submitted(written) -> None:
    folder, boards = written
    entries = parsed_bibtex((folder / "data/citations.bib").read_text())
    cited = [row for board in boards.values() for row in board.rows if row.citation]
    # Rows of one paper cite the same work.
    models = {row.slug for row in cited if row.is_ranked}
    assert models <= {key.removeprefix("heschl-") for key in entries}


def test_two_works_of_one_key_are_both_kept(tmp_path) -> None:
    found = read_submissions(write_large(tmp_path, n_models=2, n_benches=1, missing=0))
    board = assemble(found, "real")
    works = ["@misc{same, title={One}}", "@misc{same, title={Other}}"]
    for row, citation in zip(board.rows, works, strict=True):
        object.__setattr__(row, "citation", citation)
    entries = parsed_bibtex(bibliography([board]))
    assert {key for key in entries if key.startswith("same")} == {"same", "same-2"}
