"""Features from a folder: what is read, what is refused, what the digest sees."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from heschl.cards import Training
from heschl.contracts import FeatureSource
from heschl.errors import CorruptData, InvalidInput, MissingData, UnknownName
from heschl.models.features_on_disk import FeatureFolder, write_features

STORY = "wheretheressmoke"


def features(seed: int = 0) -> dict:
    generator = np.random.default_rng(seed)
    return {
        stimulus: {
            "cnn": (0.0125 + np.arange(9) / 50, generator.standard_normal((9, 4))),
            "block.0": (
                np.array([0.1, 0.35, 1.2]),
                generator.standard_normal((3, 2)).astype(np.float16),
            ),
        }
        for stimulus in (STORY, "timit/dr1/sa1")
    }


@pytest.fixture
def folder(tmp_path):
    write_features(
        tmp_path / "mine",
        "my-model",
        features(),
        rates_hz={"cnn": 50},
        description="made up",
        training=Training("contrastive", ("LibriSpeech",), ("en",), 960),
    )
    return tmp_path / "mine"


def rewrite(folder, **changes) -> None:
    path = folder / "features.json"
    content = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: value for key, value in content.items() if value != "gone"}))


def test_frames_come_back_as_written(folder):
    model = FeatureFolder(folder)

    for stimulus, layers in features().items():
        found = model.frames(stimulus, ["block.0", "cnn"])
        assert list(found) == ["block.0", "cnn"]
        for name, (times_s, values) in layers.items():
            np.testing.assert_array_equal(found[name][0], times_s)
            np.testing.assert_array_equal(found[name][1], values)
            assert found[name][1].dtype == values.dtype
            assert isinstance(found[name][1], np.memmap)
    assert model.stimuli() == ("timit/dr1/sa1", STORY)


def test_description_becomes_card_and_layers(folder):
    model = FeatureFolder(folder)

    assert isinstance(model, FeatureSource)
    assert model.card.id == "my-model"
    assert model.card.summary == "made up"
    assert model.card.training == Training("contrastive", ("LibriSpeech",), ("en",), 960)
    assert [(layer.name, layer.width, layer.rate_hz) for layer in model.layers] == [
        ("cnn", 4, 50.0),
        ("block.0", 2, None),
    ]
    assert model.card.target()().digest == model.digest


def test_hand_made_folder_needs_three_entries(tmp_path):
    (tmp_path / "a").mkdir()
    np.save(tmp_path / "a" / "x.npy", np.ones((2, 1)))
    np.save(tmp_path / "a" / "x.times.npy", [0, 1])
    layers = [{"name": "x", "width": 1}]
    (tmp_path / "features.json").write_text(json.dumps({"format": 1, "id": "m", "layers": layers}))

    model = FeatureFolder(str(tmp_path))

    assert model.frames("a", ["x"])["x"][0].tolist() == [0.0, 1.0]
    assert model.card.training.is_trained is None  # nobody says


def test_model_survives_pickling(folder):
    model = FeatureFolder(folder)

    assert pickle.loads(pickle.dumps(model)).digest == model.digest  # noqa: S301


@pytest.mark.parametrize(
    "name", ["features.json", f"{STORY}/cnn.npy", f"{STORY}/block.0.times.npy"]
)
def test_digest_sees_every_file(folder, name):
    model = FeatureFolder(folder)
    before = model.digest
    path = folder / name
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(content)

    assert model.digest != before


def test_digest_does_not_depend_on_the_place(tmp_path):
    one = write_features(tmp_path / "one", "m", features())
    two = write_features(tmp_path / "two", "m", features())
    three = write_features(tmp_path / "three", "m", features(seed=1))

    assert one.digest == two.digest != three.digest


def test_digest_sees_a_renamed_stimulus(folder):
    before = FeatureFolder(folder).digest
    (folder / STORY).rename(folder / "another")

    assert FeatureFolder(folder).digest != before


# ---- refusals ------------------------------------------------------------------------------


def test_missing_folder_and_description_are_named(tmp_path):
    with pytest.raises(MissingData, match=r"no folder .*nowhere"):
        FeatureFolder(tmp_path / "nowhere")
    with pytest.raises(MissingData, match=r"features\.json does not exist"):
        FeatureFolder(tmp_path)


def test_missing_stimulus_names_the_near_one(folder):
    with pytest.raises(MissingData, match=f"no features of .*did you mean '{STORY}'"):
        FeatureFolder(folder).frames("wherestheresmoke", ["cnn"])


@pytest.mark.parametrize("name", ["cnn.npy", "cnn.times.npy"])
def test_missing_array_is_named(folder, name):
    (folder / STORY / name).unlink()

    with pytest.raises(MissingData, match=rf"{STORY}/{name} does not exist"):
        FeatureFolder(folder).frames(STORY, ["cnn"])


def test_unknown_layer_names_the_near_one(folder):
    with pytest.raises(UnknownName, match=r"did you mean 'block\.0'"):
        FeatureFolder(folder).frames(STORY, ["block.1"])


@pytest.mark.parametrize("stimulus", ["../mine", "/etc", "", "a//b", "./a", "a\\b", "a/../b"])
def test_stimulus_cannot_lead_out_of_the_folder(folder, stimulus):
    with pytest.raises(InvalidInput, match="relative path"):
        FeatureFolder(folder).frames(stimulus, ["cnn"])


def test_linked_folder_is_refused_because_the_digest_would_miss_it(folder, tmp_path):
    (folder / STORY).rename(tmp_path / "elsewhere")
    (folder / STORY).symlink_to(tmp_path / "elsewhere")

    with pytest.raises(InvalidInput, match="linked folder"):
        FeatureFolder(folder).frames(STORY, ["cnn"])


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"format": 2}, CorruptData, "format 2"),
        ({"format": "gone"}, CorruptData, "lacks the entry 'format'"),
        ({"id": 3}, CorruptData, "id=3, a int; expected a str"),
        ({"id": "../x"}, InvalidInput, "cannot be used"),
        ({"layers": []}, CorruptData, "at least one"),
        ({"layers": {"cnn": 4}}, CorruptData, "a dict; expected a list"),
        ({"layers": [{"name": "a", "width": 1}] * 2}, CorruptData, "no name twice"),
        ({"layers": ["cnn"]}, CorruptData, "in a layer, holds a str"),
        ({"layers": [{"name": "a"}]}, CorruptData, "lacks the entry 'width'"),
        ({"layers": [{"name": "a", "width": 0}]}, CorruptData, "the width 0"),
        ({"layers": [{"name": "a", "width": 1.0}]}, CorruptData, "width=1.0, a float"),
        ({"layers": [{"name": "a", "width": True}]}, CorruptData, "width=True, a bool"),
        ({"layers": [{"name": "a", "width": 1, "rate_hz": -1}]}, CorruptData, "rate_hz=-1"),
        ({"layers": [{"name": "a", "width": 1, "rate": 50}]}, CorruptData, "mean 'rate_hz'"),
        ({"layers": [{"name": "../a", "width": 1}]}, InvalidInput, "without slashes"),
        ({"layers": [{"name": "a.times", "width": 1}]}, InvalidInput, "nor ending in"),
        ({"training": {"dataset": []}}, CorruptData, "did you mean 'datasets'"),
        ({"training": {"languages": [1]}}, CorruptData, "languages that are no texts"),
        ({"training": {"hours": "many"}}, CorruptData, "hours='many'"),
        ({"layer": []}, CorruptData, "did you mean 'layers'"),
    ],
)
def test_malformed_descriptions_are_refused(folder, changes, error, message):
    rewrite(folder, **changes)

    with pytest.raises(error, match=message):
        FeatureFolder(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "holds a list"),
        (b"", "is empty"),
        (b" " * (2**20 + 1), "at most"),
    ],
    ids=["cut", "binary", "deep", "list", "empty", "large"],
)
def test_descriptions_that_are_none_are_refused(folder, content, message):
    (folder / "features.json").write_bytes(content)

    with pytest.raises(CorruptData, match=message):
        FeatureFolder(folder)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("cnn.npy", np.ones((9, 3)), r"shape \(9, 3\).*4 units"),
        ("cnn.npy", np.ones(9), r"shape \(9,\)"),
        ("cnn.npy", np.ones((9, 4), int), "int64; expected floating"),
        ("cnn.npy", np.ones((9, 4), complex), "complex128"),
        ("cnn.npy", np.full((9, 4), np.inf), "not finite, in row 0"),
        ("cnn.npy", np.ones((8, 4)), r"times of shape \(9,\) for 8 rows"),
        ("cnn.npy", np.ones((0, 4)), "cnn.npy"),
        ("cnn.times.npy", np.ones((9, 1)), r"times of shape \(9, 1\)"),
        ("cnn.times.npy", np.zeros(9), "do not increase"),
        ("cnn.times.npy", np.append(np.arange(8.0), np.nan), "not finite"),
        ("cnn.times.npy", np.array(["1"] * 9), "<U1 times"),
    ],
)
def test_malformed_arrays_are_refused(folder, name, array, message):
    np.save(folder / STORY / name, array)

    with pytest.raises(CorruptData, match=message):
        FeatureFolder(folder).frames(STORY, ["cnn"])


def test_value_that_is_not_finite_is_found_in_any_block(folder, monkeypatch):
    monkeypatch.setattr("heschl.models.features_on_disk.layout.VALUES_AT_ONCE", 8)
    values = np.ones((9, 4))
    values[7, 3] = np.nan
    np.save(folder / STORY / "cnn.npy", values)

    with pytest.raises(CorruptData, match="in row 6 or one of the 1 after"):
        FeatureFolder(folder).frames(STORY, ["cnn"])


class Bomb:
    def __reduce__(self):
        return (exec, ("raise SystemExit('the pickle was run')",))


def test_pickles_are_not_run(folder):
    array = np.empty((9, 4), dtype=object)
    array[:] = Bomb()
    np.save(folder / STORY / "cnn.npy", array, allow_pickle=True)
    with pytest.raises(CorruptData, match="no array"):
        FeatureFolder(folder).frames(STORY, ["cnn"])

    (folder / STORY / "cnn.npy").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(CorruptData, match="no array"):
        FeatureFolder(folder).frames(STORY, ["cnn"])


def test_files_that_are_no_arrays_are_refused(folder):
    path = folder / STORY / "cnn.npy"
    whole = path.read_bytes()

    for content in (whole[:-1], whole[:20], b"RIFF", b"\x93NUMPY\x09\x09"):
        path.write_bytes(content)
        with pytest.raises(CorruptData, match="no array"):
            FeatureFolder(folder).frames(STORY, ["cnn"])
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("cnn.npy", whole)
    with pytest.raises(CorruptData, match="no array"):
        FeatureFolder(folder).frames(STORY, ["cnn"])


def test_writing_refuses_a_folder_in_use_and_unlike_stimuli(folder, tmp_path):
    with pytest.raises(InvalidInput, match="is not empty"):
        write_features(folder, "m", features())
    unlike = features()
    del unlike["timit/dr1/sa1"]["cnn"]
    with pytest.raises(InvalidInput, match="expected"):
        write_features(tmp_path / "unlike", "m", unlike)
    with pytest.raises(InvalidInput, match="no features"):
        write_features(tmp_path / "none", "m", {})
    with pytest.raises(InvalidInput, match=r"rates_hz names \['block'\]"):
        write_features(tmp_path / "rates", "m", features(), rates_hz={"block": 50})


TWO_TIMES = np.arange(2.0)


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (3, "frames is a int; expected {stimulus"),
        ({"a": np.ones((2, 1))}, r"frames\['a'\] is a ndarray; expected {layer"),
        ({"a": {3: (TWO_TIMES, np.ones((2, 1)))}}, r"frames\['a'\] has the name 3"),
        ({3: {"x": (TWO_TIMES, np.ones((2, 1)))}}, "frames has the name 3"),
        ({"a": {"x": 3}}, "in 'x' are no pair of arrays"),
        ({"a": {"x": (TWO_TIMES,)}}, "in 'x' are no pair of arrays"),
        ({"a": {"x": np.ones((2, 1, 1))}}, r"shape \(1, 1\)|times of shape"),
        ({"a": {"x": (TWO_TIMES, [[1.0], [1.0, 2.0]])}}, "in 'x' are no pair of arrays"),
        ({"a": {"x": (TWO_TIMES, np.float32(1))}}, r"shape \(\); expected \(time, unit\)"),
        ({"a": {"x": (TWO_TIMES, np.ones(2))}}, r"shape \(2,\).*at least one unit"),
        ({"a": {"x": (TWO_TIMES, np.ones((2, 0)))}}, r"shape \(2, 0\)"),
        ({"a": {"x": (TWO_TIMES, np.ones((1, 2)))}}, "for 1 rows"),
        ({"a": {"x": (0.0, np.ones((1, 2)))}}, r"times of shape \(\)"),
        ({"a": {"x": (TWO_TIMES, np.ones((2, 1), int))}}, "int64; expected floating"),
        ({"a": {"x": ([1, 0], np.ones((2, 1)))}}, "do not increase"),
        (
            {"a": {"x": (TWO_TIMES, np.ones((2, 1)))}, "b": {"x": (TWO_TIMES, np.ones((2, 2)))}},
            "1 ",
        ),
    ],
)
def test_writing_refuses_malformed_frames_in_one_sentence(tmp_path, frames, message):
    with pytest.raises(InvalidInput, match=message):
        write_features(tmp_path / "mine", "m", frames)


@pytest.mark.parametrize(
    "rates_hz", [50.0, {"x": "50"}, {"x": 0}, {"x": np.nan}, {"x": True}, [50]]
)
def test_writing_refuses_what_are_no_rates(tmp_path, rates_hz):
    frames = {"a": {"x": (TWO_TIMES, np.ones((2, 1)))}}
    with pytest.raises(InvalidInput, match=r"expected {layer: frames a second}"):
        write_features(tmp_path / "mine", "m", frames, rates_hz=rates_hz)


def test_writing_takes_rates_of_any_number_type(tmp_path):
    frames = {"a": {"x": (TWO_TIMES, np.ones((2, 1)))}}
    for number, rate in enumerate((np.float32(50), np.int64(50), 50)):
        model = write_features(tmp_path / str(number), "m", frames, rates_hz={"x": rate})
        assert model.layers[0].rate_hz == 50.0


def test_what_is_refused_at_first_leaves_nothing_in_the_way(tmp_path):
    good = {"x": (TWO_TIMES, np.ones((2, 1)))}
    for identifier, frames in (("../m", {"a": good}), ("m", {"a": {**good, "y": (TWO_TIMES, 1)}})):
        with pytest.raises(InvalidInput):
            write_features(tmp_path / "mine", identifier, frames)
    assert write_features(tmp_path / "mine", "m", {"a": good}).stimuli() == ("a",)


def test_importing_the_package_does_not_import_numpy():
    code = "import sys, heschl.models.features_on_disk; sys.exit('numpy' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
