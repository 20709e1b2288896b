"""Which Scores belong to which tuned model, and whether they can be set against each other."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from heschl.braintuning.records import read_record
from heschl.dimensions import LAYER, ROI, SUBJECT
from heschl.errors import CorruptData, InvalidInput, MissingData
from heschl.scores import Score, open_score
from heschl.wording import some

__all__ = ["Pair", "by_benchmark", "check_one_base", "curve_of", "labels", "pairs_in", "read_card"]

_OF_A_LIST = re.compile(r".+\.\d+")
"""Blocks of a network, as taps name them: ``block.0``."""

_FIELDS, _FIELDS_OF_PLAN = ("base", "base_digest"), ("subject", "control", "dataset", "layer")

_FACTS = ("base", "base_digest", "dataset", "layer that was tuned")


@dataclass(frozen=True, eq=False)
class Pair:
    """A tuned model: what its folder's card says, and the Scores before and after."""

    card: Mapping[str, Any]
    before: Score
    after: Score

    @property
    def subject(self) -> str:
        """On whom it was tuned."""
        return str(self.card["plan"]["subject"])

    @property
    def control(self) -> str:
        """Which control it is; ``none`` is the tuned model."""
        return str(self.card["plan"]["control"])

    @property
    def benchmark(self) -> str:
        """What both Scores are of."""
        return str(self.after.tree.attrs["benchmark"])

    @property
    def is_of_listener(self) -> bool:
        """Whether the benchmark predicts listeners, the one among them who was tuned on."""
        attrs = self.after.tree.attrs
        is_of_subjects = attrs["unit_of_uncertainty"] == SUBJECT
        return bool(is_of_subjects and attrs["dataset"] == self.card["plan"]["dataset"])


def read_card(folder: str | Path) -> dict[str, Any]:
    """Return what the card of a tuned model says."""
    path = Path(folder) / "card.json"
    if not path.is_file():
        raise MissingData(
            f"{folder} holds no tuned model: it has no card.json; give folders that "
            "`heschl tune` names when it is done"
        )
    card = read_record(path)
    try:
        lacking = {*_FIELDS} - card.keys() | {*_FIELDS_OF_PLAN} - card["plan"].keys()
    except (KeyError, AttributeError):
        lacking = {"plan"}
    if lacking:
        raise CorruptData(
            f"{path} is no card of a tuned model, as it has no {', '.join(sorted(lacking))}; take "
            "the folder as `heschl tune` wrote it"
        )
    return card


def pairs_in(folders: Sequence[str | Path], scores: str | Path) -> list[Pair]:
    """Return the tuned models in folders, with the Scores before and after below ``scores``.

    There is a pair for each benchmark of which any of the tuned models has a Score.
    """
    cards = {Path(folder): read_card(folder) for folder in folders}
    files = [path for path in sorted(Path(scores).rglob("*.nc")) if path.is_file()]
    known = [open_score(path) for path in files]
    models = {f"tuned:{folder.resolve().name}" for folder in cards}
    names = dict.fromkeys(s.tree.attrs["benchmark"] for s in known if s.model in models)
    if not names:
        raise MissingData(
            f"of {len(known)} Scores below {scores} none is of {some(sorted(models))}; run "
            f"`{_evaluating(cards, scores)}`"
        )
    return [
        _paired(folder, card, [s for s in known if s.tree.attrs["benchmark"] == name], name, scores)
        for name in names
        for folder, card in cards.items()
    ]


def _paired(
    folder: Path, card: Mapping[str, Any], known: list[Score], benchmark: str, scores: str | Path
) -> Pair:
    subject, name = card["plan"]["subject"], f"tuned:{folder.resolve().name}"
    usable = [s for s in known if not _lacks(s, card)]
    of_name = [s for s in usable if s.model == name]
    # A folder may have been tuned again under its name; cards of older releases tell no digest.
    digest = card.get("digest")
    after = [s for s in of_name if digest in (None, s.provenance["model_digest"])]
    if of_name and not after:
        raise MissingData(
            f"the Scores of {name} on {benchmark} below {scores} are of other weights than those "
            f"in {folder}; run `{_evaluating([folder], scores, benchmark)}`"
        )
    before = [s for s in usable if s.provenance["model_digest"] == card["base_digest"]]
    for found, what in ((before, card["base"]), (after, name)):
        if len(found) != 1:
            advice = (
                "remove those that are not meant"
                if found
                else f"run `{_evaluating([folder], scores, benchmark)}`"
            )
            raise MissingData(
                f"below {scores} are {len(found)} Scores of {what} on {benchmark} for the model "
                f"that was tuned on {subject}, and one is expected; {advice}"
            )
    return Pair(card, before[0], after[0])


def _evaluating(folders: Iterable[Path], scores: str | Path, *benchmarks: str) -> str:
    """Return the command that scores tuned models and, beside them, their base."""
    words = ["heschl", "tune", "evaluate", *map(str, folders)]
    words += ["--benchmarks", *benchmarks] if benchmarks else []
    return shlex.join([*words, "--scores", str(scores)])


def _lacks(score: Score, card: Mapping[str, Any]) -> bool:
    """Return whether a Score has listeners of the tuned dataset, and not the one tuned on."""
    attrs, plan = score.tree.attrs, card["plan"]
    is_of_listeners = (
        attrs["unit_of_uncertainty"] == SUBJECT and attrs["dataset"] == plan["dataset"]
    )
    return is_of_listeners and plan["subject"] not in labels(score, SUBJECT)


