"""How much memory it takes to score one listener of the longest story, on the whole cortex.

    python perf/whole_cortex.py --layers 13

Writes a folder of the true size: 2,249 volumes of 2 x 40,962 vertices, in the files of Narratives,
a sound of 56 minutes, and three listeners (who share one file, as a shared ceiling needs three).
The network is the stand-in of `flat_memory`, with the layers of wav2vec 2.0 in the base size. Then
`heschl.score` scores one listener on ``narratives-ridge`` in an empty store; printed is the largest
resident size of each stage, and of all. Linux only; 4 GB of disk.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import resource
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from flat_memory import FIELD, RATE, STRIDE, Resident, StandIn
from threadpoolctl import threadpool_limits

import heschl
from heschl.data_registry.narratives.tasks import STORIES
from heschl.models.torch_module import TorchModel

STORY = STORIES["21styear"]
N_VERTICES = 40_962
SUBJECTS = ("sub-901", "sub-902", "sub-903")
ARRAY = (
    '<DataArray Intent="NIFTI_INTENT_TIME_SERIES" DataType="NIFTI_TYPE_FLOAT32" '
    'ArrayIndexingOrder="RowMajorOrder" Dimensionality="1" Dim0="{vertices}" '
    'Encoding="Base64Binary" Endian="LittleEndian" ExternalFileName="" ExternalFileOffset="0">'
    "<Data>{data}</Data></DataArray>\n"
)


def volumes(seed: int) -> Iterator[np.ndarray]:
    """Yield volumes (vertex,) that neighbours share a part of, the wall being NaN."""
    generator = np.random.default_rng(seed)
    shared = generator.standard_normal((50, N_VERTICES)).astype(np.float32)
    for _ in range(STORY.first_volume + STORY.n_volumes + 10):
        weights = generator.standard_normal(50).astype(np.float32)
        volume = weights @ shared + 10 * generator.standard_normal(N_VERTICES, dtype=np.float32)
        volume[:3486] = np.nan
        yield volume


def write_gifti(path: Path, seed: int) -> None:
    """Write a scan volume by volume; whole, its text would take more memory than scoring it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="ascii") as stream:
        count = STORY.first_volume + STORY.n_volumes + 10
        stream.write(f'<?xml version="1.0"?>\n<GIFTI Version="1.0" NumberOfDataArrays="{count}">\n')
        for volume in volumes(seed):
            data = base64.b64encode(volume.tobytes()).decode("ascii")
            stream.write(ARRAY.format(vertices=N_VERTICES, data=data))
        stream.write("</GIFTI>\n")


def write_folder(root: Path) -> None:
    """Write sound, events and responses of three listeners."""
    (root / "stimuli").mkdir(parents=True)
    (root / "dataset_description.json").write_text('{"Name": "synthetic"}', encoding="utf-8")
    with soundfile.SoundFile(
        root / "stimuli" / f"{STORY.wav}_audio.wav", "w", RATE, channels=1, subtype="PCM_16"
    ) as sound:
        generator = np.random.default_rng(0)
        for _ in range(int(STORY.offset_s + STORY.duration_s) + 15):
            sound.write(generator.uniform(-0.1, 0.1, RATE))
    name = "{subject}_task-21styear"
    responses = root / "derivatives/afni-nosmooth/{subject}/func"
    file = name + "_space-fsaverage6_hemi-{hemisphere}_desc-clean.func.gii"
    for subject in SUBJECTS:
        table = root / subject / "func" / (name.format(subject=subject) + "_events.tsv")
        table.parent.mkdir(parents=True)
        table.write_text(
            "onset\tduration\ttrial_type\tstim_file\n0.0\t18.0\tmusic\t21styear_audio.wav\n"
            "21.0\t3338.0\tstory\t21styear_audio.wav\n",
            encoding="utf-8",
        )
        for seed, hemisphere in enumerate("LR"):
            path = Path(str(responses / file).format(subject=subject, hemisphere=hemisphere))
            if subject == SUBJECTS[0]:
                write_gifti(path, seed)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            os.link(str(path).replace(subject, SUBJECTS[0]), path)


class Stages:
    """Watches a run: the largest resident size while each stage was at work, looked at often."""

    def __init__(self) -> None:
        self.gib: dict[str, float] = {}
        self._peak = 0
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while True:
            self._peak = max(self._peak, Resident.now())
            time.sleep(0.005)

    def planned(self, cells: Sequence[object], n_cached: int) -> None:
        """Have nothing to do with plans."""

    def progressed(self, cell: object, fraction: float) -> None:
        """Have nothing to do with progress."""

    def finished(self, cell: Any, outcome: object) -> None:
        """Note the stage that ends."""
        print(f"{cell.stage} {cell.about}: {outcome}", flush=True)
        self.gib[cell.stage] = max(self.gib.get(cell.stage, 0.0), self._peak / 2**30)
        self._peak = Resident.now()


def main() -> None:
    """Print a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, default=13)
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    network = StandIn()
    model = TorchModel(
        "stand-in",
        network,
        sample_rate=RATE,
        taps={"block.{i}": network.blocks},
        stride=STRIDE,
        receptive_field=FIELD,
    )
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(chosen.threads):
        root = Path(folder) / "ds002345"
        write_folder(root)
        stages = Stages()
        before, begin = Resident.now(), time.process_time()
        score = heschl.score(
            model,
            "narratives-ridge",
            data=root,
            layers=[layer.name for layer in model.layers][: chosen.layers],
            subjects=SUBJECTS[:1],
            store=Path(folder) / "store",
            watcher=stages,
        )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        cpu_s = time.process_time() - begin
    print(
        json.dumps(
            {
                "layers": chosen.layers,
                "vertices": int(score.tree["units"].sizes["unit"]),
                "before_gib": before / 2**30,
                "stages_gib": stages.gib,
                "peak_gib": peak,
                "cpu_s": cpu_s,
            }
        )
    )


if __name__ == "__main__":
    main()
