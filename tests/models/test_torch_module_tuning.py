"""Copies of networks that learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small_net import RATE, Net, build

from heschl.errors import InvalidInput, UnknownName
from heschl.tuning import tunable_network

NOISE = np.random.default_rng(0).standard_normal((2, RATE // 2)).astype(np.float32)


def learned(copy) -> set[str]:
    return {name for name, weight in copy.network.named_parameters() if weight.requires_grad}


def test_copy_gives_what_the_model_gives_and_passes_gradients():
    model = build()
    copy = tunable_network(model, "block.0")

    heard = copy(torch.from_numpy(NOISE))

    assert copy.n_units == 6
    assert heard.shape == (2, copy.n_frames(NOISE.shape[1]), 6)
    torch.testing.assert_close(heard.detach(), model.forward(NOISE, ["block.0"])["block.0"])
    heard.sum().backward()
    assert copy.network.conv.weight.grad.abs().sum() > 0


def test_learning_changes_the_copy_alone():
    model = build()
    digest, before = model.digest, model.forward(NOISE, ["final"])["final"]
    copy = tunable_network(model, "final").train()
    optimiser = torch.optim.SGD([w for w in copy.parameters() if w.requires_grad], lr=1.0)

    copy(torch.from_numpy(NOISE)).square().sum().backward()
    optimiser.step()

    assert model.digest == digest
    assert torch.equal(model.forward(NOISE, ["final"])["final"], before)
    assert not torch.allclose(copy.eval()(torch.from_numpy(NOISE)), before)


def test_weights_that_a_layer_needs_learn_and_no_others():
    assert learned(tunable_network(build(), "cnn")) == {"conv.weight", "conv.bias"}
    of_block = {f"blocks.0.linear.{kind}" for kind in ("weight", "bias")}
    assert learned(tunable_network(build(), "block.0", frozen="cnn")) == of_block
    whole = learned(tunable_network(build(), "final", frozen="no such layer"))
    assert "conv.weight" in whole
    assert not {name for name in whole if name.startswith("unused")}


def test_networks_without_gradients_are_refused():
    class Detached(Net):
        def forward(self, waveforms):
            with torch.no_grad():
                return super().forward(waveforms)

    with pytest.raises(InvalidInput, match=r"no weight of 'my-net' can be learned from .*no_grad"):
        tunable_network(build(Detached()), "final")
    with pytest.raises(InvalidInput, match="no weight of 'my-net'"):
        tunable_network(build(), "cnn", frozen="cnn").train()
    with pytest.raises(UnknownName, match="no layer 'fnal'; did you mean 'final'"):
        build().tunable("fnal")


def test_models_without_weights_are_refused():
    from heschl.models.acoustic import LOGMEL
    from heschl.models.phonetic import WORD_RATE

    with pytest.raises(InvalidInput, match="'logmel' has no weights to learn"):
        tunable_network(LOGMEL.target()(), "logmel")
    with pytest.raises(InvalidInput, match="'word-rate' does not hear"):
        tunable_network(WORD_RATE.target()(), "words")
