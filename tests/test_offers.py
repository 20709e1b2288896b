"""What schemes list and say of the machine, built-in and strangers' alike."""

from __future__ import annotations

import json

import pytest

from heschl.cli import main
from heschl.errors import InvalidInput, UnknownName
from heschl.offers import Offer, diagnoses, offers

ENTRY = "[heschl.schemes]\nzoo = zoo_models:ZOO\n"
ZOO = """
from heschl.offers import Offer

class Zoo:
    def __call__(self, location):
        raise ValueError(location)
    def offers(self):
        return (Offer("zoo:lion", "ready", "it roars"),)
    def diagnosis(self):
        return ("the cage is open",)

ZOO = Zoo()
"""


def test_a_strangers_scheme_is_listed(install, capsys):
    install("zoo", "1.0", ENTRY, zoo_models=ZOO)
    assert offers("zoo") == (Offer("zoo:lion", "ready", "it roars"),)
    assert main(["list", "models", "--scheme", "zoo", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "models": [{"id": "zoo:lion", "state": "ready", "summary": "it roars"}]
    }


def test_a_reason_does_not_widen_the_column_of_states(install, capsys):
    hurt = """(
            Offer("zoo:lion", "ready", "it roars"),
            Offer("zoo:dodo", "broken: nobody has seen it for three hundred years", "it runs"),
        )"""
    models = ZOO.replace('(Offer("zoo:lion", "ready", "it roars"),)', hurt)
    install("zoo", "1.0", ENTRY, zoo_models=models)
    assert main(["list", "models", "--scheme", "zoo"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "id        state   summary",
        "zoo:lion  ready   it roars",
        "zoo:dodo  broken  nobody has seen it for three hundred years",
    ]


def test_doctor_shows_what_a_scheme_says(install, capsys):
    install("zoo", "1.0", ENTRY, zoo_models=ZOO)
    assert diagnoses()["zoo"] == ("the cage is open",)
    main(["doctor"])
    assert "zoo: the cage is open" in capsys.readouterr().out
    main(["doctor", "--json"])
    assert json.loads(capsys.readouterr().out)["schemes"]["zoo"] == ["the cage is open"]


def test_a_broken_scheme_says_why_and_hides_nothing(install):
    install("zoo", "1.0", ENTRY, zoo_models="raise OSError('the gate is locked')")
    with pytest.raises(InvalidInput, match="the gate is locked"):
        offers("zoo")
    assert "zoo" not in diagnoses()


def test_unknown_and_unlisted_schemes_are_refused(install):
    install("zoo", "1.0", ENTRY, zoo_models="ZOO = print")
    with pytest.raises(InvalidInput, match="no listing"):
        offers("zoo")
    with pytest.raises(UnknownName, match="did you mean 'zoo'"):
        offers("zooo")