def by_benchmark(pairs: Sequence[Pair], *, has_same_layers: bool = True) -> dict[str, list[Pair]]:
    """Return the pairs of each benchmark, those of listeners first.

    Networks of other sizes need not have the same layers.

    Raises
    ------
    InvalidInput
        If Scores of one benchmark are of several versions, layers or regions, some are of
        simulated data and others are not, or a listener has two models of one kind.
    """
    if not pairs:
        raise InvalidInput("no tuned model was given to report on; name their folders")
    found: dict[str, list[Pair]] = {}
    for pair in pairs:
        of_benchmark = found.setdefault(pair.benchmark, [])
        first = of_benchmark[0] if of_benchmark else pair
        of_benchmark.append(pair)
        for score in (pair.before, pair.after):
            _check_score(pairs[0], first, score)
        for when, score in (("before", pair.before), ("after", pair.after)):
            whose = f"{when} tuning of {pair.subject}"
            _check_labels(first.before, score, whose, "regions", ROI)
            of_layers = first if has_same_layers else pair
            _check_labels(of_layers.before, score, whose, "layers", LAYER)
    return dict(sorted(found.items(), key=lambda item: not item[1][0].is_of_listener))


def check_one_base(pairs: Sequence[Pair]) -> None:
    """Refuse models of several bases, datasets or layers."""
    first = pairs[0]
    for pair in pairs:
        for name, ours, theirs in zip(_FACTS, _facts(first.card), _facts(pair.card), strict=True):
            if ours != theirs:
                raise InvalidInput(
                    f"the model of {pair.subject} has another {name}, {theirs!r}, than that of "
                    f"{first.subject}, {ours!r}; report on models of one base and dataset at a time"
                )


def curve_of(pair: Pair) -> xr.DataArray:
    """Return the values (when, layer, roi) before and after.

    Of the listener who was tuned on, the normalised score; of a benchmark without that listener
    what the whole model has. Where layers are numbered, as the blocks of a network are, those alone
    count.
    """
    found = (_of_listener if pair.is_of_listener else _of_all)(pair)
    whole = xr.concat(found, "when", join="exact", coords="minimal", compat="override")
    whole = whole.assign_coords(when=["before", "after"]).transpose("when", LAYER, ROI)
    blocks = [name for name in labels(pair.before, LAYER) if _OF_A_LIST.fullmatch(name)]
    return whole.sel({LAYER: blocks}) if blocks else whole


def _of_all(pair: Pair) -> list[xr.DataArray]:
    """Return what the whole of each Score has (layer, roi)."""
    quantity = "normalised" if pair.after.tree.attrs["unit_of_uncertainty"] == SUBJECT else "score"
    return [
        score.tree["population"].to_dataset()["value"].sel(quantity=quantity, drop=True)
        for score in (pair.before, pair.after)
    ]


def _of_listener(pair: Pair) -> list[xr.DataArray]:
    """Return what each Score has of the listener who was tuned on (layer, roi)."""
    found = []
    for score in (pair.before, pair.after):
        there = labels(score, SUBJECT)
        if pair.subject not in there:
            raise InvalidInput(
                f"the Score of {score.model} has no listener {pair.subject}, on whom its pair was "
                f"tuned; it has {', '.join(there)}"
            )
        found.append(score.tree["summary"].to_dataset().sel({SUBJECT: pair.subject}, drop=True))
    for name in ("n_stimuli", "n_train", "n_test"):
        before, after = (int(each[name].item()) for each in found)
        if before != after:
            raise InvalidInput(
                f"{pair.subject} has {name} {before} before and {after} after tuning; score "
                "the base with --beside the tuned model, so that both have the same rows"
            )
    return [each["normalised"] for each in found]


def labels(score: Score, dimension: str) -> list[str]:
    """Return the names along a dimension of a Score."""
    names: list[str] = score.tree["summary"][dimension].to_numpy().astype(str).tolist()
    return names


def _facts(card: Mapping[str, Any]) -> tuple[str, ...]:
    plan = card["plan"]
    return card["base"], card["base_digest"], plan["dataset"], plan["layer"]


def _check_score(first: Pair, of_benchmark: Pair, score: Score) -> None:
    attrs = score.tree.attrs
    for name, wanted in (
        ("data_kind", first.after.tree.attrs["data_kind"]),
        ("benchmark", of_benchmark.benchmark),
        ("benchmark_version", of_benchmark.after.tree.attrs["benchmark_version"]),
    ):
        if attrs[name] != wanted:
            raise InvalidInput(
                f"the Scores have other values of {name}: {wanted!r} and {attrs[name]!r}; report "
                "on Scores of one kind and version"
            )


def _check_labels(first: Score, score: Score, whose: str, what: str, dimension: str) -> None:
    wanted, there = labels(first, dimension), labels(score, dimension)
    if there != wanted:
        lacking = [name for name in wanted if name not in there]
        more = [name for name in there if name not in wanted]
        raise InvalidInput(
            f"the Score {whose} has other {what}: it lacks {some(lacking) or 'none'} and has "
            f"{some(more) or 'none'} beside those of {first.model}; score both with the same {what}"
        )
