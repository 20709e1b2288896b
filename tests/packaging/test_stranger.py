"""A stranger's package: one entry point, no fork; and a broken one beside it."""

from __future__ import annotations

import json
import textwrap

from tests.packaging.conftest import pip, run

MODEL = """
    import numpy as np
    from heschl import Layer, ModelCard, Traits

    class Loudness:
        digest = "loudness-1"
        sample_rate = 8000
        layers = (Layer("level", 1, 100.0),)
        traits = Traits()

        def forward(self, waveforms, taps):
            blocks = waveforms[:, : waveforms.shape[1] // 80 * 80].reshape(len(waveforms), -1, 80)
            return {"level": np.sqrt((blocks**2).mean(axis=-1, keepdims=True))}

    CARD = ModelCard("loudness", "stranger_loudness:Loudness", "root mean square")
"""


def project(folder, name, source):
    folder.mkdir()
    (folder / f"{name}.py").write_text(textwrap.dedent(source))
    (folder / "pyproject.toml").write_text(
        textwrap.dedent(f"""
        [build-system]
        requires = ["setuptools"]
        build-backend = "setuptools.build_meta"
        [project]
        name = "{name}"
        version = "0.7"
        [project.entry-points."heschl.models"]
        {name.removeprefix("stranger_")} = "{name}:CARD"
        [tool.setuptools]
        py-modules = ["{name}"]
        """)
    )
    return str(folder)


def test_strangers_package_is_listed_and_loaded_beside_a_broken_one(tmp_path):
    loudness = project(tmp_path / "loudness", "stranger_loudness", MODEL)
    broken = project(tmp_path / "broken", "stranger_broken", "raise SystemExit('not today')")
    wheels, site = tmp_path / "wheels", tmp_path / "site"
    pip("wheel", loudness, broken, "--no-deps", "--no-build-isolation", "-w", str(wheels))
    pip("install", *map(str, wheels.glob("*.whl")), "--no-deps", "--target", str(site))

    program = """
import json
import numpy as np
from heschl import registry
resolved = registry.resolve_model("loudness")
level = resolved.object.forward(np.ones((1, 800), np.float32), ["level"])["level"]
print(json.dumps({
    "names": registry.models.names(),
    "origin": resolved.origin,
    "level": level.tolist(),
    "broken": [(b.name, b.reason) for b in registry.broken() if b.name == "broken"],
}))
"""
    found = json.loads(run(program, tmp_path, site))
    listing = "from heschl import registry; print(*registry.models.names())"
    without = run(listing, tmp_path).split()

    assert sorted(set(found["names"]) - set(without)) == ["broken", "loudness"]
    assert found["origin"] == "stranger_loudness 0.7 (stranger_loudness:CARD)"
    assert found["level"] == [[[1.0]] * 10]
    assert found["broken"] == [["broken", "SystemExit: not today"]]
