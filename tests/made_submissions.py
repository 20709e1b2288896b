"""Submissions made of numbers that a seed draws, for the board, its pages and its downloads.

``write_large`` is fixture A, a thousand models; ``write_layered`` is fixture B, with layers,
regions and maps of the cortex. Fixture C is in `made_hostile`.
"""

import dataclasses
import functools
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
from made_score_files import (
    LAYERS,
    PRIMARY,
    Bench,
    estimate,
    floats,
    made_file,
    made_source,
    provenance,
)

from heschl import registry
from heschl.cards import Training
from heschl.leaderboard.score_file import (
    Estimate,
    LayerCurve,
    Region,
    Samples,
    ScoreFile,
    SurfaceMap,
)
from heschl.leaderboard.score_file_writing import score_file_json
from heschl.leaderboard.submissions import CARD_NAME, score_file_name, slug_of
from heschl.leaderboard.submitted_card import Rerun, SubmittedCard, card_toml

REGIONS = (PRIMARY, "Heschl", "PT", "STG", "STS", "IFG", "Motor")
LAYERED = (
    "lebel_moth-ridge",
    "narratives-ridge",
    "little_prince-ridge-en",
    "nh2015-ridge",
    "nh2015_components-ridge",
    "timit_ecog-trf",
    "perceptimatic-abx",
    "timit-phonemes",
)
MAPPED = LAYERED[:2]
N_DRAWS = 400

_FAMILIES = ("wav2vec2", "HuBERT", "WavLM", "Whisper", "AST", "data2vec", "BEATs", "Mel")
_KINDS = {
    "self-supervised": ("masked prediction", 960.0),
    "supervised": ("transcription", 680_000.0),
    "untrained": ("none", None),
}
_LANGUAGES = (("en",), ("en", "fr", "zh"), ("zh",))


def large_benches(count: int = 30, seed: int = 0) -> tuple[Bench, ...]:
    """Return the benchmarks of fixture A, which nobody has registered."""
    generator = np.random.default_rng([seed, 1])
    return tuple(
        Bench(
            id=f"dataset{number // 3:02d}-{('ridge', 'rsa', 'trf')[number % 3]}",
            version=1,
            dataset=f"dataset{number // 3:02d}",
            protocol="made.protocol",
            noun="listener",
            names=tuple(f"S{listener + 1}" for listener in range(generator.integers(8, 31))),
            ceiling=float(generator.uniform(0.2, 0.6)),
            difficulty=float(generator.uniform(0.3, 0.8)),
        )
        for number in range(count)
    )


def large_values(
    n_models: int = 1000, n_benches: int = 30, missing: float = 0.1, seed: int = 0
) -> dict[Bench, np.ndarray]:
    """Return the normalised numbers of fixture A, (model, listener) by benchmark.

    A model that was not scored on a benchmark has NaN there.
    """
    generator = np.random.default_rng([seed, 2])
    ability = generator.normal(0, 0.1, (n_models, 1))
    values = {}
    for bench in large_benches(n_benches, seed):
        of_listeners = generator.normal(0, 0.05, len(bench.names))
        noise = generator.normal(0, 0.04, (n_models, len(bench.names)))
        values[bench] = bench.difficulty + ability + of_listeners + noise
        values[bench][generator.random(n_models) < missing] = np.nan
    return values


def large_model(number: int) -> str:
    return f"model-{number:04d}"


def large_texts(bench: Bench, values: np.ndarray) -> Iterator[tuple[str, str]]:
    """Yield each model that has values (model, listener), and the text of its score file.

    The text is that of `score_file_json` of `made_file`; only what differs between models is
    written anew, since there are tens of thousands.
    """
    pattern = made_file("MODEL", bench, np.ones(len(bench.names)))
    lines = score_file_json(pattern).split("\n")
    samples = next(number for number, line in enumerate(lines) if line.startswith(' "samples"'))
    region = next(number for number, line in enumerate(lines) if line.startswith(' "regions"')) + 1
    fields = json.loads(lines[region])
    before = "\n".join(lines[:samples])
    after = "\n".join(lines[region + 1 :])
    old = (*_digests("MODEL"), made_source("MODEL", bench))
    for number in np.flatnonzero(np.isfinite(values).all(axis=1)):
        name, normalised = large_model(number), values[number]
        score = normalised * bench.ceiling
        fields["score"], fields["normalised"] = map(_plain_estimate, (score, normalised))
        drawn = {"names": bench.names, "score": score.tolist(), "normalised": normalised.tolist()}
        drawn = {"noun": bench.noun, "is_drawn": False} | drawn
        rest = after
        new = (*_digests(name), made_source(name, bench))
        for one, other in zip(old, new, strict=True):
            rest = rest.replace(one, other)
        text = (
            f'{before}\n "samples": {_compact(drawn)},\n "regions": [\n  {_compact(fields)}\n{rest}'
        )
        yield name, text.replace("MODEL", name)


