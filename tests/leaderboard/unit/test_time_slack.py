"""Limits in time are a quiet machine's; a busy one may say by how much its own are wider."""

import pytest

pytest.importorskip("playwright")
from page_timing import slack_of


@pytest.mark.parametrize(("said", "factor"), [("1", 1.0), ("2", 2.0), ("1.5", 1.5)])
def test_slack_is_a_number_from_one_on(said, factor) -> None:
    assert slack_of(said) == factor


@pytest.mark.parametrize("said", ["", "twice", "0.5", "0", "-2", "nan", "inf"])
def test_slack_that_would_forbid_or_forgive_all_is_refused(said) -> None:
    with pytest.raises(ValueError, match="expected a number from 1 on"):
        slack_of(said)
