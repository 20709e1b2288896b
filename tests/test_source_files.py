"""Plugins from one file: `file:./my_model.py:MyNet`."""

from __future__ import annotations

import hashlib
import sys
import textwrap

import pytest

from heschl.errors import (
    BrokenPlugin,
    InvalidInput,
    MissingData,
    UnknownName,
)
from heschl.registry import models, resolve_model
from heschl.source_files import SourceFile

pytestmark = pytest.mark.usefixtures("fresh_session")


@pytest.fixture
def model_file(tmp_path):
    def write(body: str, name: str = "my_model.py"):
        path = tmp_path / name
        path.write_text(
            "from heschl import Layer, ModelCard, Traits, register_model\n" + textwrap.dedent(body)
        )
        return path

    return write


NET = """
class {name}:
    digest = "1"
    sample_rate = 16000
    layers = (Layer("only", 2, 100.0),)
    traits = Traits()
    def forward(self, waveforms, taps): ...
"""


def test_file_gives_its_only_class(model_file):
    path = model_file(NET.format(name="MyNet"))

    resolved = resolve_model(f"file:{path}")

    assert type(resolved.object).__name__ == "MyNet"
    assert resolved.card.id == "file:my_model.py:MyNet"
    assert resolved.origin == str(path)
    assert resolved.source_digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_file_path_counts_from_the_working_directory(model_file, monkeypatch):
    monkeypatch.chdir(model_file(NET.format(name="MyNet")).parent)

    assert resolve_model("file:./my_model.py:MyNet").card.id == "file:my_model.py:MyNet"
    assert resolve_model("file:my_model.py").card.id == "file:my_model.py:MyNet"


@pytest.mark.parametrize(
    ("definition", "identifier"),
    [
        ("thing = MyNet", "file:my_model.py:thing"),
        ("def thing(): return MyNet()", "file:my_model.py:thing"),
        ("thing = ModelCard('carded', MyNet, '')", "carded"),
        ("thing = MyNet(); thing.card = ModelCard('live', MyNet, '')", "live"),
        ("thing = register_model('registered')(MyNet)", "registered"),
    ],
    ids=["class", "factory", "card", "object", "registered class"],
)
def test_file_attribute_may_be_class_factory_object_or_card(model_file, definition, identifier):
    path = model_file(NET.format(name="MyNet") + definition)

    resolved = resolve_model(f"file:{path}:thing")

    assert type(resolved.object).__name__ == "MyNet"
    assert resolved.card.id == resolved.object.card.id == identifier
    assert resolved.source_digest is not None


def test_file_prefers_what_it_registers(model_file):
    path = model_file(
        NET.format(name="Helper") + '\n@register_model("chosen")' + NET.format(name="Chosen")
    )

    assert resolve_model(f"file:{path}").card.id == "chosen"
    assert resolve_model("chosen").card.id == "chosen"


def test_file_does_not_mistake_a_name_for_a_registered_id(model_file):
    models.register("other")(object)
    path = model_file(NET.format(name="other"))

    assert resolve_model(f"file:{path}").card.id == "file:my_model.py:other"


def test_file_with_several_candidates_lists_them(model_file):
    path = model_file(NET.format(name="First") + NET.format(name="Second"))

    with pytest.raises(InvalidInput, match="holds 2 models: First, Second; expected one"):
        resolve_model(f"file:{path}")
    assert resolve_model(f"file:{path}:Second").card.id == "file:my_model.py:Second"


def test_file_without_candidates_says_so(model_file):
    path = model_file("import math\nclass Unrelated: ...\n")

    with pytest.raises(InvalidInput, match=r"holds 0 models; .* such as Unrelated: 'file:.*:Unr"):
        resolve_model(f"file:{path}")
    with pytest.raises(InvalidInput, match=r"holds 0 models; it defines no class and no function"):
        resolve_model(f"file:{model_file('import math')}")


def test_edited_file_is_imported_anew_even_within_one_clock_tick(model_file):
    path = model_file('\n@register_model("my-net", summary="one")' + NET.format(name="MyNet"))
    before = resolve_model(f"file:{path}")
    assert resolve_model(f"file:{path}").object.__class__ is before.object.__class__

    model_file('\n@register_model("my-net", summary="two")' + NET.format(name="MyNet"))
    after = resolve_model(f"file:{path}")

    assert (before.card.summary, after.card.summary) == ("one", "two")
    assert before.source_digest != after.source_digest


def test_two_files_that_register_one_id_are_refused(model_file):
    body = '\n@register_model("my-net")' + NET.format(name="MyNet")
    resolve_model(f"file:{model_file(body, 'one.py')}")

    with pytest.raises(BrokenPlugin, match=r"DuplicateName: .*one\.py:\d+ and by .*two\.py:\d+"):
        resolve_model(f"file:{model_file(body, 'two.py')}")


def test_file_never_takes_a_bare_module_name(model_file):
    path = model_file(NET.format(name="MyNet"), "models.py")

    resolve_model(f"file:{path}")

    assert "models" not in sys.modules
    assert not list(path.parent.glob("__pycache__"))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import sys; sys.exit(1)", "SystemExit: 1"),
        ("def (:", "SyntaxError"),
        ("import no_such_sibling", "No module named 'no_such_sibling'; .*imported alone"),
        ("\0", "null bytes"),
    ],
    ids=["fault", "exit", "syntax", "sibling", "null byte"],
)
def test_file_that_cannot_be_imported_is_broken(model_file, source, message):
    path = model_file(source)

    with pytest.raises(BrokenPlugin, match=message):
        resolve_model(f"file:{path}")

    assert SourceFile(str(path)).module_name not in sys.modules


@pytest.mark.parametrize(
    ("location", "error", "message"),
    [
        ("nowhere.py", MissingData, "No such file"),
        (".py", MissingData, "Is a directory|No such file"),
        ("my_model.txt:Net", InvalidInput, "names no Python file"),
        ("my_model.py:", InvalidInput, "names no Python file"),
        ("my_model.py:Net.inner", InvalidInput, "names no Python file"),
        ("", InvalidInput, "names no Python file"),
    ],
)
def test_malformed_file_location_is_refused(monkeypatch, tmp_path, location, error, message):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(error, match=message):
        resolve_model(f"file:{location}")


def test_misspelt_name_in_a_file_is_hinted_at(model_file):
    path = model_file(NET.format(name="MyNet"))

    with pytest.raises(UnknownName, match="has no 'MyNett'; did you mean 'MyNet'"):
        resolve_model(f"file:{path}:MyNett")
