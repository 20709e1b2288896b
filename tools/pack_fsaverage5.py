"""Pack nilearn's copy of fsaverage5 into the script that the leaderboard's pages load.

    python tools/pack_fsaverage5.py

Writes ``leaderboard/static/fsaverage5.js``, which is committed: neither building a site nor looking
at one needs nilearn. Maintainers run it again if the packing changes.
"""

# ruff: noqa: INP001, T201  # a script, not a package
from __future__ import annotations

from pathlib import Path

import numpy as np
from nilearn.datasets import load_fsaverage, load_fsaverage_data

from heschl.leaderboard.site import script_json
from heschl.leaderboard.surface_mesh import MESH_PATH, SIDES, coded, coded_field, parents_of

_POSITION_BITS, _SULCAL_BITS = 16, 8


def main() -> None:
    """Write the script, and print how large it is."""
    template = load_fsaverage("fsaverage5")
    depth = load_fsaverage_data("fsaverage5", mesh_type="inflated", data_type="sulcal").data.parts
    triangles = template["inflated"].parts["left"].faces.astype(np.int64)
    parents = parents_of(triangles)
    fields: dict[str, dict[str, object]] = {"inflated": {}, "pial": {}, "sulcal": {}}
    for side in SIDES:
        for surface in ("inflated", "pial"):
            mesh = template[surface].parts[side]
            if not np.array_equal(mesh.faces, triangles):
                raise SystemExit(f"{surface}, {side}: triangles are not those of the inflated left")
            fields[surface][side] = coded_field(
                mesh.coordinates.astype(np.float64), _POSITION_BITS, parents
            )
        values = depth[side].astype(np.float64)[:, None]
        fields["sulcal"][side] = coded_field(values, _SULCAL_BITS, parents)
    content = {
        "triangles": coded(np.diff(triangles, axis=0, prepend=np.zeros((1, 3), np.int64))),
        "fields": fields,
    }
    path = Path(__file__).resolve().parents[1] / "leaderboard" / MESH_PATH
    path.write_text(
        f"heschlReceive({script_json(MESH_PATH)},{script_json(content)});\n", encoding="ascii"
    )
    print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
