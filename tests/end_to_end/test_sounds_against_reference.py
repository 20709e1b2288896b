"""Six real components: what Heschl finds equals loops of scikit-learn fits; so does a phantom."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from tests.end_to_end import reference_sounds

import heschl
from heschl import registry
from heschl.data_folders import phantom_folder
from heschl.data_registry.nh2015_components import NH2015_COMPONENTS
from heschl.manifest import Manifest
from heschl.splits import StratifiedKFold
from heschl.store import Store

MIRROR = os.environ.get("HESCHL_MIRROR", "")
"""As it was set for the run; the tests themselves run without."""

MANIFEST = Manifest.read(NH2015_COMPONENTS.manifest)
COMPONENTS = ("lowfreq", "highfreq", "envsounds", "pitch", "speech", "music")
with_mirror = pytest.mark.skipif(
    not MIRROR or not (Path(MIRROR) / MANIFEST.dataset).is_dir(),
    reason=f"set HESCHL_MIRROR to a folder that holds {MANIFEST.dataset}",
)


@pytest.fixture(scope="module")
def fetched(tmp_path_factory) -> Path:
    """Return the folder that `heschl fetch` fills from the mirror."""
    folder = tmp_path_factory.mktemp("nh2015_components")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HESCHL_MIRROR", MIRROR)
        MANIFEST.fetch(folder)
    return folder


def found_by_heschl(model: str, folder: Path) -> dict[str, tuple[float, list[str]]]:
    """Return the score of each component, and the layer that each fold chose."""
    score = heschl.score(model, "nh2015_components-ridge", data=folder)
    units = score.tree["units"].to_dataset()
    layers = units["layer"].to_numpy()
    found = {}
    for component in COMPONENTS:
        (unit,) = np.flatnonzero(units["in_roi"].sel(roi=component).to_numpy())
        chosen = layers[units["inner_layer"].to_numpy()[:, unit]].tolist()
        found[component] = float(units["inner_score"][unit]), chosen
    return found


def experiment(model_id: str, folder: Path):
    """Return the features of each layer, the fold of each sound, and the components."""
    model = registry.resolve_model(model_id).object
    names, categories, measured = reference_sounds.responses(folder)
    layers = reference_sounds.features(model, folder, names)
    parts = np.empty(len(names), dtype=int)
    folds = StratifiedKFold(5, by="category", seed=0).folds({"category": np.array(categories)})
    for number, fold in enumerate(folds):
        parts[fold.test] = number
    return layers, parts, measured


def compare(model_id: str, folder: Path) -> None:
    layers, parts, measured = experiment(model_id, folder)
    found = found_by_heschl(model_id, folder)

    patterns = np.column_stack([measured[name] for name in COMPONENTS])
    of_components = reference_sounds.score(layers, patterns, parts)
    for component, (expected, chosen) in zip(COMPONENTS, of_components, strict=True):
        assert found[component][1] == chosen
        # Features and responses are kept in float32.
        assert found[component][0] == pytest.approx(expected, abs=2e-4)


@pytest.mark.slow
def test_phantom_components_equal_the_reference(store_folder):
    compare("phantom-bands", phantom_folder("nh2015_components", 0, Store(store_folder)))


@with_mirror
@pytest.mark.slow
def test_real_components_equal_the_reference(fetched):
    compare("logmel", fetched)


@with_mirror
@pytest.mark.slow
@pytest.mark.parametrize("model", ["s3prl:byol_a_512", "s3prl:byol_a_512-random"])
def test_real_components_of_byol_equal_the_reference(fetched, model, monkeypatch):
    pytest.importorskip("s3prl", reason="s3prl is not installed: pip install 'heschl[s3prl]'")
    monkeypatch.setenv("HESCHL_MIRROR", MIRROR)
    compare(model, fetched)


def compare_similarity(model_id: str, folder: Path, store: Path) -> None:
    layers, parts, measured = experiment(model_id, folder)
    patterns = np.column_stack([measured[name] for name in COMPONENTS])
    of_layers, by_blocks = reference_sounds.similarity(layers, patterns, parts)

    found = heschl.score(model_id, "nh2015_components-rsa", data=folder, store=store)

    scores = found.tree["summary"]["score"].sel(roi="all").squeeze("subject")
    for layer, expected in of_layers.items():
        # Features and responses are kept in float32.
        assert float(scores.sel(layer=layer)) == pytest.approx(expected, abs=2e-5)
    assert found.value == pytest.approx(by_blocks, abs=2e-5)


@pytest.mark.slow
def test_phantom_similarity_equals_the_reference(store_folder):
    folder = phantom_folder("nh2015_components", 0, Store(store_folder))
    compare_similarity("mfcc", folder, store_folder)


@with_mirror
@pytest.mark.slow
def test_real_similarity_equals_the_reference(fetched, store_folder):
    compare_similarity("mfcc", fetched, store_folder)
