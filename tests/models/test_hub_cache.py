"""Whether a checkpoint of the hub is on this machine, as a listing says it."""

from __future__ import annotations

import pytest

from heschl import registry
from heschl.models.hub_cache import HubCard
from heschl.offers import state_of

COMMIT = "0" * 40
CARD = HubCard("net", "a:b", "A net", hub="lab/net", commit=COMMIT)


@pytest.fixture
def snapshot(monkeypatch, tmp_path):
    """Return the folder of the commit in a cache that is laid out as the hub's client does."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    folder = tmp_path / "models--lab--net" / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    return folder


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_weights_of_that_commit_make_it_ready(snapshot, name):
    assert state_of(CARD) == "fetches weights"  # its configuration alone is there
    (snapshot / name).symlink_to(snapshot.parent / "blob")
    assert state_of(CARD) == "fetches weights"  # what it links to is not
    (snapshot.parent / "blob").write_bytes(b"weights")
    assert state_of(CARD) == "ready"
    assert state_of(HubCard("net", "a:b", "A net", hub="lab/net", commit="1" * 40)) != "ready"
    assert state_of(HubCard("net", "a:b", "A net", hub="lab/net")) != "ready"


def test_the_cache_is_where_the_client_of_the_hub_looks(snapshot):
    from huggingface_hub import try_to_load_from_cache

    (snapshot / "model.safetensors").write_bytes(b"weights")
    found = try_to_load_from_cache(
        "lab/net", "model.safetensors", cache_dir=snapshot.parents[2], revision=COMMIT
    )
    assert found == str(snapshot / "model.safetensors")


@pytest.mark.parametrize("name", ["hubert-large-ll60k", "whisper-small", "gpt2-xl"])
def test_trained_models_say_so_and_their_twins_do_not(snapshot, name):
    card = registry.models.card(name)
    assert state_of(card) == "fetches weights"
    assert state_of(registry.models.card(card.untrained_twin)) == "ready"