def layered_benches(data_kind: str = "real", seed: int = 0) -> tuple[Bench, ...]:
    """Return the registered benchmarks of fixture B."""
    generator = np.random.default_rng([seed, 3])
    benches = []
    for name in LAYERED:
        card = registry.benchmarks.card(name)
        noun = {"subject": "listener"}.get(card.unit_of_uncertainty, card.unit_of_uncertainty)
        is_drawn = noun == "stimulus"
        benches.append(
            Bench(
                id=name,
                version=card.version,
                dataset=card.dataset,
                protocol=card.protocol,
                noun=noun,
                names=("0" * 16,) if is_drawn else tuple(f"S{each + 1}" for each in range(9)),
                ceiling=float(generator.uniform(0.2, 0.6)),
                difficulty=float(generator.uniform(0.3, 0.8)),
                data_kind=data_kind,
            )
        )
    return tuple(benches)


def layered_files(seed: int = 0) -> Iterator[ScoreFile]:
    """Yield fixture B: 20 models on 8 benchmarks, six of them simulated too, and a paper's."""
    for data_kind, n_models in (("real", 20), ("phantom", 6)):
        generator = np.random.default_rng([seed, 4, n_models])
        ability = np.linspace(0.3, -0.3, n_models)
        for bench in layered_benches(data_kind, seed):
            n_samples = N_DRAWS if bench.is_drawn else len(bench.names)
            of_samples = generator.normal(0, 0.06, n_samples)
            for number in range(n_models):
                values = bench.difficulty + ability[number] + of_samples
                values = values + generator.normal(0, 0.03, n_samples)
                yield _layered_file(f"layered-{number:02d}", bench, values, generator)
    for bench in layered_benches("real", seed)[:3]:
        yield _published_file(bench)


def _published_file(bench: Bench) -> ScoreFile:
    """Return what a paper says: a number and its error, of which no samples are known."""
    file = made_file("published-2022", bench, np.full(len(bench.names), bench.difficulty))
    region = file.primary
    number = Estimate(bench.difficulty, 0.02, math.nan, math.nan, math.nan)
    return dataclasses.replace(
        file,
        status="published",
        samples=Samples(bench.noun, is_drawn=False, names=(), score=(), normalised=()),
        regions=(dataclasses.replace(region, score=number, normalised=number),),
        source_sha256="",
        source_bytes=0,
        provenance={},
        citation="Somebody et al. (2022), Table 1",
    )


def _layered_file(
    model: str, bench: Bench, values: np.ndarray, generator: np.random.Generator
) -> ScoreFile:
    """Return a file with a curve and a number for every region, and maps where there are some."""
    mean = float(np.mean(values))
    regions, curves = [], []
    for number, name in enumerate(REGIONS):
        factor = 1.0 if number == 0 else float(generator.uniform(0.6, 1.2))
        depth = np.linspace(0, 1, len(LAYERS))
        curve = mean * factor * (1 - (depth - 0.6) ** 2) + generator.normal(0, 0.01, len(LAYERS))
        errors = generator.uniform(0.005, 0.02, len(LAYERS))
        curves.append(
            LayerCurve(
                name,
                floats(curve * bench.ceiling),
                floats(errors * bench.ceiling),
                floats(curve),
                floats(errors),
            )
        )
        if number:
            numbers = estimate(values * factor, bench.is_drawn)
            raw = estimate(values * factor * bench.ceiling, bench.is_drawn)
            n = 8 if bench.is_drawn else len(values)
            regions.append(Region(name, n, 60, raw, numbers, bench.ceiling, 0.01, LAYERS[7]))
    # What is known of a surface is smooth; only fMRI has one.
    maps = (made_map(generator),) if bench.id in MAPPED and bench.data_kind == "real" else ()
    return made_file(model, bench, values, regions, curves, maps=maps)


