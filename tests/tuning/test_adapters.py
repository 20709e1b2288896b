"""Low-rank adapters: nothing else moves, nothing is lost when they are merged."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import small_net
import torch
from toy import ToyDataset

import heschl
from heschl.braintuning.adapters import adapt, merge
from heschl.braintuning.checkpoints import read_tensors
from heschl.braintuning.objective import Regression
from heschl.braintuning.recipe import LORA_LAYERS, Recipe
from heschl.errors import InvalidInput
from heschl.models.huggingface.random_wav2vec2 import REDUCED, random_wav2vec2
from heschl.registry import resolve_model
from heschl.tuning import tunable_network

NET = f"file:{Path(small_net.__file__)}:build"
NOISE = torch.from_numpy(np.random.default_rng(0).standard_normal((2, 4000))).float()
RANK, ALPHA = 4, 6.0
RECIPE = Recipe(
    n_epochs=2, batch_size=16, network_rate=1e-2, head_rate=1e-2, skipped_rows=3,
    lora_rank=2, lora_layers=("linear",),
)  # fmt: skip


def wav2vec2():
    model = random_wav2vec2("tiny", **(REDUCED | {"num_hidden_layers": 2, "conv_dim": (8,) * 7}))
    return tunable_network(model, "block.1", frozen="cnn").eval()


def adapted():
    torch.manual_seed(0)
    network = wav2vec2()
    return network, adapt(network, LORA_LAYERS, RANK, ALPHA)


def test_adapters_begin_as_the_network_was_to_the_bit():
    network, names = adapted()

    assert torch.equal(network(NOISE), wav2vec2()(NOISE))
    # Query, key, value and output of attention, and both of feed-forward, in each block.
    assert len(names) == 2 * 6


def test_so_many_numbers_learn_and_no_other_of_the_network():
    network, _ = adapted()
    width, hidden = REDUCED["hidden_size"], REDUCED["intermediate_size"]

    learned = {name: w for name, w in network.named_parameters() if w.requires_grad}

    in_a_block = 4 * RANK * 2 * width + 2 * RANK * (width + hidden)
    assert sum(weight.numel() for weight in learned.values()) == 2 * in_a_block
    assert {name.rpartition(".")[2] for name in learned} == {"A", "B"}
    groups = Regression(network, 3).groups()
    assert {id(w) for w in groups["network"]} == {id(w) for w in learned.values()}


def test_merged_matrices_are_the_closed_form_and_give_the_same_output():
    network, names = adapted()
    before = {name: network.get_submodule(name).parametrizations.weight for name in names}
    for each in before.values():
        torch.nn.init.normal_(each[0].B)
    expected = {
        name: each.original.double() + ALPHA / RANK * (each[0].B.double() @ each[0].A.double())
        for name, each in before.items()
    }
    with torch.no_grad():
        heard = network(NOISE)

    merge(network, names)

    for name, matrix in expected.items():
        found = network.get_submodule(name).weight
        torch.testing.assert_close(found.double(), matrix, rtol=1e-5, atol=1e-6)
    with torch.no_grad():
        assert torch.equal(network(NOISE), heard)
    assert not torch.allclose(heard, wav2vec2()(NOISE), atol=1e-2)
    assert set(network.state_dict()) == set(wav2vec2().state_dict())


def test_product_keeps_its_precision_where_others_are_in_bfloat16():
    network, names = adapted()
    part = network.get_submodule(names[0])
    torch.nn.init.normal_(part.parametrizations.weight[0].B)
    expected = part.weight

    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(part.weight, expected)


def tuned_to(folder, **changes):
    settings = {"subject": "S1", "data": ToyDataset(), "recipe": RECIPE, "output": folder}
    return heschl.tune(
        NET, "toy", stories=["one"], validation=["two"], test=["test"], **settings | changes
    )


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    return tuned_to(tmp_path_factory.mktemp("tuned") / "net")


def test_folder_holds_merged_matrices_alone_and_opens_like_any_other(tuned):
    kept, _ = read_tensors(tuned.folder / "weights.safetensors")
    base, model = resolve_model(NET).object, resolve_model(tuned.uri).object
    was = small_net.build()._module.state_dict()

    # The buffer beside them is what any tuning keeps.
    learned = {name for name in kept if name in was and not torch.equal(kept[name], was[name])}
    assert learned == {f"blocks.{number}.linear.weight" for number in range(2)}
    for name in learned:
        assert torch.linalg.matrix_rank(kept[name] - was[name], rtol=1e-3) == RECIPE.lora_rank
    assert tuned.record["n_learned"] == 2 * RECIPE.lora_rank * (6 + 6)
    heard = [each.forward(NOISE.numpy(), ["block.1"])["block.1"] for each in (base, model)]
    assert not torch.allclose(*map(torch.as_tensor, heard))
    assert [layer.name for layer in model.layers] == [layer.name for layer in base.layers]


def test_interrupted_adapters_go_on_to_the_same_bits(tuned, tmp_path):
    class Stopped(Exception):
        pass

    def stop(progress):
        if progress.step == 5:
            raise Stopped

    with pytest.raises(Stopped):
        tuned_to(tmp_path / "net", watch=stop, recipe=dataclasses.replace(RECIPE))

    state, _ = read_tensors(tmp_path / "net" / "checkpoint.safetensors")
    assert not any(name.endswith(".original") for name in state), "the base is not state"
    again = tuned_to(tmp_path / "net")
    assert again.record["weights_sha256"] == tuned.record["weights_sha256"]


def test_what_cannot_be_adapted_is_refused():
    network = tunable_network(small_net.build(), "final")
    with pytest.raises(InvalidInput, match=r"no linear layer .* q_proj; this network has linear:"):
        adapt(network, ["q_proj"], 2, 1.0)
    with pytest.raises(InvalidInput, match="lora_rank=7 is above 6"):
        adapt(network, ["linear"], 7, 1.0)
    network.network.blocks[0].linear.weight = network.network.blocks[1].linear.weight
    with pytest.raises(InvalidInput, match="some share a matrix"):
        adapt(network, ["linear"], 2, 1.0)
    with pytest.raises(InvalidInput, match="lora_rank=0; expected a whole number"):
        Recipe(lora_rank=0)
    with pytest.raises(InvalidInput, match="expected the names of linear layers"):
        Recipe(lora_layers="q_proj")
    with pytest.raises(InvalidInput, match="lora_alpha=0"):
        Recipe(lora_alpha=0)
