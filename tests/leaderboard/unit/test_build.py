"""A site is built whole or not at all, the same each time, and nothing in it leads nowhere."""

from __future__ import annotations

import hashlib
import json
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from made_hostile import write_hostile
from made_submissions import write_large

from heschl.cli import main
from heschl.errors import CorruptData, InvalidInput, MissingData
from heschl.leaderboard import about_page, main_page
from heschl.leaderboard.build import build

PAGES = {
    "index.html",
    "simulated.html",
    "table.html",
    "simulated-table.html",
    "compare.html",
    "about.html",
}


class Page(HTMLParser):
    """What a page names: addresses, ids, inline code."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.inline: list[str] = []
        self._is_script = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.addresses += [value for name, value in attrs if name in {"href", "src"} and value]
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.inline += [f"{tag} {name}" for name in given if name == "style" or name[:2] == "on"]
        is_code = given.get("type", "") != "application/json"
        if tag == "style" or (tag == "script" and "src" not in given and is_code):
            self.inline.append(tag)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def submissions(tmp_path_factory) -> Path:
    return write_large(tmp_path_factory.mktemp("few") / "submissions", n_models=6, n_benches=4)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Path:
    return write_hostile(tmp_path_factory.mktemp("hostile") / "submissions", "hostile")


@pytest.fixture(scope="module")
def site(submissions, tmp_path_factory) -> Path:
    return build(submissions, tmp_path_factory.mktemp("site") / "site")


@pytest.fixture(scope="module")
def hostile_site(hostile, tmp_path_factory) -> Path:
    return build(hostile, tmp_path_factory.mktemp("hostile-site") / "site")


def test_every_kind_of_page_is_there(site, submissions):
    written = set(contents(site))

    models = {f"models/{folder.name}.html" for folder in submissions.iterdir() if folder.is_dir()}
    assert written >= PAGES | models
    assert len([name for name in written if name.startswith("benchmarks/")]) == 4


def test_second_build_is_the_same_to_the_byte(site, submissions, tmp_path):
    assert contents(build(submissions, tmp_path / "again")) == contents(site)


@pytest.mark.parametrize("which", ["site", "hostile_site"])
def test_every_link_within_the_site_leads_somewhere(which, request):
    folder = request.getfixturevalue(which)
    written = contents(folder)
    pages = {name: Page(text.decode()) for name, text in written.items() if name[-5:] == ".html"}

    for name, page in pages.items():
        assert len(page.ids) == len(set(page.ids)), name
        for address in page.addresses:
            parts = urlsplit(address)
            if parts.scheme:
                assert parts.scheme in {"http", "https"}, (name, address)
                continue
            assert not address.startswith("/"), (name, address)
            target = unquote(urljoin(name, parts.path)) if parts.path else name
            assert target in written, (name, address)
            is_anchor = parts.fragment and "=" not in parts.fragment
            if is_anchor and target in pages:
                assert unquote(parts.fragment) in pages[target].ids, (name, address)


@pytest.mark.parametrize("which", ["site", "hostile_site"])
def test_pages_have_nothing_inline_and_the_same_policy(which, request):
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'none'"
    )
    for name, text in contents(request.getfixturevalue(which)).items():
        if name.endswith(".html"):
            assert policy in text.decode(), name
            assert Page(text.decode()).inline == [], name


@pytest.mark.parametrize("variant", ["empty", "one"])
def test_few_submissions_make_a_whole_site(variant, tmp_path):
    folder = build(write_hostile(tmp_path / "submissions", variant), tmp_path / "site")

    assert set(contents(folder)) >= PAGES


def test_no_page_prints_what_is_not_a_number(hostile_site):
    for name, text in contents(hostile_site).items():
        if name.endswith(".html"):
            shown = Page(text.decode())
            assert not {"nan", "inf", "-inf", "None"} & set(shown.addresses)
            for written in (">nan<", ">NaN<", ">inf<", ">None<", "±nan"):
                assert written not in text.decode(), name


@pytest.mark.parametrize("page", [about_page, main_page])  # of each of the two processes
@pytest.mark.parametrize("error", [KeyboardInterrupt(), CorruptData("no such page; mend it")])
def test_interrupted_build_leaves_the_last_site(
    page, error, site, submissions, tmp_path, monkeypatch
):
    folder = build(submissions, tmp_path / "site")

    def interrupted(*_):
        raise error

    monkeypatch.setattr(page, "write", interrupted)
    with pytest.raises(type(error)) as caught:
        build(submissions, folder)
    assert str(caught.value) == str(error)

    assert contents(folder) == contents(site)
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_older_pages_go_with_the_submission_that_has_gone(submissions, tmp_path):
    folder = build(submissions, tmp_path / "site")
    (folder / "models" / "gone.html").write_text("gone")

    build(submissions, folder)

    assert not (folder / "models" / "gone.html").exists()


def test_score_files_are_offered_to_the_letter_and_by_digest(submissions, site):
    for folder in sorted(submissions.iterdir()):
        offered = site / "data" / "scores" / f"{folder.name}.json"
        page = (site / "models" / f"{folder.name}.html").read_text()

        submitted = {path.read_text().strip() for path in folder.glob("*.json")}
        lines = offered.read_text().removeprefix("[\n").removesuffix("\n]\n")
        assert len(json.loads(offered.read_text())) == len(submitted) > 0
        assert all(text in lines for text in submitted)
        assert len(lines) == sum(map(len, submitted)) + len(",\n") * (len(submitted) - 1)
        assert hashlib.sha256(offered.read_bytes()).hexdigest() in page
        assert f"../data/scores/{folder.name}.json" in Page(page).addresses


def test_folder_with_something_else_is_refused_and_kept(submissions, tmp_path):
    (tmp_path / "thesis.tex").write_text("years")

    with pytest.raises(InvalidInput, match="something else than a site"):
        build(submissions, tmp_path)

    assert (tmp_path / "thesis.tex").read_text() == "years"


def test_file_in_the_place_of_the_site_is_refused(submissions, tmp_path):
    (tmp_path / "site").write_text("a file")

    with pytest.raises(InvalidInput, match="is a file"):
        build(submissions, tmp_path / "site")


def test_site_within_the_submissions_is_refused(submissions):
    for folder in (submissions, submissions / "site"):
        with pytest.raises(InvalidInput, match="within the submissions"):
            build(submissions, folder)


def test_absent_submissions_are_refused_with_the_ways_to_some(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(MissingData, match="heschl submit"):
        build(tmp_path / "submissions", tmp_path / "site")
    assert main(["board", "build"]) == 1
    assert "clone" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


def test_command_says_how_to_open_the_site(submissions, tmp_path, capsys):
    assert main(["board", "build", str(submissions), str(tmp_path / "site")]) == 0
    printed, said = capsys.readouterr()
    assert main(["board", "build", str(submissions), str(tmp_path / "site"), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)

    assert record == {
        "folder": str(tmp_path / "site"),
        "open": (tmp_path / "site" / "index.html").as_uri(),
    }
    assert record["open"] in printed
    assert "heschl board serve" in printed
    assert said.startswith("building the site of ")


def test_words_that_do_not_go_together_are_refused(submissions, capsys):
    assert main(["board", "build", str(submissions), "--port", "1"]) == 1
    assert main(["board", "serve", str(submissions), "site"]) == 1
    assert "serve writes no folder" in capsys.readouterr().err
