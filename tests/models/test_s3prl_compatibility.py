"""The stubs for torchaudio, against packages that fail as its releases do; no s3prl is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

OLD = {
    "__init__.py": """
        from . import _extension, compliance, sox_effects
        __version__ = "2.4.1"
        def set_audio_backend(name): pass
    """,
    "_extension.py": "",
    "compliance.py": "",
    "sox_effects.py": "",
}
"""It has all that s3prl imports."""

CURRENT = {
    "__init__.py": """
        from . import _extension, compliance
        __version__ = "2.11.0"
    """,
    "_extension.py": "",
    "compliance.py": "",
}

MISMATCHED = CURRENT | {
    "_extension.py": "raise OSError('libc10_cuda.so: cannot open shared object file')",
    "compliance.py": """
        from torchaudio._extension import _IS_ALIGN_AVAILABLE, fail_if_no_align
        FBANK = not _IS_ALIGN_AVAILABLE
        @fail_if_no_align
        def align(): pass
    """,
}

HOPELESS = MISMATCHED | {"compliance.py": "import no_such_package_at_all"}

BEGIN = "from heschl.models.s3prl.compatibility import applied, make_compatible\n"


def run(folder: Path, files: dict[str, str], code: str) -> list[str]:
    """Run ``code`` where torchaudio consists of ``files``, and return the lines that it prints."""
    package = folder / "torchaudio"
    package.mkdir()
    for name, text in files.items():
        lines = text.strip("\n").splitlines()
        indent = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
        (package / name).write_text("\n".join(line[indent:] for line in lines))
    whole = f"import sys\nsys.path.insert(0, {str(folder)!r})\n{BEGIN}{code}"
    done = subprocess.run([sys.executable, "-c", whole], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def test_nothing_is_touched_where_the_real_import_works(tmp_path):
    code = (
        "print(make_compatible())\n"
        "import torchaudio, torchaudio.sox_effects as s\n"
        "print(s.__file__.endswith('sox_effects.py'), torchaudio._extension.__file__ is None)"
    )
    assert run(tmp_path, OLD, code) == ["()", "True False"]


def test_nothing_is_imported_before_it_is_asked_for(tmp_path):
    assert run(tmp_path, MISMATCHED, "print('torchaudio' in sys.modules, applied())") == [
        "False ()"
    ]


def test_removed_functions_are_stubbed_and_raise_when_called(tmp_path):
    code = (
        "for each in make_compatible(): print(each)\n"
        "import torchaudio\n"
        "from torchaudio.sox_effects import apply_effects_tensor\n"
        "for function in (torchaudio.set_audio_backend, apply_effects_tensor):\n"
        "    try: function('sox_io')\n"
        "    except ImportError as error: print(type(error).__name__, error)\n"
    )
    first, second, third, fourth = run(tmp_path, CURRENT, code)
    assert "2.11.0 has no set_audio_backend" in first
    assert "2.11.0 has no sox_effects" in second
    assert third.startswith("MissingExtra torchaudio.set_audio_backend was called")
    assert fourth.startswith("MissingExtra torchaudio.sox_effects.apply_effects_tensor was called")


def test_a_compiled_part_that_does_not_load_is_stubbed(tmp_path):
    code = (
        "print(make_compatible()[0])\n"
        "from torchaudio.compliance import FBANK, align\n"
        "print(FBANK)\n"
        "try: align()\n"
        "except ImportError as error: print(error)\n"
    )
    first, second, third = run(tmp_path, MISMATCHED, code)
    assert "does not load its compiled part (OSError)" in first
    assert second == "True"
    assert third.startswith("align was called")


@pytest.mark.parametrize("files", [OLD, CURRENT, MISMATCHED], ids=["old", "current", "mismatched"])
def test_a_second_call_changes_nothing(files, tmp_path):
    code = (
        "first = make_compatible()\n"
        "import torchaudio\n"
        "before = dict(vars(torchaudio)), dict(sys.modules)\n"
        "print(make_compatible() == first == applied())\n"
        "print((dict(vars(torchaudio)), dict(sys.modules)) == before)\n"
    )
    assert run(tmp_path, files, code) == ["True", "True"]


def test_what_fails_beyond_the_compiled_part_is_said(tmp_path):
    code = (
        "for _ in range(2):\n"
        "    try: make_compatible()\n"
        "    except ImportError as error: print(error)\n"
        "print('torchaudio._extension' in sys.modules)"
    )
    first, second, third = run(tmp_path, HOPELESS, code)
    assert "no_such_package_at_all" in first
    assert "uninstall it" in first
    assert second == first
    assert third == "False"


def test_no_torchaudio_is_no_fault(tmp_path):
    code = (
        "import importlib.util\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda n: None if n == 'torchaudio' else find(n)\n"
        "print(*make_compatible())\n"
        "print('torchaudio' in sys.modules, make_compatible() == applied())\n"
        "try: sys.modules['s3prl.util.pseudo_data'].get_pseudo_wavs()\n"
        "except ImportError as error: print(error)\n"
    )
    first, second, third = run(tmp_path, {"__init__.py": ""}, code)
    assert first.startswith("torchaudio is not installed; the families that hear waveforms run")
    assert second == "False True"
    assert third.startswith("s3prl.util.pseudo_data.get_pseudo_wavs was called")
