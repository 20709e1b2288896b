"""Folders of submissions: what they are called, what is in them, and what is kept out."""

from __future__ import annotations

import dataclasses
import gc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_board import listeners, score_file

from heschl.cards import ModelCard, Training
from heschl.errors import CorruptData, HeschlError, InvalidInput, MissingData
from heschl.leaderboard.score_file_writing import write_score_file
from heschl.leaderboard.submissions import (
    read_submissions,
    score_file_name,
    slug_of,
    surveyed,
)
from heschl.leaderboard.submitted_card import (
    Rerun,
    SubmittedCard,
    card_toml,
    parse_card,
    read_card,
    submitted_card,
    write_card,
)

ID = "hf:facebook/wav2vec2-base@0b5b8e8"
SLUG = "hf-facebook-wav2vec2-base-0b5b8e8"


def put(root, card, *files):
    folder = root / slug_of(card.id)
    folder.mkdir(parents=True)
    write_card(card, folder / "card.toml")
    for file in files:
        write_score_file(file, folder / score_file_name(file.benchmark, file.data_kind))
    return folder


def scored(model=ID, benchmark="nh2015-ridge", **changes):
    return score_file(model, benchmark, listeners(0.5, 0.6, 0.7), **changes)


@pytest.mark.parametrize(
    ("identifier", "slug"),
    [
        ("logmel", "logmel"),
        ("lebel_moth-ridge", "lebel_moth-ridge"),
        (ID, SLUG),
        ("file:./my_model.py:MyNet", "file-.-my_model.py-mynet"),
        ("a+b?c", "a-b-c"),
        ("../../etc/passwd", "etc-passwd"),
        ("<b>", "b"),
    ],
)
def test_a_slug_is_readable(identifier, slug):
    assert slug_of(identifier) == slug


@given(st.text(min_size=1, max_size=200))
@settings(max_examples=200)
def test_a_slug_is_one_name_of_a_folder(identifier):
    slug = slug_of(identifier)
    assert 0 < len(slug) <= 110
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")
    assert slug[0] not in ".-"
    assert slug_of(slug) == slug


def test_ids_of_other_letters_do_not_collide():
    found = {slug_of(name) for name in ("语音", "音声", "речь", "x" * 200, "x" * 201)}
    assert len(found) == 5


def test_submissions_are_read_by_slug_benchmark_and_data(tmp_path):
    real, phantom = scored(), scored(data_kind="phantom")
    card = SubmittedCard(ID, "wav2vec 2.0")
    put(tmp_path, card, real, phantom)
    (tmp_path / "README.md").write_text("words")
    (tmp_path / ".git").mkdir()
    (tmp_path / SLUG / "my_model.py").write_text("raise SystemExit  # never run")

    found = read_submissions(tmp_path)

    assert found.cards == {SLUG: card}
    assert set(found.files) == {(SLUG, "nh2015-ridge", kind) for kind in ("real", "phantom")}
    assert found.files[SLUG, "nh2015-ridge", "real"].primary == real.primary
    assert gc.isenabled()


def test_one_submission_in_place_of_their_folder_is_refused(tmp_path):
    one = put(tmp_path, SubmittedCard(ID, "wav2vec 2.0"), scored())

    with pytest.raises(InvalidInput, match=f"is one submission .*the others, {tmp_path}$"):
        read_submissions(one)


def test_card_that_an_editor_of_windows_wrote_is_read(tmp_path):
    card = SubmittedCard(ID, "wav2vec 2.0")
    plain = card_toml(card)

    assert parse_card(b"\xef\xbb\xbf" + plain.replace("\n", "\r\n").encode(), "card.toml") == card


def test_all_that_is_wrong_is_told_and_the_rest_read(tmp_path):
    put(tmp_path, SubmittedCard("good", "Good"), scored("good"))
    bad = put(tmp_path, SubmittedCard("bad", "Bad"), scored("bad"))
    write_score_file(scored("good"), bad / "other.json")
    write_score_file(scored("bad"), bad / "nh2015-rsa.json")
    (bad / "link.json").symlink_to(bad / "nh2015-ridge.json")
    (tmp_path / "linked").symlink_to(bad)
    (tmp_path / "empty").mkdir()
    put(tmp_path, SubmittedCard("moved", "Moved")).rename(tmp_path / "elsewhere")

    found, problems = surveyed(tmp_path)

    assert set(found.cards) == {"good", "bad"}
    assert set(found.files) == {(name, "nh2015-ridge", "real") for name in found.cards}
    for message in (
        "other.json is a score of 'good' beside the card of 'bad'",
        "nh2015-rsa.json is of nh2015-ridge (real data), whose file is called nh2015-ridge.json",
        "link.json is a link or a folder",
        "linked is a link",
        "there is no",
        "card.toml is of 'moved', whose folder is 'moved'",
    ):
        assert any(message in problem for problem in problems), message
    assert len(problems) == 6
    with pytest.raises(CorruptData, match=r"; and 1 more. `heschl submissions check` shows all"):
        read_submissions(tmp_path)


def test_a_linked_card_is_refused(tmp_path):
    folder = put(tmp_path, SubmittedCard("net", "Net"))
    secret = tmp_path / "secret"
    (folder / "card.toml").rename(secret)
    (folder / "card.toml").symlink_to(secret)
    _, problems = surveyed(tmp_path)
    assert "card.toml is a link" in problems[0]


def test_no_folder_is_missing_data(tmp_path):
    with pytest.raises(MissingData, match="there is no folder"):
        read_submissions(tmp_path / "none")


