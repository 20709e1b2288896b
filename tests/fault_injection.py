"""Faults, so many of each, on runs of a suite; each returns what it did and what came of it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from bucket import PATIENCE, content_of, one_file, serving
from suite_runs import SuiteRuns, chance, readable

from heschl.store import Store

Counts = dict[str, Any]

_SCORES = "scores"


def kills(runs: SuiteRuns, n: int, seed: int = 0) -> Counts:
    """Kill -9 at random instants, resume until the suite is done, and begin anew until n are dead.

    No cell that was finished when a run began may be computed in it.
    """
    draw, n_killed, n_rounds, again, lost, n_ended = chance(seed), 0, 0, 0, 0, 0
    while n_killed < n:
        store = runs.new_store(f"killed-{n_rounds}")
        n_rounds += 1
        finished: set[str] = set()
        code = None
        while code != 0:
            n_noted = len(runs.computed(store))
            process = runs.start(store)
            if n_killed < n:
                time.sleep(draw.uniform(0, runs.seconds * 0.4))
                os.kill(process, signal.SIGKILL)  # the dead wait for us, so it is the same process
            code = runs.wait(process)
            n_killed += code == -signal.SIGKILL
            n_ended += code == 0
            again += len(finished.intersection(runs.computed(store)[n_noted:]))
            now = set(readable(store))
            lost += len(finished - now)
            finished = now
        assert runs.differing(store / _SCORES) == []
    return {
        "kill -9": n_killed,
        "suites finished": n_rounds,
        "finished cells lost": lost,
        "finished cells computed again": again,
        "differing scores": 0,
    }


def _damage(path: Path, draw: Any) -> str:
    content = bytearray(path.read_bytes())
    kind = draw.choice(("flipped", "truncated", "emptied")) if content else "lengthened"
    if kind == "flipped":
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    elif kind == "truncated":
        del content[draw.randrange(len(content)) :]
    elif kind == "emptied":
        content.clear()
    else:
        content += b"x"
    path.write_bytes(bytes(content))
    return str(kind)


def corruption(runs: SuiteRuns, n: int, seed: int = 0, share: float = 0.01) -> Counts:
    """Damage files of a finished store, a share at a time, and run the suite until n are damaged.

    Scores and ceilings are removed each time, so that all that was stored is read.
    """
    draw, store = chance(seed), runs.new_store("corrupted")
    assert runs.run(store) == 0
    kinds: dict[str, int] = {}
    n_damaged = 0
    while n_damaged < n:
        for entry in list(Store(store).entries()):
            if entry.configuration["stage"] not in ("features", "ceiling"):
                shutil.rmtree(Store(store).place(entry.key))
        files = sorted(
            path
            for name in ("objects", "learned", "runs", "scores")
            for path in (store / name).rglob("*")
            if path.is_file()
        )
        for path in draw.sample(files, min(n - n_damaged, max(2, round(share * len(files))))):
            kind = _damage(path, draw)
            kinds[kind] = kinds.get(kind, 0) + 1
            n_damaged += 1
        assert runs.run(store) == 0, runs.told(store)
        assert runs.differing(store / _SCORES) == []
        readable(store)
    told = runs.told(store)
    return {
        **{f"files {kind}": number for kind, number in sorted(kinds.items())},
        "entries found damaged": told.count("the stored entry"),
        "differing scores": 0,
    }


def corruption_meanwhile(runs: SuiteRuns, n: int, seed: int = 0) -> Counts:
    """Damage files while the suite runs, which must end with the same scores."""
    draw, n_damaged, again = chance(seed), 0, 0
    for number in range(n):
        store = runs.new_store(f"corrupted-meanwhile-{number}")
        process = runs.start(store)
        codes: list[int] = []
        waiting = threading.Thread(target=lambda p=process, c=codes: c.append(runs.wait(p)))
        waiting.start()
        while waiting.is_alive():
            time.sleep(runs.seconds / 6)
            files = sorted(path for path in (store / "objects").rglob("*") if path.is_file())
            if files and waiting.is_alive():
                _damage(draw.choice(files), draw)
                n_damaged += 1
        waiting.join()
        if codes != [0]:  # what was damaged after its last reading is found by the next run
            assert runs.run(store) == 0, runs.told(store)
        assert runs.differing(store / _SCORES) == []
        again += runs.n_computed_again(store)
    return {
        "runs": n,
        "files damaged": n_damaged,
        "cells computed again": again,
        "differing scores": 0,
    }


def phantom_corruption(runs: SuiteRuns, n: int, seed: int = 0) -> Counts:
    """Damage files of the simulated data between runs."""
    draw, phantoms = chance(seed), runs.folder / "own-phantoms"
    shutil.copytree(runs.phantoms, phantoms)
    n_found = 0
    for number in range(n):
        store = runs.new_store(f"phantoms-{number}")
        (store / "phantoms").unlink()
        (store / "phantoms").symlink_to(phantoms, target_is_directory=True)
        files = sorted(path for path in phantoms.rglob("[!.]*") if path.is_file())
        _damage(draw.choice(files), draw)
        assert runs.run(store) == 0, runs.told(store)
        assert runs.differing(store / _SCORES) == []
        n_found += "the phantom" in runs.told(store)
    return {"files damaged": n, "found": n_found, "differing scores": 0}


@contextmanager
def small_disk(folder: Path, n_bytes: int) -> Iterator[Path]:
    """Mount a disk of so many bytes; skip where that is not allowed."""
    folder.mkdir()
    options = ("-t", "tmpfs", "-o", f"size={n_bytes}", "none", str(folder))
    mounted = subprocess.run(["mount", *options], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("needs the right to mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def full_disks(runs: SuiteRuns, n: int, seed: int = 0) -> Counts:
    """Fill a run's disk at random instants, then make room: nothing finished is made again."""
    draw, again, n_kept, n_full, number = chance(seed), 0, 0, 0, 0
    while n_full < n:
        number += 1
        with small_disk(runs.folder / f"disk-{number}", 2**24) as disk:
            store, scores = disk / f"full-{number}", runs.folder / f"full-{number}-scores"
            store.mkdir()
            (store / "phantoms").symlink_to(runs.phantoms, target_is_directory=True)
            process = runs.start(store, scores=scores)
            time.sleep(draw.uniform(0.1, runs.seconds * 0.7))
            _fill(disk / "ballast")
            code = runs.wait(process)
            told = runs.told(store)
            finished, n_noted = set(readable(store)), len(runs.computed(store))
            if code == 0:  # it was done by then
                continue
            n_full += 1
            assert code in (1, 3), told
            assert "no room left on its disk" in told or "whose disk has room for" in told, told
            assert "Traceback" not in told
            (disk / "ballast").unlink()
            assert runs.wait(runs.start(store, scores=scores)) == 0, runs.told(store)
            assert runs.differing(scores) == []
            assert finished <= set(readable(store))
            again += len(finished.intersection(runs.computed(store)[n_noted:]))
            n_kept += len(finished)
    return {
        "full disks": n_full,
        "cells finished before": n_kept,
        "of them computed again": again,
        "differing scores": 0,
    }


