"""A dataset of five small files, its manifest, and a folder that holds it."""

from bucket import row, write_manifest

CONTENT = {
    "top.json": b"{}",
    "stimuli/a.wav": b"sound a",
    "stimuli/b.wav": b"sound b",
    "data/S1/a.hf5": b"responses",
    "data/S2/a.hf5": b"responses of another",
}


def manifest_of(tmp_path):
    """Return the path of the manifest, which expects surfaces that no hash is known of."""
    path = write_manifest(tmp_path, [row(name, content) for name, content in CONTENT.items()])
    path.write_text("# unlisted: derivatives/.*\\.gii\n" + path.read_text())
    return path


def folder_of(tmp_path):
    """Return the folder, with every file in it."""
    root = tmp_path / "ds0"
    for name, content in CONTENT.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root
