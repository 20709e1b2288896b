"""The check of submissions: what no file says of itself can be taken for granted."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from heschl import registry
from heschl.configuration import canonical_json
from heschl.disk import usable
from heschl.errors import HeschlError, MissingData
from heschl.leaderboard.score_file import ScoreFile
from heschl.leaderboard.score_file_of_score import STEP_OF_DRAWS, from_score
from heschl.leaderboard.score_file_writing import score_file_json
from heschl.leaderboard.submission_fairness import fairness_problems
from heschl.leaderboard.submissions import (
    CARD_NAME,
    Submissions,
    score_file_name,
    surveyed,
)
from heschl.leaderboard.submitted_card import SubmittedCard
from heschl.provenance import missing_fields
from heschl.scores import open_score
from heschl.seen import ATTRIBUTES
from heschl.statistics import standard_error

__all__ = ["Remark", "check", "removed"]

_SAME = 1e-5
"""How far a mean of samples of six digits may be from the number that it is, per unit of it."""
_SHA256 = re.compile("[0-9a-f]{64}")
_BESIDE = (".md", ".py", ".txt")
"""What may lie beside a card and its scores: the file of a plugin, and words."""
_ALIKE = ("model", "benchmark", "benchmark_version", "dataset", "data_kind", "protocol")
"""What a file says itself and in its provenance."""


@dataclass(frozen=True)
class Remark:
    """What a check found: an error, which may not stand, or a warning, which a reader weighs."""

    severity: Literal["error", "warning"]
    where: str
    text: str


def check(
    folder: str | os.PathLike[str], scores: str | os.PathLike[str] | None = None
) -> tuple[Submissions, list[Remark]]:
    """Return the submissions below a folder and every remark on them.

    Parameters
    ----------
    folder
        Of the submissions.
    scores
        Where the netCDF files lie, if they are here: then what is said of each is compared with it.
    """
    root = Path(folder)
    submissions, problems = surveyed(root)
    remarks = [Remark("error", "", problem) for problem in problems]
    remarks += [Remark("error", str(root / path), text) for path, text in _strays(root)]
    if not submissions.cards and not problems:
        advice = f"expected a folder for each model, with a {CARD_NAME} (`heschl submit`)"
        remarks.append(Remark("warning", str(root), f"it holds no submission; {advice}"))
    sources = None if scores is None else _sources(Path(scores))
    versions: dict[str, set[str]] = {}
    for (slug, benchmark, kind), file in submissions.files.items():
        where = str(root / slug / score_file_name(benchmark, kind))
        card = submissions.cards[slug]
        remarks += [replace(remark, where=where) for remark in _of_file(file, card)]
        if sources is not None and file.status != "published":
            remarks += [Remark("error", where, text) for text in _of_source(file, sources)]
        if file.status not in ("published", "features-only"):
            versions.setdefault(slug, set()).add(str(file.provenance.get("model_digest")))
    remarks += [
        Remark(
            "warning",
            str(root / slug / CARD_NAME),
            f"its scores are of {len(found)} states of the model, by its digests; score all anew",
        )
        for slug, found in versions.items()
        if len(found) > 1
    ]
    return submissions, remarks


def removed(before: Submissions, after: Submissions) -> list[Remark]:
    """Return an error for every row and every score that was there and is not."""
    rows = [
        Remark("error", slug, f"the row of {card.id} was removed; restore it")
        for slug, card in before.cards.items()
        if slug not in after.cards
    ]
    scores = [
        Remark(
            "error",
            f"{slug}/{score_file_name(benchmark, kind)}",
            f"the score of {before.cards[slug].id} on {benchmark} ({kind} data) was removed; "
            "restore it",
        )
        for slug, benchmark, kind in before.files.keys() - after.files.keys()
        if slug in after.cards
    ]
    return rows + sorted(scores, key=lambda remark: remark.where)


def _of_file(file: ScoreFile, card: SubmittedCard) -> Iterator[Remark]:
    """Yield what is to be said of one score file; ``where`` is left to the caller."""
    if file.status == "published":
        if not file.citation.strip():
            yield _error("it is published and cites nothing; say which table of which paper")
        return
    for problem in _of_provenance(file):
        yield _error(problem)
    for problem in (*_of_numbers(file), *fairness_problems(file)):
        yield _error(problem)
    yield from _of_version(file)
    if file.status == "rerun" and card.rerun is None:
        yield _error(
            "its status is rerun, and the card has no [rerun] that says by whom and when; add it, "
            "or make the status self-reported"
        )
    git = file.provenance.get("git")
    if isinstance(git, dict) and git.get("state") == "changed":
        commit = str(git.get("commit"))[:12]
        yield _warning(f"it was computed from changes to {commit} that were not committed")
    if not file.samples.names:
        yield _warning("it has no samples to compare models by; score again and submit anew")


def _of_provenance(file: ScoreFile) -> Iterator[str]:
    provenance = dict(file.provenance)
    texts = {
        name: value if isinstance(value, str) else canonical_json(value)
        for name, value in provenance.items()
    }
    for field in missing_fields(texts):
        yield f"the provenance lacks {field}"
    for name in _ALIKE:
        if name in provenance and provenance[name] != getattr(file, name):
            yield (
                f"{name} is {getattr(file, name)!r}, in the provenance {provenance[name]!r}; "
                "submit it anew"
            )
    digests = provenance.get("data_digests")
    if not isinstance(digests, dict) or not all(map(_is_condensed, digests.values())):
        yield (
            "data_digests of the provenance is not of the form "
            '{"sounds": {"n": 3, "sha256": "…"}, …}; submit it anew'
        )


def _is_condensed(part: Any) -> bool:  # whatever JSON can hold
    return (
        isinstance(part, dict)
        and part.keys() == {"n", "sha256"}
        and type(part["n"]) is int
        and part["n"] >= 0
        and isinstance(part["sha256"], str)
        and bool(_SHA256.fullmatch(part["sha256"]))
    )


def _of_numbers(file: ScoreFile) -> Iterator[str]:
    """Yield where the board's number is not what its samples make it."""
    if not file.samples.names:
        return
    if file.samples.is_drawn:
        yield from _of_draws(file)
        return
    primary = file.primary
    for quantity in ("score", "normalised"):
        values = np.array(getattr(file.samples, quantity))
        values = values[np.isfinite(values)]
        stated = getattr(primary, quantity)
        pairs = [("mean", values.mean() if len(values) else math.nan, stated.value)]
        if len(values) > 1:
            pairs.append(("standard error", float(standard_error(values)), stated.error))
        for noun, found, claimed in pairs:
            scale = max(1.0, float(np.abs(values).max(initial=0.0)))
            if not (math.isnan(found) and math.isnan(claimed)) and not (
                abs(found - claimed) <= _SAME * scale
            ):
                yield (
                    f"the {noun} of the samples' {quantity} is {found:.6g}, that of "
                    f"{primary.name} is said to be {claimed:.6g}; submit it anew"
                )


