"""Everything that the documents show is run, in an empty folder."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from heschl.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
COMMANDS = re.findall(r"^\$ (heschl (?!check).*)$", README, re.MULTILINE)
CHECKS = re.findall(r"^(?:\$ |    )(heschl check \S+)", README + CONTRIBUTING, re.MULTILINE)
TABLE = "heschl score logmel lebel_moth-ridge --data phantom"


@pytest.fixture
def folder(tmp_path):
    """Return an empty folder that holds the examples and nothing else."""
    (tmp_path / "examples").mkdir()
    for example in EXAMPLES:
        (tmp_path / "examples" / example.name).write_text(example.read_text(encoding="utf-8"))
    return tmp_path


@pytest.fixture
def run(folder, monkeypatch, capsys):
    """Run a command in the folder; a process for each would mostly import the same again."""
    monkeypatch.chdir(folder)

    def run(words):
        code = main(words)
        return code, "".join(capsys.readouterr())

    return run


def offline(command):
    """Return the words of a command; what needs the real data is planned instead of done."""
    words = shlex.split(command, comments=True)[1:]
    if words[0] == "fetch" and "--dry-run" not in words:
        words.append("--dry-run")
    if words[0] == "score" and "--data" not in words:
        words[0] = "plan"
    return words


def test_readme_shows_the_two_commands_first():
    first = re.findall(r"^    (make \w+)", README, re.MULTILINE)
    assert first == ["make demo", "make test"]


@pytest.mark.parametrize("command", [each for each in dict.fromkeys(COMMANDS) if each != TABLE])
@pytest.mark.slow
def test_commands_of_the_readme_run(command, run, moth_phantom):
    code, printed = run(offline(command))
    assert code == 0, printed


@pytest.mark.slow
def test_table_of_the_readme_is_what_is_printed(folder, moth_phantom):
    block = README.split(f"$ {TABLE}\n")[1]
    shown = block.split("...")[0].splitlines()

    result = subprocess.run(
        [sys.executable, "-m", "heschl.cli", *offline(TABLE)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stderr
    number = re.compile(r"-?\d+\.\d+")
    for line, expected in zip(result.stdout.splitlines(), shown, strict=False):
        assert number.sub("#", line).split() == number.sub("#", expected).split()
        pairs = zip(number.findall(line), number.findall(expected), strict=True)
        assert all(float(one) == pytest.approx(float(other), abs=0.0015) for one, other in pairs)


@pytest.mark.parametrize("check", dict.fromkeys(CHECKS))
@pytest.mark.slow
def test_checks_of_the_documents_pass(check, run, moth_phantom):
    code, printed = run(shlex.split(check)[1:])
    assert code == 0, printed


def python_blocks(text):
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


@pytest.mark.slow
def test_python_of_the_readme_runs(folder, moth_phantom):
    block = next(block for block in python_blocks(README) if "heschl.score(" in block)
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", block],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert (folder / "logmel.nc").is_file()


def test_python_of_contributing_runs(folder, monkeypatch):
    monkeypatch.chdir(folder)
    for number, block in enumerate(python_blocks(CONTRIBUTING)):
        exec(compile(block, f"CONTRIBUTING.md block {number}", "exec"), {})  # noqa: S102


def test_file_shown_in_the_readme_is_the_example():
    shown = re.search(r"<!-- file: (\S+) -->\n```python\n(.*?)```", README, re.DOTALL)
    assert (ROOT / shown[1]).read_text(encoding="utf-8") == shown[2]


def test_model_example_is_one_short_file():
    assert len((ROOT / "examples" / "my_model.py").read_text(encoding="utf-8").splitlines()) <= 25


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_of_the_documents_lead_somewhere(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert target.startswith("https://") or (ROOT / target).exists(), target
