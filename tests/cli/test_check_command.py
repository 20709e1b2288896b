"""`heschl check`: what it prints, and its exit code."""

from __future__ import annotations

import json

import pytest

from heschl.cli import main

MODEL = """
from heschl import Traits
from heschl.testing.toy_model import Loudness

class Mine(Loudness):
    traits = Traits(minimum_samples=320, is_local=True, is_causal=True)

class TooNarrow(Mine):
    def forward(self, waveforms, taps):
        return {tap: level[..., :1] for tap, level in super().forward(waveforms, taps).items()}

def make():
    return Loudness()
"""

METRIC = """
from heschl import register_metric
from heschl.metrics.ridge import Ridge

@register_metric("my-ridge", licence="MIT")
class MyRidge(Ridge):
    "A ridge of mine."
    card = property(lambda self: CARD)

from heschl.registry import metrics
CARD = metrics.card("my-ridge")
"""


@pytest.fixture
def file(tmp_path):
    def write(source, name="plugin.py"):
        path = tmp_path / name
        path.write_text(source)
        return f"file:{path}"

    return write


def checked(capsys, *words):
    """Return the exit code of `heschl check` and what it printed as JSON."""
    code = main(["check", *words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_good_model_exits_zero_with_every_check_listed(file, capsys):
    assert main(["check", f"{file(MODEL)}:Mine"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["check", "result", "seconds"]
    assert lines[2].split()[:2] == ["loads", "passed"]
    assert lines[-1] == "19 passed, 0 failed, 1 skipped"
    assert lines[-2].strip() == "it does not declare is_padding_safe"


def test_faulty_model_exits_four_and_says_why(file, capsys):
    assert main(["check", f"{file(MODEL)}:TooNarrow"]) == 4

    text = capsys.readouterr().out
    assert "shapes_and_widths_are_true     failed" in text
    assert "promised: Return floating-point arrays" in text
    assert "is 1 units wide; its Layer says 2: correct it" in text


def test_json_has_every_verdict_and_reason(file, capsys):
    code, record = checked(capsys, f"{file(MODEL)}:TooNarrow")

    assert code == 4
    assert record["kind"] == "model"
    assert record["counts"]["failed"] == 2
    assert {check["verdict"] for check in record["checks"]} == {"passed", "failed", "skipped"}
    assert all(check["reason"] for check in record["checks"] if check["verdict"] != "passed")


def test_an_id_of_another_kind_is_refused_rather_than_checked(capsys):
    assert main(["check", "logmel", "--kind", "metric"]) == 1
    shown = capsys.readouterr()
    assert "'logmel'; it is the id of a model" in shown.err
    assert not shown.out


def test_kind_is_found_for_ids_files_and_functions(file, capsys, fresh_session):
    assert checked(capsys, "ridge")[1]["kind"] == "metric"
    assert checked(capsys, "phantom-words")[1]["kind"] == "model"
    assert checked(capsys, f"{file(MODEL)}:make")[1]["kind"] == "model"
    assert checked(capsys, file(METRIC, "metric.py"))[1]["kind"] == "metric"


def test_file_that_cannot_be_imported_fails_to_load(file, capsys):
    code, record = checked(capsys, file("import no_such_library\n"))

    assert code == 4
    assert [check["check"] for check in record["checks"]] == ["loads"]
    assert "install no_such_library, if that is a package" in record["checks"][0]["reason"]


def test_plugin_whose_package_is_missing_is_refused_in_one_sentence(install, capsys):
    install(
        "stranger", "1.0", "[heschl.models]\nfar-net = stranger_far:CARD\n",
        stranger_far="from heschl import ModelCard\n"
        "CARD = ModelCard('far-net', 'a:b', 'Far', requires=('no_such_library',))",
    )  # fmt: skip

    assert main(["check", "far-net"]) == 1

    printed = capsys.readouterr()
    assert printed.out == ""
    assert "needs no_such_library" in printed.err
    assert len(printed.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["logmell"], "did you mean 'logmel'?"),
        (["my_model.py"], "a file is given as 'file:my_model.py'"),
        (["fiel:model.py"], "did you mean 'file'?"),
        (["file:nowhere/model.py"], "there is no readable file"),
        (["logmel", "--data", "somewhere"], "leave it out"),
    ],
)
def test_what_cannot_be_meant_is_refused(capsys, words, message):
    assert main(["check", *words]) == 1

    assert message in capsys.readouterr().err


def test_broken_entry_point_fails_to_load(install, capsys):
    install(
        "stranger", "1.0", "[heschl.models]\nhurt = stranger_hurt:CARD\n",
        stranger_hurt="raise SystemExit('not today')",
    )  # fmt: skip

    code, record = checked(capsys, "hurt")

    assert code == 4
    assert "not today" in record["checks"][0]["reason"]
