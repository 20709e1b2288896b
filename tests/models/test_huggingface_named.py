"""The checkpoints that papers name: their table, cards, commits and untrained twins."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from heschl import plugins, registry
from heschl.errors import MissingData
from heschl.models import huggingface
from heschl.models.huggingface import named
from heschl.models.huggingface.architectures import ARCHITECTURES, NARROW

MASKED = 768
"""Weights of the vector for masked frames, which `random_wav2vec2` leaves out."""


@pytest.fixture
def opened(monkeypatch):
    """Record what is asked of ``hf:`` in place of opening it."""
    asked = []

    def open_encoder(location, card):
        place = Path(location.partition("?")[0])
        files = {f.name: json.loads(f.read_text()) for f in place.glob("*.json")}
        asked.append((location, card, files))
        return card

    monkeypatch.setattr(huggingface, "open_encoder", open_encoder, raising=False)
    return asked


def test_each_checkpoint_and_twin_is_registered_and_linked():
    claimed = {
        claim.name
        for claim in plugins.claims("heschl.models")
        if "huggingface.named:" in claim.origin
    }
    assert claimed == set(named.named()) | set(named.twins())
    for name, entry in named.named().items():
        trained = registry.models.card(name)
        twin = registry.models.card(trained.untrained_twin)
        assert trained.training.is_trained
        assert twin.training.is_trained is False
        assert trained.family == twin.family
        assert 0 <= trained.parameters - twin.parameters <= MASKED
        assert entry.citation
        assert entry.hub in trained.url


def test_every_architecture_is_of_a_checkpoint():
    assert {entry.architecture for entry in named.named().values()} == set(ARCHITECTURES)


@pytest.mark.parametrize("name", [*ARCHITECTURES, *NARROW])
def test_the_card_counts_the_weights(name):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    architecture = (ARCHITECTURES | NARROW)[name]
    settings = dict(architecture.config)
    kind = settings.pop("model_type")
    with torch.device("meta"):
        network = transformers.AutoModel.from_config(
            transformers.AutoConfig.for_model(kind, **settings)
        )
    encoder = network.encoder if kind == "whisper" else network
    assert sum(weight.numel() for weight in encoder.parameters()) == architecture.parameters


def test_a_checkpoint_is_opened_at_its_commit(opened):
    card = named.named()["hubert-large-ll60k"]
    made = registry.models.card(card.id).load()
    ((location, given, _),) = opened
    assert location == "facebook/hubert-large-ll60k@ff022d095678a2995f3c49bab18a96a9e553f782"
    assert made is given
    assert given.url.endswith("tree/ff022d095678a2995f3c49bab18a96a9e553f782")


def test_a_commit_that_the_table_lacks_is_asked_for_and_kept(opened, monkeypatch):
    hub = pytest.importorskip("huggingface_hub")
    commit = "1f5a640" + "0" * 33

    class Info:
        sha = commit

    monkeypatch.setattr(hub.HfApi, "model_info", lambda self, name: Info())
    registry.models.card("data2vec-audio-base").load()
    ((location, given, _),) = opened
    assert location == f"facebook/data2vec-audio-base@{commit}"
    assert given.url.endswith(commit)


def test_without_the_hub_a_commit_must_be_named(opened, monkeypatch):
    hub = pytest.importorskip("huggingface_hub")

    def refuse(self, name):
        raise OSError("no network")

    monkeypatch.setattr(hub.HfApi, "model_info", refuse)
    with pytest.raises(MissingData, match="hf:facebook/data2vec-audio-base@<commit>"):
        registry.models.card("data2vec-audio-base").load()
    assert not opened


@pytest.mark.parametrize("name", [*named.twins(), *(f"{each}-random" for each in NARROW)])
def test_a_twin_is_described_offline(name, opened):
    registry.models.card(f"{name}").load(seed=4)
    ((location, given, files),) = opened
    assert location.endswith("?random=4")
    assert given.id == f"{name}@4"
    assert files["config.json"]["model_type"] == given.family
    assert files["preprocessor_config.json"]["sampling_rate"] == 16_000
    assert not Path(location.partition("?")[0]).exists()


@pytest.mark.skipif(
    not hasattr(huggingface, "open_encoder"), reason="the hf: scheme is not in this version"
)
@pytest.mark.long
def test_twins_of_a_small_size_are_built():
    pytest.importorskip("transformers")
    made = [registry.resolve_model(f"untrained:whisper-tiny?seed={k}") for k in (0, 1)]
    assert [each.card.id for each in made] == ["whisper-tiny-random", "whisper-tiny-random@1"]
    assert made[0].object.digest != made[1].object.digest
    assert [layer.name for layer in made[0].object.layers][-1] == "final"


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("ast-narrow", "ast"),
        ("hubert-narrow", "hubert-base"),
        ("wavlm-narrow", "wavlm-base"),
        ("whisper-narrow", "whisper-base"),
    ],
)
def test_narrow_networks_are_small_ones_of_their_family(name, whole):
    pytest.importorskip("transformers")
    card, of_whole = (registry.models.card(f"{each}-random") for each in (name, whole))
    made = [card.load(seed=seed) for seed in (0, 1)]
    blocks = [layer.name for layer in made[0].layers if layer.name.startswith("block")]
    assert card.family == of_whole.family
    assert card.parameters < of_whole.parameters / 50
    assert made[0].digest != made[1].digest
    assert blocks == ["block.0", "block.1", "block.2"]


def test_facts_are_in_a_form_that_a_card_can_hold():
    text = Path(named.__file__).with_name("named.tsv").read_text()
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    assert all(len(row) == len(rows[0]) for row in rows)
    for entry in named.named().values():
        assert not entry.revision or re.fullmatch("[0-9a-f]{40}", entry.revision)
    unverified = {row[0]: row for row in rows[1:] if "unverified:" in "\t".join(row)}
    assert not named.named()["data2vec-audio-base"].revision
    assert "data2vec-audio-base" in unverified
    assert registry.models.card("whisper-large-v3").training.hours is None


@pytest.mark.parametrize("name", ["gpt2", "wav2vec2-base"])
def test_twins_made_elsewhere_take_seeds_too(name):
    scheme = plugins.sole("scheme", "untrained", plugins.claims("heschl.schemes")).get()
    found = scheme(f"{name}?seed=3")
    assert found.id == f"{name}-random@3"


def test_cards_are_light():
    code = (
        "import sys, heschl.models.huggingface.named as m; "
        "[m.card(e) for e in m.named().values()]; [m.twin_card(t) for t in m.twins()]; "
        "print([n for n in ('numpy', 'scipy', 'torch', 'transformers') if n in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
