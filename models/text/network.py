"""`TextNetwork`: a checkpoint that can be asked for its layers or its guesses."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import transformers

from heschl.contracts import Layer
from heschl.errors import BrokenPlugin, InvalidInput
from heschl.models.text.checkpoint import Checkpoint
from heschl.models.text.stack import EMBED, FINAL, blocks_of, listening
from heschl.models.torch_module.weights import structure_digest, weights_digest, weights_version

__all__ = ["TextNetwork"]

_PROBE = "one two three four"
_NARROW = 128
"""Up to this many units one processor thread is as fast as several."""
_SAME = 1e-4
_UNLIMITED = 10**9
"""Tokenizers without a limit name one beyond this."""


class TextNetwork:
    """A network that takes the tokens of a passage; every pass begins afresh.

    Parameters
    ----------
    checkpoint
        Network and tokenizer; both belong to this object from here on.
    name
        Of whom messages speak.
    most
        The longest pass in tokens, special ones included; by default what the
        network has positions for.

    A pass begins with what the tokenizer puts before a text. A causal model
    whose tokenizer puts nothing there gets the token that begins a text, or
    else the one that ends it, so that the first word has something before it.
    A masked model also gets what the tokenizer puts behind a text.
    """

    def __init__(self, checkpoint: Checkpoint, name: str, most: int | None = None) -> None:
        self.name = name
        self.kind = checkpoint.kind
        self.lacks_head = checkpoint.lacks_head
        self.tokenizer = checkpoint.tokenizer
        self._network = checkpoint.network.eval().requires_grad_(requires_grad=False)
        self._network.config.use_cache = False
        for part in self._network.modules():
            # Where a network lay on disk is no part of what it is.
            if "name_or_path" in vars(part):
                part.name_or_path = ""
        self._base = self._network.base_model
        # Read once: each use of a tokenizer may leave its settings for length in it.
        self._tokens_digest = hashlib.sha256(
            self.tokenizer.backend_tokenizer.to_str().encode()
        ).hexdigest()
        self.prefix, self.suffix = self._framing()
        self.n_parameters = sum(weight.numel() for weight in self._network.parameters())
        self.most = self._longest(most) - len(self.prefix) - len(self.suffix)
        self._blocks = blocks_of(self._base, self._setting("num_hidden_layers"), name)
        self._hashed: tuple[Any, str] = (None, "")
        self.layers = self._probed_layers()

    @property
    def architecture(self) -> str:
        """What transformers calls the architecture."""
        return str(self._network.config.model_type)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        found: torch.device = next(self._network.parameters()).device
        return found

    @property
    def digest(self) -> str:
        """A text that changes whenever the outputs would: of weights, structure and tokenizer."""
        version = weights_version(self._network)
        if self._hashed[0] != version:
            self._hashed = version, weights_digest(self._network)
        recipe = {
            "weights": self._hashed[1],
            "structure": structure_digest(self._network),
            "tokenizer": self._tokens_digest,
            "framing": [self.prefix, self.suffix],
            "torch": torch.__version__.partition(".")[0],
            "transformers": transformers.__version__.partition(".")[0],
        }
        return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()

    def to(self, device: str | torch.device) -> None:
        """Move the network to a device."""
        self._network.to(device)

    def hidden(
        self, passages: Sequence[Sequence[int]], layers: Sequence[str]
    ) -> dict[str, torch.Tensor]:
        """Return ``{layer: tensor (passage, token, unit)}`` for passages of one length.

        The tokens are those of the passages alone, without the special ones.
        """
        with self._quietly(), listening(self._base, self._blocks, layers, self.name) as heard:
            ids = self._framed(passages)
            self._base(input_ids=ids, attention_mask=torch.ones_like(ids))
        n_tokens = len(passages[0])
        return {layer: self._unframed(layer, heard[layer], n_tokens) for layer in layers}

    def surprisal(self, passages: Sequence[Sequence[int]]) -> torch.Tensor:
        """Return the bits ``-log2 p(token | all before it in the pass)``, (passage, token)."""
        with self._quietly():
            ids = self._framed(passages)
            logits = self._network(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
            start, stop = len(self.prefix), len(self.prefix) + len(passages[0])
            # Apple's processors have no float64.
            precision = torch.float32 if self.device.type == "mps" else torch.float64
            guesses = logits[:, start - 1 : stop - 1].to(precision).log_softmax(dim=-1)
            chosen = guesses.gather(-1, ids[:, start:stop, None])[..., 0]
        bits: torch.Tensor = -chosen / math.log(2)
        return bits

    def _framed(self, passages: Sequence[Sequence[int]]) -> torch.Tensor:
        rows = [[*self.prefix, *passage, *self.suffix] for passage in passages]
        return torch.tensor(rows, device=self.device)

    def _unframed(self, layer: str, heard: torch.Tensor, n_tokens: int) -> torch.Tensor:
        n_framed = len(self.prefix) + n_tokens + len(self.suffix)
        if heard.shape[1] != n_framed:
            raise BrokenPlugin(
                f"the layer {layer!r} of {self.name!r} has {heard.shape[1]} positions for "
                f"{n_framed} tokens; this architecture cannot be read"
            )
        return heard[:, len(self.prefix) : len(self.prefix) + n_tokens]

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """Evaluate, with no trace in the random state, on as many threads as help."""
        self._network.eval()
        before = torch.get_num_threads()
        narrow = self._setting("hidden_size")
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.inference_mode(), torch.random.fork_rng(devices=devices):
            try:
                if narrow is not None and narrow <= _NARROW:
                    torch.set_num_threads(1)
                yield
            finally:
                torch.set_num_threads(before)

    def _framing(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the tokens before and after every passage."""
        bare = self.tokenizer("a", add_special_tokens=False)["input_ids"]
        framed = self.tokenizer("a", add_special_tokens=True)["input_ids"]
        places = range(len(framed) - len(bare) + 1)
        start = next((n for n in places if framed[n : n + len(bare)] == bare), None)
        if start is None:
            raise InvalidInput(
                f"the tokenizer of {self.name!r} cuts a text otherwise when it frames it with "
                "special tokens; expected one that puts them before and after"
            )
        prefix, suffix = tuple(framed[:start]), tuple(framed[start + len(bare) :])
        if self.kind == "masked":
            return prefix, suffix
        begins = [self.tokenizer.bos_token_id, self.tokenizer.eos_token_id]
        return prefix or tuple([token for token in begins if token is not None][:1]), ()

    def _longest(self, wanted: int | None) -> int:
        """Return how many tokens one pass takes, special ones included."""
        positions = self._setting("max_position_embeddings")
        for name, part in self._base.named_modules():
            is_table = isinstance(part, torch.nn.Embedding) and name.endswith("position_embeddings")
            if is_table and positions is not None and part.padding_idx is not None:
                # RoBERTa and its kin count positions from behind the padding's.
                positions -= part.padding_idx + 1
        limits = [positions, self.tokenizer.model_max_length]
        known = [int(limit) for limit in limits if limit is not None and 0 < limit < _UNLIMITED]
        if wanted is None and not known:
            raise InvalidInput(
                f"{self.name!r} does not say how many tokens it takes; give tokens=..., such as "
                "tokens=1024"
            )
        n_special = len(self.prefix) + len(self.suffix)
        longest = min(known) if wanted is None else wanted
        if longest > min(known, default=longest) or longest <= n_special:
            raise InvalidInput(
                f"{self.name!r} was asked to read {longest} tokens at once; expected more than "
                f"{n_special} and at most {min(known, default=longest)}"
            )
        return longest

    def _setting(self, name: str) -> int | None:
        found = getattr(self._network.config, name, None)
        return int(found) if isinstance(found, int) else None

    def _probed_layers(self) -> tuple[Layer, ...]:
        """Measure the widths, and hold a causal network to its word."""
        ids = self.tokenizer(_PROBE, add_special_tokens=False)["input_ids"][: self.most]
        names = [EMBED, *(f"block.{k}" for k in range(len(self._blocks))), FINAL]
        heard = self.hidden([ids], names)
        last = heard[names[-2]]
        # Networks that normalise after each block have nothing beyond the last.
        if last.shape == heard[FINAL].shape and torch.equal(last, heard[FINAL]):
            names.remove(FINAL)
        if self.kind == "causal" and len(ids) > 1:
            shorter = self.hidden([ids[:-1]], names)
            for name in names:
                if not torch.allclose(heard[name][:, :-1], shorter[name], rtol=_SAME, atol=_SAME):
                    raise BrokenPlugin(
                        f"the layer {name!r} of {self.name!r} changes with what follows, though "
                        "its architecture is a causal language model's; it cannot be read as one"
                    )
        return tuple(Layer(name, heard[name].shape[-1]) for name in names)
