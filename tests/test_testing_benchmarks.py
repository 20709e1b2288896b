"""The suite for benchmarks finds what is wrong with them, and nothing wrong with a good one."""

from __future__ import annotations

import dataclasses
import uuid

import pytest
from toy import ToyDataset, toy_benchmark

from heschl import registry
from heschl.cards import DatasetCard
from heschl.encoding import EncodingBenchmark
from heschl.testing import benchmark_checks, examine

GOOD = toy_benchmark()
CARD = dataclasses.replace(GOOD.card, citation="@misc{nobody}", metric="ridge")


@pytest.fixture(autouse=True)
def _toy_dataset(fresh_session):
    registry.register_dataset(DatasetCard("toy", load=ToyDataset, summary="A toy"))


def failed(benchmark):
    found = [examine(check) for check in benchmark_checks(benchmark, ToyDataset())]
    return {outcome.check for outcome in found if outcome.verdict == "failed"}


def of_class(base, **changes):
    """Return the toy benchmark as an object of another class."""
    settings = {field.name: getattr(GOOD, field.name) for field in dataclasses.fields(GOOD)}
    return base(**(settings | {"card": CARD} | changes))


class Forgetful(EncodingBenchmark):
    def configuration(self):
        settings = super().configuration()
        del settings["delays"]
        return settings


class Timed(EncodingBenchmark):
    """Its configuration is another whenever it is asked for."""

    def configuration(self):
        return {**super().configuration(), "now": uuid.uuid4().hex}


class Unnumbered(EncodingBenchmark):
    """Gives two listeners' cells one key."""

    def cells(self, session):
        cells = super().cells(session)
        return [
            *cells[:-1],
            dataclasses.replace(cells[-1], configurations=cells[-2].configurations),
        ]


class Interleaved(EncodingBenchmark):
    def cells(self, session):
        cells = super().cells(session)
        return [*cells[1:], cells[0]]


class Bound(EncodingBenchmark):
    """Computes by a function that no other process can find."""

    def cells(self, session):
        return [
            dataclasses.replace(cell, compute=lambda missing, report, cell=cell: cell.compute)
            for cell in super().cells(session)
        ]


class Eager(EncodingBenchmark):
    """Computes while it plans."""

    def cells(self, session):
        session.store.write({"what": "an early result"}, {})
        return super().cells(session)


class Wordless(EncodingBenchmark):
    def description(self):
        return {**super().description(), "normalisation": ""}


class Forgetting(EncodingBenchmark):
    """Leaves a part of the score out."""

    def gather(self, session, cells):
        groups = super().gather(session, cells)
        return {**groups, "summary": groups["summary"].drop_vars("n_units")}


class Wavering(EncodingBenchmark):
    """Gathers other numbers each time."""

    def gather(self, session, cells):
        groups = super().gather(session, cells)
        drawn = 1e-9 * (uuid.uuid4().int % 1000 + 1)
        groups["summary"]["score"] = groups["summary"]["score"] + drawn
        return groups


def test_good_benchmark_keeps_every_promise():
    assert failed(of_class(EncodingBenchmark)) == set()


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        (Forgetful, {"configuration_is_complete"}),
        (Timed, {"configuration_is_complete", "a_score_is_whole"}),
        (Unnumbered, {"planning_does_no_work"}),
        (Interleaved, {"planning_does_no_work"}),
        (Bound, {"cells_travel"}),
        (Eager, {"planning_does_no_work"}),
        (Wordless, {"numbers_have_words"}),
        (Forgetting, {"a_score_is_whole"}),
        (Wavering, {"a_score_is_whole"}),
    ],
)
def test_broken_promise_of_a_benchmark_is_found(base, expected):
    found = failed(of_class(base))

    assert expected <= found, found


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"rois": ("A1", "V1")}, {"regions_exist"}),
        ({"rois": ("A1", "A1")}, {"regions_exist"}),
        ({"card": dataclasses.replace(CARD, metric="nothing")}, {"declaration_is_complete"}),
        ({"card": dataclasses.replace(CARD, version=-1)}, {"declaration_is_complete"}),
    ],
    ids=["unknown region", "twice the same", "unknown metric", "version"],
)
def test_faulty_declaration_is_found(changes, expected):
    found = failed(of_class(EncodingBenchmark, **changes))

    assert expected <= found, found


def test_published_card_must_name_its_protocol_and_paper():
    card = dataclasses.replace(CARD, id="toy-published", protocol="", citation="")
    registry.register_benchmark(
        dataclasses.replace(card, load=lambda: of_class(EncodingBenchmark, card=card))
    )

    check = benchmark_checks("toy-published", ToyDataset())[1]

    outcome = examine(check)
    assert (outcome.check, outcome.verdict) == ("declaration_is_complete", "failed")
    assert "states no citation, protocol" in outcome.reason
