"""Job arrays: what Slurm is handed, and a real Slurm that requeues and cancels under a score."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from mortal import Slow, where_it_runs
from slurm_cluster import has_slurm, one_node
from undisturbed import assert_untouched, assert_whole, run

from heschl import slurm_engine
from heschl.cli import main
from heschl.engines import engine
from heschl.errors import InvalidInput
from heschl.execution import Silent
from heschl.slurm_engine import SlurmEngine
from heschl.store import Store

pytest.importorskip("submitit", reason="needs the extra slurm")

HERE = str(Path(__file__).parent)


@pytest.fixture
def finds_tests(monkeypatch):
    """Let jobs import what these tests send to them."""
    monkeypatch.setenv("PYTHONPATH", HERE)


@pytest.fixture
def sbatch(tmp_path, monkeypatch):
    """Put a Slurm on the path that accepts jobs, keeps their files and never runs one."""
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, text in {
        "sbatch": f'cp "$1" {tmp_path}/array.sh; echo Submitted batch job 42',
        "srun": "exit 1",
        "scancel": f"echo $@ >> {tmp_path}/cancelled",
        "squeue": "exit 1",
    }.items():
        (commands / name).write_text(f"#!/bin/sh\n{text}\n")
        (commands / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{commands}:{os.environ['PATH']}")
    return tmp_path / "array.sh"


def test_array_asks_slurm_for_what_the_settings_say(tmp_path, sbatch):
    settings = "partition=gpu,gpus_per_node=1,cpus_per_task=3,mem_gb=16,timeout_min=90,jobs=2"
    with engine(f"slurm:{settings}", tmp_path) as jobs:
        futures = jobs.submit_all(where_it_runs, [(1,), (2,), (3,)])

    text = sbatch.read_text()
    jobs_folder = tmp_path / "jobs"
    # Words and values as the manual of sbatch has them.
    for wanted in (
        *("--partition=gpu", "--gpus-per-node=1", "--cpus-per-task=3", "--mem=16GB", "--time=90"),
        *("--job-name=heschl", "--array=0-1%2", "--signal=USR2@90", "--open-mode=append"),
        f"--output={jobs_folder}/%A_%a_0_log.out",
    ):
        assert f"#SBATCH {wanted}\n" in text
    assert "export OMP_NUM_THREADS=3\n" in text
    assert "export SRUN_CPUS_PER_TASK=3\n" in text
    assert [future.log for future in futures] == [
        f"{jobs_folder}/42_{number}_0_log.err" for number in (0, 1, 0)
    ]
    # Both were still waiting when the engine was closed.
    assert (tmp_path / "cancelled").read_text().split() == ["42_0", "42_1"]


def test_job_runs_the_code_as_it_was_handed_in(tmp_path, finds_tests):
    with engine("slurm:cluster=local,jobs=1", tmp_path) as jobs:
        (code,) = (tmp_path / "jobs" / "code").iterdir()
        where, n_threads = jobs.submit(where_it_runs, 1).result(timeout=60)

        shutil.rmtree(code)
        (code / "heschl").mkdir(parents=True)  # what is there, is not what was handed in
        failure = jobs.submit(where_it_runs, 1).exception(timeout=60)

    assert Path(where) == code / "heschl"
    assert n_threads == "1"
    log = Path(str(failure).split("; see ")[1])
    assert "heschl" in log.read_text()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("cluster=cloud", "expected slurm, or local"),
        ("cluster=local,colour=red", "settings that submitit knows"),
    ],
)
def test_settings_that_are_none_are_refused(tmp_path, settings, message):
    with pytest.raises(InvalidInput, match=message), engine(f"slurm:{settings}", tmp_path):
        pass


def test_machine_without_slurm_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InvalidInput, match="where Slurm's `sbatch` is"):
        SlurmEngine(tmp_path)


def slurm(*words):
    """Run a command of Slurm's and return what it prints."""
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=30).stdout


class Meddler(Silent):
    """Does to running jobs what clusters do, whenever a cell is finished."""

    def __init__(self, *deeds):
        self.deeds = list(deeds)

    def finished(self, cell, outcome):
        running = slurm("squeue", "--noheader", "--array", "--format=%i", "--states=RUNNING")
        if self.deeds and running.split():
            slurm(*self.deeds.pop(0), running.split()[-1])


@pytest.mark.long
@pytest.mark.skipif(not has_slurm(), reason="needs Slurm's daemons and munge")
def test_real_slurm_gives_the_same_score_while_it_requeues_and_cancels(
    tmp_path, finds_tests, monkeypatch
):
    monkeypatch.setattr(slurm_engine, "_LOOK_AT_QUEUE_S", 2.0)
    with one_node() as variables:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        meddler = Meddler(
            ("scancel", "--signal=USR2"),  # what is sent to a job that will be preempted
            ("scontrol", "requeue"),
            ("scancel",),
        )
        with engine("slurm:jobs=4,partition=main", tmp_path) as jobs:
            score = run(tmp_path, Slow(), executor=jobs, watcher=meddler)

    assert not meddler.deeds
    assert_untouched(score)
    assert_whole(Store(tmp_path))


BROKEN = """
import sys
from heschl.testing.toy_model import Loudness
class Broken(Loudness):
    def forward(self, waveforms, taps):
        sys.stderr.write("the tubes are cold")
        raise ValueError("out of tubes")
"""


def test_status_names_the_log_of_a_failed_cell(tmp_path, moth_phantom, capsys):
    (tmp_path / "broken.py").write_text(BROKEN)
    words = ["score", f"file:{tmp_path}/broken.py:Broken", "lebel_moth-ridge"]
    words += ["--data", str(moth_phantom), "--subjects", "UTS02"]
    store = ["--store", str(tmp_path / "store")]

    assert main([*words, "--slurm", "cluster=local,jobs=1", "-q", *store]) == 3

    name = capsys.readouterr().err.split("heschl status ")[1].split("`")[0]
    assert main(["status", name, *store]) == 0
    log = capsys.readouterr().out.split("the log of its worker: ")[1].split()[0]
    assert "the tubes are cold" in Path(log).read_text()
    assert main(["status", name, "--json", *store]) == 0
    cells = json.loads(capsys.readouterr().out)["cells"]
    assert log in {cell["failure"]["log"] for cell in cells if cell["failure"]}
