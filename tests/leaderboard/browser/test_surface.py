"""Goal 6 and what else the cortex promises: quick, turned by keys, and true to its picture."""

import io
import json

import numpy as np
import pytest
from browsing import visiting
from made_sites import BuiltSite
from PIL import Image

PAGE = "models/layered-00.html"
ON_DEMAND = ("surface.js", "fsaverage5.js", "data/maps/")
_OPEN = """
async (element) => {
  element.querySelector('button').click();
  while (element.dataset.state !== 'open') await new Promise(requestAnimationFrame);
}
"""


@pytest.fixture
def opened(browser, layered: BuiltSite):
    with visiting(
        browser, layered.origin, PAGE, width=900, color_scheme="light", reduced_motion="reduce"
    ) as visit:
        visit.settle()
        yield visit


def seen(page) -> np.ndarray:
    """Return the first cortex as it is on the screen, once it stands still."""
    page.wait_for_timeout(350)
    shot = page.locator(".surface-stage").first.screenshot(animations="disabled")
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(float)


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """Return how much two pictures differ on average, of 255."""
    return float(np.abs(one - other).mean())


def test_cortex_opens_turns_and_closes_by_keys_alone(opened):
    page = opened.page
    surface = page.locator("heschl-surface").first
    opener = surface.get_by_role("button", name="Turn it in 3-D")
    opener.scroll_into_view_if_needed()
    assert not [url for url in opened.requests if any(part in url for part in ON_DEMAND)]
    assert page.locator("canvas").count() == 0
    picture = seen(page)

    opener.focus()
    page.keyboard.press("Enter")
    canvas = surface.get_by_role("application")
    canvas.wait_for()
    assert "on the cortex" in canvas.get_attribute("aria-label")
    assert page.evaluate("document.activeElement.tagName") == "CANVAS"
    assert len([url for url in opened.requests if "fsaverage5.js" in url]) == 1
    # The names of views and the cursor lie above the canvas alone.
    page.evaluate("""() => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync('.surface-side, .surface-cursor { visibility: hidden }');
      document.adoptedStyleSheets.push(sheet);
    }""")
    first = seen(page)
    assert difference(first, picture) < 3  # drawn by WebGL as by NumPy
    assert difference(first[:, ::-1], picture) > 4

    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    turned = seen(page)
    assert difference(turned, first) > 4
    assert "hemisphere" in surface.locator("output").inner_text()
    page.keyboard.press("+")
    assert difference(seen(page), turned) > 4
    page.keyboard.press("0")
    assert difference(seen(page), first) < 0.5

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") != "CANVAS"
    surface.get_by_label("Left medial").check(force=True)
    assert difference(seen(page), first) > 4
    surface.get_by_label("Show from").fill("1")
    hidden = seen(page)
    assert np.ptp(hidden, axis=2).max() < 12  # no colour is left, all is grey
    canvas.focus()
    page.keyboard.press("Escape")
    assert page.locator("canvas").count() == 0
    assert opener.evaluate("button => button === document.activeElement")
    assert difference(seen(page), picture) < 0.5
    assert opened.foreign == []
    # To take a picture of a canvas that software draws, the browser has to wait for it.
    assert [each for each in opened.complaints if "GPU stall due to ReadPixels" not in each] == []


def test_pointer_turns_and_asks(opened):
    page = opened.page
    surface = page.locator("heschl-surface").first
    surface.evaluate(_OPEN)
    surface.locator("canvas").scroll_into_view_if_needed()
    box = surface.locator("canvas").bounding_box()
    middle = (box["x"] + box["width"] / 4, box["y"] + box["height"] / 4)
    page.mouse.move(*middle)
    readout = surface.locator("output")
    assert "left hemisphere" in readout.inner_text()
    assert readout.get_attribute("aria-live") == "off"  # nobody wants that read out as it moves
    before = seen(page)
    page.mouse.down()
    page.mouse.move(middle[0] + 60, middle[1], steps=3)
    page.mouse.up()
    assert difference(seen(page), before) > 4


def test_one_canvas_goes_from_map_to_map_and_survives_the_loss_of_its_card(opened):
    page = opened.page
    first, second = page.locator("heschl-surface").first, page.locator("heschl-surface").nth(1)
    second.evaluate(_OPEN)
    first.evaluate(_OPEN)
    assert page.locator("canvas").count() == first.locator("canvas").count() == 1
    assert second.get_by_role("button").first.inner_text() == "Turn it in 3-D"
    before = seen(page)
    first.evaluate("""async (element) => {
      const canvas = element.querySelector('canvas');
      const card = canvas.getContext('webgl2').getExtension('WEBGL_lose_context');
      const restored = new Promise((done) =>
        canvas.addEventListener('webglcontextrestored', done));
      card.loseContext();
      await new Promise((done) => setTimeout(done, 50));
      card.restoreContext();
      await restored;
    }""")
    assert difference(seen(page), before) < 0.5
    page.get_by_role("radio", name="Dark").check(force=True)
    dark = seen(page)
    assert dark.mean() < 100 < before.mean()


def test_open_cortex_fits_a_telephone(browser, layered):
    with visiting(browser, layered.origin, PAGE, width=390) as visit:
        visit.settle()
        visit.page.locator("heschl-surface").first.evaluate(_OPEN)
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_without_webgl_the_picture_stays_and_words_say_so(browser, layered):
    refuse = "HTMLCanvasElement.prototype.getContext = () => null"
    with visiting(browser, layered.origin, PAGE, init=refuse) as visit:
        visit.settle()
        surface = visit.page.locator("heschl-surface").first
        surface.get_by_role("button", name="Turn it in 3-D").click()
        surface.locator("output", has_text="no WebGL 2").wait_for()
        assert surface.locator("img:visible").count() == 1
        assert visit.complaints == []


def test_a_script_that_did_not_come_is_said_and_asked_for_again(browser, layered):
    with visiting(browser, layered.origin, PAGE, go=False) as visit:
        visit.page.route("**/surface.js*", lambda route: route.abort(), times=1)
        visit.go(PAGE)
        surface = visit.page.locator("heschl-surface").first
        opener = surface.get_by_role("button", name="Turn it in 3-D")
        opener.evaluate("button => button.click()")
        # The page's policy forbids to look for it by a function that is asked again and again.
        surface.locator("output", has_text="loaded").wait_for()
        assert opener.get_attribute("aria-busy") is None
        opener.evaluate("button => button.click()")
        surface.get_by_role("application").wait_for()
        assert "could not" not in surface.locator("output").inner_text()


def test_the_map_that_is_chosen_first_is_the_one_that_opens(browser, layered):
    html = (layered.folder / PAGE).read_text()
    start = html.index('"maps":[{') + len('"maps":[')
    one, end = json.JSONDecoder().raw_decode(html, start)
    both = json.dumps([one, one | {"label": "Another map"}])[1:-1]
    several = html[:start] + both + html[end:]
    with visiting(browser, layered.origin, PAGE, go=False) as visit:
        visit.page.route(
            f"**/{PAGE}", lambda route: route.fulfill(body=several, content_type="text/html")
        )
        visit.go(PAGE)
        surface = visit.page.locator("heschl-surface").first
        surface.locator("select").select_option("Another map")
        surface.get_by_role("button", name="Turn it in 3-D").click()
        canvas = surface.get_by_role("application")
        canvas.wait_for()
        assert "Another map" in canvas.get_attribute("aria-label")
