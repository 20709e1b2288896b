"""The pictures of maps: against rays shot at every triangle, and against another reader of PNG."""

import io

import numpy as np
import pytest
from PIL import Image

from heschl.leaderboard.surface_mesh import SIDES, read_mesh
from heschl.leaderboard.surface_png import (
    HEIGHT,
    MILLIMETRES_WIDE,
    VIEWS,
    WIDTH,
    Palette,
    axes,
    draw,
    looks,
    png,
)

N = 10_242
RAMP = np.stack([np.arange(256), 255 - np.arange(256), np.full(256, 10)], axis=1)
PALETTE = Palette(RAMP, (230, 230, 230), (170, 170, 170), (120, 120, 120))


def hit(origin, direction, corners):
    """Return where rays meet triangles first: (triangle, weights), by Möller and Trumbore."""
    first, u_edge, v_edge = (
        corners[:, 0],
        corners[:, 1] - corners[:, 0],
        corners[:, 2] - corners[:, 0],
    )
    p = np.cross(direction, v_edge)
    determinant = np.einsum("ij,ij->i", u_edge, p)
    t = origin - first
    u = np.einsum("ij,ij->i", t, p) / determinant
    q = np.cross(t, u_edge)
    v = q @ direction / determinant
    distance = np.einsum("ij,ij->i", v_edge, q) / determinant
    is_hit = (u >= 0) & (v >= 0) & (u + v <= 1) & (np.abs(determinant) > 1e-12)
    if not is_hit.any():
        return None
    nearest = np.flatnonzero(is_hit)[distance[is_hit].argmin()]
    return nearest, np.array([1 - u[nearest] - v[nearest], u[nearest], v[nearest]])


@pytest.mark.parametrize("number", range(4))
def test_pixels_look_at_what_a_ray_hits(number):
    (side, yaw), view, mesh = VIEWS[number], looks(), read_mesh()
    right, up, towards = axes(yaw)
    corners = mesh.positions["inflated", side][mesh.triangles]
    row, column = divmod(number, 2)
    seen = {pixel: at for at, pixel in enumerate(view.pixel.tolist())}
    rng = np.random.default_rng(number)
    n_seen = 0
    for y, x in rng.integers((0, 0), (HEIGHT // 2, WIDTH // 2), (60, 2)).tolist():
        across_mm = (x - (WIDTH // 2 - 1) / 2) * MILLIMETRES_WIDE / (WIDTH // 2)
        up_mm = ((HEIGHT // 2 - 1) / 2 - y) * MILLIMETRES_WIDE / (WIDTH // 2)
        origin = across_mm * right + up_mm * up + 500 * towards
        expected = hit(origin, -towards, corners)
        at = seen.get((y + row * HEIGHT // 2) * WIDTH + x + column * WIDTH // 2)
        assert (at is None) == (expected is None)
        if expected is not None:
            triangle, weights = expected
            sides, vertices = np.divmod(view.corners[at], N)
            assert (sides == SIDES.index(side)).all()
            found = view.weights[at] @ mesh.positions["inflated", side][vertices]
            # On an edge either triangle will do: they meet there.
            np.testing.assert_allclose(found, weights @ corners[triangle], atol=1e-6)
            n_seen += 1
    assert n_seen > 20


def test_front_of_the_brain_is_on_the_left_of_the_left_hemisphere_from_outside():
    front = axes(VIEWS[0][1]) @ [0, 1, 0]
    np.testing.assert_allclose(front, [-1, 0, 0], atol=1e-12)
    # What is nearest to the viewer is what lies farthest from the middle.
    np.testing.assert_allclose(axes(VIEWS[0][1]) @ [-1, 0, 0], [0, 0, 1], atol=1e-12)
    np.testing.assert_allclose(axes(VIEWS[1][1]) @ [0, 1, 0], [1, 0, 0], atol=1e-12)


def picture(values, **options):
    (content,) = draw(values, 0.0, 1.0, [PALETTE], **options)
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGBA")).astype(int)


def test_values_have_the_colours_of_the_ramp_and_the_rest_is_grey_or_clear():
    values = np.full((2, N), np.nan)
    values[0] = 1.0
    image = picture(values)
    left, right = image[HEIGHT // 4, WIDTH // 4], image[HEIGHT // 4, 3 * WIDTH // 4]
    assert image.shape == (HEIGHT, WIDTH, 4)
    assert left[0] > 10 * left[1]  # the ramp's end, red
    assert right[0] == right[1] == right[2]
    assert image[0, 0].tolist()[3] == 0
    red = picture(np.full((2, N), 1.0))[..., 0].max()
    assert red == 255  # lit in full


def test_a_threshold_hides_what_is_near_nought():
    values = np.full((2, N), 0.2)
    values[1] = 0.6
    image = picture(values, threshold=0.5)
    left, right = image[HEIGHT // 4, WIDTH // 4], image[HEIGHT // 4, 3 * WIDTH // 4]
    assert left[0] == left[1]
    assert right[0] != right[1]


def test_shown_value_is_that_between_the_vertices():
    """A map that is a linear function of place is drawn as that function of place."""
    mesh, view = read_mesh(), looks()
    places = np.stack([mesh.positions["inflated", side] for side in SIDES])
    values = (places[..., 1] + 110) / 220  # from back to front
    image = picture(values)
    rows, columns = np.divmod(view.pixel, WIDTH)
    of_left_lateral = (rows < HEIGHT // 2) & (columns < WIDTH // 2)
    expected = ((WIDTH // 2 - 1) / 2 - columns) * MILLIMETRES_WIDE / (WIDTH // 2)  # mm to the front
    share = (expected + 110) / 220
    pixels = image[rows, columns]
    found = pixels[:, 0] / (pixels[:, 0] + pixels[:, 1])  # shade falls out
    errors = np.abs(found - share)[of_left_lateral]
    assert np.median(errors) < 0.02
    assert errors.max() < 0.08  # 21 levels, rounded up and down by turns, and 8 bits


def test_pictures_are_the_same_every_time_and_in_themes_but_for_the_colours():
    values = np.random.default_rng(0).random((2, N))
    dark = Palette(RAMP[::-1], (90, 90, 90), (40, 40, 40), (60, 60, 60))
    first, other = draw(values, 0.0, 1.0, [PALETTE, dark])
    assert draw(values, 0.0, 1.0, [PALETTE]) == [first]
    images = [Image.open(io.BytesIO(content)) for content in (first, other)]
    assert np.array_equal(*(np.asarray(image) for image in images))
    assert images[0].getpalette() != images[1].getpalette()
    assert len(first) < 250_000


def test_png_is_read_as_written():
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (5, 7)).astype(np.uint8)
    colours, alpha = rng.integers(0, 256, (256, 3)), rng.integers(0, 256, 256)
    (content,) = png(image, [colours], alpha)
    found = np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))
    np.testing.assert_array_equal(found, np.column_stack([colours, alpha])[image])
