"""The Score: the labelled result, its schema, its file and its words."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from heschl.dimensions import DRAW, LAYER, ROI, STIMULUS, SUBJECT, UNIT
from heschl.disk import usable
from heschl.errors import CorruptData, InvalidInput, MissingData, UnknownName, near_names
from heschl.hdf5_texts import check_texts
from heschl.layer_choice import LAYER_RULES
from heschl.provenance import missing_fields
from heschl.score_words import uncertainty_in_words
from heschl.wording import counted, plural, with_error

__all__ = ["SCHEMA_VERSION", "Score", "open_score", "prepared_target", "schema_problems"]

SCHEMA_VERSION = 1
_MIGRATIONS: dict[int, Callable[[xr.DataTree], xr.DataTree]] = {}
"""From each older schema version to the next one."""

_SCHEMA: dict[str, dict[str, tuple[str, ...]]] = {
    "summary": {
        "score": (LAYER, SUBJECT, ROI),
        "normalised": (LAYER, SUBJECT, ROI),
        "score_of_all_units": (LAYER, SUBJECT, ROI),
        "ceiling": (SUBJECT, ROI),
        "n_units": (SUBJECT, ROI),
        "n_units_of_region": (SUBJECT, ROI),
        "n_units_dropped": (SUBJECT,),
    },
    "population": {
        **dict.fromkeys(("value", "error", "low", "high", "p"), ("quantity", LAYER, ROI)),
        **{
            f"rule_{name}": ("quantity", "layer_rule", ROI)
            for name in ("value", "error", "low", "high", "p")
        },
        "nested_layer": (SUBJECT, ROI),
        "best_layer": (ROI,),
        "n": (ROI,),
        "ceiling_value": (ROI,),
        "ceiling_error": (ROI,),
    },
    "units": {
        "score": (LAYER, UNIT),
        "normalised": (LAYER, UNIT),
        "flag_constant": (LAYER, UNIT),
        "in_roi": (ROI, UNIT),
    },
    "ceiling": {"ceiling": (UNIT,)},
}
_WHERE_DRAWN = {"rule_draws": ("quantity", DRAW, ROI)}
"""What else ``/population`` may have; files from before draws were kept do without."""
_ROOT = (
    "schema_version",
    "model",
    "benchmark",
    "benchmark_version",
    "dataset",
    "data_kind",
    "protocol",
    "primary_roi",
    "unit_of_uncertainty",
    "score_meaning",
    "normalisation",
)
_CEILING = ("kind", "power", "minimum")
_ANOTHER_FILE = "name another file (-o); what is finished is in the store"
_COMPRESSED = {"zlib": True, "complevel": 4}


@dataclass(frozen=True)
class Score:
    """A result of `heschl.score`: a plain `xarray.DataTree` and readings of it.

    The tree has the groups ``/summary`` (layer x listener x region),
    ``/population`` (over listeners), ``/units``, ``/ceiling`` and
    ``/provenance``. Everything that the methods return can be read from them.
    """

    tree: xr.DataTree

    def __post_init__(self) -> None:
        """Refuse a tree that is not of the schema."""
        if problems := schema_problems(self.tree):
            raise CorruptData("this is no score of Heschl: " + "; ".join(problems))

    def __repr__(self) -> str:
        attrs, sizes = self.tree.attrs, self.tree["summary"].sizes
        extent = [(LAYER, "layer"), (SUBJECT, str(attrs["unit_of_uncertainty"])), (ROI, "region")]
        return (
            f"<Score of {self.model} on {self.benchmark} ({attrs['data_kind']} data): "
            f"{with_error(self.value, self.error, 4)} in {attrs['primary_roi']}; "
            + ", ".join(counted(sizes[dimension], noun) for dimension, noun in extent)
            + ">"
        )

    @property
    def model(self) -> str:
        """The model's id."""
        return str(self.tree.attrs["model"])

    @property
    def benchmark(self) -> str:
        """The benchmark's id."""
        return str(self.tree.attrs["benchmark"])

    @property
    def value(self) -> float:
        """The board's number: normalised, in the primary region, by the benchmark's layer rule."""
        return self._board("value")

    @property
    def error(self) -> float:
        """Its standard error over the unit of uncertainty."""
        return self._board("error")

    @property
    def interval(self) -> tuple[float, float]:
        """Its bootstrap interval over the unit of uncertainty."""
        return self._board("low"), self._board("high")

    @property
    def p(self) -> float:
        """Its two-sided Wilcoxon p over the unit of uncertainty; NaN where that is not testable."""
        return self._board("p")

    @property
    def provenance(self) -> dict[str, Any]:
        """What is needed to run it again."""
        return {str(name): text for name, text in self.tree["provenance"].attrs.items()}

    def _board(self, name: str) -> float:
        cell = self.tree["population"][f"rule_{name}"].sel(
            quantity="normalised", layer_rule=self.layer_rule, roi=self.tree.attrs["primary_roi"]
        )
        return float(cell)

    @property
    def layer_rule(self) -> str:
        """How layers become the board's number, a name of `heschl.layer_choice.LAYER_RULES`."""
        return str(self.tree.attrs.get("layer_rule", "nested"))

    @property
    def sample(self) -> str:
        """What the error is taken over, in a word: a listener, a stimulus, a pair of phones."""
        unit = str(self.tree.attrs["unit_of_uncertainty"])
        return "listener" if unit == SUBJECT else unit

    @property
    def is_drawn(self) -> bool:
        """Whether errors come from samples drawn anew, each with all that is of it."""
        attrs = self.tree["population"].attrs
        return self.sample == STIMULUS or bool(attrs.get("samples_drawn", False))

    @property
    def is_of_recordings(self) -> bool:
        """Whether units of recordings were scored, and not answers to a test."""
        return "chance" not in self.tree["ceiling"].attrs

    def layers(self, roi: str | None = None, quantity: str = "normalised") -> xr.Dataset:
        """Return the layer curve ``value, error, low, high, p`` (layer,) of one region.

        Parameters
        ----------
        roi
            A region of the score; the primary one by default.
        quantity
            ``normalised`` or ``score``.
        """
        population = self.tree["population"].to_dataset()
        chosen = {"roi": roi or str(self.tree.attrs["primary_roi"]), "quantity": quantity}
        for dimension, name in chosen.items():
            known = population[dimension].to_numpy().astype(str).tolist()
            if name not in known:
                raise UnknownName(
                    f"this score has no {dimension} {name!r}; {near_names(name, known)}"
                )
        return population[["value", "error", "low", "high", "p"]].sel(chosen)

    def explain(self) -> str:
        """Return in words how the number came about."""
        attrs, ceiling = self.tree.attrs, self.tree["ceiling"].attrs
        summary, population = self.tree["summary"], self.tree["population"]
        primary = str(attrs["primary_roi"])
        here = summary.sel({ROI: primary})
        n_subjects = int(population["n"].sel({ROI: primary}))
        kept, of_region = int(here["n_units"].sum()), int(here["n_units_of_region"].sum())
        dropped = int(summary["n_units_dropped"].sum())
        board = with_error(self.value, self.error, 4)
        average, noun = str(attrs.get("unit_average", "mean")), str(attrs.get("unit_noun", "unit"))
        if not self.is_of_recordings:
            return self._test_in_words(board)
        divided = (
            f"Each was divided by its ceiling ({attrs['normalisation']}; {ceiling['kind']}), for "
            f"the {kept} of {counted(of_region, noun)} whose ceiling is above "
            f"{ceiling['minimum']:g}, and their {average} taken. Ratios are not clipped."
            if ceiling["kind"] != "none"
            else f"Normalisation: {attrs['normalisation']}. The {average} was taken over "
            f"{counted(kept, noun)}."
        )
        lines = [
            f"{self.model} on {self.benchmark} (version {attrs['benchmark_version']}, "
            f"protocol {attrs['protocol']}, {attrs['data_kind']} data): "
            f"{board if np.isfinite(self.value) else 'no board number'}.",
            f"For each {'group' if attrs['unit_of_uncertainty'] == STIMULUS else 'listener'} and "
            f"layer, {attrs['score_meaning']} was computed for every {noun} of "
            f"{primary}; {counted(dropped, 'unit')} with non-finite responses dropped beforehand."
            + self._rows_in_words(),
            divided,
            *([str(attrs["reduction"])] if "reduction" in attrs else []),
            f"The layer is {self._layer_in_words(primary)}.",
            self._uncertainty_in_words(n_subjects),
        ]
        if n_subjects == 1 and summary.sizes[LAYER] > 1 and self.layer_rule == "nested":
            lines.append(
                "One listener alone leaves no others to choose the layer on, so there is no board "
                "number: read the layer curve, or score two listeners or more."
            )
        elif not kept:
            lines.append(f"No unit of {primary} has a usable ceiling, so there is no board number.")
        return "\n".join(lines)

    def _test_in_words(self, board: str) -> str:
        """Return how the number of a test without recordings came about."""
        attrs, ceiling = self.tree.attrs, self.tree["ceiling"].attrs
        primary = str(attrs["primary_roi"])
        n_samples = int(self.tree["population"]["n"].sel({ROI: primary}))
        n_items = int(self.tree["summary"]["n_units"].sel({ROI: primary}).sum())
        rule = LAYER_RULES[self.layer_rule].replace("listeners", plural(self.sample))
        return "\n".join(
            [
                f"{self.model} on {self.benchmark} (version {attrs['benchmark_version']}, protocol "
                f"{attrs['protocol']}, {attrs['data_kind']} data): "
                f"{board if np.isfinite(self.value) else 'no board number'}.",
                f"For each layer, {attrs['score_meaning']} was computed in {primary}, of "
                f"{counted(n_items, 'item')}"
                + ("." if self.is_drawn else f" in {counted(n_samples, self.sample)}."),
                f"Normalisation: {attrs['normalisation']}; chance is "
                f"{float(ceiling['chance']):.4f}, the ceiling {ceiling['kind']}.",
                f"The layer is {rule}{self._chosen_in_words(primary)}.",
                self._uncertainty_in_words(n_samples),
            ]
        )

    def _layer_in_words(self, roi: str) -> str:
        """Return how the layer was found, in the benchmark's own words if it has some."""
        own = self.tree.attrs.get("layer_choice")
        return str(own) if own else f"{LAYER_RULES[self.layer_rule]}{self._chosen_in_words(roi)}"

    def _chosen_in_words(self, roi: str) -> str:
        """Return the layers that were chosen in a region, most often first."""
        if self.layer_rule == "mean":
            return ""
        if self.layer_rule == "nested":
            chosen = sorted(set(self.tree["population"]["nested_layer"].sel({ROI: roi}).to_numpy()))
            return f" (chosen: {', '.join(chosen) or 'none'})"
        units = self.tree["units"].to_dataset()
        in_roi = units["in_roi"].sel({ROI: roi}).to_numpy().astype(bool)
        numbers, counts = np.unique(units["inner_layer"].to_numpy()[:, in_roi], return_counts=True)
        if not len(counts):
            return ""
        names = units[LAYER].to_numpy()[numbers[np.argsort(-counts, kind="stable")]]
        share = 100 * counts.max() / counts.sum()
        return f" (most often {names[0]}, {share:.0f} % of choices)"

    def _uncertainty_in_words(self, n_subjects: int) -> str:
        return uncertainty_in_words(self, n_subjects)

    def _rows_in_words(self) -> str:
        """Return how much was fitted and tested, where the file knows, and what was lacking."""
        summary = self.tree["summary"].to_dataset()
        if "n_stimuli" not in summary:  # a file from before they were counted
            return ""
        words = (
            f" Fits had {_span(summary['n_train'])} rows and were scored on "
            f"{_span(summary['n_test'])}, of {_span(summary['n_stimuli'])} stimuli"
        )
        named = json.loads(self.provenance["configuration"])["benchmark"].get("included")
        if not named or int(summary["n_stimuli"].min()) == len(named):
            return f"{words}."
        words += f" where the benchmark names {len(named)}"
        is_real = self.tree.attrs["data_kind"] == "real"
        if is_real and int(summary["n_stimuli"].max()) < len(named):
            words += ": less to fit on gives lower scores, so compare with the same stimuli alone"
        return f"{words}."

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write one netCDF-4 file, whole or not at all, and return its path."""
        target = prepared_target(path)
        encoding = {
            f"/{group}": {
                str(name): _COMPRESSED
                for name, variable in self.tree[group].data_vars.items()
                if variable.dtype.kind in "fiu"
            }
            for group in ("units", "ceiling")
        }
        # Of a fixed length, as names that nearly reach the limit would exceed it.
        temporary = target.with_name(f".{uuid.uuid4().hex}.nc")
        with usable(target, _ANOTHER_FILE):
            try:
                self.tree.to_netcdf(temporary, engine="netcdf4", encoding=encoding)
                temporary.replace(target)
            except RuntimeError as error:  # of the netCDF library, when a write was cut short
                raise OSError(str(error)) from error
            finally:
                temporary.unlink(missing_ok=True)
        return target


def _span(counts: xr.DataArray) -> str:
    low, high = int(counts.min()), int(counts.max())
    return f"{low}" if low == high else f"{low} to {high}"


def prepared_target(path: str | os.PathLike[str]) -> Path:
    """Return the path of a file to write, with its folder made; refuse what cannot be one."""
    target = Path(path)
    if target.suffix != ".nc" or target.is_dir():
        raise InvalidInput(f"{target} is a folder or does not end in .nc; name a netCDF file")
    with usable(target, _ANOTHER_FILE):
        target.parent.mkdir(parents=True, exist_ok=True)
    return target


def open_score(path: str | os.PathLike[str]) -> Score:
    """Read a score's file, bringing an older schema up to date.

    The file is read whole and closed. It also opens without Heschl, by
    ``xarray.open_datatree``.
    """
    source = Path(path)
    if not source.is_file():
        raise MissingData(
            f"there is no score at {source}; name the file.nc that `heschl score` wrote"
        )
    check_texts(source)
    try:
        with xr.open_datatree(source, engine="netcdf4") as opened:
            # DataTree.load leaves variables out that have the name of a group, as ceiling does.
            groups = {each.path: each.to_dataset(inherit=False).load() for each in opened.subtree}
            tree = xr.DataTree.from_dict(groups)
    except (OSError, ValueError, RuntimeError, AttributeError) as error:
        why = f"{source} is not a netCDF-4 file that xarray reads: {error}; copy or write it anew"
        raise CorruptData(why) from error
    version = _schema_version(tree, source)
    if version > SCHEMA_VERSION:
        raise CorruptData(
            f"{source} has schema version {version}, this Heschl reads up to {SCHEMA_VERSION}; "
            "update it: pip install -U heschl"
        )
    while version in _MIGRATIONS:
        tree = _MIGRATIONS[version](tree)
        version = _schema_version(tree, source)
    return Score(tree)


def _schema_version(tree: xr.DataTree, source: Path) -> int:
    version = tree.attrs.get("schema_version")
    if not isinstance(version, (int, np.integer)) or version < 1:
        found = "no schema version" if version is None else f"the schema version {version!r}"
        raise CorruptData(
            f"{source} has {found}, where a score of Heschl has a whole number from 1 on; give a "
            "file that `heschl score` wrote"
        )
    return int(version)


def schema_problems(tree: xr.DataTree) -> list[str]:
    """Return everything in which a tree departs from the schema, provenance included."""
    problems = [f"the attribute {name} is missing" for name in _ROOT if name not in tree.attrs]
    version = tree.attrs.get("benchmark_version", 1)
    if not isinstance(version, (int, np.integer)):
        problems.append(f"the attribute benchmark_version is {version!r}, no whole number")
    for group, variables in _SCHEMA.items():
        if group not in tree.children:
            problems.append(f"the group /{group} is missing")
            continue
        node = tree[group]
        kept = {name: dims for name, dims in _WHERE_DRAWN.items() if name in node.data_vars}
        for name, dims in (variables | kept).items():
            if name not in node.data_vars:
                problems.append(f"/{group}/{name} is missing")
            elif node[name].dims != dims:
                problems.append(f"/{group}/{name} has dims {node[name].dims}, expected {dims}")
    if "ceiling" in tree.children:
        lacking = [name for name in _CEILING if name not in tree["ceiling"].attrs]
        problems += [f"the attribute {name} of /ceiling is missing" for name in lacking]
    if "provenance" not in tree.children:
        problems.append("the group /provenance is missing")
    else:
        lacking = missing_fields({str(k): v for k, v in tree["provenance"].attrs.items()})
        problems += [f"the provenance lacks {field}" for field in lacking]
    return problems
