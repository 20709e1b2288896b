"""Features of items: each stretch of a sound that a label belongs to, as a model hears it.

A sound is heard once and whole, with all of its items: what precedes a phone is part of how a
model hears it. Features are kept in the store by blocks of stimuli, one entry a layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

import numpy as np

from heschl.cells import Arrays, Cell, Report
from heschl.configuration import digest
from heschl.encoding_cells import check_can_take, heard_input, promises
from heschl.encoding_rows import stored
from heschl.errors import InvalidInput
from heschl.extraction import Frames, Precision, extract_frames
from heschl.items import Items
from heschl.session import Session
from heschl.sound import Stimulus
from heschl.windowing import Windowing

__all__ = ["ItemValues", "Pooling", "item_cells", "read_items"]

Pooling = Literal["mean", "frames"]
"""What is kept of the frames within an item: their mean, or all of them."""

_NUMERICS = 1
"""Raised whenever the same items and inputs give other features."""

_STIMULI_IN_BLOCK = 64
"""A hundred thousand short sounds would else be as many small files for each layer."""

_ROUNDING_S = 1e-6
"""Times of frames and of labels are this exact: a frame on the border is the next item's."""


@dataclass(frozen=True)
class ItemValues:
    """Features of items, in their order.

    ``values`` is float32 (row, unit); item ``k`` has the rows from ``first[k]`` to before
    ``first[k + 1]``, one of them where frames were averaged.
    """

    values: np.ndarray
    first: np.ndarray


@dataclass(frozen=True)
class _Block:
    """Items of a few stimuli: which they are, and where they stand among all."""

    name: str
    stimuli: tuple[str, ...]
    positions: np.ndarray
    items: Items


def item_cells(
    session: Session,
    items: Items,
    *,
    windowing: Windowing,
    pooling: Pooling,
    precision: Precision = "float32",
) -> list[Cell]:
    """Return the cells that make a model's features of items, one for a block of stimuli.

    Parameters
    ----------
    session
        The model, its layers, and the dataset whose sounds they are.
    items
        Of any of the dataset's tasks. Frames count whose time is at an item's beginning or later
        and before its end; an item that is shorter than a frame has the nearest one.
    windowing
        How a sound is cut for the model. A model that reads is asked for its words, each of which
        lasts as long as it is spoken.
    pooling
        The mean over frames, or all frames.
    precision
        As of `heschl.extraction.extract`.
    """
    if pooling not in get_args(Pooling):
        raise InvalidInput(f"pooling={pooling!r}; expected one of {', '.join(get_args(Pooling))}")
    return [_cell(session, block, windowing, pooling, precision) for block in _blocks(items)]


def read_items(session: Session, items: Items, cells: Sequence[Cell], layer: str) -> ItemValues:
    """Return the features of one layer, from what the cells of the same items left in the store."""
    position = session.layers.index(layer)
    n_rows = np.zeros(len(items), dtype=np.int64)
    parts: list[tuple[_Block, np.ndarray]] = []
    for block, cell in zip(_blocks(items), cells, strict=True):
        arrays = stored(session, cell.keys[position], cell.label)
        n_rows[block.positions] = arrays["n_rows"]
        parts.append((block, arrays["values"]))
    first = np.concatenate([[0], np.cumsum(n_rows)])
    values = np.empty((int(first[-1]), parts[0][1].shape[1]), dtype=np.float32)
    for block, of_block in parts:
        ends = np.cumsum(n_rows[block.positions])
        for place, end in zip(block.positions, ends, strict=True):
            values[first[place] : first[place + 1]] = of_block[end - n_rows[place] : end]
    return ItemValues(values, first)


