"""Fine-tuning: a network and a layer of letters on top of it learn to spell sentences, by CTC."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from heschl.errors import InvalidInput
from heschl.metrics.asr.letters import ALPHABET, BLANK, decoded, encoded, n_frames_needed
from heschl.metrics.asr.schedule import Schedule
from heschl.torch_threads import torch_threads
from heschl.tuning import TunableNetwork

__all__ = ["BLANK_LEAD", "Recogniser", "Sentence", "fine_tune", "recognise"]

BLANK_LEAD = 1.0
"""In log probability. Steps of the size of a learning rate take thousands to make up for it."""

_LARGEST_STEP = 1.0
"""The norm to which longer gradients are cut."""


@dataclass(frozen=True)
class Sentence:
    """A sentence to learn from."""

    name: str
    waveform: Callable[[], np.ndarray]
    """Returns float32 (sample,) at the network's rate; asked anew in every epoch."""
    n_samples: int
    transcript: str


class Recogniser(torch.nn.Module):
    """A network with a layer of letters on top.

    The layer begins at zero, but for a lead of the blank: who has learned
    nothing writes nothing.
    """

    def __init__(self, network: TunableNetwork) -> None:
        super().__init__()
        self.network = network
        self.letters = torch.nn.Linear(network.n_units, 1 + len(ALPHABET))
        torch.nn.init.zeros_(self.letters.weight)
        torch.nn.init.zeros_(self.letters.bias)
        with torch.no_grad():
            self.letters.bias[BLANK] = BLANK_LEAD

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Return log probabilities (batch, time, label) for waveforms (batch, sample)."""
        scores: torch.Tensor = self.letters(self.network(waveforms))
        return scores.log_softmax(dim=-1)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.letters.weight.device


def fine_tune(
    network: TunableNetwork,
    sentences: Sequence[Sentence],
    schedule: Schedule,
    *,
    device: str | torch.device,
    seed: int,
    report: Callable[[float], None] | None = None,
) -> tuple[Recogniser, np.ndarray]:
    """Return a recogniser that has learned the sentences, and its mean loss in each epoch (epoch,).

    The network learns in place. The loss of a sentence is
    ``-ln P(transcript | sound) / letters``, P summed over all ways to spell it
    in its frames; a batch has the mean of its sentences, each of which passes
    by itself: zeros that fill up a shorter one would change what many networks
    hear. Adam; on a processor the same seed gives the same weights.

    Raises
    ------
    InvalidInput
        If a sentence has fewer frames than its letters need, or the loss is no
        number any more.
    """
    _check_lengths(network, sentences)
    targets = [torch.from_numpy(encoded(each.transcript)) for each in sentences]
    n_batches = -(-len(sentences) // schedule.batch_size)
    n_steps = n_batches * schedule.n_epochs
    order = np.random.default_rng(seed)
    losses = np.zeros(schedule.n_epochs)
    with _drawing_from(seed, torch.device(device)), torch_threads(network.n_threads):
        recogniser = Recogniser(network).to(device).train()
        learned = [weight for weight in recogniser.parameters() if weight.requires_grad]
        optimiser = torch.optim.Adam(learned, lr=schedule.learning_rate)
        for step in range(n_steps):
            epoch, number = divmod(step, n_batches)
            if number == 0:
                shuffled = order.permutation(len(sentences))
            batch = shuffled[number * schedule.batch_size :][: schedule.batch_size]
            optimiser.zero_grad()
            for place in batch:
                loss = _loss(recogniser, sentences[place], targets[place])
                (loss / len(batch)).backward()  # type: ignore[no-untyped-call]
                losses[epoch] += loss.item() / len(sentences)
            if not np.isfinite(losses[epoch]):
                raise InvalidInput(
                    f"the loss is {losses[epoch]} in epoch {epoch + 1} of {schedule.n_epochs} at "
                    f"learning_rate={schedule.learning_rate:g}, so nothing more can be learned; "
                    "choose a smaller rate, or check the weights of the model"
                )
            torch.nn.utils.clip_grad_norm_(learned, _LARGEST_STEP)
            for group in optimiser.param_groups:
                group["lr"] = schedule.learning_rate * schedule.rate(step, n_steps)
            optimiser.step()
            if report:
                report((step + 1) / n_steps)
    return recogniser.eval(), losses


def recognise(recogniser: Recogniser, waveform: np.ndarray) -> str:
    """Return the transcript that the best label of each frame spells, for (sample,)."""
    with torch.inference_mode(), torch_threads(recogniser.network.n_threads):
        heard = recogniser(torch.from_numpy(waveform[np.newaxis]).to(recogniser.device))
    return decoded(heard[0].argmax(dim=-1).cpu().numpy())


def _loss(recogniser: Recogniser, sentence: Sentence, target: torch.Tensor) -> torch.Tensor:
    waveform = torch.from_numpy(sentence.waveform()[np.newaxis]).to(recogniser.device)
    # On the processor, where its gradient adds up in the same order every time.
    heard = recogniser(waveform).cpu().transpose(0, 1)
    n_frames = torch.tensor([len(heard)])
    loss = torch.nn.functional.ctc_loss(
        heard, target[None], n_frames, torch.tensor([len(target)]), blank=BLANK, reduction="sum"
    )
    return loss / len(target)


def _check_lengths(network: TunableNetwork, sentences: Sequence[Sentence]) -> None:
    if not sentences:
        raise InvalidInput("there is no sentence to learn from; give one at least")
    for each in sentences:
        n_frames, needed = (
            network.n_frames(each.n_samples),
            n_frames_needed(encoded(each.transcript)),
        )
        if n_frames < needed:
            raise InvalidInput(
                f"the sentence {each.name!r} has {n_frames} frames of the layer, and its "
                f"{len(each.transcript)} letters ({each.transcript!r}) need {needed}; leave it "
                "out, or choose a layer with more frames a second"
            )


@contextmanager
def _drawing_from(seed: int, device: torch.device) -> Iterator[None]:
    """Draw from ``seed``, and leave every random state as it was."""
    on_cuda = device.type == "cuda"
    with torch.random.fork_rng(devices=[device] if on_cuda else []):
        # torch.manual_seed would reach into the other accelerators' states too.
        torch.default_generator.manual_seed(seed)
        if on_cuda:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield
