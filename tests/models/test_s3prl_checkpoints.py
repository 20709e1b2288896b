"""Checkpoints that do not fit: refused with one sentence, never loaded in part."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'heschl[s3prl]'")
pytest.importorskip("s3prl", reason="s3prl is not installed: pip install 'heschl[s3prl]'")

import torch
from s3prl_checkpoints import MAKERS, write_checkpoint, write_transformers

from heschl import registry
from heschl.errors import BrokenPlugin, CorruptData, InvalidInput, MissingData, MissingExtra
from heschl.models.s3prl import loading

pytestmark = pytest.mark.usefixtures("narrow")

FILES = [name for name in MAKERS if name != "vq_apc"]


def load(name, path):
    return registry.resolve_model(f"s3prl:{name}?ckpt={path}").object


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    return {name: write_checkpoint(folder, name) for name in FILES}


SAME = [{"mockingjay_local", "tera_local", "audio_albert_local"}]
SAME += [{"decoar_custom", "decoar_layers_custom"}]
SAME += [{"wavlm_local", "unispeech_sat_local"}, {"wav2vec_custom", "vq_wav2vec_custom"}]
"""Names of one architecture, told apart by nothing but how it was trained."""


@pytest.mark.parametrize("name", FILES)
def test_checkpoints_of_another_family_are_refused(name, files):
    for other, path in files.items():
        if other == name or any({name, other} <= kin for kin in SAME):
            continue
        refused = rf"{path.name} (as s3prl:{name}@.*|does not fit .*); give a (whole )?checkpoint"
        with pytest.raises(InvalidInput, match=refused):
            load(name, path)


def changed(path, folder, change):
    content = torch.load(path, weights_only=False)
    keys = ("model_weight", "Transformer", "Distiller", "weights", "model")
    change(next(content[key] for key in keys if key in content))
    torch.save(content, folder / "changed.ckpt")
    return folder / "changed.ckpt"


@pytest.mark.parametrize("name", FILES)
def test_a_missing_weight_is_refused(name, files, tmp_path):
    """Wherever it is: of the first, the middle and the last tensor of the network."""
    for place in (0, 0.5, 0.999):

        def drop(weights, place=place):
            # What hangs on the whole, such as data2vec's teacher, is no weight.
            names = [key for key, value in weights.items() if isinstance(value, torch.Tensor)]
            del weights[names[int(place * len(names))]]

        with pytest.raises(InvalidInput):
            load(name, changed(files[name], tmp_path, drop))


@pytest.mark.parametrize("name", FILES)
def test_a_weight_that_has_no_place_is_refused(name, files, tmp_path):
    def add(weights):
        names = [key for key, value in weights.items() if isinstance(value, torch.Tensor)]
        weights[f"{names[-1]}_beyond"] = torch.zeros(3)

    with pytest.raises(InvalidInput):
        load(name, changed(files[name], tmp_path, add))


@pytest.mark.parametrize("content", [b"no checkpoint", b"\x80\x02}q\x00."])
def test_files_of_another_kind_are_refused(content, tmp_path):
    path = tmp_path / "a.ckpt"
    path.write_bytes(content)
    for name in ("hubert_custom", "wavlm_local", "cpc_local", "tera_local"):
        with pytest.raises(InvalidInput, match="in the format of its releases"):
            load(name, path)


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "a.ckpt").touch()
    with pytest.raises(CorruptData, match="is empty"):
        load("hubert_custom", tmp_path / "a.ckpt")


def test_folders_and_missing_files_are_refused(tmp_path):
    with pytest.raises(MissingData, match="a folder at"):
        load("hubert_custom", tmp_path)
    with pytest.raises(MissingData, match="nothing at"):
        load("hubert_custom", tmp_path / "no.ckpt")


def test_another_architecture_of_transformers_is_refused(tmp_path):
    """As s3prl loads them, three weights of a data2vec stay random, and a WavLM loses ten."""
    for kind in ("WavLM", "Data2VecAudio", "Hubert"):
        folder = write_transformers(tmp_path / kind, kind)
        with pytest.raises(InvalidInput, match="expected a 'wav2vec2'"):
            load("hf_wav2vec2_custom", folder)


def test_a_checkpoint_of_transformers_must_be_whole(tmp_path):
    from safetensors.torch import load_file, save_file

    folder = write_transformers(tmp_path, "Wav2Vec2")
    weights = load_file(folder / "model.safetensors")
    del weights["encoder.layers.1.attention.k_proj.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InvalidInput, match=r"attention\.k_proj\.weight"):
        load("hf_wav2vec2_custom", folder)
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(MissingData, match=r"preprocessor_config\.json"):
        load("hf_wav2vec2_custom", folder)


def test_fewer_blocks_than_the_checkpoint_has_are_refused(tmp_path):
    folder = write_transformers(tmp_path, "Wav2Vec2")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 1}))
    with pytest.raises(InvalidInput, match=r"encoder.layers.1"):
        load("hf_wav2vec2_custom", folder)


def test_a_program_that_ends_itself_is_a_missing_package(tmp_path, monkeypatch):
    def leave(_name):
        sys.exit(1)

    monkeypatch.setattr(loading.importlib, "import_module", leave)
    with pytest.raises(MissingExtra, match="ended the program"):
        loading._expert("s3prl:mel", loading.upstreams()["mel"], None, None)


def test_weights_that_cannot_be_fetched_say_where_they_lie(monkeypatch):
    import s3prl.util.download

    def refuse(*_arguments, **_settings):
        raise OSError("no route to host")

    monkeypatch.setattr(s3prl.util.download, "_urls_to_filepaths", refuse)
    with pytest.raises(MissingData, match=r"no route to host.*s3prl:hubert_base\?ckpt=/path"):
        registry.resolve_model("s3prl:hubert_base")


def test_a_layout_that_is_not_placed_is_refused(tmp_path):
    path = write_checkpoint(tmp_path, "apc_local", snip_edges=False)
    with pytest.raises(InvalidInput, match="snip_edges"):
        load("apc_local", path)


def test_configurations_that_cannot_be_read_are_refused(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("kaldi: [")
    with pytest.raises((InvalidInput, BrokenPlugin), match=r"a\.yaml"):
        registry.resolve_model(f"s3prl:baseline_local?config={path}")


def test_the_hub_is_never_imported():
    code = (
        "import sys; from heschl import registry; registry.resolve_model('s3prl:mel');"
        "assert 's3prl.upstream.baseline.hubconf' in sys.modules;"
        "assert not {'s3prl.hub', 's3prl.upstream.wav2vec2.hubconf'} & {*sys.modules}"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)


WITHOUT_TORCHAUDIO = """
import sys
sys.modules["torchaudio"] = None
from heschl import registry
from heschl.errors import MissingExtra
for location in sys.argv[1:]:
    model = registry.resolve_model(location).object
    print(location.partition("?")[0], len(model.layers))
try:
    registry.resolve_model("s3prl:mel")
except MissingExtra as error:
    print(error)
"""


def test_families_that_hear_waveforms_do_without_torchaudio(files):
    names = ["data2vec_custom", "distiller_local", "hubert_custom", "unispeech_sat_local"]
    names += ["vq_wav2vec_custom", "wav2vec2_custom", "wav2vec_custom", "wavlm_local"]
    locations = [f"s3prl:{name}?ckpt={files[name]}" for name in names]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WITHOUT_TORCHAUDIO, *locations],
        check=True,
        capture_output=True,
        text=True,
    )
    *loaded, refused = done.stdout.splitlines()
    assert [line.split()[0] for line in loaded] == [f"s3prl:{name}" for name in names]
    assert refused.startswith("'s3prl:mel' needs torchaudio")


class Burglar:
    """What a pickle can do when it is read whole."""

    def __init__(self, place):
        self.place = str(place)

    def __reduce__(self):
        return os.makedirs, (self.place,)


@pytest.mark.parametrize("name", FILES)
def test_code_in_a_checkpoint_does_not_run(name, files, tmp_path):
    content = torch.load(files[name], weights_only=False)
    torch.save(content | {"Settings": Burglar(tmp_path / "stolen")}, tmp_path / "a.ckpt")
    with pytest.raises(InvalidInput):
        load(name, tmp_path / "a.ckpt")
    assert not (tmp_path / "stolen").exists()


def test_code_in_a_trusted_checkpoint_may_run(files, tmp_path):
    content = torch.load(files["tera_local"], weights_only=False)
    torch.save(content | {"Settings": Burglar(tmp_path / "made")}, tmp_path / "a.ckpt")
    registry.resolve_model(f"s3prl:tera_local?ckpt={tmp_path}/a.ckpt&trust=yes")
    assert (tmp_path / "made").exists()


def test_the_command_line_of_a_training_is_harmless(files, tmp_path):
    content = torch.load(files["tera_local"], weights_only=False)
    torch.save(content | {"Settings": argparse.Namespace(seed=1)}, tmp_path / "a.ckpt")
    assert load("tera_local", tmp_path / "a.ckpt").layers


@pytest.mark.parametrize(
    "name",
    [
        "hubert_custom",
        "wav2vec2_custom",
        "data2vec_custom",
        "wavlm_local",
        "wav2vec_custom",
        "lighthubert_local",
        "multires_hubert_custom",
    ],
)
def test_settings_that_s3prl_evaluates_must_be_lists(name, files, tmp_path):
    content = torch.load(files[name], weights_only=False)
    place = tmp_path / "stolen"
    settings = content.get("model_cfg") or content.get("cfg")
    settings["conv_feature_layers"] = f"open({str(place)!r}, 'w') and [(8,10,5)]"
    torch.save(content, tmp_path / "a.ckpt")
    with pytest.raises(InvalidInput, match="would run as code"):
        load(name, tmp_path / "a.ckpt")
    assert not place.exists()
