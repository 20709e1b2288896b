"""The commands that score and look at scores, and how each mistake ends."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from heschl.cli import cache_command, main
from heschl.scores import open_score

SCORE = ["score", "phantom-words", "lebel_moth-ridge", "--data", "phantom"]
TWO = ["--subjects", "UTS01", "UTS04", "--layers", "blend.2", "blend.3"]


@pytest.fixture(scope="module")
def score_file(moth_phantom, tmp_path_factory):
    path = tmp_path_factory.mktemp("scores") / "words.nc"
    assert main([*SCORE, *TWO, "--quiet", "-o", str(path)]) == 0
    return path


def test_score_prints_the_table_and_where_the_file_lies(heschl, moth_phantom):
    code, out, err = heschl(*SCORE, *TWO)

    assert code == 0
    score = open_score(out.splitlines()[-1].removeprefix("written to "))
    headline, basis, _, header = out.splitlines()[:4]
    assert headline == (
        f"phantom-words on lebel_moth-ridge (phantom data): {score.value:.3f} ± {score.error:.3f}"
    )
    assert "region all, over 2 subjects; 95 % interval [" in basis
    assert header.split()[:4] == ["region", "layer", "score", "ceiling"]
    assert "* the layer chosen most often on the other listeners" in out
    assert any(line.startswith("IFG") and "blend.2*" in line for line in out.splitlines())
    assert score.model == "phantom-words"
    assert "[1/" in err


def test_score_again_is_cached(heschl, score_file, tmp_path):
    path = tmp_path / "again.nc"
    _, _, err = heschl(*SCORE, *TWO, "-o", str(path))
    n_cells = len(err.splitlines()) - 1
    assert err.splitlines()[0] == f"{n_cells} cells, {n_cells} of them cached"


def test_score_as_json_is_json(heschl, score_file):
    code, out, _ = heschl(*SCORE, *TWO, "--json", "--quiet")
    record = json.loads(out)
    assert code == 0
    assert record["value"] == pytest.approx(open_score(score_file).value)
    assert {row["layer"] for row in record["regions"]} == {"blend.2", "blend.3"}
    assert record["p"] is None  # two listeners: not testable, and JSON has no NaN


def test_show_prints_what_score_printed(heschl, score_file):
    _, shown, _ = heschl("show", str(score_file))
    _, scored, _ = heschl(*SCORE, *TWO, "-q", "-o", str(score_file.with_name("other.nc")))
    assert scored.startswith(shown.rstrip("\n"))


def test_show_gives_the_provenance(heschl, score_file):
    _, out, _ = heschl("show", str(score_file), "--provenance", "--json")
    provenance = json.loads(out)["provenance"]
    assert provenance["data_kind"] == "phantom"
    assert json.loads(provenance["configuration"])["seed"] == 0


def test_plan_tells_cells_cached_and_time(heschl, moth_phantom):
    code, out, _ = heschl("plan", "mfcc", "lebel_moth-ridge", "--data", "phantom", "--json")
    plan = json.loads(out)
    assert code == 0
    assert [stage["stage"] for stage in plan["stages"]] == ["features", "ceiling", "scores"]
    assert plan["cost"]["n_windows"] > 5000
    assert plan["cost"]["seconds"] > 0
    assert plan["cost"]["protocol"] == "sliding"
    assert 100 < plan["cost"]["redundancy"] < 161


def test_plan_of_what_is_done_says_so(heschl, score_file):
    _, out, _ = heschl("plan", *SCORE[1:], *TWO)
    assert out.splitlines()[-1].startswith("all of it is in the store")


def test_plan_says_how_the_metric_will_solve(heschl):
    words = ("plan", "logmel", "lebel_moth-ridge", "--data", "phantom", "--subjects", "UTS02")
    _, out, _ = heschl(*words, "--seed", "7")
    assert "1 design, as logmel × UTS02: 4 training sets by XX' (163 × 163); 15 pen" in out
    (route,) = json.loads(heschl(*words, "--seed", "7", "--json")[1])["routes"]
    assert route in out


def test_plan_says_who_is_solved_together(heschl):
    words = ("plan", "logmel", "lebel_moth-ridge", "--data", "phantom", "--seed", "8")
    _, out, _ = heschl(*words)
    assert "the scores of UTS01, UTS02, UTS03, UTS05 and 3 more are made together" in out
    assert "1 design, as logmel × UTS04: " in out
    (group,) = json.loads(heschl(*words, "--json")[1])["together"]
    assert group["stage"] == "scores"
    assert len(group["about"]) == 7


def test_plan_without_data_tells_the_download(heschl):
    code, out, _ = heschl("plan", "logmel", "lebel_moth-ridge", "--subjects", "UTS01", "--json")
    assert code == 0
    assert 2e9 < json.loads(out)["download"]["n_bytes"] < 2e10


def test_status_lists_runs_and_their_cells(heschl, score_file):
    _, out, _ = heschl("status", "--json")
    run = next(
        run
        for run in json.loads(out)
        if (run["model"], run["benchmark"]) == ("phantom-words", "lebel_moth-ridge")
    )
    assert run["pending"] == run["failed"] == 0
    _, out, _ = heschl("status", run["run"][:6])
    assert "ceiling of UTS01" in out


def test_cache_ls_why_and_gc(heschl, score_file, tmp_path):
    _, out, _ = heschl("cache", "ls", "--json")
    listing = json.loads(out)
    (phantom,) = (each for each in listing["phantoms"] if "lebel_moth" in each["name"])
    assert phantom["n_bytes"] > 10**7
    assert listing["learned"].keys() == {"n_notes", "n_bytes"}
    _, text, _ = heschl("cache", "ls")
    assert f"beside them {len(listing['phantoms'])} phantom" in text
    assert heschl("cache", "--json", "ls")[1] == out
    ceilings = [
        entry["key"]
        for entry in listing["entries"]
        if entry["configuration"]["stage"] == "ceiling"
        and entry["configuration"]["subject"].startswith("UTS")
    ]
    code, out, _ = heschl("cache", "why", ceilings[0][:10], ceilings[1][:10])
    assert code == 0
    assert "subject" in out
    assert max(map(len, out.splitlines())) < 120
    whole = json.loads(heschl("cache", "why", ceilings[0], ceilings[1], "--json")[1])
    assert "…" not in json.dumps(whole, ensure_ascii=False)
    code, _, err = heschl("cache", "gc")
    assert code == 1
    assert "--max-size" in err
    code, out, _ = heschl("cache", "gc", "--max-size", "1T", "--json", "--store", str(tmp_path))
    assert json.loads(out) == {"n_removed": 0, "n_bytes_removed": 0}


def test_fetch_dry_run_tells_how_much(heschl):
    code, out, _ = heschl(
        "fetch", "lebel_moth", "--subjects", "UTS01", "--stories", "souls", "--dry-run", "--json"
    )
    record = json.loads(out)
    assert code == 0
    assert record["n_missing"] == record["n_files"] > 2


def test_fetch_of_a_benchmark_takes_its_stories_alone(heschl):
    of_dataset, of_benchmark = (
        json.loads(heschl("fetch", what, "--dry-run", "--json")[1])
        for what in ("lebel_moth", "lebel_moth-ridge")
    )
    assert of_benchmark["dataset"] == "lebel_moth"
    assert of_benchmark["n_bytes"] < 0.7 * of_dataset["n_bytes"]


def test_fetch_of_a_benchmark_whose_stimuli_are_no_choice_takes_all_of_a_listener(heschl):
    words = ("fetch", "little_prince-ridge-en", "--subjects", "sub-EN057", "--dry-run", "--json")
    code, out, _ = heschl(*words)
    assert code == 0
    assert 0.7e9 < json.loads(out)["n_bytes"] < 4e9


def test_fetch_takes_what_is_in_a_language_and_what_is_in_none(heschl):
    of_all, of_english = (
        json.loads(heschl("fetch", "little_prince", *words, "--dry-run", "--json")[1])
        for words in ((), ("--languages", "EN"))
    )
    assert 0.3 < of_english["n_bytes"] / of_all["n_bytes"] < 0.5  # 49 of 112 listeners


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["fetch", "little_prince", "--languages", "en"], 1, "did you mean 'EN'"),
        (["scoer"], 2, "did you mean 'score'"),
        (["score", "logmell", "lebel_moth-ridge"], 1, "did you mean 'logmel'"),
        (["score", "logmel", "lebel-moth-ridge"], 1, "did you mean 'lebel_moth-ridge'"),
        (["score", "logmel", "lebel_moth-ridge"], 1, "heschl fetch lebel_moth"),
        (["score", "logmel", "timit_ecog-trf"], 1, "data='phantom'). How to get it: from a lab"),
        (
            ["score", "logmel", "perceptimatic"],
            1,
            "it is the id of a dataset, of which there are perceptimatic-abx; `heschl list",
        ),
        (["compare", "nothing.nc", "nothing.nc"], 1, "there is no score at nothing.nc"),
        (["data", "check", "narratives"], 1, "or run `heschl fetch narratives`"),
        (["score", "logmel", "lebel_moth-ridge", "--data", "no-such-folder"], 1, "is no folder"),
        (
            ["score", "logmel", "lebel_moth-ridge", "--data", "phatom"],
            1,
            "or 'phantom' for its sim",
        ),
        (["score", "logmel", "lebel_moth-ridge", "--data", "phantom:x"], 1, "phantom:<seed>"),
        ([*SCORE, "--layers", "blend.9"], 1, "did you mean 'blend."),
        ([*SCORE, "--subjects", "uts01"], 1, "did you mean 'UTS01'"),
        (["score", "my_model.py", "lebel_moth-ridge"], 1, "file:my_model.py"),
        (["score", "s3prlx:fbank", "lebel_moth-ridge"], 1, "no scheme"),
        (["show", "no-such-folder/score.nc"], 1, "no score at"),
        (["info", "ridgy"], 1, "did you mean 'ridge'"),
        (["info", "./my_model.py:my_net"], 1, "given as 'file:./my_model.py:my_net'"),
        (["score", "./my_model.py:my_net", "lebel_moth-ridge"], 1, "'file:./my_model.py:my_net'"),
        (["score", "lebel_moth-ridge", "logmel"], 1, "it is the id of a model; `heschl list bench"),
        (["score", "ridge", "lebel_moth-ridge"], 1, "it is the id of a metric"),
        (["fetch", "lebel_moth", "--subjects", "UTS11"], 1, "did you mean 'UTS01'"),
        (["score", "logmel"], 2, "benchmark"),
        ([*SCORE, "--seed", "-1"], 2, "'-1' is no seed; give a whole number from 0 to 4294967295"),
        ([*SCORE, "--seed", "4294967296"], 2, "from 0 to 4294967295"),
        (["plan", *SCORE[1:], "--seed", "-1"], 2, "'-1' is no seed"),
        (["cache", "gc", "--max-size", "5"], 2, "'5' is no size; give a number and a unit"),
        (["cache", "gc", "--max-size", "5 apples"], 2, "such as 5GB or 500MB, or 0"),
        (["cache", "gc", "--max-size=-1GB"], 2, "is no size"),
        (["cache", "gc", "--unused-days", "nan"], 2, "'nan' is no number of days"),
        (["cache", "gc", "--unused-days=-3"], 2, "'-3' is no number of days"),
    ],
    ids=lambda value: "-".join(value[:3]) if isinstance(value, list) else None,
)
def test_likely_mistakes_end_in_one_sentence(heschl, moth_phantom, words, code, message):
    found, _, err = heschl(*words)
    assert found == code
    assert message in err
    assert "Traceback" not in err


def test_failed_cells_exit_3_and_say_how_to_see_them(heschl, moth_phantom, tmp_path):
    (tmp_path / "broken.py").write_text(
        "import numpy as np\n"
        "from heschl import Layer, ModelCard, Traits\n"
        "class Net:\n"
        "    card = ModelCard('broken-net', load='a:b', summary='Breaks')\n"
        "    sample_rate, digest, traits = 16000, 'broken', Traits(minimum_samples=400)\n"
        "    layers = (Layer('one', 1, rate_hz=50.0, offset_s=0.0125),)\n"
        "    def forward(self, waveforms, taps):\n"
        "        raise ValueError('out of tubes')\n"
    )
    words = ["score", f"file:{tmp_path / 'broken.py'}:Net", "lebel_moth-ridge"]
    code, out, err = heschl(*words, "--data", "phantom", "--subjects", "UTS01", "--json")
    assert code == 3
    assert json.loads(out)["error"] == "CellsFailed"
    assert "out of tubes" in err
    run = err.split("heschl status ")[1].split("`")[0]
    _, shown, _ = heschl("status", run)
    assert "failed" in shown
    assert "ValueError" in shown


CHATTY = """
import os
from heschl.testing.toy_model import Loudness
print("hello from the module")
class Chatty(Loudness):
    def forward(self, waveforms, taps):
        print("hello from forward")
        return super().forward(waveforms, taps)
