"""The table of upstreams: equal to what the installed s3prl offers, and light to list."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from heschl import registry
from heschl.cli import main
from heschl.errors import InvalidInput, UnknownName
from heschl.models.s3prl.table import upstreams
from heschl.offers import offers


def offered_by_s3prl() -> dict[str, str]:
    """Return the names that its hub exports and their families, from source alone.

    Importing the hub is what fails on current torchaudio. Classes and helpers that its star
    imports leak (Path, FileLock, a converter) are no upstreams: they are not defined there.
    """
    root = Path(importlib.util.find_spec("s3prl").submodule_search_locations[0])
    found = {}
    for line in (root / "hub.py").read_text("utf-8").splitlines():
        if match := re.match(r"from s3prl\.(\S+)\.hubconf import (.+)", line):
            module, imported = match.groups()
            family = module.rpartition(".")[2]
            tree = ast.parse((root / module.replace(".", "/") / "hubconf.py").read_text("utf-8"))
            for node in tree.body:
                if isinstance(node, ast.FunctionDef):
                    names = [node.name]
                elif isinstance(node, ast.ImportFrom):
                    # `apc_url as vq_apc_url` is the one upstream that is imported.
                    names = [each.asname for each in node.names if each.asname]
                else:
                    continue
                for name in names:
                    if not name.startswith("_") and imported in ("*", name):
                        found[name] = family
    return found


def test_table_is_what_the_installed_s3prl_offers():
    pytest.importorskip("s3prl", reason="s3prl is not installed: pip install 'heschl[s3prl]'")
    assert {name: each.family for name, each in upstreams().items()} == offered_by_s3prl()


def test_addresses_of_weights_are_those_of_the_installed_s3prl():
    pytest.importorskip("s3prl", reason="s3prl is not installed: pip install 'heschl[s3prl]'")
    root = Path(importlib.util.find_spec("s3prl").submodule_search_locations[0])
    sources = "".join(path.read_text("utf-8") for path in root.glob("*/*/hubconf.py"))
    unknown = [
        name
        for name, each in upstreams().items()
        if each.weights and each.family != "passt" and each.weights not in sources
    ]
    assert not unknown


def test_every_row_has_a_status_and_a_licence():
    assert len(upstreams()) == 193
    for each in upstreams().values():
        assert re.fullmatch(r"runs|needs \S.*|broken: \S.*", each.status), each
        assert each.licence, each
        assert each.objective, each


def test_every_family_that_runs_is_described():
    pytest.importorskip("torch", reason="torch is not installed: pip install 'heschl[s3prl]'")
    from heschl.models.s3prl.families import FAMILIES

    running = {each.family for each in upstreams().values() if each.runs}
    assert running == {*FAMILIES, "byol_a"}


def test_listing_imports_no_torch():
    code = (
        "import sys; from heschl.cli import main; main(['list', '--scheme', 's3prl', '--json']);"
        "assert not {'torch', 's3prl', 'xarray', 'transformers'} & {*sys.modules}"
    )
    listed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    records = json.loads(listed.stdout)["models"]
    assert {"s3prl:hubert_base", "s3prl:byol_a_512", "s3prl:byol_a_512-random"} <= {
        record["id"] for record in records
    }


def test_list_shows_what_each_upstream_needs(capsys):
    assert main(["list", "--scheme", "s3prl"]) == 0
    shown = capsys.readouterr().out
    assert "timm==0.4.5" in shown
    assert re.search(r"s3prl:byol_s_cvt +broken +it sets an audio backend", shown)


def test_schemes_without_a_listing_say_so():
    for scheme in ("features", "file"):
        with pytest.raises(InvalidInput, match="no listing"):
            offers(scheme)
    with pytest.raises(UnknownName, match="did you mean 's3prl'"):
        offers("s3prI")


def test_list_refuses_a_scheme_of_datasets(capsys):
    assert main(["list", "datasets", "--scheme", "s3prl"]) == 1
    assert "leave one of them out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("hubert_bas", "did you mean 'hubert_base'"),
        ("nothing at all", "heschl list models --scheme s3prl"),
    ],
)
def test_unknown_names_are_hinted_at(location, message):
    with pytest.raises(UnknownName, match=message):
        registry.resolve_model(f"s3prl:{location}")