def write_files(
    folder: Path, files: Iterable[ScoreFile], cards: Mapping[str, SubmittedCard]
) -> Path:
    """Write submissions: a folder for each card, by the model's id, and its score files in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for card in cards.values():
        place = folder / slug_of(card.id)
        place.mkdir()
        (place / CARD_NAME).write_text(card_toml(card))
    for file in files:
        name = score_file_name(file.benchmark, file.data_kind)
        (folder / slug_of(file.model) / name).write_text(score_file_json(file))
    return folder


def write_large(
    folder: Path, n_models: int = 1000, n_benches: int = 30, missing: float = 0.1, seed: int = 0
) -> Path:
    """Write fixture A."""
    generator = np.random.default_rng([seed, 5])
    names = [large_model(number) for number in range(n_models)]
    write_files(folder, (), {name: made_card(name, generator) for name in names})
    for bench, values in large_values(n_models, n_benches, missing, seed).items():
        for name, text in large_texts(bench, values):
            (folder / name / score_file_name(bench.id, bench.data_kind)).write_text(text)
    return folder


def write_layered(folder: Path, seed: int = 0) -> Path:
    """Write fixture B."""
    generator = np.random.default_rng([seed, 6])
    files = tuple(layered_files(seed))
    names = sorted({file.model for file in files})
    return write_files(folder, files, {name: made_card(name, generator) for name in names})


def made_card(name: str, generator: np.random.Generator) -> SubmittedCard:
    """Return the card of a model that a seed describes."""
    family = _FAMILIES[generator.integers(len(_FAMILIES))]
    kind = tuple(_KINDS)[generator.integers(len(_KINDS))]
    objective, hours = _KINDS[kind]
    languages = () if kind == "untrained" else _LANGUAGES[generator.integers(len(_LANGUAGES))]
    return SubmittedCard(
        id=name,
        name=f"{family} {name}",
        summary=f"A model of the family {family}, made by a seed",
        family=family,
        parameters=0 if family == "Mel" else int(10 ** generator.uniform(6, 9.5)),
        licence="MIT",
        url=f"https://models.example/{name}",
        citation=f"@misc{{{name},\n  title = {{The model {name}}},\n  year = {{2026}},\n}}",
        submitted_by="made",
        training=Training(objective=objective, languages=languages, hours=hours),
        rerun=Rerun("maintainers", "2026-03-02") if generator.random() < 0.2 else None,
    )


def made_map(generator: np.random.Generator, name: str = "normalised") -> SurfaceMap:
    """Return a smooth map of fsaverage5 with some noise, and nothing in the medial wall."""
    hemispheres = []
    for side in ("left", "right"):
        sphere = _sphere(side)
        values = np.zeros(len(sphere))
        for centre in generator.normal(size=(6, 3)):
            distance = sphere @ (centre / np.linalg.norm(centre))
            values += generator.normal() * np.exp(4 * (distance - 1))
        values += generator.normal(0, 0.01, len(sphere))
        steps = 1 + np.round(254 * (values - values.min()) / np.ptp(values))
        inward = 1 if side == "left" else -1
        steps[sphere[:, 0] * inward > 0.9] = 0
        hemispheres.append(steps.astype(np.uint8).tobytes())
    return SurfaceMap(name, -0.05, 0.35, *hemispheres)


_SPHERES: dict[str, np.ndarray] = {}


def _sphere(side: str) -> np.ndarray:
    """Return the unit vectors (vertex, 3) of a hemisphere's sphere."""
    if not _SPHERES:
        from nilearn.datasets import fetch_surf_fsaverage
        from nilearn.surface import load_surf_mesh

        surfaces = fetch_surf_fsaverage("fsaverage5")
        for each in ("left", "right"):
            points = np.asarray(load_surf_mesh(surfaces[f"sphere_{each}"]).coordinates)
            _SPHERES[each] = points / np.linalg.norm(points, axis=1, keepdims=True)
    return _SPHERES[side]


@functools.cache
def _digests(model: str) -> tuple[str, str]:
    """Return what of any score file's provenance follows from its model's name."""
    of = provenance(model, large_benches(1)[0])
    return of["model_digest"], of["configuration_digest"]


def _plain_estimate(values: np.ndarray) -> dict[str, float | None]:
    return {
        name: None if math.isnan(value) else value
        for name, value in dataclasses.asdict(estimate(values)).items()
    }


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