CARD = SubmittedCard(
    id="net",
    name='=cmd|"/c calc"!A0 <script>\u202e😀' + "x" * 300,
    summary="Two\nlines, and ''' quotes \\ \"\"\"",
    parameters=94_000_000,
    url="https://example.org/net",
    citation='@article{net,\n  title = {A \\"o},\n}',
    training=Training("contrastive", ("LibriSpeech",), ("en",), 960.0),
    rerun=Rerun("maintainers", "2026-11-21", "the same"),
)


@pytest.mark.parametrize("card", [CARD, SubmittedCard("net", "Net")], ids=["full", "least"])
def test_a_card_is_read_as_it_was_written(card, tmp_path):
    assert read_card(write_card(card, tmp_path / "card.toml")) == card


@given(
    st.builds(
        SubmittedCard,
        id=st.just("net"),
        name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip),
        summary=st.text(st.characters(exclude_categories=["Cs"])),
        citation=st.text(st.characters(exclude_categories=["Cs"])),
        parameters=st.none() | st.integers(0, 2**53 - 1),
        training=st.builds(Training, hours=st.none() | st.floats(0, 1e12)),
    )
)
@settings(max_examples=60, deadline=None)
def test_a_card_is_kept_to_the_character_or_refused(card):
    try:
        found = parse_card(card_toml(card).encode(), "card.toml")
    except CorruptData:
        return
    differing = [
        each.name
        for each in dataclasses.fields(card)
        if getattr(found, each.name) != getattr(card, each.name)
    ]
    assert differing in ([], ["citation"], ["summary"], ["summary", "citation"])
    if differing:  # ends of lines alone, where a text has more than one
        assert "\r" in card.summary + card.citation


def test_a_card_that_would_change_is_not_written(tmp_path):
    card = dataclasses.replace(CARD, summary="a\r\nb\n")
    with pytest.raises(InvalidInput, match="without changing it"):
        write_card(card, tmp_path / "card.toml")
    assert not (tmp_path / "card.toml").exists()


def test_a_card_of_bytes_that_are_no_text_is_refused(tmp_path):
    card = dataclasses.replace(CARD, submitted_by=b"\xc4rger".decode("utf-8", "surrogateescape"))
    with pytest.raises(InvalidInput, match=r"bytes that are no UTF-8 .*; write it in UTF-8"):
        write_card(card, tmp_path / "card.toml")
    assert not (tmp_path / "card.toml").exists()


def test_a_registered_card_becomes_a_submitted_one():
    card = ModelCard("net", "m:n", "A net", untrained_twin="net-random", training=CARD.training)
    found = submitted_card(card, submitted_by="A", how_to_run="pip install net==1")
    assert found == SubmittedCard(
        "net",
        "net",
        "A net",
        untrained_twin="net-random",
        submitted_by="A",
        how_to_run="pip install net==1",
        training=CARD.training,
    )


@pytest.mark.parametrize("said", ["", "[training]\n", "[training]\nhours = 960\n"])
def test_a_card_without_an_objective_does_not_say_untrained(said):
    found = parse_card(f"{HEAD}{said}".encode(), "card.toml")
    assert found.training.is_trained is None


HEAD = 'schema_version = 1\nid = "net"\nname = "Net"\n'
MALFORMED = {
    "no toml": ("id = ", "is not TOML in UTF-8"),
    "other bytes": (b"\xff", "is not TOML in UTF-8"),
    "brackets": ("a = " + "[" * 5000, "is not TOML in UTF-8"),
    "no version": ('id = "a"', "begin it with schema_version = 1"),
    "a later version": ("schema_version = 2", "update it: pip install -U heschl"),
    "no name": ('schema_version = 1\nid = "a"', "the card lacks name"),
    "a blank name": (HEAD.replace("Net", " "), "name is empty"),
    "an invisible id": (HEAD.replace('"net"', '"a\\u202eb"'), "expected characters that can be"),
    "a field too many": (HEAD + "colour = 1", "has 'colour', which is no field"),
    "a numeric summary": (HEAD + "summary = 1", "summary is 1; expected a text"),
    "a long name": (HEAD.replace("Net", "x" * 501), "at most 500 characters"),
    "a spelt modality": (HEAD + 'modality = "smell"', "expected audio or text"),
    "a script as url": (HEAD + 'url = "javascript:alert(1)"', "begins with https:// or http://"),
    "half a parameter": (HEAD + "parameters = 1.5", "expected a whole number"),
    "a true parameter": (HEAD + "parameters = true", "expected a whole number"),
    "training of text": (HEAD + 'training = "long"', "expected a table of TOML"),
    "a list of numbers": (HEAD + "[training]\nlanguages = [1]", "training.languages is 1"),
    "a language alone": (HEAD + '[training]\nlanguages = "en"', "expected a list of names"),
    "hours of text": (HEAD + '[training]\nhours = "9"', "training.hours is '9'"),
    "endless hours": (HEAD + "[training]\nhours = inf", "training.hours is inf"),
    "negative hours": (HEAD + "[training]\nhours = -1", "training.hours is -1"),
    "a rerun by nobody": (HEAD + '[rerun]\nby = " "\ndate = "x"', "rerun.by is empty"),
    "a rerun of no date": (HEAD + '[rerun]\nby = "A"', "[rerun] lacks date"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_card_is_refused(name):
    content, message = MALFORMED[name]
    with pytest.raises(CorruptData) as error:
        parse_card(content if isinstance(content, bytes) else content.encode(), "net/card.toml")
    assert str(error.value).startswith("net/card.toml")
    assert message in str(error.value)
    assert isinstance(error.value, HeschlError)


def test_a_large_card_is_refused(tmp_path):
    (tmp_path / "card.toml").write_bytes(b"#" * (2**16 + 1))
    with pytest.raises(CorruptData, match="65,537 bytes, where a card has at most 65,536"):
        read_card(tmp_path / "card.toml")
