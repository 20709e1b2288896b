"""The colours of the pages can be read: in both themes, and by readers who see fewer of them."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

CSS = Path(__file__).parents[3] / "leaderboard" / "static" / "heschl.css"
THEMES = ("light", "dark")
STEPS = 256
QUARTERS = (0, 64, 128, 191, 255)

# Machado, Oliveira & Fernandes 2009, severity 1, on linear RGB.
SEEN_BY = {
    "everyone": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
# IEC 61966-2-1, D65
XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def linear(colour: str) -> np.ndarray:
    """Return a colour such as ``#a1b2c3`` as linear RGB."""
    digits = colour.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    encoded = np.array([int(digits[at : at + 2], 16) for at in (0, 2, 4)]) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    low, high = sorted(float(XYZ[1] @ linear(each)) for each in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    relative = XYZ @ np.clip(rgb, 0, 1) / XYZ.sum(axis=1)
    curved = np.where(relative > (6 / 29) ** 3, np.cbrt(relative), relative * 841 / 108 + 4 / 29)
    x, y, z = curved
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def pair(name: str, text: str) -> tuple[str, str]:
    found = re.search(rf"(?<![\w-]){name}:light-dark\(\s*([^,)]+?)\s*,\s*([^,)]+?)\s*\)", text)
    assert found, f"{name} is not in {text[:80]}"
    return found[1], found[2]


@pytest.fixture(scope="module")
def css() -> str:
    return re.sub(r":\s+", ":", CSS.read_text())


@pytest.fixture(scope="module")
def ramp(css) -> dict[str, list[tuple[str, str]]]:
    """Return (background, text) of every step in each theme."""
    backgrounds: dict[int, tuple[str, str]] = {}
    texts: dict[int, tuple[str, str]] = {}
    for selectors, body in re.findall(r"((?:\.r\d+,?)+)\{([^}]*)\}", css):
        for step in map(int, re.findall(r"\d+", selectors)):
            if "background-color" in body:
                backgrounds[step] = pair("background-color", body)
            else:
                texts[step] = pair("color", body)
    assert sorted(backgrounds) == sorted(texts) == list(range(STEPS))
    return {
        theme: [(backgrounds[step][at], texts[step][at]) for step in range(STEPS)]
        for at, theme in enumerate(THEMES)
    }


@pytest.mark.parametrize("theme", THEMES)
def test_ramp_can_be_read_on_every_step(ramp, theme):
    assert min(contrast(background, text) for background, text in ramp[theme]) >= 4.5


@pytest.mark.parametrize("seen_by", SEEN_BY)
@pytest.mark.parametrize("theme", THEMES)
def test_ramp_grows_in_one_direction_of_lightness(ramp, theme, seen_by):
    lightness = [lab(SEEN_BY[seen_by] @ linear(background))[0] for background, _ in ramp[theme]]
    towards = 1 if theme == "dark" else -1

    # Two neighbours may round to colours a hair apart; over four steps nothing turns back.
    assert all(towards * (after - before) > -0.1 for before, after in pairwise(lightness))
    assert all(
        towards * (after - before) > 0
        for before, after in zip(lightness, lightness[4:], strict=False)
    )


@pytest.mark.parametrize("seen_by", SEEN_BY)
@pytest.mark.parametrize("theme", THEMES)
def test_quarters_of_the_ramp_are_told_apart(ramp, theme, seen_by):
    seen = [lab(SEEN_BY[seen_by] @ linear(ramp[theme][step][0])) for step in QUARTERS]

    assert min(float(np.linalg.norm(a - b)) for a, b in pairwise(seen)) >= 10


@pytest.mark.parametrize("ground", ["--paper", "--surface", "--raised"])
@pytest.mark.parametrize(
    "text", ["--ink", "--ink-2", "--ink-3", "--accent", "--bad", "--good", "--warn"]
)
@pytest.mark.parametrize("at", range(2), ids=THEMES)
def test_text_can_be_read_on_every_ground(css, text, ground, at):
    assert contrast(pair(text, css)[at], pair(ground, css)[at]) >= 4.5


@pytest.mark.parametrize("at", range(2), ids=THEMES)
def test_text_can_be_read_on_the_accent(css, at):
    assert contrast(pair("--accent-ink", css)[at], pair("--accent", css)[at]) >= 4.5
    assert contrast(pair("--accent", css)[at], pair("--accent-wash", css)[at]) >= 4.5


@pytest.mark.parametrize("ground", ["--paper", "--surface", "--raised"])
@pytest.mark.parametrize("mark", ["--focus", "--field", *(f"--series-{n}" for n in range(1, 9))])
@pytest.mark.parametrize("at", range(2), ids=THEMES)
def test_marks_stand_out_from_every_ground(css, mark, ground, at):
    assert contrast(pair(mark, css)[at], pair(ground, css)[at]) >= 3


def test_focus_and_quiet_text_borrow_the_ink_of_a_tinted_cell(css):
    rules = re.findall(r"((?:\.r\d+,?)+)\{([^}]*--focus[^}]*)\}", css)

    assert sum(len(re.findall(r"\d+", selectors)) for selectors, _ in rules) == STEPS
    for _, body in rules:
        ink = pair("color", body)
        assert {pair(name, body) for name in ("--focus", "--ink-2", "--ink-3")} == {ink}
