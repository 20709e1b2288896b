"""`heschl tune`: what is asked for is what is tuned, and what is said of it."""

from __future__ import annotations

import json

import pytest
import small_net

from heschl.cli import main
from heschl.registry import resolve_model

NET = f"file:{small_net.__file__}:build"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    from heschl.data_registry.lebel_moth.phantom_tuning import write_tuning_phantom

    return write_tuning_phantom(tmp_path_factory.mktemp("phantom"))


def tune(data, folder, *words):
    who = ["tune", NET, "lebel_moth", "--subject", "UTS01", "--data", str(data)]
    few = ["--stories", "souls", "avatar", "--epochs", "1", "--batch-size", "60"]
    return main(
        [*who, *few, "-o", str(folder), "--network-rate", "0.01", "--device", "cpu", *words]
    )


def test_tuned_model_has_the_asked_recipe_and_a_line_that_says_how_far_it_is(
    data, tmp_path, capsys
):
    adapters = ["--lora", "2", "--lora-alpha", "3", "--lora-layers", "linear"]
    assert tune(data, tmp_path / "net", "--window", "paper", "--seed", "3", *adapters) == 0

    told, progress = capsys.readouterr()
    record = json.loads((tmp_path / "net" / "card.json").read_text())
    recipe = record["plan"]["recipe"]
    assert (recipe["window"], recipe["n_epochs"], recipe["network_rate"]) == ("paper", 1, 0.01)
    assert (recipe["lora_rank"], recipe["lora_alpha"], recipe["lora_layers"]) == (2, 3, ["linear"])
    assert record["plan"]["seed"] == 3
    assert record["plan"]["stories"] == {
        "training": ["souls", "avatar"],
        "validation": ["stagefright"],
        "test": ["wheretheressmoke"],
    }
    # Those of three regions answer to something; the others' ceilings are chance.
    assert 120 <= record["n_units"] <= 140
    assert f"heschl score tuned:{tmp_path / 'net'}" in told
    assert "epoch 1/1" in progress
    assert "min left" in progress


def test_control_is_named_on_its_card(data, tmp_path, capsys):
    assert tune(data, tmp_path, "--control", "all", "-q", "--json") == 0

    (found,) = json.loads(capsys.readouterr().out).items()
    assert found[0] == "all"
    card = resolve_model(f"tuned:{tmp_path}").card
    # Nobody says whether the network of the file had learned before.
    assert card.training.objective.startswith("unknown; control of brain-tuning: all")
    assert card.training.hours is None


def test_plan_says_what_an_epoch_would_take_and_writes_nothing(data, tmp_path, capsys):
    assert tune(data, tmp_path / "net", "--plan", "A100") == 0

    told = capsys.readouterr().out
    assert "A100: " in told
    assert "s an epoch of 3 steps" in told
    assert "an estimate, not measured" in told
    assert not (tmp_path / "net").exists()


def test_what_cannot_be_is_refused_with_what_to_do(data, tmp_path, capsys):
    assert tune(data, tmp_path / "net", "--control", "local", "-q") == 1
    assert "give 300 training rows at least" in capsys.readouterr().err
    assert main(["tune", "logmel", "lebel_moth", "--subject", "UTS01", "--data", str(data)]) == 1
    assert "'logmel' has no weights to learn" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        tune(data, tmp_path / "net", "--control", "local", "--with-controls")
