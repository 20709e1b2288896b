"""Readers of files from outside, driven by what their code covers: atheris, for a fixed time each.

    pip install atheris
    python perf/fuzzing.py [--seconds 30] [--only words.TextGrid a.sph ...] [--seed 1]

The kinds, the whole files to begin with and what a file says are those of `tests/security`. What
is no error of ours, takes over 2 s or gives another reading than the file's ends the fuzzing of a
kind; its input is kept in the folder `--keep`. Every input is a file: set TMPDIR to memory.
"""

from __future__ import annotations

import argparse
import itertools
import re
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

KINDS = (
    *("words.TextGrid", "sa1.phn", "a.sph", "phones.item", "card.toml", "score.json"),
    *("manifest.tsv", "suite.yaml", "table.csv", "weights.safetensors"),
)
_TELLING = re.compile(r"Error|ERROR|assert|^ *File .*heschl|Test unit written")
MOST_S = 2.0
"""Of a processor."""
_HANGS_S = 60
MOST_MB = 3000
"""What a process may hold: libraries alone take a third of it."""


def fuzz_one(kind: str, seconds: int, seed: int, keep: Path) -> None:
    """Fuzz one kind in this process, which libFuzzer ends."""
    import atheris

    with atheris.instrument_imports(include=["heschl"], enable_loader_override=False):
        from tests.security.binary_parsers import BINARIES
        from tests.security.text_parsers import TEXTS
    import numpy as np

    from heschl.errors import HeschlError

    parser = next(each for each in (*TEXTS, *BINARIES) if each.name == kind)
    numbers = itertools.count()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as name:
        folder, corpus = Path(name), Path(name) / "corpus"
        corpus.mkdir()
        for number, content in enumerate(parser.whole):
            (corpus / str(number)).write_bytes(content)

        def try_one(content: bytes) -> None:
            # A folder each: some readers remember a file by its times, which have a coarse grain.
            place = folder / str(next(numbers))
            place.mkdir()
            path = place / parser.name
            path.write_bytes(content)
            begin = time.process_time()
            try:
                found = parser.read(path)
            except HeschlError as error:
                if parser.name not in str(error):
                    raise RuntimeError("it does not name the file") from error
            else:
                if parser.says is not None:
                    np.testing.assert_equal(found, parser.says(content))
            finally:
                shutil.rmtree(place)
            if time.process_time() - begin > MOST_S:
                raise RuntimeError("it took too long")

        settings = {
            "max_total_time": seconds,
            "seed": seed,
            "timeout": _HANGS_S,
            "rss_limit_mb": MOST_MB,
            "max_len": 2 * max(map(len, parser.whole)),
            "print_final_stats": 1,
            "artifact_prefix": f"{keep / kind}-",
        }
        words = [sys.argv[0], *(f"-{name}={value}" for name, value in settings.items())]
        atheris.Setup([*words, str(corpus)], try_one)
        atheris.Fuzz()


def main() -> None:
    """Print a line for each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=30, help="for each kind")
    parser.add_argument("--only", nargs="+", default=list(KINDS), metavar="KIND")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path("build/fuzzing"))
    parser.add_argument("--inner", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    chosen.keep.mkdir(parents=True, exist_ok=True)
    if chosen.inner:
        fuzz_one(chosen.only[0], chosen.seconds, chosen.seed, chosen.keep)
        return
    print("kind                      runs  seconds  edges  findings")
    n_found = 0
    for kind in chosen.only:
        words = [f"--{name}={getattr(chosen, name)}" for name in ("seconds", "seed", "keep")]
        done = subprocess.run(  # noqa: S603  this file
            [sys.executable, __file__, "--inner", *words, "--only", kind],
            capture_output=True, text=True, errors="replace", check=False,
            timeout=3 * chosen.seconds + 120,
        )  # fmt: skip
        told = done.stderr
        runs = re.findall(r"number_of_executed_units: (\d+)", told) or ["?"]
        edges = re.findall(r"cov: (\d+)", told) or ["?"]
        n_found += done.returncode != 0
        print(f"{kind:<20} {runs[-1]:>9} {chosen.seconds:>8} {edges[-1]:>6}", end="  ")
        print("none" if done.returncode == 0 else f"exit {done.returncode}", flush=True)
        if done.returncode:
            (chosen.keep / f"{kind}.log").write_text(told)
            print("\n".join(line for line in told.splitlines() if _TELLING.search(line)))
    sys.exit(n_found > 0)


if __name__ == "__main__":
    main()
