"""wav2vec 2.0's own loss, for the control that hears the same sound without any responses.

The loss, its quantiser and the choice of distractors are those of transformers'
`Wav2Vec2ForPreTraining` around the very network that is tuned. The quantiser and the projections
begin anew: checkpoints of the encoder alone do not have them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
import torch

from heschl.errors import InvalidInput
from heschl.tuning import TunableNetwork

__all__ = ["Contrastive"]

_MASKED_SHARE, _MASK_FRAMES = 0.65, 10
_DISTRACTORS = 100


class Contrastive(torch.nn.Module):
    """A wav2vec 2.0 that tells masked frames from others (Baevski et al. 2020).

    Parameters
    ----------
    network
        As `heschl.tuning.tunable_network` gives it, with a `Wav2Vec2Model` in it.
    """

    def __init__(self, network: TunableNetwork) -> None:
        super().__init__()
        from transformers import Wav2Vec2ForPreTraining, Wav2Vec2Model

        self.network = network
        module = cast("torch.nn.Module", network)
        found = [part for part in module.modules() if isinstance(part, Wav2Vec2Model)]
        if len(found) != 1:
            raise InvalidInput(
                "the control 'stimulus' goes on with wav2vec 2.0's own loss, and this network "
                f"holds {len(found)} Wav2Vec2Model; choose a wav2vec 2.0, or another control"
            )
        encoder: Any = found[0]
        # It is off while layers are to be heard whole.
        encoder.config.apply_spec_augment = True
        self._of_network = {id(weight) for weight in module.parameters() if weight.requires_grad}
        if not hasattr(encoder, "masked_spec_embed"):
            # What stands in masked places; networks that were never to be trained lack it.
            drawn = torch.empty(encoder.config.hidden_size).uniform_()
            encoder.masked_spec_embed = torch.nn.Parameter(drawn)
        pretraining: Any = Wav2Vec2ForPreTraining(encoder.config)
        pretraining.wav2vec2 = encoder
        self.pretraining = pretraining

    def groups(self) -> dict[str, list[torch.nn.Parameter]]:
        """Return the weights that learn; the quantiser and the projections are the head."""
        learned = [weight for weight in self.parameters() if weight.requires_grad]
        return {
            "network": [weight for weight in learned if id(weight) in self._of_network],
            "head": [weight for weight in learned if id(weight) not in self._of_network],
        }

    def loss(self, waveforms: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        """Return the contrastive and the diversity loss for each masked frame; no target enters.

        Sounds pass one by one: their distractors, each from its own, would take gigabytes together.
        """
        return torch.stack([self._loss(row[None]) for row in waveforms]).mean()

    def _loss(self, waveforms: torch.Tensor) -> torch.Tensor:
        from transformers.models.wav2vec2.modeling_wav2vec2 import (
            _compute_mask_indices,
            _sample_negative_indices,
        )

        centred = waveforms - waveforms.mean(dim=1, keepdim=True)
        heard = centred / (centred.square().mean(dim=1, keepdim=True) + 1e-7).sqrt()
        n_frames = int(
            self.pretraining._get_feat_extract_output_lengths(waveforms.shape[1])  # noqa: SLF001
        )
        shape = (len(waveforms), n_frames)
        with _drawing_from_torch():
            masked = _compute_mask_indices(shape, _MASKED_SHARE, _MASK_FRAMES, min_masks=2)
            others = _sample_negative_indices(shape, _DISTRACTORS, mask_time_indices=masked)
        found = self.pretraining(
            heard,
            mask_time_indices=torch.from_numpy(masked).to(waveforms.device),
            sampled_negative_indices=torch.from_numpy(others).to(waveforms.device),
        )
        loss: torch.Tensor = found.loss / max(1, int(masked.sum()))
        return loss


@contextmanager
def _drawing_from_torch() -> Iterator[None]:
    """Let NumPy's own state follow torch's for a while, as transformers draws from there."""
    before = np.random.get_state()  # noqa: NPY002  the state that transformers draws from
    np.random.seed(int(torch.randint(2**31, ())))  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002
