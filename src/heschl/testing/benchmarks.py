"""The promises of a benchmark, held on its phantom with the smallest of models."""

from __future__ import annotations

import functools
import pickle
import tempfile
import warnings
from itertools import groupby
from pathlib import Path
from typing import Any

from heschl.cards import BenchmarkCard
from heschl.contracts import Dataset
from heschl.gathering import TOP_TENTH
from heschl.registry import Resolved, benchmarks, datasets, metrics, resolve_benchmark
from heschl.scores import Score, open_score, schema_problems
from heschl.scoring import Plan, plan, score
from heschl.store import Store
from heschl.testing.check import require, stated
from heschl.testing.configurations import require_complete_configuration
from heschl.testing.loading import UnderTest, loads
from heschl.testing.phantoms import phantom_root
from heschl.testing.toy_model import Loudness

__all__ = ["CHECKS", "BenchmarkUnderTest"]

_N_SUBJECTS = 2


class BenchmarkUnderTest(UnderTest[Resolved[BenchmarkCard]]):
    """A benchmark, with the data to try it on: by default the phantom of its dataset."""

    def __init__(self, plugin: object, data: str | Path | Dataset | None = None) -> None:
        super().__init__(lambda: resolve_benchmark(plugin))
        self.plugin = plugin
        self._given_data = data

    @property
    def benchmark(self) -> Any:  # keeps the contract Benchmark, which was checked
        """The object."""
        return self.thing.object

    @property
    def name(self) -> str:
        """The id."""
        return self.thing.card.id

    @functools.cached_property
    def data(self) -> str | Path | Dataset:
        """What `heschl.score` takes as ``data``."""
        if self._given_data is not None:
            return self._given_data
        return phantom_root(datasets.card(self.thing.card.dataset))

    @functools.cached_property
    def subjects(self) -> tuple[str, ...]:
        """The first two listeners."""
        with tempfile.TemporaryDirectory() as folder:
            session = plan(self.model, self.benchmark, data=self.data, store=folder).session
            return tuple(session.subjects[:_N_SUBJECTS])

    @functools.cached_property
    def model(self) -> Any:  # a model, or its id
        """The smallest of models, or the one that the benchmark says it can be tried with."""
        return getattr(self.benchmark, "trial_model", None) or Loudness()

    def planned(self, store: Store) -> Plan:
        """Return the plan of a small score."""
        subjects = self.subjects or None  # labelled sounds have none
        return plan(self.model, self.benchmark, data=self.data, subjects=subjects, store=store)

    def scored(self, store: Store) -> Score:
        """Return a small score."""
        subjects = self.subjects or None
        with warnings.catch_warnings():
            # What listeners share is otherwise among few; here nobody compares the number.
            warnings.filterwarnings("ignore", message=".*divides by the mean ceiling of the")
            result: Score = score(
                self.model, self.benchmark, data=self.data, subjects=subjects, store=store
            )
        return result


def declaration_is_complete(benchmark: BenchmarkUnderTest) -> None:
    """State the protocol, whom to cite, and which data and metric are used."""
    card = benchmark.thing.card
    fields = {
        name: getattr(card, name)
        for name in ("summary", "citation", "protocol", "dataset", "metric")
    }
    fields["unit_of_uncertainty"] = card.unit_of_uncertainty
    is_public = isinstance(benchmark.plugin, str) and benchmarks.has(benchmark.plugin)
    stated(f"the card of {card.id!r}", fields, is_public=is_public)
    require(
        isinstance(card.version, int) and card.version >= 1,
        f"the card of {card.id!r} has version={card.version!r}; count from 1, and raise it "
        "whenever a published score would change",
    )
    for registry, name in ((datasets, card.dataset), (metrics, card.metric)):
        require(
            registry.has(name),
            f"the card of {card.id!r} names the {registry.kind} {name!r}, which is not registered",
        )


def numbers_have_words(benchmark: BenchmarkUnderTest) -> None:
    """Say in words what the score and its normalisation are."""
    words = benchmark.benchmark.description()
    for name in ("score_meaning", "normalisation"):
        require(
            isinstance(words.get(name), str) and words[name],
            f"the description of {benchmark.name!r} has {name}={words.get(name)!r}; say it in "
            "words, as it is printed with the number",
        )


