"""The check of submissions: each thing that may not stand is one error, and nothing else is."""

from __future__ import annotations

import dataclasses
import json
import subprocess

import numpy as np
import pytest
from made_scores import made_score, without_values

from heschl import registry
from heschl.cards import BenchmarkCard
from heschl.configuration import digest
from heschl.errors import InvalidInput, MissingData
from heschl.leaderboard.rank_changes import rank_changes
from heschl.leaderboard.score_file import Estimate, Samples
from heschl.leaderboard.score_file_of_score import from_score
from heschl.leaderboard.score_file_reading import read_score_file
from heschl.leaderboard.score_file_writing import write_score_file
from heschl.leaderboard.submission_base import base_of
from heschl.leaderboard.submission_check import check, removed
from heschl.leaderboard.submissions import read_submissions, score_file_name
from heschl.leaderboard.submitted_card import Rerun, SubmittedCard, write_card

DIGESTS = {"sounds": {"a": "12"}, "recordings": {"S1": "34"}}


@pytest.fixture(autouse=True)
def _benchmark(fresh_session):
    registry.register_benchmark(BenchmarkCard("made-ridge", load="a:b", summary="", version=2))


@pytest.fixture
def score():
    values = 0.4 + 0.05 * np.random.default_rng(0).standard_normal((8, 2, 10))
    score = made_score(values, "net", benchmark_version=2)
    tree = score.tree["provenance"]
    tree.attrs |= {
        "model": "net",
        "benchmark": "made-ridge",
        "benchmark_version": "2",
        "dataset": "made",
        "data_kind": "phantom",
        "seed": "0",
        "git": '{"state":"clean"}',
        "data_digests": json.dumps(DIGESTS),
    }
    return score


@pytest.fixture
def folder(score, tmp_path):
    """Return submissions of one model, with which nothing is wrong."""
    put(tmp_path, score)
    return tmp_path / "submissions"


def put(tmp_path, score, model="net", **card):
    place = tmp_path / "submissions" / model
    place.mkdir(parents=True, exist_ok=True)
    source = score.save(tmp_path / "scores" / f"{model}.nc")
    file = from_score(score, source, "self-reported")
    write_score_file(file, place / score_file_name("made-ridge", "phantom"))
    write_card(SubmittedCard(model, model, **card), place / "card.toml")


def changed(folder, provenance=None, **changes):
    """Change the score file in place, as somebody's editor would."""
    path = folder / "net" / "made-ridge.phantom.json"
    record = json.loads(path.read_text()) | changes
    record["provenance"] |= provenance or {}
    path.write_text(json.dumps(record))


def remarks(folder, severity="error", scores=None):
    return [remark.text for remark in check(folder, scores)[1] if remark.severity == severity]


def test_nothing_is_said_of_what_is_right(folder, tmp_path):
    assert check(folder, tmp_path / "scores")[1] == []


def test_only_files_are_held_against_and_a_folder_named_as_one_is_none(folder, tmp_path):
    (tmp_path / "scores" / "old.nc").mkdir()

    assert check(folder, tmp_path / "scores")[1] == []


def test_folder_without_submissions_is_remarked_on(tmp_path):
    (tmp_path / "suite.yaml").write_text("models: [logmel]")

    assert remarks(tmp_path) == []
    (told,) = remarks(tmp_path, "warning")
    assert told.startswith("it holds no submission; expected a folder for each model, with a card")


def test_nothing_is_said_of_listeners_without_a_value_in_some_layer(score, tmp_path):
    """Their mean is over the other layers in the board's number, so it is in the samples."""
    put(tmp_path, without_values(score, ("block.0", "S2"), ("block.1", "S5")))

    assert check(tmp_path / "submissions", tmp_path / "scores")[1] == []
    file = read_score_file(tmp_path / "submissions/net" / score_file_name("made-ridge", "phantom"))
    assert len(file.samples.names) == 8


def primary(folder, **changes):
    path = folder / "net" / "made-ridge.phantom.json"
    regions = json.loads(path.read_text())["regions"]
    regions[0]["normalised"] |= changes
    return regions


