"""``hf:`` as a scheme: locations, twins, digests, the hub, and what it says without torch."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'heschl[speech]'")
pytest.importorskip("transformers", reason="transformers is not installed")

import huggingface_hub
import torch
from huggingface_checkpoints import (
    ONE_EACH,
    assert_same,
    change_json,
    heard,
    put_weights,
    weights_of,
    write_checkpoint,
)

from heschl.cards import ModelCard
from heschl.errors import InvalidInput, MissingData, MissingExtra
from heschl.models.huggingface import SCHEME, open_encoder
from heschl.models.huggingface.table import FAMILIES
from heschl.offers import offers
from heschl.registry import resolve_model

COMMIT = "0123456789" * 4


@pytest.fixture
def folder(tmp_path):
    return write_checkpoint(tmp_path / "net", "wav2vec2+norm")


def test_listing_shows_the_families_without_torch(tmp_path):
    code = (
        "import sys; from heschl.offers import offers; print(len(offers('hf'))); "
        "print([n for n in ('numpy', 'torch', 'transformers') if n in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert shown.stdout.split("\n")[:2] == [str(len(FAMILIES)), "[]"]
    assert {offer.id for offer in offers("hf")} == ONE_EACH.keys() == FAMILIES.keys()
    assert {offer.state for offer in offers("hf")} == {"ready"}


def test_what_is_not_installed_is_said(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    assert {offer.state for offer in SCHEME.offers()} == {"needs torch, transformers"}
    assert SCHEME.diagnosis() == ()
    with pytest.raises(MissingExtra, match=r'pip install "heschl\[speech\]"'):
        open_encoder("./net")


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("facebook/hubert-base-ls960", "lacks a commit"),
        ("facebook/hubert-base-ls960@main", "lacks a commit"),
        ("wav2vec2", "lacks a commit"),
        (f"a/b@{COMMIT}?random=x", "a whole number from 0"),
        (f"a/b@{COMMIT}?seed=0", "has a setting 'seed'"),
        ("", "names nothing"),
    ],
)
def test_locations_that_say_too_little_are_refused(location, message):
    with pytest.raises(InvalidInput, match=message):
        open_encoder(location)


def test_a_folder_is_opened_by_its_uri(folder):
    resolved = resolve_model(f"hf:{folder}")

    assert resolved.card.id == "hf:net"
    assert resolved.card.family == "wav2vec2"
    assert resolved.card.training.objective.endswith("; saved as Wav2Vec2Model")
    weights = weights_of(folder).values()
    assert resolved.card.parameters == sum(weight.numel() for weight in weights)
    assert resolved.card.target()().digest == resolved.object.digest


def test_a_named_card_is_the_models_own(folder):
    card = ModelCard("my-net", "x:y", "mine")
    assert open_encoder(str(folder), card).card is card


@pytest.mark.parametrize("family", ONE_EACH)
def test_twins_are_drawn_from_a_seed(family, tmp_path):
    folder = write_checkpoint(tmp_path / "net", ONE_EACH[family])
    trained = open_encoder(str(folder))
    (folder / "model.safetensors").unlink()

    twins = {seed: open_encoder(f"{folder}?random={seed}") for seed in (0, 1)}

    assert_same(twins[0], open_encoder(f"{folder}?random=0"))
    assert twins[0].digest == open_encoder(f"{folder}?random=0").digest
    assert len({trained.digest, *(twin.digest for twin in twins.values())}) == 3
    for name, states in heard(trained).items():
        zero, one = (heard(twins[seed])[name] for seed in (0, 1))
        assert zero.shape == states.shape
        assert not torch.allclose(zero, states, rtol=1e-2)
        assert not torch.allclose(zero, one, rtol=1e-2)
    assert twins[0].layers == trained.layers
    card = twins[0].card
    assert (card.id, card.parameters) == ("hf:net+random-0", trained.card.parameters)
    assert card.training.is_trained is False


def test_random_states_are_left_alone(folder):
    torch.manual_seed(4)
    expected = torch.rand(3)
    torch.manual_seed(4)
    open_encoder(str(folder))
    open_encoder(f"{folder}?random=3")

    assert torch.equal(torch.rand(3), expected)


def test_digest_forgets_places_and_versions(folder, tmp_path):
    expected = open_encoder(str(folder)).digest
    moved = tmp_path / "elsewhere" / "other"
    shutil.copytree(folder, moved)
    change_json(
        moved / "config.json",
        _name_or_path="facebook/x",
        transformers_version="4.0.0",
        architectures=["Wav2Vec2ForCTC"],
        torch_dtype="float16",
        _commit_hash=COMMIT,
    )
    change_json(moved / "preprocessor_config.json", padding_side="left", processor_class="X")

    assert open_encoder(str(moved)).digest == expected
    twins = [open_encoder(f"{place}?random=1").digest for place in (folder, moved)]
    assert twins[0] == twins[1]


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("config.json", {"layer_norm_eps": 1e-3}),
        ("config.json", {"num_attention_heads": 1}),
        ("config.json", {"hidden_act": "relu"}),
        ("config.json", {"conv_stride": [5, 2, 2, 2, 2, 2, 1]}),
        ("preprocessor_config.json", {"do_normalize": False}),
        ("preprocessor_config.json", {"sampling_rate": 8000}),
    ],
)
def test_digest_depends_on_what_changes_numbers(file, changes, folder):
    expected = open_encoder(str(folder)).digest
    change_json(folder / file, **changes)
    assert open_encoder(str(folder)).digest != expected


def test_digest_depends_on_the_weights(folder):
    expected, weights = open_encoder(str(folder)).digest, weights_of(folder)
    weights["encoder.layer_norm.bias"][0] += 1e-3
    put_weights(folder, weights)
    assert open_encoder(str(folder)).digest != expected


@pytest.fixture
def hub(folder, tmp_path, monkeypatch):
    """Lay a checkpoint where the hub's own library keeps what it has fetched."""
    place = tmp_path / "hub" / "models--org--net" / "snapshots" / COMMIT
    shutil.copytree(folder, place)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    return place