def _of_draws(file: ScoreFile) -> Iterator[str]:
    """Yield where the error and the interval of the board's number are not those of its draws."""
    beyond = (1 - file.interval_level) / 2
    for quantity in ("score", "normalised"):
        draws = np.array(getattr(file.samples, quantity))
        stated = getattr(file.primary, quantity)
        if len(draws) < 2 or not np.isfinite(draws).all():  # noqa: PLR2004
            continue
        low, high = np.quantile(draws, [beyond, 1 - beyond]).tolist()
        scale = max(1.0, float(np.abs(draws).max()))
        for noun, found, claimed in (
            ("standard error", float(draws.std(ddof=1)), stated.error),
            ("lower end", low, stated.low),
            ("upper end", high, stated.high),
        ):
            if not abs(found - claimed) <= 2 * STEP_OF_DRAWS * scale:
                yield (
                    f"the {noun} of the draws' {quantity} is {found:.6g}, that of "
                    f"{file.primary.name} is said to be {claimed:.6g}; submit it anew"
                )


def _of_version(file: ScoreFile) -> Iterator[Remark]:
    try:
        version = registry.benchmarks.card(file.benchmark).version
    except HeschlError:
        yield _warning(f"{file.benchmark} is not registered here, so its version was not checked")
        return
    if file.benchmark_version > version:
        yield _error(
            f"it is of version {file.benchmark_version} of {file.benchmark}, which is at {version} "
            "here; update Heschl, or mend the version"
        )
    elif file.benchmark_version < version:
        yield _warning(
            f"it is of version {file.benchmark_version} of {file.benchmark}, which is at "
            f"{version}: stale until it is scored again"
        )


def _strays(root: Path) -> Iterator[tuple[str, str]]:
    """Yield what lies in submissions and belongs to none."""
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        if folder.name.startswith(".") or folder.is_symlink():
            continue
        for path in sorted(folder.iterdir()):
            is_known = path.name == CARD_NAME or path.suffix in (".json", *_BESIDE)
            if path.name.startswith(".") or path.is_symlink() or path.is_dir() or not is_known:
                yield (
                    str(path.relative_to(root)),
                    f"it is no file of a submission: {CARD_NAME}, scores as .json and "
                    f"{', '.join(_BESIDE)}; remove it",
                )


def _sources(folder: Path) -> Mapping[str, Path]:
    """Return the netCDF files below a folder by their digests."""
    if not folder.is_dir():
        raise MissingData(f"there is no folder {folder}; name that of the netCDF files")
    files = [path for path in sorted(folder.rglob("*.nc")) if path.is_file()]
    return {_digest(path): path for path in files}


def _digest(path: Path) -> str:
    with usable(path, "leave it out of the folder of --scores"):
        return hashlib.sha256(path.read_bytes()).hexdigest()


def _of_source(file: ScoreFile, sources: Mapping[str, Path]) -> Sequence[str]:
    """Return where a file differs from what its netCDF file says."""
    path = sources.get(file.source_sha256)
    if path is None:
        return [f"no netCDF file has its digest, {file.source_sha256[:12]}…; submit it anew"]
    try:
        told = from_score(open_score(path), path, file.status, file.maps)
    except HeschlError as error:
        return [f"its netCDF file cannot be read: {error}"]
    held = {*ATTRIBUTES, *told.extra}
    said, says = (
        json.loads(
            score_file_json(
                replace(
                    each,
                    citation="",
                    extra={name: text for name, text in each.extra.items() if name in held},
                )
            )
        )
        for each in (told, file)
    )
    return [
        f"{name} is not what {path} holds; submit it anew"
        for name in said
        if said[name] != says[name]
    ]


def _error(text: str) -> Remark:
    return Remark("error", "", text)


def _warning(text: str) -> Remark:
    return Remark("warning", "", text)
