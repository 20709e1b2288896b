"""Entry points of strangers: listed from metadata, imported behind a guard."""

from __future__ import annotations

import pytest

from heschl import plugins, registry
from heschl.errors import BrokenPlugin, DuplicateName, UnknownName

CARD = """
from heschl.cards import ModelCard
CARD = ModelCard(id={name!r}, load="{module}:Net", summary="a stranger's model")
"""


def entry_point(name: str, target: str, group: str = "heschl.models") -> str:
    return f"[{group}]\n{name} = {target}\n"


def broken_ones(name: str) -> list[plugins.Broken]:
    return [broken for broken in registry.broken() if broken.name == name]


def install_stranger(install, name="their-net", module="stranger_cards", version="1.2"):
    install(
        f"stranger-{module}",
        version,
        entry_point(name, f"{module}:CARD"),
        **{module: CARD.format(name=name, module=module)},
    )


def test_entry_point_lists_a_strangers_card(install):
    install_stranger(install)

    assert "their-net" in registry.models.names()
    assert registry.models.card("their-net").summary == "a stranger's model"
    assert registry.models.card_and_origin("their-net")[1] == (
        "stranger-stranger_cards 1.2 (stranger_cards:CARD)"
    )


def test_names_import_nothing(install):
    install("stranger", "1", entry_point("bomb", "stranger_bomb:CARD"), stranger_bomb="1 / 0")

    assert "bomb" in registry.models.names()
    assert registry.models.has("bomb")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import no_such_module_at_all", "ModuleNotFoundError: No module named"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("def (:", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError"),
        ("OTHER = 1", "AttributeError"),
        ("import warnings; warnings.warn('old', DeprecationWarning)", "DeprecationWarning: old"),
    ],
    ids=["missing import", "exit", "syntax", "fault", "no such name", "warning as error"],
)
def test_broken_plugin_is_reported_and_hides_nothing(install, source, reason):
    install_stranger(install)
    install("broken", "0.3", entry_point("bad-net", "broken_cards:CARD"), broken_cards=source)

    (broken,) = broken_ones("bad-net")

    assert (broken.name, broken.origin) == ("bad-net", "broken 0.3 (broken_cards:CARD)")
    assert broken.reason.startswith(reason)
    assert "Traceback" in broken.traceback
    assert registry.models.card("their-net").id == "their-net"
    with pytest.raises(BrokenPlugin, match=r"'bad-net' of broken 0\.3 .* `heschl doctor`"):
        registry.models.card("bad-net")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("class CARD: ...", "it names a type; expected a ModelCard"),
        (
            "import heschl; CARD = heschl.MetricCard(id='bad-net', load='a:b', summary='')",
            "it names a MetricCard; expected a ModelCard",
        ),
        (
            CARD.format(name="other-name", module="x"),
            "its card has the id 'other-name'; expected 'bad-net', the entry point's",
        ),
    ],
    ids=["class", "card of another kind", "another id"],
)
def test_entry_point_to_something_else_is_broken(install, source, reason):
    install("broken", "0.3", entry_point("bad-net", "broken_cards:CARD"), broken_cards=source)

    (broken,) = broken_ones("bad-net")

    assert broken.reason == reason


def test_interrupt_is_not_swallowed(install):
    install(
        "impatient",
        "1",
        entry_point("bad-net", "impatient_cards:CARD"),
        impatient_cards="raise KeyboardInterrupt",
    )

    with pytest.raises(KeyboardInterrupt):
        registry.models.broken()


def test_unreadable_metadata_is_reported_and_hides_nothing(install):
    install_stranger(install)
    folder = install("garbled", "1", "[heschl.models]\nno equals sign\n")

    assert "their-net" in registry.models.names()
    (broken,) = plugins.unreadable()
    assert broken.name == str(folder)
    assert broken in registry.broken()


def test_two_distributions_with_one_id_are_both_listed(install):
    install_stranger(install, module="first_cards", version="1.0")
    install_stranger(install, module="second_cards", version="2.0")

    mine = [entry for entry in registry.models.entries() if entry.name == "their-net"]

    assert [entry.origin for entry in mine] == [
        "stranger-first_cards 1.0 (first_cards:CARD)",
        "stranger-second_cards 2.0 (second_cards:CARD)",
    ]
    assert all(entry.card is not None for entry in mine)
    assert set(registry.models.duplicates()["their-net"]) == {entry.origin for entry in mine}
    with pytest.raises(DuplicateName, match=r"second_cards 2\.0 .*-first_cards 1\.0"):
        registry.models.resolve("their-net")


def test_first_distribution_on_the_path_hides_its_older_copy(install):
    older, newer = (CARD.format(name="their-net", module=m) for m in ("older", "newer"))
    install("same", "1.0", entry_point("their-net", "older:CARD"), older=older)
    install("same", "2.0", entry_point("their-net", "newer:CARD"), newer=newer)

    assert registry.models.card_and_origin("their-net")[1] == "same 2.0 (newer:CARD)"


def test_refresh_sees_a_mended_plugin(install):
    folder = install(
        "broken", "1", entry_point("their-net", "mended_cards:CARD"), mended_cards="1 / 0"
    )
    assert broken_ones("their-net")
    (folder / "mended_cards.py").write_text(
        "# mended\n" + CARD.format(name="their-net", module="mended_cards")
    )
    assert broken_ones("their-net")

    registry.refresh()

    assert not broken_ones("their-net")


def test_unknown_name_mentions_broken_plugins(install):
    install("broken", "1", entry_point("bad-net", "broken_cards:CARD"), broken_cards="1 / 0")

    with pytest.raises(UnknownName, match=r"see `heschl doctor`: .*bad-net"):
        registry.models.card("no-such-model")


def test_scheme_of_a_stranger_opens_a_location(install):
    install(
        "cloud",
        "1",
        entry_point("cloud", "cloud_scheme:open_location", "heschl.schemes"),
        cloud_scheme="""
from heschl.cards import MetricCard
class Constant:
    def __init__(self, location): self.card = MetricCard("cloud:" + location, "a:b", "")
    def configuration(self): return {}
    def __call__(self, design, responses, folds, *, seed): ...
def open_location(location):
    return Constant(location)
""",
    )

    resolved = registry.metrics.resolve("cloud:here/there@3")

    assert resolved.card.id == "cloud:here/there@3"
    assert resolved.origin == "cloud 1 (cloud_scheme:open_location)"


def test_broken_scheme_is_reported(install):
    install(
        "cloud",
        "1",
        entry_point("cloud", "cloud_scheme:open_location", "heschl.schemes"),
        cloud_scheme="import nothing_of_this_name",
    )

    assert broken_ones("cloud")
    with pytest.raises(BrokenPlugin, match=r"scheme 'cloud' of cloud 1 .*ModuleNotFoundError"):
        registry.models.resolve("cloud:x")


def test_two_schemes_of_one_name_are_refused(install):
    for name in ("cloud_a", "cloud_b"):
        install(name, "1", entry_point("cloud", f"{name}:open", "heschl.schemes"))

    with pytest.raises(DuplicateName, match=r"scheme 'cloud' is claimed by cloud_b 1 .*cloud_a 1"):
        registry.models.resolve("cloud:x")
