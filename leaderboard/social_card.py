"""The picture that others show beside a link to the site: a cortex, as the site draws it.

They load it by a whole address, so that there is one only where the site's is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from heschl.leaderboard.board import Board
from heschl.leaderboard.site import CARD, Site
from heschl.leaderboard.surface_colours import palette, paper
from heschl.leaderboard.surface_maps import values_of
from heschl.leaderboard.surface_mesh import N_VERTICES
from heschl.leaderboard.surface_pages import MapView, figure_of
from heschl.leaderboard.surface_png import image_of, opaque

__all__ = ["card", "write"]

WIDTH, HEIGHT = 1200, 630
"""As those who show such pictures ask for."""


def write(site: Site, boards: Mapping[str, Board]) -> None:
    """Write the picture, where the site's address is known."""
    if site.address:
        site.file(CARD, card(boards))


def card(boards: Mapping[str, Board]) -> bytes:
    """Return the PNG file of the real board's first map, or of bare cortex if it has none."""
    view = next(_views(boards["real"]), None)
    if view is None:
        image = image_of(np.full((2, N_VERTICES), np.nan), 0.0, 1.0)
    else:
        image = image_of(values_of(view.values), view.low, view.high, view.threshold)
    whole = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    above, beside = (image.shape[0] - HEIGHT) // 2, (WIDTH - image.shape[1]) // 2
    whole[:, beside : beside + image.shape[1]] = image[above : above + HEIGHT]
    return opaque(whole, palette(view.kind if view else "sequential", "light"), paper("light"))


def _views(board: Board) -> Iterator[MapView]:
    for row in board.rows:
        for column in board.columns:
            file = board.files.get((row.slug, column.slug))
            figure = figure_of(row.slug, column.slug, file) if file else None
            if figure:
                yield figure.views[0]
