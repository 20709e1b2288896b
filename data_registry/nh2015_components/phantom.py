"""The phantom twin of the components: one band for each, in exactly the files of the repository.

Component k is the level of band k with as much noise as leaves its share of signal, and the file
names components and sounds in an order of its own: whoever reads either by position scores a
component by the sounds, or the share, of another.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from heschl.data_registry.natural_sounds.expected import pooled_share
from heschl.data_registry.natural_sounds.expected_similarity import similarity
from heschl.data_registry.natural_sounds.mat_files import write_mat
from heschl.data_registry.natural_sounds.phantom import write_sounds
from heschl.data_registry.natural_sounds.sounds import categories
from heschl.data_registry.nh2015_components import NH2015_COMPONENTS
from heschl.data_registry.nh2015_components.loader import COMPONENTS
from heschl.errors import InvalidInput

__all__ = ["SHARES", "write_phantom"]

SHARES = dict(zip(COMPONENTS, (0.9, 0.75, 0.6, 0.45, 0.3, 0.0), strict=True))
"""Of the variance of each component, what its band explains; in the sample, exactly."""
_DRAWS_OF_SIMILARITY = 40
_MEAN, _SPREAD = 0.01, 0.005
"""Of the published responses, about."""


def write_phantom(root: str | Path, seed: int = 0) -> None:
    """Write the phantom below ``root``, which is made if need be.

    The same seed gives the same bytes. Takes some seconds and 8 MB.
    """
    place = Path(root)
    if (place / "data").exists() or (place / "sounds").exists():
        raise InvalidInput(f"{place} holds a dataset already; give an empty folder")
    (place / "data").mkdir(parents=True)
    names = list(categories())
    levels = write_sounds(place / "sounds/wav", names, seed=seed, sample_rate=44100)
    table = "".join(f"{name},{categories()[name]}\n" for name in names)
    (place / "sounds/category_labels.csv").write_text(table, encoding="utf-8")

    generator = np.random.default_rng([seed, 5])
    design = np.stack([levels[name] for name in names])
    signal, responses = _respond(design, generator)
    order = generator.permutation(len(names))
    columns = generator.permutation(len(COMPONENTS))
    write_mat(
        place / "data/components.mat",
        {
            "R": _MEAN + _SPREAD * responses[np.ix_(order, columns)],
            "stim_names": _cells([names[row] for row in order]).reshape(1, -1),
            "component_names": _cells([COMPONENTS[column] for column in columns]).reshape(-1, 1),
            "category_labels": _cells([categories()[names[row]] for row in order]).reshape(1, -1),
        },
    )
    truth = {
        "phantom_version": NH2015_COMPONENTS.phantom_version,
        "seed": seed,
        "components": {
            name: {"band": k, "share": share} for k, (name, share) in enumerate(SHARES.items())
        },
        "expectations": [*_expectations(design, signal), _expected_similarity(design, seed)],
    }
    (place / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")


def _expectations(design: np.ndarray, signal: np.ndarray) -> list[dict[str, Any]]:
    """Return what models of all bands, and of single ones, must find of each component."""
    found = []
    for k, (name, share) in enumerate(SHARES.items()):
        of_all = _expected(design, design, signal[:, [k]], k, share)
        of_one = _expected(design[:, [k]], design, signal[:, [k]], k, share)
        quantities = [("phantom-spectrum", "bands", "score" if share else "null", of_all, 0.03)]
        if share:
            quantities += [
                ("phantom-bands", f"band.{k}", "inner", of_one, 0.03),
                ("phantom-bands", f"band.{k}", "inner_layer_share", 1.0, 0.1),
            ]
        found += [
            {
                "benchmark": "nh2015_components-ridge",
                "model": model,
                "layer": layer,
                "roi": name,
                "quantity": quantity,
                "expected": expected,
                "tolerance": tolerance,
                "source": "docs/protocols.md, S-audio.components, S-audio.regression",
            }
            for model, layer, quantity, expected, tolerance in quantities
        ]
    return found


def _expected_similarity(design: np.ndarray, seed: int) -> dict[str, Any]:
    """Return how alike all bands and all components must find the sounds, by SciPy."""
    generator = np.random.default_rng([seed, 6])
    found = [
        similarity(design, _respond(design, generator)[1]) for _ in range(_DRAWS_OF_SIMILARITY)
    ]
    return {
        "benchmark": "nh2015_components-rsa",
        "model": "phantom-spectrum",
        "layer": "bands",
        "roi": "all",
        "quantity": "score",
        "expected": float(np.mean(found)),
        "tolerance": 0.03,
        "source": "docs/protocols.md, S-audio.rsa (SciPy, noise drawn anew)",
    }


def _free_of(design: np.ndarray) -> np.ndarray:
    """Return the projection (sound, sound) onto what neither bands nor a constant explain."""
    known, _ = np.linalg.qr(np.column_stack([np.ones(len(design)), design]))
    return np.asarray(np.eye(len(design)) - known @ known.T)


def _expected(
    design: np.ndarray, levels: np.ndarray, signal: np.ndarray, band: int, share: float
) -> float:
    """Return the score of one component, with about the penalty that predicts best."""
    if not share:
        return 0.0
    weight = np.sqrt(share) / levels[:, band].std()
    alpha = np.array([(1 - share) * design.shape[1] / weight**2])
    free = _free_of(levels)
    noise = (1 - share) * len(levels) / np.trace(free) * free
    return float(pooled_share(design, signal, noise, alpha, n_folds=5)[0])


def _respond(design: np.ndarray, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return signal and response (sound, component), in the order of the components.

    The noise is made orthogonal to all bands, so that the share is exact: one unit a region has
    no company over which an accident of the draw would average out.
    """
    standard = (design - design.mean(axis=0)) / design.std(axis=0)
    shares = np.array([*SHARES.values()])
    signal = np.sqrt(shares) * standard[:, : len(shares)]
    noise = _free_of(design) @ generator.standard_normal(signal.shape)
    return signal, signal + np.sqrt(1 - shares) * noise / noise.std(axis=0)


def _cells(texts: list[str]) -> np.ndarray:
    cells = np.empty(len(texts), dtype=object)
    cells[:] = texts
    return cells