"""


def test_what_a_plugin_prints_does_not_spoil_the_json(heschl, moth_phantom, tmp_path):
    (tmp_path / "chatty.py").write_text(CHATTY)
    uri = f"file:{tmp_path / 'chatty.py'}:Chatty"

    words = ["lebel_moth-ridge", "--data", "phantom", "--subjects", "UTS01", "--json"]
    code, out, err = heschl("score", uri, *words, "--store", str(tmp_path / "store"))

    assert code == 0
    assert json.loads(out)["model"]
    assert "hello from forward" in err
    code, out, err = heschl("check", uri, "--json")
    assert json.loads(out)["kind"] == "model"
    _, out, _ = heschl("score", uri, "no-such-benchmark", "--json")
    assert json.loads(out)["error"] == "UnknownName"


def test_interruption_while_a_command_is_imported_ends_quietly(heschl, monkeypatch):
    def interrupt(name):
        raise KeyboardInterrupt

    monkeypatch.setattr("heschl.cli.importlib.import_module", interrupt)
    code, out, err = heschl("list")
    assert (code, out) == (130, "")
    assert err.startswith("heschl: interrupted")


@pytest.mark.parametrize(
    ("text", "n_bytes"),
    [
        ("0", 0),
        ("5GB", 5 * 10**9),
        ("500 mb", 5 * 10**8),
        ("1.5GiB", 3 * 2**29),
        ("20G", 2 * 10**10),
    ],
)
def test_sizes_are_read_in_their_units(text, n_bytes):
    assert cache_command._size(text) == n_bytes


def test_status_of_an_unknown_run_names_the_latest(heschl, score_file):
    code, _, err = heschl("status", "zzz")
    assert code == 1
    assert "(phantom-words on lebel_moth-ridge)" in err


def test_help_and_version(heschl):
    code, out, _ = heschl("--help")
    assert code == 0
    assert "exit codes" in out
    assert heschl("--version")[1].startswith("heschl 0.")
    assert heschl()[0] == 2
    for command in ("score", "cache", "fetch"):
        code, out, _ = heschl(command, "--help")
        assert code == 0
        assert f"usage: heschl {command}" in out


def test_reader_who_leaves_early_is_no_error():
    result = subprocess.run(  # noqa: S602
        f"{sys.executable} -m heschl.cli list | head -1",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stderr == ""
    assert result.stdout == "models\n"
