"""Controls: what is moved how far, and that the network's own loss is wav2vec 2.0's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from heschl.braintuning.contrastive import Contrastive
from heschl.braintuning.controls import (
    block_order,
    model_targets,
    random_head_targets,
    responses_of_others,
    responses_permuted,
)
from heschl.braintuning.examples import Examples, Story
from heschl.errors import InvalidInput
from heschl.models.huggingface.random_wav2vec2 import REDUCED, random_wav2vec2
from heschl.testing.toy_model import Loudness
from heschl.tuning import tunable_network


def numbered(*n_rows):
    """Return stories whose targets are the numbers of their rows."""
    starts = np.cumsum([0, *n_rows])
    return Examples(
        tuple(
            Story(str(k), np.zeros(9, np.float32), np.arange(n), (start + np.arange(n))[:, None])
            for k, (n, start) in enumerate(zip(n_rows, starts, strict=False))
        ),
        n_samples=4,
    )


@pytest.mark.parametrize("n_blocks", [20, 21, 57])
def test_every_block_moves_by_ten_at_least_and_orders_differ_by_seed(n_blocks):
    orders = [block_order(n_blocks, np.random.default_rng(seed)) for seed in range(3)]

    for order in orders:
        assert sorted(order) == list(range(n_blocks))
        assert abs(order - np.arange(n_blocks)).min() >= 10
    # Of twenty blocks there is one order alone, of twenty-one there are few.
    assert not np.array_equal(orders[0], orders[1]) or n_blocks < 57


def test_blocks_of_fifteen_rows_stay_whole_over_all_stories():
    permuted = responses_permuted(numbered(200, 117, 20), seed=1)

    rows = permuted.targets[:, 0]
    blocks = rows[:330].reshape(22, 15)
    assert (np.diff(blocks, axis=1) == 1).all()
    assert sorted(rows[:330]) == list(range(330))
    assert (abs(rows[:330] - np.arange(330)) >= 150).all()
    assert rows[330:].tolist() == list(range(7))
    assert [len(story.targets) for story in permuted.stories] == [200, 117, 20]


def test_no_story_keeps_its_own_responses():
    examples = numbered(5, 3, 4)

    for seed in range(5):
        others = responses_of_others(examples, seed)
        for before, after in zip(examples.stories, others.stories, strict=True):
            assert after.targets.shape == before.targets.shape
            assert not set(after.targets.ravel()) & (set(before.targets.ravel()) - {0.0})


def test_random_head_is_one_linear_layer_of_training_and_validation_rows():
    training, validation = numbered(40, 30), numbered(20)
    generator = np.random.default_rng(0)
    # Validation rows spread otherwise than training rows: were each kind standardised by its own,
    # the same layer would weigh their features otherwise.
    spread = np.array([1.0, 3.0, 0.2, 1.0, 5.0])
    features = {
        70: generator.standard_normal((70, 5)) + 4,
        20: generator.standard_normal((20, 5)) * spread,
    }

    made, checked = random_head_targets(training, validation, lambda e: features[len(e)], 8, seed=0)

    slopes = []
    for part, story in [
        *zip(np.split(features[70], [40]), made.stories, strict=True),
        (features[20], checked.stories[0]),
    ]:
        design = np.column_stack([part, np.ones(len(part))])
        found = np.linalg.lstsq(design, story.targets, rcond=None)[0]
        np.testing.assert_allclose(design @ found, story.targets, atol=1e-4)
        np.testing.assert_allclose(story.targets.std(axis=0), 1, atol=1e-4)
        # Targets are z-scored over a story, which scales each unit's slopes together.
        slopes.append(found[:5] / np.linalg.norm(found[:5], axis=0))
    for other in slopes[1:]:
        np.testing.assert_allclose(other, slopes[0], atol=1e-3)


def test_another_models_layers_are_brought_to_the_rows():
    from heschl.sound import Sound, Stimulus

    generator = np.random.default_rng(0)
    loudness = np.repeat(generator.uniform(0.1, 1, 20), 5 * 16_000).astype(np.float32)
    sound = Sound.from_samples(loudness * np.tile([1, -1], len(loudness) // 2), 16_000)
    clock = np.arange(11.0, 91.0, 2.0)

    made = model_targets(numbered(40), Loudness(), ["level"], [Stimulus("0", sound, None)], [clock])

    heard = loudness[(clock * 16_000).astype(int)]
    assert made.targets.shape == (40, 2)
    assert np.corrcoef(made.targets[:, 0], heard)[0, 1] > 0.9


def test_own_loss_is_that_of_transformers_and_teaches_the_network():
    settings = REDUCED | {"num_hidden_layers": 1, "conv_dim": (8,) * 7}
    model = random_wav2vec2("tiny", **settings)
    network = tunable_network(model, "block.0", frozen="cnn")
    objective = Contrastive(network).train()
    sound = torch.from_numpy(np.random.default_rng(0).standard_normal((2, 16_000))).float()
    frozen = {name for name, w in network.named_parameters() if not w.requires_grad}
    before = {name: w.clone() for name, w in network.named_parameters()}
    optimiser = torch.optim.Adam([w for ws in objective.groups().values() for w in ws], lr=1e-3)

    torch.manual_seed(0)
    first = objective.loss(sound, torch.empty(2, 0))
    torch.manual_seed(0)
    again = objective.loss(sound, torch.empty(2, 0))
    first.backward()
    optimiser.step()

    # A guess among a hundred distractors and the right one costs ln 101; the quantiser's share
    # comes on top.
    assert np.log(101) * 0.5 < first.item() < np.log(101) * 2
    assert torch.equal(first, again)
    moved = {name for name, w in network.named_parameters() if not torch.equal(w, before[name])}
    assert moved
    assert not moved & frozen
    assert any("feature_extractor" in name for name in frozen)


def test_networks_without_a_loss_of_their_own_are_refused():
    from small_net import build

    with pytest.raises(InvalidInput, match="holds 0 Wav2Vec2Model"):
        Contrastive(tunable_network(build(), "final"))