def _fill(ballast: Path) -> None:
    """Write until there is no room left."""
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


def downloads(folder: Path, n: int, seed: int = 0) -> Counts:
    """Cut connections at random bytes: some go on, some claim to be complete, some are taken up."""
    from heschl.errors import MissingData

    draw, n_resumed, n_anew, n_refused = chance(seed), 0, 0, 0
    for number in range(n):
        place = folder / f"download-{number}"
        place.mkdir(parents=True)
        with serving() as bucket:
            content = content_of(seed + number)
            manifest = one_file(place, bucket, content)
            cut = draw.randrange(len(content))
            target = place / "root" / "big.bin"
            if number % 2:  # a server that takes what it has for the whole
                bucket.faults = [("content", content[:cut])] * 10
                with pytest.raises(MissingData):
                    manifest.fetch(place / "root", patience=PATIENCE)
                assert not target.exists()
                n_refused += 1
                bucket.faults = []
            else:
                bucket.faults = [("drop", cut)]
            manifest.fetch(place / "root", patience=PATIENCE)
            assert target.read_bytes() == content
            if not number % 2:
                is_resumed = any(span for _, _, span in bucket.requests)
                n_resumed += is_resumed
                n_anew += not is_resumed  # cut before a first block had come
    return {
        "truncated": n,
        "resumed": n_resumed,
        "begun anew": n_anew,
        "refused by size or digest": n_refused,
        "wrong files": 0,
    }


