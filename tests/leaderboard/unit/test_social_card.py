"""Others can show a picture beside a link, where the site knows its address, and else nothing."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from made_hostile import write_hostile
from made_submissions import write_layered
from page_reading import read_page
from PIL import Image

from heschl.cli import main
from heschl.errors import InvalidInput
from heschl.leaderboard.assembly import assemble
from heschl.leaderboard.build import build
from heschl.leaderboard.social_card import card
from heschl.leaderboard.submissions import Submissions, read_submissions

ADDRESS = "https://example.org/board"
META = re.compile(r'<meta (?:property|name)="((?:og|twitter):[^"]+)" content="([^"]*)">')


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)


def test_pages_name_their_picture_by_a_whole_address(tmp_path: Path) -> None:
    submitted = write_hostile(tmp_path / "submissions", variant="hostile")
    site = build(submitted, tmp_path / "site", ADDRESS)

    for path in sorted(site.rglob("*.html")):
        text = path.read_text()
        assert read_page(text).problems == [], path.name
        said = dict(META.findall(text))
        title = re.search(r"<title>(.*?)</title>", text, re.DOTALL)
        assert said["og:title"] == title[1].replace('"', "&#34;")
        assert said["og:image"] == f"{ADDRESS}/card.png"
        assert said["og:url"].startswith(f"{ADDRESS}/")
        assert said["twitter:card"] == "summary_large_image"
    assert pixels((site / "card.png").read_bytes()).shape == (630, 1200, 3)


def test_without_an_address_there_is_no_picture(tmp_path: Path) -> None:
    site = build(write_hostile(tmp_path / "submissions", variant="one"), tmp_path / "site")

    assert not (site / "card.png").exists()
    assert not META.search((site / "index.html").read_text())


def test_the_picture_is_of_the_first_real_map_on_the_pages_paper(tmp_path: Path) -> None:
    found = read_submissions(write_layered(tmp_path / "submissions"))
    boards = {section: assemble(found, section) for section in ("real", "phantom")}
    nothing = assemble(Submissions({}, {}), "real")

    coloured, bare = card(boards), card({"real": nothing, "phantom": boards["phantom"]})

    assert coloured == card(boards)
    for content in (coloured, bare):
        assert (pixels(content)[:, :100] == (0xFD, 0xFD, 0xFB)).all()
    saturation = [np.ptp(pixels(content), axis=2).max() for content in (coloured, bare)]
    assert saturation[0] > 40  # the ramp, up to a third of it
    assert saturation[1] < 20  # greys alone


@pytest.mark.parametrize(
    "address",
    ["example.org", "ftp://example.org/", "https://", "https://a.org/?x=1", "javascript:x"],
)
def test_what_is_no_address_of_a_folder_is_refused(tmp_path: Path, address: str) -> None:
    submitted = write_hostile(tmp_path / "submissions", variant="one")
    with pytest.raises(InvalidInput, match="that of the site's folder on the web"):
        build(submitted, tmp_path / "site", address)
    assert not (tmp_path / "site").exists()


def test_a_board_that_is_served_here_has_no_address(capsys, tmp_path: Path) -> None:
    assert main(["board", "serve", str(tmp_path), "--address", ADDRESS]) != 0
    assert "for this machine alone" in capsys.readouterr().err
