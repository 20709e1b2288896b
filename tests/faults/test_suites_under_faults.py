"""A small draw of the faults of `perf/faults.py`: no wrong number, and nothing finished is lost."""

from __future__ import annotations

import fault_injection as faults
import pytest

pytestmark = pytest.mark.long


def test_kills_lose_no_finished_cell_and_none_is_made_again(runs):
    counts = faults.kills(runs, 3, seed=1)

    assert counts["kill -9"] == 3
    assert counts["finished cells lost"] == 0
    assert counts["finished cells computed again"] == 0


def test_damaged_files_never_give_another_number(runs):
    counts = faults.corruption(runs, 3, seed=1)

    assert sum(number for what, number in counts.items() if what.startswith("files")) == 3


def test_damaged_phantom_is_written_anew(runs):
    assert faults.phantom_corruption(runs, 1, seed=1)["found"] == 1


def test_full_disk_is_told_of_and_the_run_goes_on_with_room(runs):
    assert faults.full_disks(runs, 2, seed=1)["of them computed again"] == 0


def test_truncated_downloads_are_resumed_or_refused(tmp_path):
    counts = faults.downloads(tmp_path, 4, seed=1)

    assert counts["resumed"] + counts["begun anew"] == counts["refused by size or digest"] == 2


def test_writers_at_once_do_nothing_twice(runs):
    assert faults.writers(runs, 3)["computed twice"] == 0


def test_gc_takes_nothing_from_a_run(runs):
    counts = faults.collections(runs, 1)

    assert counts["collections"] > 3
    assert counts["cells lost"] == 0


def test_clocks_that_differ_by_hours_make_no_work(runs):
    assert faults.skewed_clocks(runs, 1)["computed twice"] == 0


def test_versions_share_what_is_the_same_and_nothing_else(runs):
    counts = faults.versions(runs)

    assert counts["computed by a newer version of the same numerics"] == 0
    assert counts["computed by other numerics"] > 0
    assert counts["keys shared with other numerics"] == 0
    assert counts["computed by the first again"] == 0