def writers(runs: SuiteRuns, n: int, rounds: int = 1) -> Counts:
    """Run the suite n times at once on one store: every entry is made by one of them."""
    again = 0
    for number in range(rounds):
        store = runs.new_store(f"shared-{number}")
        outputs = [runs.folder / f"shared-{number}-{writer}" for writer in range(n)]
        processes = [runs.start(store, scores=output) for output in outputs]
        assert [runs.wait(process) for process in processes] == [0] * n, runs.told(store)
        for output in outputs:
            assert runs.differing(output) == []
        again += runs.n_computed_again(store)
        assert not list((store / "leases").iterdir())
    return {
        "processes": n * rounds,
        "entries": len(set(runs.computed(store))) * rounds,
        "computed twice": again,
        "differing scores": 0,
    }


def collections(runs: SuiteRuns, rounds: int) -> Counts:
    """Collect garbage without end while the suite runs: nothing it uses may go."""
    n_collected = again = 0
    for number in range(rounds):
        store = runs.new_store(f"collected-{number}")
        bystander = Store(store).write({"stage": "nobody's"}, {"values": chance_values()})
        process = runs.start(store)
        codes: list[int] = []
        waiting = threading.Thread(target=lambda p=process, c=codes: c.append(runs.wait(p)))
        waiting.start()
        while waiting.is_alive():
            Store(store).gc(max_bytes=0, unused_days=0)
            n_collected += 1
            time.sleep(0.1)
        waiting.join()
        assert codes == [0], runs.told(store)
        assert not Store(store).has(bystander)
        assert runs.differing(store / _SCORES) == []
        again += runs.n_computed_again(store)
    return {"runs": rounds, "collections": n_collected, "cells lost": again, "differing scores": 0}


def chance_values() -> Any:
    """Return numbers that nobody reads."""
    import numpy as np

    return np.zeros(100)


def skewed_clocks(runs: SuiteRuns, n: int, seed: int = 0) -> Counts:
    """Set leases and uses hours off while two processes run the suite, and after one is killed."""
    draw, again = chance(seed), 0
    for number in range(n):
        store = runs.new_store(f"skewed-{number}")
        processes = [runs.start(store, scores=runs.folder / f"skewed-{number}-{w}") for w in (0, 1)]
        codes: list[int] = []
        waiting = threading.Thread(target=lambda p=processes, c=codes: c.extend(map(runs.wait, p)))
        waiting.start()
        while waiting.is_alive():
            for path in [*store.glob("leases/*"), *store.glob("uses/*")]:
                try:
                    moment = time.time() + draw.choice((-3600, 3600))
                    os.utime(path, (moment, moment))
                except FileNotFoundError:  # let go meanwhile
                    continue
            Store(store).gc(max_bytes=0)
            time.sleep(0.1)
        waiting.join()
        assert codes == [0, 0], runs.told(store)
        for writer in (0, 1):
            assert runs.differing(runs.folder / f"skewed-{number}-{writer}") == []
        again += runs.n_computed_again(store)
    return {"runs": 2 * n, "computed twice": again, "differing scores": 0}


def versions(runs: SuiteRuns) -> Counts:
    """Use a store by two versions: of one numerics what is there serves both, else nothing does."""
    store = runs.new_store("versions")
    assert runs.run(store) == 0
    n_entries = len(set(runs.computed(store)))
    newer = "stores.__version__ = '99.0'"
    assert runs.run(store, newer) == 0
    n_of_newer = len(runs.computed(store)) - n_entries
    other = (
        "import heschl.encoding_cells as e, heschl.item_features as i; "
        "e._NUMERICS = i._NUMERICS = 99"
    )
    before = set(readable(store))
    assert runs.run(store, f"{newer}; {other}") == 0
    of_other = set(runs.computed(store)[n_entries + n_of_newer :])
    assert before <= set(readable(store))
    assert runs.run(store) == 0
    assert runs.differing(store / _SCORES) == []
    return {
        "entries": n_entries,
        "computed by a newer version of the same numerics": n_of_newer,
        "computed by other numerics": len(of_other),
        "keys shared with other numerics": len(of_other & before),
        "computed by the first again": len(runs.computed(store))
        - n_entries
        - n_of_newer
        - len(of_other),
    }
