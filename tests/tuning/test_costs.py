"""What a step takes: counted operations against closed forms, torch's counter and a real pass."""

from __future__ import annotations

import itertools

import pytest
import torch
from planted_tuning import N_SAMPLES, N_UNITS, Encoder
from torch.utils.flop_counter import FlopCounterMode

from heschl.braintuning.costs import (
    CARDS,
    MEMORY_SHARE,
    PRODUCT_SHARE,
    GraphicsCard,
    Pass,
    estimate,
    one_pass,
)
from heschl.braintuning.objective import Regression
from heschl.braintuning.recipe import Recipe
from heschl.errors import InvalidInput
from heschl.models.huggingface.random_wav2vec2 import REDUCED, random_wav2vec2
from heschl.tuning import tunable_network

SECONDS, UNITS = 10, 500


@pytest.fixture(scope="module")
def learner():
    model = random_wav2vec2("tiny", **REDUCED)
    return Regression(tunable_network(model, model.layers[-1].name, frozen="cnn"), UNITS)


def by_part():
    """Return the operations of a forward pass of each part of the reduced wav2vec 2.0."""
    width, hidden, depth = 32, 128, 3
    widths = (1, *REDUCED["conv_dim"])
    n_frames, cnn = SECONDS * 16_000, 0
    kernels, strides = (10, 3, 3, 3, 3, 2, 2), (5, 2, 2, 2, 2, 2, 2)
    for (before, after), kernel, stride in zip(
        itertools.pairwise(widths), kernels, strides, strict=True
    ):
        n_frames = (n_frames - kernel) // stride + 1
        cnn += 2 * before * after * kernel * n_frames
    position = REDUCED["num_conv_pos_embeddings"]
    return {
        "cnn": cnn,
        # An even kernel gives a frame too many, which is cut; sixteen groups see each their own.
        "position": 2 * width * (width // 16) * position * (n_frames + 1),
        "linear": 2 * n_frames * (64 * width + depth * (4 * width**2 + 2 * width * hidden)),
        "attention": depth * 4 * n_frames**2 * width,
        "head": 2 * width * UNITS,
    }


@pytest.mark.parametrize("is_mixed", [True, False])
def test_operations_are_the_closed_form_of_the_architecture(learner, is_mixed):
    parts = by_part()

    there = one_pass(learner, 2, SECONDS * 16_000, UNITS, is_mixed=is_mixed, learns=False)
    both = one_pass(learner, 2, SECONDS * 16_000, UNITS, is_mixed=is_mixed)

    assert there.flops == 2 * sum(parts.values())
    # What learns takes twice as much on the way back; what is frozen nothing.
    assert both.flops == 2 * (3 * sum(parts.values()) - 2 * parts["cnn"])
    assert there.kept == 0 < both.kept


def test_operations_are_those_of_torchs_counter_on_a_real_pass(learner):
    sound, targets = torch.randn(1, SECONDS * 16_000), torch.randn(1, UNITS)

    with FlopCounterMode(display=False) as counter, torch.no_grad():
        learner.eval().loss(sound, targets)

    # It knows no attention on a processor.
    there = one_pass(learner, 1, SECONDS * 16_000, UNITS, learns=False)
    assert there.flops == counter.get_total_flops() + by_part()["attention"]


def test_kept_bytes_are_those_of_a_real_pass():
    learner, n_rows = Regression(Encoder(), N_UNITS), 7
    kept = {}

    def keep(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = learner.loss(torch.randn(n_rows, 3 * N_SAMPLES), torch.randn(n_rows, N_UNITS))
    weights = {each.untyped_storage().data_ptr() for each in learner.parameters()}
    expected = sum(size for place, size in kept.items() if place not in weights)

    assert loss.requires_grad
    assert expected > 0
    found = one_pass(learner, n_rows, 3 * N_SAMPLES, N_UNITS, is_mixed=False)
    assert found.kept == expected


def test_a_pass_takes_the_longer_of_products_and_copies():
    card = GraphicsCard("toy", flops=100.0, bytes_per_s=10.0, memory=1.0)

    taken = Pass(((600.0, 1.0), (6.0, 70.0)), kept=0.0).seconds(card)

    assert taken == pytest.approx(600 / (PRODUCT_SHARE * 100) + 70 / (MEMORY_SHARE * 10))


def test_estimate_adds_up_steps_and_bytes(learner):
    recipe = Recipe(batch_size=8, rows_at_once=4)
    settings = {"n_rows": 20, "n_validation": 8, "n_samples": 160_000, "n_units": UNITS}
    n_learned = sum(w.numel() for w in learner.parameters() if w.requires_grad)

    found = estimate(learner, recipe, **settings)
    four = one_pass(learner, 4, 160_000, UNITS)

    assert found.n_steps == 3
    assert found.step_flops == 2 * four.flops
    adam_s = 28 * n_learned / (MEMORY_SHARE * CARDS["H200"].bytes_per_s)
    assert found.step_s == pytest.approx(2 * four.seconds(CARDS["H200"]) + adam_s)
    assert found.epoch_s > 2.5 * found.step_s
    assert found.memory["Adam"] == 8 * n_learned
    assert found.memory["activations"] == four.kept
    assert 0 < found.share_of_peak < PRODUCT_SHARE
    assert "an estimate, not measured" in found.lines()[-1]
    tight = estimate(learner, Recipe(batch_size=20_000), **settings | {"n_rows": 20_000})
    assert "lower rows_at_once" in tight.lines()[1]
    with pytest.raises(InvalidInput, match="no data sheet of 'H20'"):
        estimate(learner, recipe, **settings, card="H20")


def test_network_that_looks_at_numbers_is_told_from_one_that_does_not():
    class Looks(Encoder):
        def forward(self, waveforms):
            return super().forward(waveforms * (1.0 if waveforms.sum() > 0 else 2.0))

    with pytest.raises(InvalidInput, match="only by running it"):
        one_pass(Regression(Looks(), 3), 2, N_SAMPLES, 3)