def test_a_pinned_name_is_what_the_hub_has(hub, folder):
    model = open_encoder(f"org/net@{COMMIT}")

    assert_same(model, open_encoder(str(folder)))
    assert model.digest == open_encoder(str(folder)).digest
    assert model.card.id == "hf:org/net"
    assert model.card.url == "https://huggingface.co/org/net"


def test_what_the_hub_cannot_give_now_is_no_absence(hub):
    with pytest.raises(MissingData, match=r"or the hub could not be reached, .* HF_HUB_CACHE"):
        open_encoder(f"org/other@{COMMIT}")


def test_a_twin_fetches_no_weights(hub, folder, monkeypatch):
    expected = open_encoder(f"{folder}?random=2")
    fetch, asked = huggingface_hub.hf_hub_download, []

    def noted(name, file, **settings):
        asked.append(file)
        return fetch(name, file, **settings)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", noted)

    assert_same(open_encoder(f"org/net@{COMMIT}?random=2"), expected)
    assert asked == ["config.json", "preprocessor_config.json"]


@pytest.mark.parametrize(
    ("missing", "message"),
    [("config.json", "no config.json"), ("model.safetensors", "no weights")],
)
def test_what_the_hub_lacks_is_said(missing, message, hub):
    (hub / missing).unlink()
    with pytest.raises(MissingData, match=message):
        open_encoder(f"org/net@{COMMIT}")


def test_a_name_that_the_hub_cannot_have_is_refused(hub):
    with pytest.raises(MissingData, match="could not be fetched"):
        open_encoder(f"a/b/c@{COMMIT}")


def test_a_torchaudio_that_does_not_load_is_no_obstacle(folder, tmp_path):
    """As the wheel of another build of torch: transformers would import it wherever it is found."""
    package = tmp_path / "packages" / "torchaudio"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from . import _extension\n__version__ = '2.11.0'\n")
    (package / "_extension.py").write_text("raise OSError('libc10_cuda.so: cannot open')\n")
    code = (
        f"import sys; sys.path.insert(0, {str(package.parent)!r})\n"
        "from heschl.models.huggingface import SCHEME, open_encoder\n"
        f"print(open_encoder({str(folder)!r}).card.family)\n"
        "print(*SCHEME.diagnosis())"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    first, second = shown.stdout.splitlines()[-2:]
    assert first == "wav2vec2"
    assert "does not load its compiled part (OSError)" in second


def test_cards_and_scheme_are_light():
    code = "import sys, heschl.models.huggingface as m; print(m.SCHEME, 'torch' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert shown.stdout.split()[-1] == "False"
