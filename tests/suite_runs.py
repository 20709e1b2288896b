"""`heschl run` in processes of their own, to be hurt; imports are done once, all work is noted."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from heschl.scores import open_score
from heschl.store import Store

SERVER = r"""
import os, resource, sys, warnings
from heschl import store as stores
from heschl.cli import main
from heschl.configuration import digest

os.environ["OMP_NUM_THREADS"] = "1"
write = stores.Store.write

def noted(self, configuration, arrays):
    # Noted before it is stored: what is cut short was begun, and may be begun again.
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(f"{digest(configuration)} {os.getpid()}\n")
    return write(self, configuration, arrays)

stores.Store.write = noted
for line in sys.stdin:
    verb, *words = line.rstrip("\n").split("\t")
    if verb == "wait":
        print(os.waitstatus_to_exitcode(os.waitpid(int(words[0]), 0)[1]), flush=True)
        continue
    notes, errors, change, *arguments = words
    child = 0 if verb == "here" else os.fork()
    if child == 0:
        os.environ["NOTES"] = notes
        log = os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        if verb != "here":
            os.dup2(log, 1)
            os.dup2(log, 2)
            sys.stdout, sys.stderr = open(1, "w"), open(2, "w", buffering=1)
        exec(change)
        code = main(arguments)
        if verb != "here":
            sys.stdout.flush()
            os._exit(code)
        child = code
    print(child, flush=True)
"""
"""Forks for each run, as imports take longer than all there is to run."""


@dataclass
class SuiteRuns:
    """A suite, what it gives if nothing happens, and what runs it."""

    server: subprocess.Popen[str]
    folder: Path
    suite: Path
    phantoms: Path
    seconds: float = 0.0

    def new_store(self, name: str) -> Path:
        """Return an empty store with the phantoms of all."""
        store = self.folder / name
        store.mkdir()
        (store / "phantoms").symlink_to(self.phantoms, target_is_directory=True)
        return store

    def start(
        self, store: Path, change: str = "", scores: Path | None = None, more: Sequence[str] = ()
    ) -> int:
        """Begin to run the suite, and return the process; ``change`` is Python to run before.

        ``more`` are words of the command.
        """
        return int(self._asked("start", *self._words(store, change, scores), *more))

    def wait(self, process: int) -> int:
        """Return an exit code, negative for a signal."""
        return int(self._asked("wait", str(process)))

    def run(self, store: Path, change: str = "") -> int:
        """Run the suite to its end."""
        return self.wait(self.start(store, change))

    def run_here(self, store: Path) -> None:
        """Run it in the server itself, so that what it imports is there for all."""
        begin = time.perf_counter()
        assert self._asked("here", *self._words(store, "", None)) == "0"
        self.seconds = time.perf_counter() - begin

    def _words(self, store: Path, change: str, scores: Path | None) -> list[str]:
        output = str(scores or store / "scores")
        arguments = ["run", str(self.suite), "--store", str(store), "-o", output, "-q"]
        return [str(self.notes(store)), str(self.errors(store)), change, *arguments]

    def notes(self, store: Path) -> Path:
        """Return where computations are noted: on no disk that is hurt."""
        return self.folder / f"{store.name}.notes"

    def errors(self, store: Path) -> Path:
        """Return where a run's words are."""
        return self.folder / f"{store.name}.errors"

    def told(self, store: Path) -> str:
        """Return what all runs on a store have said."""
        return self.errors(store).read_text() if self.errors(store).exists() else ""

    def computed(self, store: Path) -> list[str]:
        """Return the keys of entries that were computed, in their order."""
        notes = self.notes(store)
        return (
            [line.split()[0] for line in notes.read_text().splitlines()] if notes.exists() else []
        )

    def n_computed_again(self, store: Path) -> int:
        """Return how many computations there were beyond one for each entry."""
        return sum(n - 1 for n in Counter(self.computed(store)).values())

    def differing(self, scores: Path) -> list[str]:
        """Return what differs by a bit from the scores that nothing disturbed."""
        expected = sorted((self.folder / "untouched" / "scores").glob("*.nc"))
        assert expected
        found = {path.name for path in scores.glob("*.nc")}
        wrong = [path.name for path in expected if path.name not in found]
        for path in expected:
            if path.name in found:
                wrong += differing_groups(path, scores / path.name)
        return wrong

    def _asked(self, *words: str) -> str:
        assert self.server.stdin
        assert self.server.stdout
        self.server.stdin.write("\t".join(words) + "\n")
        self.server.stdin.flush()
        while True:
            line = self.server.stdout.readline()
            assert line, "the server has ended"
            if line.strip().lstrip("-").isdecimal():
                return line.strip()


def differing_groups(expected: Path, found: Path) -> list[str]:
    """Return the groups in which two score files differ by a bit; their histories may."""
    one, other = open_score(expected).tree, open_score(found).tree
    wrong = []
    for name in one.children:
        if name == "provenance":
            continue
        mine, its = one[name].to_dataset(), other[name].to_dataset()
        same = mine.attrs == its.attrs or repr(mine.attrs) == repr(its.attrs)
        same &= set(mine.variables) == set(its.variables)
        for variable in mine.variables if same else ():
            a, b = mine[variable].values, its[variable].values
            same &= a.dtype == b.dtype and a.shape == b.shape
            same &= a.tobytes() == b.tobytes() if a.dtype != object else a.tolist() == b.tolist()
        wrong += [] if same else [f"{found.name}/{name}"]
    return wrong


def readable(store: Path) -> list[str]:
    """Return the keys of entries, each of which can be read."""
    opened = Store(store)
    keys = [entry.key for entry in opened.entries()]
    assert all(opened.read(key) is not None for key in keys)
    return keys


@contextmanager
def suite_runs(
    folder: Path, models: list[str], benchmarks: list[str], phantoms: Path | None = None
) -> Iterator[SuiteRuns]:
    """Serve runs of a suite that was run once, undisturbed."""
    suite = folder / "suite.yaml"
    suite.write_text(
        f"models: [{', '.join(models)}]\nbenchmarks: [{', '.join(benchmarks)}]\ndata: phantom\n"
    )
    shared = phantoms or folder / "phantoms"
    shared.mkdir(exist_ok=True)
    with subprocess.Popen(
        [sys.executable, "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    ) as server:
        runs = SuiteRuns(server, folder, suite, shared)
        runs.run_here(runs.new_store("untouched"))
        begin = time.perf_counter()
        assert runs.run(runs.new_store("timed")) == 0
        runs.seconds = time.perf_counter() - begin
        assert runs.differing(folder / "timed" / "scores") == []
        yield runs


def chance(seed: int) -> random.Random:
    """Return a generator for what is no secret."""
    return random.Random(seed)  # noqa: S311
