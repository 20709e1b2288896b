"""Residual context: planted context is found, words are gone, and only training words count."""

from __future__ import annotations

import numpy as np
import pytest
from text_checkpoints import spoken

from heschl.cards import ModelCard
from heschl.contracts import Events, Layer
from heschl.errors import InvalidInput, UnknownName
from heschl.models.text import ResidualContext
from heschl.models.text.residual import LinearPrediction, with_words_before
from heschl.testing import examine, model_checks

WIDTH = 6
MIX = np.random.default_rng(5).standard_normal((WIDTH, WIDTH))


class Planted:
    """A model whose upper layer is a linear map of its words plus a context of its own."""

    card = ModelCard("planted", load="nowhere:nothing", summary="Fake.", modality="text")
    layers = (Layer("embed", WIDTH), Layer("block.0", WIDTH))
    digest = "planted"

    def read(self, alignment, taps):
        onsets_s = np.array([word.onset_s for word in alignment.words])
        offsets_s = np.array([word.offset_s for word in alignment.words])
        embed, context = planted(len(alignment.words), alignment.words[:1])
        values = {"embed": embed, "block.0": embed @ MIX + context + 3.0}
        return {tap: Events(values[tap], onsets_s, offsets_s) for tap in taps}


def planted(n_words, first):
    generator = np.random.default_rng([len(first) and len(first[0].label), 1])
    embed, context = generator.standard_normal((2, n_words, WIDTH))
    return embed, context


def text_of(n_words, first):
    return spoken((first, *["word"] * (n_words - 1)))


def columnwise(left, right):
    return np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(left.T, right.T, strict=True)])


def test_context_stays_and_words_go():
    training = [text_of(4000, "a"), text_of(4000, "ab")]
    test = text_of(4000, "abc")
    model = ResidualContext(Planted(), training)

    found = model.read(test, ["block.0"])["block.0"].values

    embed, context = planted(4000, test.words[:1])
    assert columnwise(found, context).min() >= 0.99
    # Without any relation, 4000 words correlate by less than four standard errors, 0.063; a
    # residual of the training words themselves by nothing at all.
    assert np.abs(columnwise(found, embed)).max() <= 4 / np.sqrt(4000)
    within = model.read(training[0], ["block.0"])["block.0"].values
    assert np.abs(columnwise(within, planted(4000, training[0].words[:1])[0])).max() <= 0.02


def test_the_linear_map_is_that_of_the_normal_equations():
    generator = np.random.default_rng(0)
    x, y = generator.standard_normal((2, 60, 4)) * [1, 10, 0.1, 3] + 2
    linear = LinearPrediction(x, y, alphas=[7.0])
    standard_x, standard_y = (x - x.mean(0)) / x.std(0), (y - y.mean(0)) / y.std(0)
    weights = np.linalg.solve(
        standard_x.T @ standard_x + 7.0 * np.eye(4), standard_x.T @ standard_y
    )

    found = linear.residual(x, y)

    np.testing.assert_allclose(found, y - y.mean(0) - standard_x @ weights * y.std(0), atol=1e-12)


def test_the_penalty_is_the_best_of_those_given():
    generator = np.random.default_rng(1)
    x, noise = generator.standard_normal((2, 80, 30))
    alphas = [1e-3, 1.0, 1e3, 1e6]

    assert LinearPrediction(x, noise, alphas).alpha == 1e6
    assert LinearPrediction(x, x @ noise[:30], alphas).alpha == 1e-3


def test_the_map_knows_nothing_of_the_story_it_is_used_on():
    test = text_of(50, "abc")
    model = ResidualContext(Planted(), [text_of(500, "a")])
    expected = model.read(test, ["block.0"])["block.0"].values

    model.read(text_of(70, "abcd"), ["block.0"])

    np.testing.assert_array_equal(model.read(test, ["block.0"])["block.0"].values, expected)
    other = ResidualContext(Planted(), [text_of(500, "ab")])
    assert other.digest != model.digest
    assert np.abs(other.read(test, ["block.0"])["block.0"].values - expected).max() > 1e-3


def test_words_before_are_beside_each_word():
    vectors = np.arange(6.0).reshape(3, 2)

    beside = with_words_before(vectors, 3)

    assert beside.tolist() == [
        [0, 1, 0, 0, 0, 0],
        [2, 3, 0, 1, 0, 0],
        [4, 5, 2, 3, 0, 1],
    ]
    assert with_words_before(vectors[:1], 3).tolist() == [[0, 1, 0, 0, 0, 0]]


def test_more_words_take_away_more():
    class Echo(Planted):
        def read(self, alignment, taps):
            events = super().read(alignment, ["embed"])["embed"]
            before = with_words_before(events.values, 2)[:, WIDTH:]
            values = {"embed": events.values, "block.0": events.values @ MIX + before}
            return {tap: Events(values[tap], events.onsets_s, events.offsets_s) for tap in taps}

    training, test = [text_of(1000, "a")], text_of(300, "ab")

    one = ResidualContext(Echo(), training).read(test, ["block.0"])["block.0"].values
    two = ResidualContext(Echo(), training, n_words=2).read(test, ["block.0"])["block.0"].values

    assert one.std() > 0.9
    assert two.std() < 1e-3


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(InvalidInput, match="fitted_on is empty"):
        ResidualContext(Planted(), [])
    with pytest.raises(InvalidInput, match="n_words=0"):
        ResidualContext(Planted(), [text_of(5, "a")], n_words=0)
    with pytest.raises(UnknownName, match="has no layer 'embd'"):
        ResidualContext(Planted(), [text_of(5, "a")], words_from="embd")
    with pytest.raises(InvalidInput, match=r"no layer above 'block\.0'"):
        ResidualContext(Planted(), [text_of(5, "a")], words_from="block.0")
    with pytest.raises(InvalidInput, match="there are 1 words"):
        ResidualContext(Planted(), [text_of(1, "a")]).read(text_of(5, "a"), ["block.0"])


def test_contract():
    checks = model_checks(ResidualContext(Planted(), [text_of(200, "a")]))
    outcomes = [examine(each) for each in checks if each.name != "loads_in_another_process"]

    assert [outcome for outcome in outcomes if outcome.verdict == "failed"] == []
    assert sum(outcome.verdict == "passed" for outcome in outcomes) >= len(outcomes) - 2
