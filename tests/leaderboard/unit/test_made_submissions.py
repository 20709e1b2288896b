"""The fixtures: read back as written, the same for the same seed."""

import pytest
from made_hostile import HOSTILE_TEXTS, hostile_cards, hostile_files, write_hostile
from made_score_files import made_file
from made_sites import digests
from made_submissions import (
    LAYERED,
    large_model,
    large_texts,
    large_values,
    write_large,
    write_layered,
)

from heschl.leaderboard.score_file_writing import score_file_json
from heschl.leaderboard.submissions import read_submissions


def test_texts_of_the_large_fixture_are_those_of_score_files() -> None:
    for bench, values in large_values(n_models=12, n_benches=3).items():
        for name, text in large_texts(bench, values):
            number = int(name.removeprefix("model-"))
            expected = made_file(large_model(number), bench, values[number])
            assert text == score_file_json(expected)


def test_the_large_fixture_lacks_a_tenth_and_is_the_same_again(tmp_path) -> None:
    once = write_large(tmp_path / "once", n_models=40, n_benches=10)
    again = write_large(tmp_path / "again", n_models=40, n_benches=10)
    found = read_submissions(once)
    assert len(found.cards) == 40
    assert 0.85 < len(found.files) / 400 < 0.95
    assert digests(once) == digests(again)


def test_the_layered_fixture_has_layers_regions_and_forty_maps(tmp_path) -> None:
    found = read_submissions(write_layered(tmp_path / "layered"))
    real = [file for (_, _, kind), file in found.files.items() if kind == "real"]
    published = [file for file in real if file.status == "published"]
    real = [file for file in real if file.status != "published"]
    assert len(published) == 3
    assert len(found.cards) == 21
    assert {file.benchmark for file in real} == set(LAYERED)
    assert len(real) == 160
    assert all(len(file.regions) == 7 and len(file.layers) == 12 for file in real)
    assert sum(len(file.maps) for file in real) == 40
    assert len(found.files) - len(real) - len(published) == 48


@pytest.mark.parametrize(("variant", "n_models", "n_files"), [("empty", 0, 0), ("one", 1, 1)])
def test_sparse_fixtures_have_nothing_or_one(tmp_path, variant, n_models, n_files) -> None:
    found = read_submissions(write_hostile(tmp_path / variant, variant))
    assert (len(found.cards), len(found.files)) == (n_models, n_files)


def test_hostile_submissions_read_back_as_written(tmp_path) -> None:
    found = read_submissions(write_hostile(tmp_path / "hostile", "hostile"))
    assert set(HOSTILE_TEXTS.values()) <= {card.name for card in found.cards.values()}
    assert sorted(found.cards.values(), key=lambda card: card.id) == sorted(
        hostile_cards(), key=lambda card: card.id
    )
    expected = {(file.model, file.benchmark): file for file in hostile_files()}
    for file in found.files.values():
        assert score_file_json(file) == score_file_json(expected[file.model, file.benchmark])
