"""Training: what can be learned is learned, nothing else moves, and no interruption shows."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import planted_tuning
import pytest
import torch
from planted_tuning import learn, objective, stories

from heschl.braintuning import training
from heschl.braintuning.controls import responses_of_others, responses_permuted
from heschl.braintuning.recipe import Recipe
from heschl.braintuning.training import held_out_r2, predicted, train
from heschl.errors import InvalidInput

SHARE = 0.5
FAST = Recipe(n_epochs=12, batch_size=64, network_rate=2e-2, head_rate=2e-2, patience=12)


def weights_of(learner):
    return {name: each.clone() for name, each in learner.state_dict().items()}


@pytest.fixture(scope="module")
def learned():
    learner, data = objective(), stories(SHARE, 1000)
    before = weights_of(learner)
    trained = train(learner, data["training"], data["validation"], FAST, device="cpu", seed=0)
    return learner, data, before, trained


def test_loss_reaches_the_noise_and_held_out_r2_the_planted_share(learned):
    learner, data, _, trained = learned
    r2 = held_out_r2(data["test"].targets, predicted(learner, data["test"], FAST, "cpu"))

    assert trained.history[-1].loss == pytest.approx(1 - SHARE, abs=0.02)
    assert r2.mean() >= SHARE - 0.03
    assert r2.mean() <= SHARE + 0.03  # nobody predicts noise


def test_frozen_weights_stay_to_the_bit_and_others_move(learned):
    learner, _, before, _ = learned

    for name, weight in learner.state_dict().items():
        assert torch.equal(weight, before[name]) == ("frozen" in name), name


def test_history_tells_the_held_out_r2_of_the_validation_rows(learned):
    learner, data, _, trained = learned
    targets = data["validation"].targets
    prediction = predicted(learner, data["validation"], FAST, "cpu")
    best = trained.history[trained.best]

    assert best.validation_loss == pytest.approx(np.square(targets - prediction).mean(), rel=1e-5)
    assert best.validation_loss == min(each.validation_loss for each in trained.history)
    assert best.held_out_r2 == pytest.approx(1 - best.validation_loss, abs=1e-4)  # unit variance


@pytest.mark.parametrize("permuted", [responses_permuted, responses_of_others])
def test_permuted_responses_teach_nothing(permuted):
    learner, data = objective(), stories(SHARE, 1000)
    moved = permuted(data["training"], 0)

    trained = train(
        learner, moved, data["validation"], FAST, device="cpu", seed=0, keep="last", stop_after=6
    )

    r2 = held_out_r2(data["test"].targets, predicted(learner, data["test"], FAST, "cpu"))
    assert r2.mean() <= 0
    assert trained.history[-1].loss >= 1 - 0.02
    assert trained.best == 5


def test_rates_rise_to_a_tenth_of_the_steps_and_fall_to_zero():
    recipe, n_steps = Recipe(), 1000

    rates = np.array([recipe.rate(step, n_steps) for step in range(n_steps + 1)])

    expected = np.interp(np.arange(n_steps + 1), [-1, 99, 100, 1000], [0, 1, 1, 0])
    np.testing.assert_allclose(rates, expected, atol=1e-12)
    assert rates[99] == rates[100] == 1
    assert rates[-1] == 0


def test_each_step_learns_at_the_rates_of_its_place(monkeypatch):
    seen = []
    step = torch.optim.Adam.step
    monkeypatch.setattr(
        torch.optim.Adam,
        "step",
        lambda self, *a: (seen.append([g["lr"] for g in self.param_groups]), step(self, *a))[1],
    )
    data = stories(SHARE, 64)
    recipe = Recipe(n_epochs=5, batch_size=32)

    train(objective(), data["training"], data["validation"], recipe, device="cpu", seed=0)

    n_steps = len(seen)
    assert n_steps == 5 * 6
    expected = [[5e-5 * recipe.rate(k, n_steps), 1e-4 * recipe.rate(k, n_steps)] for k in range(30)]
    np.testing.assert_allclose(seen, expected)


def test_gradients_of_parts_add_up_to_those_of_the_batch():
    data, found = stories(SHARE, 64), []
    for rows_at_once in (None, 7):
        learner = objective()
        recipe = Recipe(n_epochs=1, batch_size=64, rows_at_once=rows_at_once, network_rate=1e-3)
        train(learner, data["training"], data["validation"], recipe, device="cpu", seed=0)
        found.append(weights_of(learner))

    for name, weight in found[0].items():
        torch.testing.assert_close(weight, found[1][name], rtol=1e-4, atol=1e-6)


def test_products_in_bfloat16_reach_the_planted_share_with_weights_in_float32(monkeypatch):
    # What a graphics card is asked for, on a processor, where the recipe never asks for it.
    monkeypatch.setattr(
        training, "_products", lambda recipe, device: torch.autocast(device, torch.bfloat16)
    )
    learner, data = objective(), stories(SHARE, 1000)

    trained = train(learner, data["training"], data["validation"], FAST, device="cpu", seed=0)

    prediction = predicted(learner, data["test"], FAST, "cpu")
    assert {weight.dtype for weight in learner.parameters()} == {torch.float32}
    assert prediction.dtype == np.float32
    assert held_out_r2(data["test"].targets, prediction).mean() >= SHARE - 0.03
    assert trained.history[-1].loss == pytest.approx(1 - SHARE, abs=0.02)
    rounded = torch.from_numpy(prediction).bfloat16().float().numpy()
    np.testing.assert_array_equal(rounded, prediction)


def test_learning_stops_when_validation_no_longer_gains():
    data = stories(0.0, 64)
    recipe = Recipe(n_epochs=30, batch_size=16, network_rate=1e-2, head_rate=1e-2, patience=3)

    trained = train(objective(), data["training"], data["validation"], recipe, device="cpu", seed=0)

    assert len(trained.history) == trained.best + 1 + 3 < 30
    assert trained.n_steps == (trained.best + 1) * 12


def test_a_loss_that_is_no_number_ends_with_what_to_do():
    data = stories(SHARE, 64)
    recipe = Recipe(n_epochs=5, network_rate=1e30, head_rate=1e30)

    with pytest.raises(InvalidInput, match=r"the loss is .* choose smaller rates"):
        train(objective(), data["training"], data["validation"], recipe, device="cpu", seed=0)


def test_weights_that_broke_in_the_last_step_of_all_are_not_kept():
    data = stories(SHARE, 64)
    recipe = Recipe(n_epochs=1, batch_size=64 * 8, network_rate=1e30, head_rate=1e30)

    with pytest.raises(InvalidInput, match=r"the loss is .* choose smaller rates"):
        train(objective(), data["training"], data["validation"], recipe, device="cpu", seed=0)


def test_where_the_best_weights_are_lost_it_begins_anew_and_comes_to_the_same_bits(tmp_path):
    """They were those of an earlier epoch than the checkpoint's, under whose number it would
    otherwise keep what came after it.
    """
    data = stories(SHARE, 64)
    recipe = replace(FAST, n_epochs=4, network_rate=0.3, head_rate=0.3, warmup=0.9)

    class Stopped(Exception):
        pass

    def stop(progress):
        if progress.step == 3 * -(-len(data["training"]) // 64):
            raise Stopped

    def learnt(place, watch=None):
        learner = objective()
        trained = train(
            learner, data["training"], data["validation"], recipe, device="cpu", seed=0,
            place=place, watch=watch,
        )  # fmt: skip
        return learner.state_dict(), trained

    whole, of_whole = learnt(None)
    assert of_whole.best == 0
    with pytest.raises(Stopped):
        learnt(tmp_path, stop)
    (tmp_path / "best.safetensors").unlink()

    again, trained = learnt(tmp_path)

    assert trained.history == of_whole.history
    assert all(torch.equal(weight, again[name]) for name, weight in whole.items())


def test_killed_at_random_it_goes_on_to_the_same_bits(tmp_path):
    whole = learn(None)
    script = Path(planted_tuning.__file__)
    last = random.randrange(5, 45)  # noqa: S311  any step must do
    with subprocess.Popen(
        [sys.executable, script, tmp_path / "run"],
        stdout=subprocess.PIPE, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"},
    ) as running:  # fmt: skip
        for line in running.stdout:
            if int(line) >= last:
                running.kill()
                break
    assert running.returncode == -9

    steps = []
    resumed = learn(tmp_path / "run", lambda progress: steps.append(progress.step))

    assert 0 < steps[0] <= last + 2, f"killed after step {last}"
    assert steps[0] > 1, "nothing was kept"
    for name, weight in whole.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), f"{name}, killed after step {last}"


def test_interrupted_again_and_again_it_goes_on_to_the_same_bits(tmp_path):
    class Stopped(Exception):
        pass

    def stopping():
        steps = iter(range(4))

        def stop(_progress):
            if next(steps) == 3:
                raise Stopped

        return stop

    whole, n_stops, resumed = learn(None), 0, None
    while resumed is None:
        try:
            resumed = learn(tmp_path, stopping())
        except Stopped:
            n_stops += 1
            assert n_stops < 52

    assert n_stops > 12
    assert all(torch.equal(w, resumed.state_dict()[n]) for n, w in whole.state_dict().items())


def test_training_leaves_the_random_state_alone():
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)

    learn(None)

    assert torch.equal(torch.rand(4), expected)