def configuration_is_complete(benchmark: BenchmarkUnderTest) -> None:
    """Configure by one text that names every setting, in all parts."""
    require_complete_configuration(benchmark.benchmark, benchmark.name)


def regions_exist(benchmark: BenchmarkUnderTest) -> None:
    """Report regions that the dataset has, each once."""
    rois = tuple(benchmark.benchmark.rois)
    require(
        rois and len(set(rois)) == len(rois),
        f"{benchmark.name!r} reports the regions {rois}; expected each once, one at least",
    )
    with tempfile.TemporaryDirectory() as folder:
        dataset = benchmark.planned(Store(folder)).session.dataset.get()
    if not isinstance(dataset, Dataset):
        return  # parts of a test, which are what the benchmark says they are
    there = dataset.rois(benchmark.subjects[0])["roi"].to_numpy().tolist()
    if hasattr(getattr(benchmark.benchmark, "ceiling", None), "of_listener"):
        there.append(TOP_TENTH)  # which a ceiling that listeners share makes
    unknown = [roi for roi in rois if roi not in there]
    require(
        not unknown,
        f"{benchmark.name!r} reports the regions {unknown}, which {dataset.card.id!r} does not "
        f"have; it has {there}",
    )


def planning_does_no_work(benchmark: BenchmarkUnderTest) -> None:
    """Plan every piece of work once, stage by stage, and compute none."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(folder)
        planned = benchmark.planned(store)
        cells, n_entries = planned.cells, len(list(store.entries()))
    require(
        cells and n_entries == 0,
        f"the plan of {benchmark.name!r} has {len(cells)} cells and left {n_entries} entries in "
        "the store; expected cells, and no entry before they run",
    )
    keys = [key for cell in cells for key in cell.keys]
    require(
        len(set(keys)) == len(keys),
        f"{len(keys) - len(set(keys))} entries of the cells of {benchmark.name!r} have the key of "
        "another; put into a configuration whatever tells the entries apart",
    )
    stages = [stage for stage, _ in groupby(cells, key=lambda cell: cell.stage)]
    require(
        len(set(stages)) == len(stages),
        f"the cells of {benchmark.name!r} come in the stages {stages}; expected each stage in one "
        "run, after those that it reads",
    )


def cells_travel(benchmark: BenchmarkUnderTest) -> None:
    """Make cells that can be pickled and have the same keys wherever they run."""
    with tempfile.TemporaryDirectory() as folder:
        cells = benchmark.planned(Store(folder)).cells
    for cell in cells:
        copy = pickle.loads(pickle.dumps(cell))  # noqa: S301  our own bytes
        require(
            copy.keys == cell.keys and copy.label == cell.label,
            f"the cell {cell.label!r} of {benchmark.name!r} has other keys after pickling; keep "
            "what it computes in its configurations",
        )


def a_score_is_whole(benchmark: BenchmarkUnderTest) -> None:
    """Give a score that is complete, comes back from the store, and reopens bit for bit."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "store")
        first = benchmark.scored(store)
        problems = schema_problems(first.tree)
        require(not problems, f"a score of {benchmark.name!r} is incomplete: {'; '.join(problems)}")
        planned = benchmark.planned(store)
        require(
            planned.n_cached == len(planned.cells),
            f"{len(planned.cells) - planned.n_cached} of {len(planned.cells)} cells of "
            f"{benchmark.name!r} have other keys the second time; keep chance and time out of "
            "configurations",
        )
        second = benchmark.scored(store)
        for group in ("summary", "population", "units", "ceiling"):
            require(
                first.tree[group].to_dataset().identical(second.tree[group].to_dataset()),
                f"/{group} of a score of {benchmark.name!r} differs when it is gathered again; "
                "read the store alone, and draw from the seed",
            )
        reopened = open_score(first.save(Path(folder) / "score.nc"))
        require(
            reopened.tree.identical(first.tree),
            f"a score of {benchmark.name!r} differs after it was saved and opened; keep to text, "
            "numbers and booleans that netCDF holds",
        )
        require(
            bool(first.explain()), f"a score of {benchmark.name!r} has no words; see Score.explain"
        )


CHECKS = (
    loads,
    declaration_is_complete,
    numbers_have_words,
    configuration_is_complete,
    regions_exist,
    planning_does_no_work,
    cells_travel,
    a_score_is_whole,
)
"""What a benchmark promises."""
