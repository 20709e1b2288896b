"""Processes that learn together take the steps of one, and only the first writes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import planted_tuning
import pytest
import small_net
import torch
from planted_tuning import learn_together, objective

from heschl.braintuning.checkpoints import read_tensors
from heschl.braintuning.worlds import ALONE, World, joined
from heschl.errors import InvalidInput

N_PROCESSES = 2


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    """Return the folder in which two processes have left what they came to."""
    folder = tmp_path_factory.mktemp("together")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    told = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": str(N_PROCESSES)}
    told["OMP_NUM_THREADS"] = "1"
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, planted_tuning.__file__, folder],
                    env=os.environ | told | dict.fromkeys(("RANK", "LOCAL_RANK"), rank),
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for rank in map(str, range(N_PROCESSES))
        ]
        try:
            wrong = [each.communicate(timeout=120)[1] for each in running]
        finally:
            for each in running:
                each.kill()
    assert [each.returncode for each in running] == [0] * N_PROCESSES, "\n".join(wrong)
    return folder


def weights(folder, name, rank):
    return torch.load(folder / f"{name}-{rank}.pt")


@pytest.mark.slow
def test_two_processes_with_half_a_batch_learn_what_one_does_with_the_whole(together):
    alone = learn_together(None).state_dict()
    began = objective().state_dict()

    for name, weight in weights(together, "whole", 0).items():
        # Sums of other order: rounding alone sets them apart, next to what was learned.
        assert (weight - alone[name]).abs().max() < 1e-6, name
        assert "frozen" in name or (weight - began[name]).abs().max() > 5e-4, name


@pytest.mark.long
def test_processes_agree_to_the_bit(together):
    for name in ("whole", "resumed"):
        first, second = (weights(together, name, rank) for rank in range(N_PROCESSES))
        assert all(torch.equal(first[key], second[key]) for key in first)


@pytest.mark.slow
def test_resumed_together_they_come_to_the_same_bits(together):
    whole, resumed = (weights(together, name, 0) for name in ("whole", "resumed"))

    assert all(torch.equal(whole[key], resumed[key]) for key in whole)
    assert [path.name for path in (together / "state").glob("check*")] == ["checkpoint.safetensors"]
    _, notes = read_tensors(together / "state" / "checkpoint.safetensors")
    assert notes["step"] == 4 * 5


def test_rows_of_a_batch_are_shared_once_each():
    rows = np.arange(7)

    shares = [World(rank, 3).share(rows) for rank in range(3)]

    assert sorted(np.concatenate(shares)) == rows.tolist()
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    assert ALONE.share(rows) is not None
    assert len(ALONE.share(rows)) == 7


@pytest.mark.parametrize(
    ("told", "device", "batch_size", "words"),
    [
        ({"WORLD_SIZE": "4"}, "cpu", 8, r"RANK=unset.*torchrun.*unset WORLD_SIZE"),
        ({"WORLD_SIZE": "two", "RANK": "0", "LOCAL_RANK": "0"}, "cpu", 8, "WORLD_SIZE=two"),
        ({"WORLD_SIZE": "2", "RANK": "2", "LOCAL_RANK": "0"}, "cpu", 8, "no such process"),
        ({"WORLD_SIZE": "4", "RANK": "1", "LOCAL_RANK": "1"}, "cpu", 3, "batch_size=3 .* by 4"),
        ({"WORLD_SIZE": "2", "RANK": "0", "LOCAL_RANK": "0"}, "cuda:1", 8, "say 'cuda', 'auto'"),
        ({"WORLD_SIZE": "99", "RANK": "98", "LOCAL_RANK": "98"}, "cuda", 99, "graphics cards"),
    ],
)
def test_a_world_that_cannot_be_is_refused(told, device, batch_size, words, monkeypatch):
    for name in ("WORLD_SIZE", "RANK", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    for name, value in told.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(InvalidInput, match=words):
        joined(device, batch_size)


def test_one_process_is_alone_wherever_it_learns(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert joined("mps", 1) == (ALONE, "mps")
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert joined("cuda:1", 1) == (ALONE, "cuda:1")


@pytest.mark.long
def test_torchrun_starts_the_command(tmp_path):
    from heschl.data_registry.lebel_moth.phantom_tuning import write_tuning_phantom

    data = write_tuning_phantom(tmp_path / "phantom")
    command = Path(sys.executable).with_name("heschl")
    if not command.exists():
        pytest.skip("heschl is not installed beside this Python")
    words = [
        sys.executable, "-m", "torch.distributed.run", "--standalone",
        "--nproc-per-node", str(N_PROCESSES), "--no-python", command,
        "tune", f"file:{small_net.__file__}:build", "lebel_moth", "--subject", "UTS01",
        "--data", data, "--stories", "souls", "avatar", "--epochs", "1", "--batch-size", "60",
        "--device", "cpu", "-o", tmp_path / "net", "--json", "-q",
    ]  # fmt: skip

    done = subprocess.run(
        words, check=False, capture_output=True, text=True, timeout=180,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout).values()
    assert found["model"] == f"tuned:{(tmp_path / 'net').resolve()}"
    record = json.loads((tmp_path / "net" / "card.json").read_text())
    assert record["plan"]["processes"] == N_PROCESSES
    assert not (tmp_path / "net" / "checkpoint.safetensors").exists()
