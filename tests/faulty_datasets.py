"""A small dataset on files that keeps every promise, and others that break one each."""

from __future__ import annotations

import json
import pickle

import numpy as np
import soundfile
import xarray as xr

from heschl.cards import DatasetCard
from heschl.errors import MissingData, UnknownName
from heschl.fingerprints import files_digest
from heschl.recording import Recording
from heschl.sound import Sound, Stimulus, StimulusSet
from heschl.untrusted import check_file

STORIES, LISTENERS, UNITS = ("first", "second", "third"), ("A", "B", "C"), np.arange(5) + 10
RATE = 8000


def write_phantom(root, seed=0):
    """Write sounds, a clock, responses and regions."""
    generator = np.random.default_rng(seed)
    (root / "sounds").mkdir()
    for story in STORIES:
        noise = 0.1 * generator.standard_normal(20 * RATE)
        soundfile.write(root / "sounds" / f"{story}.wav", noise, RATE, subtype="PCM_16")
    for listener in LISTENERS:
        (root / listener).mkdir()
        for story in STORIES:
            values = generator.standard_normal((2, 9, len(UNITS)))
            np.save(root / listener / f"{story}.npy", values)
        np.save(root / listener / "A1.npy", UNITS < 12)
    (root / "clock.json").write_text(json.dumps({"first_s": 1.0, "step_s": 2.0, "rows": 9}))
    (root / "README").write_text("Simulated: no human data")
    expectation = {
        "model": "logmel",
        "benchmark": "lebel_moth-ridge",
        "layer": "logmel",
        "roi": "A1",
        "quantity": "score",
        "expected": 0.5,
        "tolerance": 0.1,
        "source": "a closed form",
    }
    truth = {"phantom_version": 1, "seed": seed, "expectations": [expectation]}
    (root / "truth.json").write_text(json.dumps(truth))


# Bears the id of a dataset that has a benchmark, which its truth names.
CARD = DatasetCard(
    "lebel_moth",
    load="faulty_datasets:Files",
    summary="A small dataset on files",
    licence="CC0-1.0",
    citation="@misc{nobody}",
    how_to_get="write it",
    languages=("en",),
    recording="noise",
    phantom=write_phantom,
)


class Files:
    """Reads the files; keeps the `Dataset` contract."""

    card = CARD

    def __init__(self, root):
        self.root = root

    def stimuli(self):
        paths = sorted((self.root / "sounds").glob("*.wav"))
        return StimulusSet(Stimulus(path.stem, Sound.from_file(path)) for path in paths)

    def subjects(self):
        return tuple(sorted(path.name for path in self.root.glob("[A-Z]") if path.is_dir()))

    def stimuli_of(self, subject):
        if subject not in self.subjects():
            raise UnknownName(f"no listener {subject!r}")
        return STORIES

    def _opened(self, path):
        check_file(path)
        return path

    def clock(self, stimulus):
        if stimulus not in STORIES:
            raise UnknownName(f"no story {stimulus!r}")
        told = json.loads(self._opened(self.root / "clock.json").read_text())
        return told["first_s"] + told["step_s"] * np.arange(told["rows"])

    def _values(self, subject, story):
        return np.load(self._opened(self.root / subject / f"{story}.npy"))

    def recording(self, subject, stimuli=None):
        self.stimuli_of(subject)
        responses, repeats = {}, {}
        for story in stimuli or STORIES:
            values = self._values(subject, story)
            coords = {"time": self.clock(story), "unit": UNITS}
            repeats[story] = xr.DataArray(values, dims=("repeat", "time", "unit"), coords=coords)
            responses[story] = repeats[story].mean("repeat")
        return Recording(subject, responses, repeats)

    def rois(self, subject):
        self.stimuli_of(subject)
        member = np.load(self._opened(self.root / subject / "A1.npy"))
        return xr.DataArray(
            np.stack([np.ones(len(UNITS), dtype=bool), member]),
            dims=("roi", "unit"),
            coords={"roi": ["all", "A1"], "unit": UNITS},
        )

    def _read_files(self, subject, stimuli):
        responses = [self.root / subject / f"{story}.npy" for story in stimuli]
        return [*responses, self.root / subject / "A1.npy", self.root / "clock.json"]

    def fingerprint(self, subject, stimuli):
        return files_digest(self.root, self._read_files(subject, stimuli))


