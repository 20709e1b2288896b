"""What `import heschl`, its help and its listings may load."""

from __future__ import annotations

import json

import pytest
from tests.packaging.conftest import PLUGIN_FOLDERS, run

HEAVY = {
    "torch", "transformers", "nilearn", "nibabel", "matplotlib", "pandas", "xarray",
    "sklearn", "h5py", "librosa", "netCDF4", "numba",
}  # fmt: skip

PROGRAM = """
import contextlib, io, json, sys, time
begin = time.perf_counter()
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    {action}
print(json.dumps([sorted(sys.modules), round(time.perf_counter() - begin, 3)]))
"""


@pytest.mark.parametrize(
    "action",
    [
        "import heschl",
        "import heschl; heschl.ModelCard, heschl.register_model, dir(heschl)",
        "from heschl.cli import main; main(['--help'])",
        "from heschl.cli import main; main(['list'])",
        "from heschl.cli import main; main(['list', 'models', '--json'])",
    ],
    ids=["import", "cards and registering", "help", "list", "list models as JSON"],
)
def test_light_actions_load_nothing_heavy(tmp_path, action):
    modules, seconds = json.loads(run(PROGRAM.format(action=action), tmp_path))

    loaded = HEAVY & set(modules)

    assert not loaded, f"{action!r} loaded {sorted(loaded)} and took {seconds} s"


def test_plugins_are_never_imported_by_their_folder_name(tmp_path):
    imports = "; ".join(f"import heschl.{folder}" for folder in PLUGIN_FOLDERS)

    modules, _ = json.loads(run(PROGRAM.format(action=imports), tmp_path))

    assert set(PLUGIN_FOLDERS).isdisjoint(modules)
    assert {f"heschl.{folder}" for folder in PLUGIN_FOLDERS} <= set(modules)
