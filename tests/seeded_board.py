"""Boards made of numbers that a seed draws, without submissions or a bootstrap behind them."""

import dataclasses

import numpy as np
from made_score_files import Bench, made_file

from heschl.leaderboard.board import Board, Column, Row
from heschl.leaderboard.score_file import Estimate, Region, ScoreFile
from heschl.leaderboard.tree import tree_of

KINDS = ("self-supervised", "supervised", "untrained", "signal", "unknown")
LANGUAGES = (("en",), ("en", "fr", "zh"), (), ("de",))


def seeded_board(
    n_rows: int = 12,
    n_columns: int = 4,
    *,
    missing: float = 0.0,
    seed: int = 0,
    section: str = "real",
    names: tuple[str, ...] = (),
    n_published: int = 0,
) -> Board:
    """Return a board whose ranks follow from a plain rule: apart by 0.05 is separable."""
    generator = np.random.default_rng([seed, n_rows, n_columns])
    columns = tuple(_column(j) for j in range(n_columns))
    benches = [_bench(column) for column in columns]
    ability = generator.normal(0.5, 0.15, (n_rows, 1))
    normalised = ability + generator.normal(0, 0.1, (n_rows, n_columns))
    normalised[generator.random((n_rows, n_columns)) < missing] = np.nan
    ceilings = np.array([column.ceiling for column in columns])
    spread = generator.uniform(0.004, 0.06, (n_rows, n_columns))
    rows = tuple(_row(i, names, is_ranked=i < n_rows - n_published) for i in range(n_rows))
    pattern = [made_file("model", bench, np.full(8, 0.5)) for bench in benches]
    files = {
        (rows[i].slug, columns[j].slug): dataclasses.replace(
            pattern[j],
            status="rerun" if rows[i].is_ranked else "published",
            regions=(_region(pattern[j], normalised[i, j], spread[i, j]),),
        )
        for i, j in np.argwhere(np.isfinite(normalised)).tolist()
    }
    value = {"score": normalised * ceilings, "normalised": normalised}
    error = {
        "score": spread * ceilings,
        "normalised": np.where(np.isnan(normalised), np.nan, spread),
    }
    tree, values = tree_of(columns), dict(zip((c.slug for c in columns), normalised.T, strict=True))
    mean = tree.mean(values) if columns else np.full(n_rows, np.nan)
    ranked = np.array([row.is_ranked for row in rows], bool)
    apart = {column.slug: _apart(normalised[:, j]) for j, column in enumerate(columns)}
    apart["overall"] = _apart(mean)
    ranks = [_ranks(normalised[:, j], apart[columns[j].slug], ranked) for j in range(n_columns)]
    low, high = _ranks(mean, apart["overall"], ranked)
    return Board(
        section=section,  # type: ignore[arg-type]
        rows=rows,
        columns=columns,
        groups=tree_of(columns).groups,
        files=files,
        value=value,
        error=error,
        low={name: each - 2 * error[name] for name, each in value.items()},
        high={name: each + 2 * error[name] for name, each in value.items()},
        rank_low=np.array([each[0] for each in ranks]).reshape(n_columns, n_rows).T,
        rank_high=np.array([each[1] for each in ranks]).reshape(n_columns, n_rows).T,
        why_unranked={},
        overall={
            "value": np.where(ranked, mean, np.nan),
            "error": np.where(np.isnan(mean), np.nan, 0.01),
            "low": mean - 0.02,
            "high": mean + 0.02,
            "rank_low": low,
            "rank_high": high,
            "coverage": np.isfinite(normalised).sum(axis=1) / max(1, n_columns),
        },
        separable=apart,
        group_value={
            "/".join(group.path): tree.mean(
                {slug: values[slug] for slug in group.columns}, group.path
            )
            for group in tree.groups
            if group.path
        }
        if columns
        else {},
    )


def _region(file: ScoreFile, value: float, error: float) -> Region:
    """Return the region of a file with the numbers of the board."""
    score, normalised = (
        Estimate(
            *(float(scale * each) for each in (value, error, value - 2 * error, value + 2 * error)),
            0.01,
        )
        for scale in (file.primary.ceiling, 1.0)
    )
    return dataclasses.replace(file.primary, score=score, normalised=normalised)


def _column(j: int) -> Column:
    return Column(
        slug=f"data{j // 2:02d}-metric{j % 2}",
        id=f"data{j // 2:02d}-metric{j % 2}",
        label=f"data{j // 2:02d} metric{j % 2}",
        summary="Made up",
        version=1,
        path=("Brain", ("fMRI", "ECoG")[j // 2 % 2], f"data{j // 2:02d}"),
        dataset=f"data{j // 2:02d}",
        metric="ridge",
        protocol="made.protocol",
        sample="listener",
        n=8,
        primary_roi="A1",
        ceiling=0.3 + 0.01 * j,
        ceiling_error=0.01,
        ceiling_kind="split half",
        citation="",
        error_in_words="standard error over 8 listeners",
    )


def _bench(column: Column) -> Bench:
    return Bench(
        id=column.id,
        version=1,
        dataset=column.dataset,
        protocol=column.protocol,
        noun="listener",
        names=tuple(f"S{n}" for n in range(8)),
        ceiling=column.ceiling,
        difficulty=0.5,
    )


def _row(i: int, names: tuple[str, ...], *, is_ranked: bool) -> Row:
    name = names[i] if i < len(names) else f"Model {i:04d}"
    return Row(
        slug=f"model-{i:04d}",
        id=f"made/model-{i:04d}",
        name=name,
        summary="",
        family=f"family {i % 7}",
        modality="audio",
        parameters=None if i % 5 == 0 else 1_000_000 * (i + 1),
        hours=None if i % 3 == 0 else 960.0,
        languages=LANGUAGES[i % 4],
        objective="masked prediction",
        training_kind=KINDS[i % 5],  # type: ignore[arg-type]
        licence="MIT",
        url="",
        citation="",
        untrained_twin="",
        submitted_by="",
        is_ranked=is_ranked,
    )


def _apart(values: np.ndarray) -> np.ndarray:
    return np.abs(values[:, None] - values[None, :]) > 0.05


def _ranks(values: np.ndarray, apart: np.ndarray, ranked: np.ndarray) -> tuple[np.ndarray, ...]:
    takes_part = ranked & np.isfinite(values)
    both = apart & takes_part[None, :]
    better = (both & (values[None, :] > values[:, None])).sum(axis=1)
    worse = (both & (values[None, :] < values[:, None])).sum(axis=1)
    low, high = 1 + better, takes_part.sum() - worse
    return np.where(takes_part, low, 0), np.where(takes_part, high, 0)