class ForgettingRegions(Files):
    """Its fingerprint leaves the regions out."""

    def fingerprint(self, subject, stimuli):
        return files_digest(self.root, self._read_files(subject, stimuli)[:-2])


class TrustingSizes(Files):
    """Its fingerprint is made of sizes alone."""

    def fingerprint(self, subject, stimuli):
        files = self._read_files(subject, stimuli)
        return str([(file.relative_to(self.root), file.stat().st_size) for file in files])


class KnowingItsPlace(Files):
    def fingerprint(self, subject, stimuli):
        return f"{self.root}{super().fingerprint(subject, stimuli)}"


class BlindFingerprint(Files):
    def fingerprint(self, subject, stimuli):
        return "the same for everybody"


class OnAnotherClock(Files):
    def recording(self, subject, stimuli=None):
        recording = super().recording(subject, stimuli)
        later = {s: r.assign_coords(time=r["time"] + 1) for s, r in recording.responses.items()}
        return Recording(subject, later)


class AfterTheEnd(Files):
    def clock(self, stimulus):
        return super().clock(stimulus) + 30


class WithoutAll(Files):
    def rois(self, subject):
        return super().rois(subject)[1:]


class CountingRegions(Files):
    def rois(self, subject):
        return super().rois(subject).astype(int)


class RenumberingRegions(Files):
    def rois(self, subject):
        return super().rois(subject).assign_coords(unit=np.arange(len(UNITS)))


class ScaledOverAll(Files):
    """Divides by the largest response to whatever is read."""

    def recording(self, subject, stimuli=None):
        recording = super().recording(subject, stimuli)
        largest = max(float(abs(r).max()) for r in recording.responses.values())
        return Recording(subject, {s: r / largest for s, r in recording.responses.items()})


class ReadingMore(Files):
    def recording(self, subject, stimuli=None):
        return super().recording(subject)


class FullOfHoles(Files):
    def recording(self, subject, stimuli=None):
        recording = super().recording(subject, stimuli)
        return Recording(subject, {s: r * np.nan for s, r in recording.responses.items()})


class KeepingNotes(Files):
    """Writes what it derived beside the data."""

    def rois(self, subject):
        (self.root / "regions.cache").write_text(f"{subject}, {np.random.default_rng().random()}")
        return super().rois(subject)


class Unpickling(Files):
    def _values(self, subject, story):
        return pickle.loads(pickle.dumps(super()._values(subject, story)))  # noqa: S301  the fault


class Crashing(Files):
    """Opens files without looking whether they are there."""

    def _opened(self, path):
        return path


class OffByOneListener(Files):
    def stimuli_of(self, subject):
        return dict.fromkeys(LISTENERS, STORIES)[subject]


class WithoutSounds(Files):
    def stimuli_of(self, subject):
        super().stimuli_of(subject)
        return (*STORIES, "unheard")


class Patient(Files):
    """Answers for every listener there could be."""

    def rois(self, subject):
        return super().rois(subject if subject in LISTENERS else "A")


def lost(*_arguments):
    """Find nothing anywhere."""
    raise MissingData("there is no such folder")


def unseeded(root, seed=0):
    """Write other sounds each time."""
    write_phantom(root, int(np.random.default_rng().integers(1 << 30)))
    truth = json.loads((root / "truth.json").read_text())
    (root / "truth.json").write_text(json.dumps(truth | {"seed": seed}))


def telling(**changes):
    """Return a writer whose truth differs: of the file, or of its one expectation."""

    def write(root, seed=0):
        write_phantom(root, seed)
        truth = json.loads((root / "truth.json").read_text())
        of_expectation = {k: v for k, v in changes.items() if k in truth["expectations"][0]}
        truth["expectations"][0] |= of_expectation
        truth |= {k: v for k, v in changes.items() if k not in of_expectation}
        (root / "truth.json").write_text(json.dumps(truth))

    return write
