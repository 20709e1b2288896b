"""From names to a folder, and from the folder to a model like any other."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import small_net
import torch
from toy import ToyDataset

import heschl
from heschl.braintuning.family import tune_family
from heschl.braintuning.recipe import Recipe
from heschl.cards import Seen
from heschl.errors import CorruptData, InvalidInput, MissingData, UnknownName
from heschl.registry import resolve_model

NET = f"file:{Path(small_net.__file__)}:build"
NOISE = np.random.default_rng(0).standard_normal((1, 4000)).astype(np.float32)
RECIPE = Recipe(
    n_epochs=2, batch_size=16, network_rate=1e-2, head_rate=1e-2, skipped_rows=3, frozen="cnn"
)
STORIES = {"stories": ["one"], "validation": ["two"], "test": ["test"]}


def tuned_to(folder, **changes):
    settings = {"subject": "S1", "data": ToyDataset(), "recipe": RECIPE, "output": folder}
    return heschl.tune(NET, "toy", **settings | STORIES | changes)


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    return tuned_to(tmp_path_factory.mktemp("tuned") / "net")


def ccmax(toy):
    """Return the ceiling of each unit by the formula of NC-CCMAX."""
    trials = toy.recording("S1").repeats["test"].to_numpy()[:, 3:]
    trials = trials - trials.mean(axis=1, keepdims=True)
    trials /= trials.std(axis=1, keepdims=True)
    signal = (4 * trials.mean(axis=0).var(axis=0) - 1) / 3
    return np.where(signal > 0, 1 / np.sqrt(1 + (1 / np.maximum(signal, 1e-9) - 1) / 4), 0)


def heard(model, layer):
    return torch.as_tensor(model.forward(NOISE, [layer])[layer])


def test_folder_opens_as_a_model_that_has_learned(tuned):
    base, model = resolve_model(NET).object, resolve_model(tuned.uri).object

    assert torch.equal(heard(model, "cnn"), heard(base, "cnn"))
    assert not torch.allclose(heard(model, "block.1"), heard(base, "block.1"))
    assert model.digest != base.digest
    assert [layer.name for layer in model.layers] == [layer.name for layer in base.layers]


def test_model_predicts_with_its_head_what_the_folder_tells(tuned):
    from heschl.braintuning.checkpoints import read_tensors

    head, _ = read_tensors(tuned.folder / "head.safetensors")
    toy, model = ToyDataset(), resolve_model(tuned.uri).object
    sound = toy.stimuli()["test"].sound.waveform(16_000)
    rows = range(3, 40)  # a window ends with its scan, 2 s each, and reaches 10 s back
    windows = [np.pad(sound, (160_000, 0))[32_000 * (row + 1) :][:160_000] for row in rows]
    mean = torch.as_tensor(model.forward(np.stack(windows), ["final"])["final"]).mean(dim=1)
    prediction = (mean @ head["weight"].T + head["bias"]).numpy()
    response = toy.recording("S1").responses["test"].to_numpy()[3:, head["unit"].numpy()]
    response = (response - response.mean(axis=0)) / response.std(axis=0)

    r2 = 1 - np.square(response - prediction).sum(axis=0) / np.square(response).sum(axis=0)

    np.testing.assert_allclose(head["held_out_r2"].numpy(), r2, atol=1e-4)
    assert tuned.record["held_out_r2"] == pytest.approx(r2.mean(), abs=1e-4)
    assert head["unit"].tolist() == np.flatnonzero(ccmax(toy) > 0.4).tolist()


def test_card_names_what_was_seen(tuned):
    card = resolve_model(tuned.uri).card
    sounds = ToyDataset().stimuli()

    assert card.seen == (
        Seen("toy", "phantom", ("S1",), ("one", "two"),
             (sounds["one"].sound.digest, sounds["two"].sound.digest), ("two",)),
    )  # fmt: skip
    assert "brain-tuned" in card.training.objective
    assert "toy" in card.training.datasets


def test_same_call_returns_what_is_there_and_another_is_refused(tuned):
    before = (tuned.folder / "weights.safetensors").stat().st_mtime_ns

    again = tuned_to(tuned.folder)

    assert again.record == tuned.record
    assert (tuned.folder / "weights.safetensors").stat().st_mtime_ns == before
    with pytest.raises(InvalidInput, match=r"another tuning: its seed is 0, here it is 1"):
        tuned_to(tuned.folder, seed=1)
    assert sorted(path.name for path in tuned.folder.iterdir()) == [
        "card.json", "head.safetensors", "plan.json", "weights.safetensors",
    ]  # fmt: skip


def test_interrupted_tuning_goes_on_to_the_same_weights(tuned, tmp_path):
    class Stopped(Exception):
        pass

    def stop(progress):
        if progress.step == 5:
            raise Stopped

    with pytest.raises(Stopped):
        tuned_to(tmp_path / "net", watch=stop)
    with pytest.raises(MissingData, match="run the same `heschl tune` again"):
        resolve_model(f"tuned:{tmp_path / 'net'}")

    again = tuned_to(tmp_path / "net")

    assert again.record["weights_sha256"] == tuned.record["weights_sha256"]


def test_weights_of_another_file_or_base_are_refused(tuned, tmp_path):
    for name in ("card.json", "weights.safetensors"):
        (tmp_path / name).write_bytes((tuned.folder / name).read_bytes())
    record = json.loads((tmp_path / "card.json").read_text())

    (tmp_path / "card.json").write_text(json.dumps(record | {"base_digest": "0" * 64}))
    with pytest.raises(CorruptData, match="is another model than"):
        resolve_model(f"tuned:{tmp_path}")
    (tmp_path / "card.json").write_text(json.dumps(record | {"weights_sha256": "0" * 64}))
    with pytest.raises(CorruptData, match=r"not the file that card\.json tells of"):
        resolve_model(f"tuned:{tmp_path}")
    (tmp_path / "card.json").write_text("{}")
    with pytest.raises(CorruptData, match="no card of format 1"):
        resolve_model(f"tuned:{tmp_path}")


def test_random_head_learns_without_the_brain(tuned, tmp_path):
    other = tuned_to(tmp_path / "net", control="random-head", stop_after=1)

    assert len(other.history) == 1
    assert other.record["seen"][0]["subjects"] == []
    assert other.record["weights_sha256"] != tuned.record["weights_sha256"]
    assert other.record["held_out_r2"] is None


def test_network_that_learned_its_own_loss_opens(tmp_path):
    example = Path(__file__).parents[2] / "examples" / "brain_tuning.py"
    settings = {"subject": "S1", "data": ToyDataset(), "recipe": RECIPE, "stop_after": 1}

    tuned = heschl.tune(
        f"file:{example}:tiny", "toy", control="stimulus", output=tmp_path / "net",
        **settings | STORIES,
    )  # fmt: skip

    (epoch,) = tuned.history
    assert epoch["held_out_r2"] is None
    assert "NaN" not in (tuned.folder / "card.json").read_text()
    model, base = (resolve_model(uri).object for uri in (tuned.uri, f"file:{example}:tiny"))
    assert torch.equal(heard(model, "cnn"), heard(base, "cnn"))
    assert not torch.allclose(heard(model, "block.1"), heard(base, "block.1"))


def test_layers_of_another_model_are_learned(tmp_path):
    other = tuned_to(
        tmp_path / "net", control="model", targets_from=NET, target_layers=["cnn", "block.0"]
    )

    assert other.record["plan"]["targets_from"] == NET
    assert other.history[1]["loss"] < other.history[0]["loss"]
    with pytest.raises(InvalidInput, match="no other, names the model"):
        tuned_to(tmp_path / "none", control="model")


def test_family_has_as_many_steps(tmp_path):
    settings = {"subject": "S1", "data": ToyDataset(), "recipe": RECIPE} | STORIES

    family = tune_family(NET, "toy", controls=["random-head"], output=tmp_path, **settings)

    assert list(family) == ["none", "random-head"]
    assert family["random-head"].record["n_steps"] == family["none"].record["n_steps"]


@pytest.mark.parametrize("name", ["plan.json", "card.json"])
@pytest.mark.parametrize("content", ["", "{", "[]"])
def test_damaged_records_are_told_with_what_to_do(tuned, tmp_path, name, content):
    copied = shutil.copytree(tuned.folder, tmp_path / "net")
    (copied / name).write_text(content)

    with pytest.raises(CorruptData, match=rf"{name} is not what `heschl tune` wrote .* tune again"):
        tuned_to(copied)


def test_test_story_that_is_skipped_whole_is_named(tmp_path):
    recipe = replace(RECIPE, skipped_rows=39, minimum_ceiling=None)

    with pytest.raises(InvalidInput, match=r"'test' has 40 rows and is to lose skipped_rows=39"):
        tuned_to(tmp_path / "net", recipe=recipe)


def test_mistakes_are_told(tmp_path):
    with pytest.raises(InvalidInput, match="give an id or a URI"):
        heschl.tune(small_net.build(), "toy", subject="S1", data=ToyDataset())
    with pytest.raises(UnknownName, match="'too' cannot be a story for test"):
        tuned_to(tmp_path / "net", test=["too"])
    with pytest.raises(InvalidInput, match="control='locl'; expected one of"):
        tuned_to(tmp_path / "net", control="locl")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    with pytest.raises(InvalidInput, match=r"holds something else"):
        tuned_to(tmp_path / "full")
    with pytest.raises(MissingData, match=r"no card\.json"):
        resolve_model(f"tuned:{tmp_path}")
    with pytest.raises(InvalidInput, match="one story has no other"):
        tuned_to(tmp_path / "all", control="all")
    with pytest.raises(InvalidInput, match="give 300 training rows at least"):
        tuned_to(tmp_path / "local", control="local")
