"""Models that read: language models of transformers, surprisal, static word vectors.

::

    lm:./gpt2-folder                     a checkpoint in the release layout
    lm:openai-community/gpt2@<commit>    the same from the hub, pinned
    surprisal:./gpt2-folder              bits per word under a causal model
    vectors:./glove.6B.300d.txt          GloVe or word2vec, as text

``lm:`` and ``surprisal:`` take settings, as in ``lm:./folder?tokens=512&before=20``:

- ``tokens``: the longest pass, by default all that the network has positions for;
- ``minimum``: how many tokens each word has before it in a text of several blocks;
- ``before``: read each word in a pass of its own, with that many words before it;
- ``random``: a seed, to draw the weights instead of loading them: the untrained twin;
- ``words`` (``lm:`` alone): ``last``, ``first`` or ``mean`` of a word's tokens.

The words of an alignment are read as one text (`heschl.models.text.transcript`),
in passes that `heschl.models.text.contexts` lays out. `ResidualContext` takes
away from a model's layers what single words predict.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

from heschl.cards import UNTRAINED, ModelCard, Training
from heschl.models.hub_cache import HubCard

if TYPE_CHECKING:
    from heschl.models.text.language_model import LanguageModel
    from heschl.models.text.residual import ResidualContext
    from heschl.models.text.surprisal import Surprisal
    from heschl.models.text.vectors import WordVectors

__all__ = [
    "CARDS",
    "GPT2",
    "GPT2_LARGE",
    "GPT2_LARGE_RANDOM",
    "GPT2_MEDIUM",
    "GPT2_MEDIUM_RANDOM",
    "GPT2_RANDOM",
    "GPT2_XL",
    "GPT2_XL_RANDOM",
    "LanguageModel",
    "ResidualContext",
    "Surprisal",
    "WordVectors",
    "open_language_model",
    "open_surprisal",
    "open_word_vectors",
]

_HOMES = {
    "LanguageModel": "language_model",
    "ResidualContext": "residual",
    "Surprisal": "surprisal",
    "WordVectors": "vectors",
}
_CITATION = """@techreport{radford2019language,
  author = {Radford, Alec and Wu, Jeffrey and Child, Rewon and Luan, David and Amodei, Dario and
    Sutskever, Ilya},
  title = {Language Models are Unsupervised Multitask Learners},
  institution = {OpenAI},
  year = {2019},
}"""


def open_language_model(location: str) -> LanguageModel:
    """Return the model behind ``lm:<location>``."""
    _check_requirements("lm")
    from heschl.models.text import opening

    return opening.language_model(location)


def open_surprisal(location: str) -> Surprisal:
    """Return the model behind ``surprisal:<location>``."""
    _check_requirements("surprisal")
    from heschl.models.text import opening

    return opening.surprisal(location)


def open_word_vectors(location: str) -> WordVectors:
    """Return the model behind ``vectors:<location>``."""
    from heschl.models.text.vectors import WordVectors

    return WordVectors(location)


def _check_requirements(scheme: str) -> None:
    """Say how to install what a scheme needs, if it is not there."""
    ModelCard(
        scheme, "", "", requires=("torch", "transformers"), extra="speech"
    ).check_requirements()


def _gpt2(size: str, commit: str, blocks: int, units: int, parameters: int) -> list[ModelCard]:
    """Return the card of one size of GPT-2, and that of its untrained twin."""
    name, hub = f"gpt2{size}", f"openai-community/gpt2{size}"
    where, at = f"{hub}@{commit}", {"hub": hub, "commit": commit}
    shape = f"GPT-2, {blocks} blocks of {units} units"

    def card(
        kind: type[ModelCard], card_id: str, summary: str, place: str, **fields: Any
    ) -> ModelCard:
        return kind(
            id=card_id,
            load=functools.partial(_named, card_id, place),
            summary=summary,
            requires=("torch", "transformers"),
            extra="speech",
            licence="MIT",
            citation=_CITATION,
            url=f"https://huggingface.co/{hub}",
            modality="text",
            family="gpt2",
            parameters=parameters,
            **fields,
        )

    training = Training("causal language modelling", ("WebText",), ("en",))
    twin = f"{name}-random"
    return [
        card(HubCard, name, shape, where, training=training, untrained_twin=twin, **at),
        card(
            ModelCard,
            twin,
            f"{shape}, with random weights",
            f"{where}?random=0",
            training=UNTRAINED,
        ),
    ]


def _named(card_id: str, place: str, seed: int = 0) -> LanguageModel:
    from heschl.models.text import opening

    card = next(card for card in CARDS if card.id == card_id)
    if seed:  # of a twin, which is drawn from 0 otherwise
        place = place.replace("?random=0", f"?random={seed}")
        card = dataclasses.replace(card, id=f"{card_id}@{seed}")
    return opening.language_model(place, card)


GPT2, GPT2_RANDOM = _gpt2("", "607a30d783dfa663caf39e06633721c8d4cfcd7e", 12, 768, 124_439_808)
GPT2_MEDIUM, GPT2_MEDIUM_RANDOM = _gpt2(
    "-medium", "6dcaa7a952f72f9298047fd5137cd6e4f05f41da", 24, 1024, 354_823_168
)
GPT2_LARGE, GPT2_LARGE_RANDOM = _gpt2(
    "-large", "32b71b12589c2f8d625668d2335a01cac3249519", 36, 1280, 774_030_080
)
GPT2_XL, GPT2_XL_RANDOM = _gpt2(
    "-xl", "15ea56dee5df4983c59b2538573817e1667135e2", 48, 1600, 1_557_611_200
)

CARDS = (
    *(GPT2, GPT2_RANDOM),
    *(GPT2_MEDIUM, GPT2_MEDIUM_RANDOM),
    *(GPT2_LARGE, GPT2_LARGE_RANDOM),
    *(GPT2_XL, GPT2_XL_RANDOM),
)
"""Every card of the family."""


def __getattr__(name: str) -> Any:  # importing this package must import neither NumPy nor torch
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
