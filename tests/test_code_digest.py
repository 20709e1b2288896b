"""Code at hand is part of a key: whatever is edited in it changes its digest, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from heschl.code_digest import code_digest
from heschl.configuration import describe
from heschl.windowing import SlidingWindows

NOTEBOOK = """
import functools
import numpy as np
from dataclasses import dataclass, field

GAIN = 2.0
BANDS = [100, 200]
SHAPE = np.arange(3)
KINDS = frozenset({"a", "b", "c"})
n_calls = 0

def shared(x):
    return x + 1

def logged(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)
    return wrapper

class Base:
    def scaled(self, x):
        return x * GAIN

@dataclass
class Net(Base):
    width: int = 3
    names: list = field(default_factory=list)

    @property
    def digest(self):
        return "v1"

    @logged
    def forward(self, x, power=2):
        global n_calls
        n_calls += 1
        inner = lambda y: shared(y) ** power
        return [inner(band) for band in BANDS if x in KINDS] + list(SHAPE * self.scaled(x))

    @functools.cached_property
    def table(self):
        return {"a": 1}
"""


def defined(source, name="Net"):
    """Return what a notebook with these cells holds under a name."""
    content = {"__name__": "__main__"}
    # As a notebook does, which knows nothing of this file's future statements.
    exec(compile(source, "<cell>", "exec", dont_inherit=True), content)  # noqa: S102
    return content[name]


def test_same_code_has_the_same_digest_wherever_it_stands():
    moved = "# a comment\n\n" + NOTEBOOK.replace("return x + 1", "return x + 1  # one more")
    assert code_digest(defined(NOTEBOOK)()) == code_digest(defined(moved))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("** power", "** -power"),
        ("power=2", "power=3"),
        ("GAIN = 2.0", "GAIN = 3.0"),
        ("[100, 200]", "[100, 300]"),
        ("arange(3)", "arange(1, 4)"),
        ('"c"}', '"d"}'),
        ("return x + 1", "return x + 2"),
        ("return x * GAIN", "return x / GAIN"),
        ("return function(*args)", "return function(*args[::-1])"),
        ('{"a": 1}', '{"a": 2}'),
        ("width: int = 3", "width: int = 4"),
        ("default_factory=list", "default_factory=tuple"),
        ("class Base:", "class Base(dict):"),
    ],
)
def test_edit_changes_the_digest(old, new):
    assert old in NOTEBOOK
    assert code_digest(defined(NOTEBOOK)) != code_digest(defined(NOTEBOOK.replace(old, new)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("np.maximum", "np.minimum"),
        ("len", "sum"),
        ("torch.relu", "torch.tanh"),
        ("torch.float16", "torch.float32"),
        ("torch.ones(2)", "torch.zeros(2)"),
        ("torch.nn.LeakyReLU(0.1)", "torch.nn.LeakyReLU(0.2)"),
        ("torch.nn.Parameter(torch.ones(2, dtype=torch.bfloat16))", "torch.nn.Parameter()"),
        ("range(3)", "range(4)"),
        ("slice(3)", "slice(4)"),
        ("operator.itemgetter(0)", "operator.itemgetter(1)"),
        ("re.compile('a')", "re.compile('b')"),
        ("np.dtype('f4')", "np.dtype('f8')"),
        ("types.SimpleNamespace(gain=1)", "types.SimpleNamespace(gain=2)"),
        ("functools.partial(torch.clamp, min=0)", "functools.partial(torch.clamp, min=1)"),
    ],
)
def test_value_that_code_names_changes_the_digest(one, other):
    imports = "import functools, operator, re, types\nimport numpy as np\nimport torch\n"

    def digest(value):
        return code_digest(defined(f"{imports}IT = {value}\ndef call():\n    return IT\n", "call"))

    assert digest(one) == digest(one) != digest(other) == digest(other)


def test_running_code_does_not_change_its_digest():
    kind = defined(NOTEBOOK)
    before = code_digest(kind)
    net = kind()
    for _ in range(100):  # what the interpreter specialises, and what is cached or counted
        net.forward(1)
    assert net.table
    net.__reduce_ex__(2)  # as pickling asks, which leaves notes in a class
    assert code_digest(net) == before


def test_digest_is_the_same_in_another_process():
    program = (
        f"from heschl.code_digest import code_digest\nsource = {NOTEBOOK!r}\n"
        "content = {'__name__': '__main__'}\nexec(source, content)\n"
        "print(code_digest(content['Net']))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2", "3")
    }
    assert found == {code_digest(defined(NOTEBOOK))}


def test_helper_module_beside_the_script_is_read(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    found = []
    for body in ("return 1", "return 2"):
        (tmp_path / "helper_beside.py").write_text(f"def made():\n    {body}\n")
        sys.modules.pop("helper_beside", None)
        source = "import helper_beside\ndef call():\n    return helper_beside.made()\n"
        found.append(code_digest(defined(source, "call")))
    sys.modules.pop("helper_beside", None)
    assert found[0] != found[1]


def test_code_that_refers_to_itself_ends():
    source = "loop = []\nloop.append(loop)\ndef walk(n):\n    return loop and walk(n - 1)\n"
    assert code_digest(defined(source, "walk"))


@pytest.mark.parametrize("thing", [SlidingWindows(), np.mean, textwrap.dedent, np.float64, 3])
def test_installed_code_speaks_for_itself(thing):
    assert code_digest(thing) is None


def test_declarations_of_heschl_are_described_without_code():
    assert "code" not in describe(SlidingWindows())
