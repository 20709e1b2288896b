"""Checkpoints of transformers: a network and its tokenizer, complete or refused."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import tokenizers
import torch
import transformers
from transformers.models.auto import modeling_auto
from transformers.utils.hub import cached_file

from heschl.errors import CorruptData, InvalidInput, MissingData
from heschl.models.location import Location
from heschl.models.torchaudio_stub import importable_torchaudio

__all__ = ["Checkpoint", "Kind", "load_checkpoint"]

Kind = Literal["causal", "masked"]

_HEADS = {"cls", "lm_head", "pooler", "predictions", "classifier", "score", "qa_outputs"}
"""Parts of released checkpoints that sit on top of a network and do not change what it reads."""


@dataclass(frozen=True)
class Checkpoint:
    """A network with its head for guessing words, and the tokenizer that it was trained with."""

    kind: Kind
    network: Any  # a PreTrainedModel, in float32
    tokenizer: Any  # a fast tokenizer
    lacks_head: bool
    """Whether the checkpoint holds no weights for guessing words."""


def load_checkpoint(location: Location, seed: int | None = None) -> Checkpoint:
    """Return a checkpoint from a folder in the release layout, or from the hub.

    Parameters
    ----------
    location
        The folder, or the name on the hub and its commit.
    seed
        Draws the weights instead of loading them: the untrained twin.

    Raises
    ------
    CorruptData
        If weights of the network are missing or left over, so that part of it
        would be random.
    """
    # Transformers imports it with its networks, where it is installed.
    importable_torchaudio()
    where: dict[str, Any] = {"revision": location.revision}
    if location.is_on_disk:
        where = {"local_files_only": True}
    try:
        config = transformers.AutoConfig.from_pretrained(location.name, **where)
        tokenizer = transformers.AutoTokenizer.from_pretrained(location.name, **where)
    except (OSError, ValueError, KeyError) as error:
        raise MissingData(
            f"{location.name!r} has no configuration and tokenizer that transformers "
            f"{transformers.__version__} can read ({_first_line(error)}); give a folder with "
            "config.json and tokenizer.json, or a name and commit that the hub has"
        ) from error
    if not tokenizer.is_fast:
        raise InvalidInput(
            f"{location.name!r} has a slow tokenizer, which does not say where its tokens are; "
            "convert it and save tokenizer.json beside it"
        )
    _cut_as_released(tokenizer, location.name, where)
    kind = _kind(config, location.name)
    auto: Any = {
        "causal": transformers.AutoModelForCausalLM,
        "masked": transformers.AutoModelForMaskedLM,
    }[kind]
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        # Also while loading: what a checkpoint lacks is drawn before it can be refused.
        torch.default_generator.manual_seed(seed or 0)
        if seed is not None:
            network, lacks_head = auto.from_config(config), False
        else:
            with _without_progress_bars():
                network, lacks_head = _loaded(auto, location.name, where)
    _check_vocabulary(network, tokenizer, location.name)
    return Checkpoint(kind, network.float(), tokenizer, lacks_head)


def _cut_as_released(tokenizer: Any, name: str, where: dict[str, Any]) -> None:
    """Cut text as tokenizer.json says.

    From version 5 on, transformers builds the tokenizers of some architectures anew, with its own
    idea of where words end, so that the same checkpoint would read other tokens.
    """
    path = cached_file(
        name,
        "tokenizer.json",
        _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_connection_errors=False,
        **where,
    )
    if path is None:  # released in an older form, which was converted
        return
    released, used = tokenizers.Tokenizer.from_file(str(path)), tokenizer.backend_tokenizer
    used.normalizer = released.normalizer
    used.pre_tokenizer = released.pre_tokenizer
    used.model = released.model


def _kind(config: Any, name: str) -> Kind:
    """Tell a causal from a masked language model by the class that was saved."""
    if getattr(config, "is_encoder_decoder", False):
        raise InvalidInput(
            f"{name!r} is an encoder with a decoder ({config.model_type}); expected a causal or a "
            "masked language model"
        )
    causal = modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    masked = modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES
    saved = (getattr(config, "architectures", None) or [""])[0]
    if config.model_type in masked and saved != causal.get(config.model_type):
        return "masked"
    if config.model_type in causal:
        return "causal"
    raise InvalidInput(
        f"{name!r} is a {config.model_type!r} ({saved or 'no architecture named'}), of which "
        "transformers has no language model; expected a causal or a masked one"
    )


def _loaded(auto: Any, name: str, where: dict[str, Any]) -> tuple[Any, bool]:
    try:
        network, report = auto.from_pretrained(name, output_loading_info=True, **where)
    except (OSError, ValueError, RuntimeError) as error:
        raise CorruptData(
            f"the weights of {name!r} do not load ({_first_line(error)}); fetch them again, or "
            "give the folder that belongs to its config.json"
        ) from error
    base = network.base_model_prefix + "."
    missing = set(map(str, report["missing_keys"]))
    has_head = network is not network.base_model
    of_head = {key for key in missing if has_head and not key.startswith(base)}
    # The head comes after the network: without it, everything below is still whole.
    faults = {
        "lacks": missing - of_head,
        "has left over": {
            key for key in map(str, report["unexpected_keys"]) if not _is_of_head(key, base)
        },
        "has in another shape": {str(key) for key in report.get("mismatched_keys", ())},
    }
    for fault, keys in faults.items():
        if keys:
            raise CorruptData(
                f"the checkpoint {name!r} {fault} {len(keys)} weights of a "
                f"{type(network).__name__}: {_some(keys)}; part of it would be random or unused: "
                "give the checkpoint of this architecture"
            )
    return network, bool(of_head)


@contextmanager
def _without_progress_bars() -> Iterator[None]:
    """Leave the terminal to whoever scores."""
    bars: Any = transformers.utils.logging
    was_enabled = bars.is_progress_bar_enabled()
    bars.disable_progress_bar()
    try:
        yield
    finally:
        if was_enabled:
            bars.enable_progress_bar()


def _is_of_head(key: str, base: str) -> bool:
    return key.removeprefix(base).partition(".")[0] in _HEADS


def _check_vocabulary(network: Any, tokenizer: Any, name: str) -> None:
    n_known = network.get_input_embeddings().weight.shape[0]
    highest = max(tokenizer.get_vocab().values(), default=-1)
    if highest >= n_known:
        raise CorruptData(
            f"the tokenizer of {name!r} counts tokens up to {highest}, but the network knows "
            f"{n_known}; they belong to different models"
        )


def _some(keys: Iterable[str]) -> str:
    shown = list(itertools.islice(sorted(keys), 3))
    return ", ".join(shown) + ("..." if len(shown) < len(list(keys)) else "")


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
