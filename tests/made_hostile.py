"""Fixture C: what nobody should submit."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from made_score_files import made_file, provenance
from made_submissions import layered_benches, made_card, write_files

from heschl.cards import Training
from heschl.leaderboard.score_file import ScoreFile
from heschl.leaderboard.submitted_card import SubmittedCard

HOSTILE_TEXTS = {
    "markup": "<script>window.pwned = 1</script>",
    "attribute": '"><img src=x onerror="window.pwned = 1">',
    "template": "{{ 7 * 7 }} ${7 * 7} {% raw %}",
    "direction": "model \u202eevil\u202c \u2066isolate",
    "script": "نموذج الكلام",
    "emoji": "👩🏽‍🔬🧠 brain",
    "combining": "Z̷̢a̵l̶g̸o̴" * 3,
    "long": "longest " * 37 + "name",
    "unbroken": "x" * 300,
    "newline": "two\nlines\tand a tab",
    "formula": '=HYPERLINK("http://evil.example","click")',
    "command": "+cmd|' /C calc'!A0",
    "quotes": "\"double\" 'single' `back` \\ slash, comma; semicolon",
    "latex": "\\input{/etc/passwd} $x_1$ & 100 % #1 ~ ^ {",
    "separator": "line\u2028separator ]]> <!-- -->",
}
"""What a submitter might call a model."""

HOSTILE_NUMBERS = {
    "nan": lambda values: np.full_like(values, np.nan),
    "above": lambda values: values + 1,
    "negative": lambda values: -values,
    "huge": lambda values: values * 1e6,
    "tiny": lambda values: values * 1e-9,
    "zero": lambda values: values * 0.0,
}


def write_hostile(folder: Path, variant: str) -> Path:
    """Write fixture C: ``empty``, ``one`` model, or ``hostile`` texts and numbers."""
    if variant == "empty":
        return write_files(folder, (), {})
    bench = layered_benches()[0]
    if variant == "one":
        card = made_card("lonely", np.random.default_rng(7))
        values = np.linspace(0.4, 0.6, len(bench.names))
        return write_files(folder, [made_file("lonely", bench, values)], {"lonely": card})
    return write_files(folder, hostile_files(), {each.id: each for each in hostile_cards()})


def hostile_cards() -> Iterator[SubmittedCard]:
    """Yield models whose every text is hostile, and some whose numbers are."""
    for kind, text in HOSTILE_TEXTS.items():
        training = Training(objective=text, datasets=(text,), languages=(text,), hours=0.5)
        texts = dict.fromkeys(("summary", "family", "licence", "submitted_by", "how_to_run"), text)
        yield SubmittedCard(
            id=f"hostile-{kind}", name=text, citation=text, training=training, **texts
        )
    for kind in HOSTILE_NUMBERS:
        yield SubmittedCard(id=f"numbers-{kind}", name=f"Numbers {kind}", parameters=0)


def hostile_files() -> Iterator[ScoreFile]:
    """Yield the score files of `hostile_cards`, on known benchmarks and an unknown one."""
    generator = np.random.default_rng(8)
    known = layered_benches()[:3]
    strange = dataclasses.replace(
        known[0], id='<img src=x onerror="window.pwned = 1">', dataset="<b>"
    )
    for card in hostile_cards():
        kind = card.id.split("-", 1)[1]
        for bench in (*known, strange):
            values = 0.5 + generator.normal(0, 0.05, len(bench.names))
            values = HOSTILE_NUMBERS.get(kind, lambda same: same)(values)
            text = card.name
            yield made_file(
                card.id,
                bench,
                values,
                explanation=text,
                citation=text,
                score_meaning=text,
                provenance=provenance(card.id, bench) | {"command": text, "hardware": text},
                extra={"note": text},
            )
