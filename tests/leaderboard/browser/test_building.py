"""Goal 16: a site is built in seconds, in little memory, and to the same bytes."""

import pytest
from made_sites import BuiltSite, built, digests
from made_submissions import write_large

pytestmark = pytest.mark.slow


@pytest.mark.timed
def test_a_thousand_models_are_built_in_time_and_memory(
    large: BuiltSite, slack, record_figure
) -> None:
    record_figure("seconds", large.seconds)
    record_figure("megabytes", large.peak_bytes / 1e6)
    assert large.peak_bytes <= 500e6
    assert large.seconds <= 10 * slack


@pytest.mark.timed
def test_layers_and_forty_maps_are_built_in_time(layered: BuiltSite, slack, record_figure) -> None:
    record_figure("seconds", layered.seconds)
    assert sum(len(file.maps) for file in layered.submissions.files.values()) == 40
    assert layered.seconds <= 30 * slack


def test_a_second_build_gives_the_same_bytes(layered: BuiltSite, tmp_path) -> None:
    again = built(layered.submitted, tmp_path / "again")
    assert digests(again.folder) == digests(layered.folder)


def test_many_models_give_the_same_bytes_whoever_wrote_them_first(tmp_path) -> None:
    """Neither the order of the disk nor the seed of hashes is seen."""
    first = write_large(tmp_path / "first", n_models=30, n_benches=6)
    second = tmp_path / "second"
    second.mkdir()
    for folder in sorted(first.iterdir(), reverse=True):
        copy = second / folder.name
        copy.mkdir()
        for path in sorted(folder.iterdir(), reverse=True):
            (copy / path.name).write_bytes(path.read_bytes())
    sites = [built(submitted, tmp_path / f"{submitted.name} site") for submitted in (first, second)]
    assert digests(sites[0].folder) == digests(sites[1].folder)
