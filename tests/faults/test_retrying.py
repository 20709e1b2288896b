"""Failed cells are results, and are tried again alone."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from toy import Loudness
from undisturbed import run

import heschl
from heschl.cli import main
from heschl.engines import engine
from heschl.errors import CellsFailed, InvalidInput
from heschl.retrying import retry_failed
from heschl.runs import list_runs
from heschl.store import Store

MODELS = Path(__file__).parents[1] / "counted_models.py"
SETTINGS = {"data": "phantom", "subjects": ["UTS01"]}


@pytest.fixture(scope="module")
def beginning(new_store, tmp_path_factory):
    """Return the models' file, and a store in which one sound's features failed, for copying."""
    folder = tmp_path_factory.mktemp("beginning")
    (folder / "models.py").write_text(MODELS.read_text())
    (folder / "mood").touch()
    store = new_store("failed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEARD", str(folder / "heard"))
        patch.setenv("MOOD", str(folder / "mood"))
        with pytest.raises(CellsFailed, match=r"not today.*heschl retry-failed"):
            heschl.score(
                f"file:{folder}/models.py:moody", "lebel_moth-ridge", store=store, **SETTINGS
            )
    return folder / "models.py", store


@pytest.fixture
def models(beginning):
    """Return the file of the models, which a test may change."""
    path, _ = beginning
    yield path
    path.write_text(MODELS.read_text())


@pytest.fixture
def failed(beginning, models, tmp_path, monkeypatch):
    """Return a store in which one sound's features failed, and all that reads them."""
    monkeypatch.setenv("HEARD", str(tmp_path / "heard"))
    monkeypatch.setenv("MOOD", str(tmp_path / "mood"))
    _, store = beginning
    return shutil.copytree(store, tmp_path / "store", symlinks=True)


def made(store):
    return {entry.key: entry.created for entry in Store(store).entries()}


def states(store):
    (found,) = list_runs(Store(store))
    return Counter(cell.state for cell in found.cells(Store(store)))


def test_command_tries_failed_cells_alone(failed, models, capsys):
    before, n_failed = made(failed), states(failed)["failed"]

    assert main(["retry-failed", "--store", str(failed), "-q", "--json"]) == 0

    (record,) = json.loads(capsys.readouterr().out)
    assert (record["retried"], record["failed"]) == (n_failed, 0)
    assert n_failed < sum(states(failed).values()) / 2
    assert states(failed) == {"done": sum(states(failed).values())}
    assert before.items() <= made(failed).items(), "what was there has not been made again"
    score = heschl.score(f"file:{models}:moody", "lebel_moth-ridge", store=failed, **SETTINGS)
    assert set(json.loads(score.provenance["cells"])) == {"cached"}
    assert main(["retry-failed", "--store", str(failed)]) == 0
    assert "no failed cells" in capsys.readouterr().out


def test_cells_that_fail_again_are_told(failed, tmp_path, capsys):
    (tmp_path / "mood").touch()
    assert main(["retry-failed", "--store", str(failed), "-q"]) == 3
    assert "not today" in capsys.readouterr().out
    assert states(failed)["failed"]


def test_run_of_a_model_that_has_changed_is_refused(failed, models, tmp_path):
    models.write_text(models.read_text().replace('f"counted-', 'f"other-'))
    with engine(None, tmp_path) as serial, pytest.raises(InvalidInput, match="other cells now"):
        retry_failed(list_runs(Store(failed))[0], Store(failed), serial)


def test_run_of_live_objects_is_for_python(tmp_path, capsys):
    with pytest.raises(CellsFailed):
        run(tmp_path, Loudness(fails_at=1))
    assert main(["retry-failed", "--store", str(tmp_path)]) == 0
    (found,) = list_runs(Store(tmp_path))
    assert main(["retry-failed", found.name, "--store", str(tmp_path)]) == 1
    assert "call heschl.score" in capsys.readouterr().err