def _blocks(items: Items) -> list[_Block]:
    """Return the items by stimuli, so many at a time."""
    stimuli = items.stimuli
    number = {name: place for place, name in enumerate(stimuli)}
    block_of = np.array([number[name] for name in items.labels["stimulus"].tolist()])
    block_of //= _STIMULI_IN_BLOCK
    blocks = []
    for start in range(0, len(stimuli), _STIMULI_IN_BLOCK):
        names = stimuli[start : start + _STIMULI_IN_BLOCK]
        positions = np.flatnonzero(block_of == start // _STIMULI_IN_BLOCK)
        label = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
        of_block = Items(items.task, items.table.isel(item=positions))
        blocks.append(_Block(f"{items.task.name}: {label}", names, positions, of_block))
    return blocks


def _cell(
    session: Session, block: _Block, windowing: Windowing, pooling: Pooling, precision: Precision
) -> Cell:
    model, stimuli = session.model.get(), session.dataset.get().stimuli()
    for name in block.stimuli:
        check_can_take(model, stimuli[name], windowing)
    layers = {layer.name: layer for layer in model.layers}
    shared = {
        "stage": "item_features",
        "numerics": _NUMERICS,
        "model": session.model_version,
        "inputs": digest({name: heard_input(model, stimuli[name]) for name in block.stimuli}),
        # Labels are no part of it: a sound is heard alike whatever is asked of it.
        "items": _times_digest(block.items),
        "windowing": windowing,
        "precision": precision,
        "pooling": pooling,
        **promises(model),
    }
    n_rows = len(block.positions) if pooling == "mean" else None
    return Cell(
        "features",
        block.name,
        f"{session.model_id} × {block.name}",
        tuple({**shared, "layer": layers[name]} for name in session.layers),
        partial(_compute, session, block, windowing, pooling, precision),
        n_bytes=n_rows and sum(4 * n_rows * layers[name].width for name in session.layers),
        heard=block.stimuli,
        uses_device=session.may_use_device,
        where=session.device_here,
    )


def _times_digest(items: Items) -> str:
    table = items.table
    return digest(
        {name: table[name].to_numpy().tolist() for name in ("stimulus", "onset_s")}
        # The end of a sound is an infinite time, for which JSON has no number.
        | {"offset_s": [float(t).hex() for t in items.offsets_s]}
    )


def _compute(
    session: Session,
    block: _Block,
    windowing: Windowing,
    pooling: Pooling,
    precision: Precision,
    missing: Sequence[int],
    report: Report,
) -> Iterator[tuple[int, Arrays]]:
    """Yield the missing layers of a block: ``values`` (row, unit) and ``n_rows`` (item,)."""
    model, stimuli = session.model.get(), session.dataset.get().stimuli()
    names = [session.layers[position] for position in missing]
    of_stimulus = block.items.labels["stimulus"]
    # By layer, for every item of the block its rows.
    found: dict[str, list[np.ndarray]] = {name: [np.empty(0)] * len(of_stimulus) for name in names}
    for done, stimulus in enumerate(block.stimuli):
        sound = stimuli[stimulus]
        places = np.flatnonzero(of_stimulus == stimulus)
        _check_within(sound, block.items, places)
        frames = extract_frames(
            model, sound, names, windowing, event_stamp="repeat", precision=precision
        )
        for name in names:
            for place in places:
                onset_s, offset_s = block.items.onsets_s[place], block.items.offsets_s[place]
                rows = _rows_of(frames[name], float(onset_s), float(offset_s))
                found[name][place] = (
                    rows.mean(axis=0, dtype=np.float64, keepdims=True).astype(np.float32)
                    if pooling == "mean"
                    else rows.copy()  # a view would keep all frames of the sound
                )
        report((done + 1) / len(block.stimuli))
    for position, name in zip(missing, names, strict=True):
        yield (
            position,
            {
                "values": np.concatenate(found[name]),
                "n_rows": np.array([len(rows) for rows in found[name]], dtype=np.int64),
            },
        )


def _check_within(stimulus: Stimulus, items: Items, places: np.ndarray) -> None:
    """Refuse items that begin where the sound is over: they belong to another one."""
    latest = places[np.argmax(items.onsets_s[places])]
    duration_s = stimulus.sound.duration_s
    if items.onsets_s[latest] >= duration_s:
        raise InvalidInput(
            f"the item {items.identifiers[latest]!s} begins at {items.onsets_s[latest]:g} s of "
            f"{stimulus.identifier!r}, which lasts {duration_s:g} s; mend its times, or the sound"
        )


def _rows_of(frames: Frames, onset_s: float, offset_s: float) -> np.ndarray:
    """Return the frames (row, unit) of a stretch, at least one."""
    start, end = np.searchsorted(
        frames.times_s, [onset_s - _ROUNDING_S, offset_s - _ROUNDING_S]
    ).tolist()
    if start == end:
        end_s = min(offset_s, float(frames.times_s[-1]))
        nearest = int(np.argmin(np.abs(frames.times_s - (onset_s + max(end_s, onset_s)) / 2)))
        start, end = nearest, nearest + 1
    return frames.values[start:end]
