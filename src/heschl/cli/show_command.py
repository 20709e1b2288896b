"""Print a score's netCDF file as `heschl score` printed it."""

from __future__ import annotations

import argparse
from typing import Any

from heschl.cli.printing import print_json, print_table, print_text
from heschl.cli.result import print_score, score_record
from heschl.dimensions import LAYER, ROI, SUBJECT
from heschl.errors import MissingData
from heschl.scores import Score, open_score
from heschl.wording import number, with_error


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("file", help="a score, FILE.nc")
    parser.add_argument("--provenance", action="store_true", help="also what it was made from")
    parser.add_argument(
        "--published", action="store_true", help="the paper's own numbers beside ours"
    )
    parser.add_argument(
        "--layers", action="store_true", help="from which layers the units are best predicted"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the score."""
    score = open_score(arguments.file)
    record = score_record(score)
    if arguments.provenance:
        record["provenance"] = {name: str(text) for name, text in score.provenance.items()}
    if arguments.published:
        record["published"] = _published(score)
    if arguments.layers:
        record["layers"] = _layers(score)
    if arguments.json:
        print_json(record)
        return 0
    print_score(score)
    if arguments.layers:
        _print_layers(record["layers"])
    if arguments.published:
        _print_published(record["published"])
    if arguments.provenance:
        print_text()
        for name, text in score.provenance.items():
            print_text(f"{name}: {text}")
    return 0


def _published(score: Score) -> dict[str, Any]:
    """Return the published numbers of the score's benchmark, each with ours."""
    from heschl import registry
    from heschl.published import read_published

    card = (
        registry.benchmarks.card(score.benchmark)
        if registry.benchmarks.has(score.benchmark)
        else None
    )
    if card is None or not card.published:
        raise MissingData(
            f"no published numbers are kept for {score.benchmark}; its card names none"
        )
    table = read_published(card.published)
    rows = [
        {
            "model": row.model,
            "roi": row.roi,
            "quantity": row.quantity,
            "published": row.value,
            "published_error": row.error,
            "ours": row.ours(score),
            "source": row.source,
        }
        for row in table.rows
    ]
    return {"paper": table.paper, "note": table.note, "rows": rows}


def _print_published(published: dict[str, Any]) -> None:
    print_text()
    print_table(
        ["their model", "region", "quantity", "published", "ours", "where"],
        [
            [
                row["model"] or "–",
                row["roi"],
                row["quantity"],
                with_error(row["published"], row["published_error"]),
                number(row["ours"]),
                row["source"],
            ]
            for row in published["rows"]
        ],
        title=published["paper"],
    )
    print_text(published["note"])


def _layers(score: Score) -> dict[str, dict[str, float]]:
    """Return for each region the mean share of units that each layer predicts best."""
    from heschl.layer_maps import layer_proportions

    shares = layer_proportions(score).mean(SUBJECT)
    layers = shares[LAYER].to_numpy().tolist()
    return {
        roi: dict(zip(layers, shares.sel({ROI: roi}).to_numpy().tolist(), strict=True))
        for roi in shares[ROI].to_numpy().tolist()
    }


def _print_layers(shares: dict[str, dict[str, float]]) -> None:
    print_text()
    layers = list(next(iter(shares.values())))
    print_table(
        ["region", *layers],
        [[roi, *(number(of_roi[layer]) for layer in layers)] for roi, of_roi in shares.items()],
        title="The share of units that each layer predicts best, the mean over listeners",
    )
