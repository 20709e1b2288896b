"""Small checkpoints of language models in the release layout, with tokenizers trained here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tokenizers
import torch
import transformers

from heschl.alignment import Alignment
from heschl.models.text import open_language_model
from heschl.models.text.language_model import LanguageModel

SENTENCES = (
    "I don't think that the mother-in-law's cat can't sit there, can it?",
    "In 1984 we paid 3,000 dollars for the old lighthouse, twenty-one times.",
    "The keeper counted seven ships before breakfast and wrote each one down.",
    "one two three four the then there these those other mother",
    "l'homme qu'il a vu aujourd'hui n'est pas d'ici",
    "我们明天去公园看花",
)

NASTY = (
    *("I", "don't", "think", "can't", "mother-in-law's", "twenty-one", "3,000", "1984"),
    *(
        "--",
        "New  York",
        "",
        "sp",
        "{BR}",
        "...",
        "naïve",
        "<|end|>",
        "rock'n'roll",
        "&",
        "O'Neill",
    ),
    *("l'", "homme", "qu'", "il", "aujourd'hui", "我们", "明天", "去", "公园", "don't", "there."),
)
"""Words that tokenizers trip over; five of them are not spoken."""

END = {"bos_token": "<|end|>", "eos_token": "<|end|>"}
BOUNDS = {"bos_token": "<s>", "eos_token": "</s>"}
UNKNOWN = {"unk_token": "<unk>"}


def spoken(labels: tuple[str, ...], step_s: float = 0.25) -> Alignment:
    """Return words that follow each other at an even pace."""
    return Alignment(
        words=tuple((n * step_s, (n + 1) * step_s, label) for n, label in enumerate(labels))
    )


def story(n_words: int) -> Alignment:
    """Return a text of any length, of which no passage repeats soon."""
    words = " ".join(SENTENCES[:4]).split()
    return spoken(tuple(words[(n * n + 3 * n) % len(words)] for n in range(n_words)))


def byte_level(folder: Path, **special: str) -> None:
    """Save a byte-level tokenizer, as GPT-2 has it."""
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    tokenizer.post_processor = tokenizers.processors.ByteLevel(trim_offsets=False)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=360,
        special_tokens=["<|end|>"],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=10**30, **special
    ).save_pretrained(folder)


def word_pieces(folder: Path) -> None:
    """Save a tokenizer that frames every text with [CLS] and [SEP], as BERT has it."""
    tokenizer = tokenizers.BertWordPieceTokenizer(lowercase=True)
    tokenizer.train_from_iterator(SENTENCES, vocab_size=300, min_frequency=1, show_progress=False)
    # transformers 5 would add this by itself.
    tokenizer.post_processor = tokenizers.processors.BertProcessing(
        *((token, tokenizer.token_to_id(token)) for token in ("[SEP]", "[CLS]"))
    )
    transformers.BertTokenizerFast(
        tokenizer_object=tokenizer._tokenizer, model_max_length=48
    ).save_pretrained(folder)


def pieces_over_spaces(folder: Path) -> None:
    """Save a tokenizer whose tokens run on through spaces, with a token of its own before."""
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(**UNKNOWN))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace(split=False)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<unk>", "<s>", "</s>"], show_progress=False
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]
    )
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, **BOUNDS, **UNKNOWN
    ).save_pretrained(folder)


def _save(network: object, folder: Path) -> Path:
    # Random biases and gains, so that a layer that is left out or doubled shows.
    with torch.no_grad():
        for weight in network.parameters():
            if weight.ndim == 1:
                weight.add_(0.1 * torch.randn_like(weight))
    network.save_pretrained(folder)
    return folder


def gpt2(folder: Path, *, seed: int = 0, positions: int = 64) -> Path:
    """Save a GPT-2 of two blocks."""
    byte_level(folder, **END)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        config = transformers.GPT2Config(
            vocab_size=400, n_positions=positions, n_embd=16, n_layer=2, n_head=2,
            bos_token_id=0, eos_token_id=0, initializer_range=0.3,
        )  # fmt: skip
        return _save(transformers.GPT2LMHeadModel(config), folder)


def llama(folder: Path) -> Path:
    """Save a Llama of two blocks, whose tokenizer puts a token before every text."""
    pieces_over_spaces(folder)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        config = transformers.LlamaConfig(
            vocab_size=420, hidden_size=16, intermediate_size=32, num_hidden_layers=2,
            num_attention_heads=2, max_position_embeddings=40, initializer_range=0.3,
            bos_token_id=1, eos_token_id=2,
        )  # fmt: skip
        return _save(transformers.LlamaForCausalLM(config), folder)


def bert(folder: Path) -> Path:
    """Save a BERT of two blocks, with its head for masked words."""
    word_pieces(folder)
    with torch.random.fork_rng():
        torch.manual_seed(2)
        config = transformers.BertConfig(
            vocab_size=400, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
            intermediate_size=32, max_position_embeddings=48, initializer_range=0.3,
        )  # fmt: skip
        return _save(transformers.BertForMaskedLM(config), folder)


def roberta(folder: Path) -> Path:
    """Save a RoBERTa of one block, which counts its positions from behind the padding's."""
    byte_level(folder, **END)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        config = transformers.RobertaConfig(
            vocab_size=400, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
            intermediate_size=32, max_position_embeddings=34, pad_token_id=1,
            bos_token_id=0, eos_token_id=0,
        )  # fmt: skip
        return _save(transformers.RobertaForMaskedLM(config), folder)


def opened(folder: Path, settings: str = "") -> LanguageModel:
    return open_language_model(f"{folder}{settings}")


def difference(values: np.ndarray, expected: np.ndarray) -> float:
    """Return the norm of the difference, as a share of that of what is expected."""
    return float(np.linalg.norm(values - expected) / np.linalg.norm(expected))
