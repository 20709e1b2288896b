"""ABX against fastabx, where it is installed: it needs Python 3.12."""

from __future__ import annotations

import numpy as np
import pytest

from heschl.items import Items, Task
from heschl.metrics.abx import (
    Condition,
    Measure,
    cells_of_items,
    judge,
    write_item_file,
)
from heschl.metrics.abx.averaging import averaged

fastabx = pytest.importorskip("fastabx")
torch = pytest.importorskip("torch")

CONTEXT = ("previous", "next")
BY = {
    ("within", "within"): ((*CONTEXT, "speaker"), None),
    ("within", "any"): (("speaker",), None),
    ("across", "within"): (CONTEXT, "speaker"),
    ("across", "any"): ((), "speaker"),
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Return a folder with features at 50 Hz and an item file, the items, and their frames."""
    # With other seeds one triplet in a hundred thousand or so is a tie to us, within a millionth,
    # and none to their float32, which moves the rate by half of its share.
    folder, generator = tmp_path_factory.mktemp("items"), np.random.default_rng(1)
    columns = {name: [] for name in ("stimulus", "phone", "previous", "next", "speaker")}
    times, parts = [], []
    for speaker in "xyz":
        frames = generator.standard_normal((400, 6)).astype(np.float32)
        torch.save(torch.tensor(frames), folder / f"{speaker}-1.pt")
        start = 0
        while start < 390:
            stop = start + int(generator.integers(2, 9))
            row = [f"{speaker}-1", *(generator.choice(list(each)) for each in ("aei", "kt", "ps"))]
            for name, value in zip(columns, [*map(str, row), speaker], strict=True):
                columns[name].append(value)
            times.append((start / 50, stop / 50))
            parts.append(frames[start:stop])
            start = stop
    onset_s, offset_s = np.transpose(times)
    stimulus = columns.pop("stimulus")
    items = Items.from_columns(
        Task("phone", "phone", tuple("aei")),
        [str(k) for k in range(len(parts))],
        stimulus=stimulus,
        onset_s=onset_s,
        offset_s=offset_s,
        labels=columns,
        known=set(stimulus),
    )
    write_item_file(folder / "all.item", items)
    first = np.concatenate([[0], np.cumsum([len(part) for part in parts])])
    return folder, items, np.concatenate(parts), first


@pytest.mark.parametrize(("speaker", "context"), BY)
@pytest.mark.parametrize("distance", ["angular", "euclidean"])
def test_error_rates_are_those_of_the_zerospeech_tasks(corpus, distance, speaker, context):
    folder, items, values, first = corpus
    by, across = BY[speaker, context]
    condition = Condition("phone", by=by, across=across, most_items=None, most_across=None)

    cells = cells_of_items(items, condition)
    found = judge(values, first, cells, Measure(distance, "path"))

    rate = fastabx.zerospeech_abx(
        folder / "all.item",
        folder,
        max_size_group=None,
        max_x_across=None,
        speaker=speaker,
        context=context,
        distance=distance,
        device="cpu",
        progress=False,
    )
    levels = [CONTEXT] if context == "within" else []
    levels.append(("speaker", "speaker_of_x") if across else ("speaker",))
    means = averaged(found.accuracy, cells.labels, levels).values
    assert 1 - means.mean() == pytest.approx(rate, abs=1e-6)