WRONG = {
    "a provenance that lacks": (
        lambda folder: changed(folder, {"command": ""}),
        "the provenance lacks command: what was typed",
    ),
    "another configuration": (
        lambda folder: changed(folder, {"configuration": {"benchmark": {"seed": 1}}}),
        "configuration_digest: it is not the configuration's digest",
    ),
    "another dataset": (
        lambda folder: changed(folder, dataset="other"),
        "dataset is 'other', in the provenance 'made'; submit it anew",
    ),
    "digests of another form": (
        lambda folder: changed(folder, {"data_digests": {"sounds": {"a": "12"}}}),
        "data_digests of the provenance is not of the form",
    ),
    "a better mean": (
        lambda folder: changed(folder, regions=primary(folder, value=0.9)),
        "the mean of the samples' normalised is 0.39662, that of all is said to be 0.9",
    ),
    "a smaller error": (
        lambda folder: changed(folder, regions=primary(folder, error=0.0001)),
        "the standard error of the samples' normalised is 0.00",
    ),
    "a later version": (
        lambda folder: changed(folder, {"benchmark_version": 3}, benchmark_version=3),
        "version 3 of made-ridge, which is at 2 here",
    ),
    "a rerun by nobody": (
        lambda folder: changed(folder, status="rerun"),
        "its status is rerun, and the card has no [rerun]",
    ),
    "a citation of nothing": (
        lambda folder: changed(folder, status="published"),
        "it is published and cites nothing",
    ),
    "what cannot be read": (
        lambda folder: changed(folder, primary_roi="V1"),
        "primary_roi is 'V1'",
    ),
    "a program": (
        lambda folder: (folder / "net" / "run.sh").write_text("true"),
        "it is no file of a submission",
    ),
    "a folder within": (
        lambda folder: (folder / "net" / "more").mkdir(),
        "it is no file of a submission",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_may_not_stand_is_one_error(name, folder):
    spoil, message = WRONG[name]
    spoil(folder)
    found = remarks(folder)
    assert len(found) == 1
    assert message in found[0]


def test_errors_and_intervals_of_draws_are_those_of_the_draws_beside_them(folder):
    path = folder / "net" / "made-ridge.phantom.json"
    file = read_score_file(path)
    draws = np.random.default_rng(0).normal(0.5, 0.05, 1000)

    def with_error(error: float, low: float) -> None:
        high = float(np.quantile(draws, 0.975))
        stated = Estimate(0.5, error, low, high, float("nan"))
        region = dataclasses.replace(file.primary, score=stated, normalised=stated)
        others = [each for each in file.regions if each.name != region.name]
        values = tuple(draws.tolist())
        kept = Samples("stimulus", is_drawn=True, names=("d",), score=values, normalised=values)
        write_score_file(dataclasses.replace(file, samples=kept, regions=(region, *others)), path)

    low = float(np.quantile(draws, 0.025))
    with_error(draws.std(ddof=1), low)
    assert remarks(folder) == []
    with_error(draws.std(ddof=1) / 2, low)
    assert [text.split(" is ")[0] for text in remarks(folder)] == [
        "the standard error of the draws' score",
        "the standard error of the draws' normalised",
    ]
    with_error(draws.std(ddof=1), 0.45)
    assert all("the lower end of the draws'" in text for text in remarks(folder))
    assert len(remarks(folder)) == 2


def test_a_rerun_that_is_told_of_may_stand(folder):
    changed(folder, status="rerun")
    card = SubmittedCard("net", "net", rerun=Rerun("maintainers", "2026-11-21"))
    write_card(card, folder / "net" / "card.toml")
    assert remarks(folder) == []


def test_what_a_reader_should_know_is_a_warning(folder, score, tmp_path):
    changed(
        folder,
        {"benchmark_version": 1, "git": {"state": "changed", "commit": "abc"}},
        benchmark_version=1,
    )
    other = dataclasses.replace(
        from_score(score, tmp_path / "scores" / "net.nc", "self-reported"),
        benchmark="unknown-ridge",
        samples=Samples("listener", is_drawn=True, names=(), score=(), normalised=()),
        provenance=score.provenance
        | {
            "benchmark": "unknown-ridge",
            "benchmark_version": 2,
            "model_digest": "another",
            "data_digests": {},
        },
    )
    write_score_file(other, folder / "net" / "unknown-ridge.phantom.json")

    assert remarks(folder) == []
    found = remarks(folder, "warning")
    assert len(found) == 5
    for message in (
        "version 1 of made-ridge, which is at 2: stale until it is scored again",
        "computed from changes to abc that were not committed",
        "unknown-ridge is not registered here, so its version was not checked",
        "it has no samples to compare models by",
        "its scores are of 2 states of the model",
    ):
        assert any(message in text for text in found), message


def test_files_are_held_against_their_scores(folder, tmp_path):
    changed(folder, primary_roi="all", explanation="better")
    (told,) = remarks(folder, scores=tmp_path / "scores")
    assert told.startswith("explanation is not what ")
    changed(folder, source_sha256="0" * 64)
    (told,) = remarks(folder, scores=tmp_path / "scores")
    assert told.startswith("no netCDF file has its digest, 000000000000…")
    with pytest.raises(MissingData, match="name that of the netCDF files"):
        check(folder, tmp_path / "none")


SEEN = {"dataset": "made", "data_kind": "phantom", "subjects": [], "stimuli": ["b", "c"]}
HELD_OUT = {"splitter": {"splitter": {"kind": "HeldOutStimuli", "test": ["b"]}, "unfitted": ["c"]}}


def branded(folder, configuration, **extra):
    """Put a configuration with its right digest, and an extra."""
    record = json.loads((folder / "net" / "made-ridge.phantom.json").read_text())
    whole = {"seen": [SEEN | {"dataset": record["dataset"]}], **configuration}
    changed(folder, {"configuration": whole, "configuration_digest": digest(whole)}, extra=extra)


def test_what_a_model_had_seen_cannot_be_taken_from_a_file(folder):
    brand = {"trained_on_test_data": "b"}
    for benchmark in (HELD_OUT, {"alignment": HELD_OUT}):
        branded(folder, {"benchmark": benchmark, "fairness": brand}, **brand)
        assert remarks(folder) == []

        branded(folder, {"benchmark": benchmark, "fairness": brand})
        hidden, untold = remarks(folder)
        assert hidden.startswith("its provenance says trained_on_test_data: b, and its extra None")
        assert untold.startswith("by its provenance its model was tuned on b, on which it was tes")

        branded(folder, {"benchmark": benchmark})
        assert remarks(folder) == [untold]
    branded(folder, {"benchmark": {"splitter": {"test": ["a"]}}})
    assert remarks(folder) == []
    for broken in (1, [1], {"splitter": {"test": [1]}}, {"alignment": 1}):
        branded(folder, {"benchmark": broken, "fairness": [1], "seen": [1, {"stimuli": 1}]})
        assert remarks(folder) == []


def test_a_brand_is_held_against_the_score(score, tmp_path):
    score.tree.attrs["trained_on_test_data"] = "b"
    put(tmp_path, score)
    folder, scores = tmp_path / "submissions", tmp_path / "scores"
    assert remarks(folder, scores=scores) == []

    changed(folder, extra={})

    (told,) = remarks(folder, scores=scores)
    assert told.startswith("extra is not what ")


def test_what_was_removed_is_an_error(folder, score, tmp_path):
    put(tmp_path, score_of("other"), "other")
    before = read_submissions(folder)
    (folder / "net" / "made-ridge.phantom.json").unlink()
    for path in (folder / "other").iterdir():
        path.unlink()
    (folder / "other").rmdir()

    found = removed(before, read_submissions(folder))

    assert [remark.text for remark in found] == [
        "the row of other was removed; restore it",
        "the score of net on made-ridge (phantom data) was removed; restore it",
    ]
    assert removed(read_submissions(folder), before) == []


def score_of(model, level=0.6):
    values = level + 0.01 * np.random.default_rng(1).standard_normal((8, 2, 10))
    return made_score(values, model, benchmark_version=2)


def test_ranks_that_change_are_told(folder, tmp_path):
    before = read_submissions(folder)
    put(tmp_path, score_of("better"), "better")

    found = rank_changes(before, read_submissions(folder))

    on_benchmark = [
        (change.section, change.model, change.before, change.after)
        for change in found
        if change.benchmark == "made-ridge"
    ]
    assert on_benchmark == [("phantom", "better", "–", "1"), ("phantom", "net", "1", "2")]
    assert rank_changes(before, before) == []


def git(folder, *words):
    settings = ["-c", "user.name=A", "-c", "user.email=a@b.c"]
    subprocess.run(["git", *settings, *words], cwd=folder, check=True, capture_output=True)


def test_the_base_is_a_folder_or_a_revision(folder, tmp_path):
    now = read_submissions(folder)
    assert base_of(folder).why_not.endswith("is in no checkout of git that has origin/main")
    git(tmp_path, "init")
    git(tmp_path, "add", "submissions/net/card.toml")
    (tmp_path / "submissions" / "README.md").symlink_to("/etc/passwd")
    git(tmp_path, "add", "submissions/README.md")
    git(tmp_path, "commit", "-m", "first")
    git(tmp_path, "update-ref", "refs/remotes/origin/main", "HEAD")

    for base in (base_of(folder), base_of(folder, "HEAD")):
        assert base.submissions.cards == now.cards
        assert base.submissions.files == {}
    (tmp_path / "submissions" / "README.md").unlink()
    assert set(base_of(folder, str(folder)).submissions.files) == set(now.files)
    assert "origin/main has no " in base_of(tmp_path / "scores").why_not
    for revision in ("nothing", "--output=/tmp/x", "HEAD:submissions"):
        with pytest.raises(InvalidInput, match="neither a folder nor a revision"):
            base_of(folder, revision)


def test_a_base_that_cannot_be_read_is_told(folder, tmp_path):
    (tmp_path / "before" / "net").mkdir(parents=True)
    base = base_of(folder, str(tmp_path / "before"))
    assert base.submissions is None
    assert "what is there cannot be read" in base.why_not
