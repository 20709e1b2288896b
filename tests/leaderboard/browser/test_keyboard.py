"""Goal 10: everything can be done without a pointer, and focus comes back to where it was."""

import board_reading
import pytest
from browsing import Visit, visiting
from made_sites import BuiltSite

# As WCAG 2.5.8 has it: 24 pixels each way, or a circle as wide around the middle to itself.
_SMALL_TARGETS = """
() => {
  const targets = [...document.querySelectorAll('a[href], button, input, select, summary')]
    .filter((each) => each.checkVisibility({visibilityProperty: true, opacityProperty: true}))
    .map((each) => {
      // A label takes clicks for its control, and a cell of the table for the box in it.
      const around = each.matches('input') ? each.closest('label, td') : null;
      return {each, box: (around ?? each).getBoundingClientRect()};
    })
    .filter(({box}) => box.width > 0);
  // Links within a sentence are as high as its line.
  const isInText = ({each}) =>
    getComputedStyle(each).display === 'inline' && each.closest('p, dd, figcaption') !== null;
  const isSmall = ({box}) => Math.min(box.width, box.height) < 24;
  const middle = ({box}) => [box.x + box.width / 2, box.y + box.height / 2];
  const isCrowded = (target) => {
    const [x, y] = middle(target);
    return targets.some((other) => {
      if (other === target || other.each.contains(target.each)) return false;
      const {left, right, top, bottom} = other.box;
      const [toX, toY] = isSmall(other)
        ? middle(other)
        : [Math.max(left, Math.min(x, right)), Math.max(top, Math.min(y, bottom))];
      return Math.hypot(x - toX, y - toY) < (isSmall(other) ? 24 : 12);
    });
  };
  return targets
    .filter((target) => isSmall(target) && !isInText(target) && isCrowded(target))
    .map(({each, box}) =>
      `${each.localName} ${each.ariaLabel || each.textContent.trim()} ${box.width}x${box.height}`);
}
"""


def focused(visit: Visit) -> str:
    """Return what has the keyboard: the name that is read out."""
    return visit.page.evaluate(
        """() => {
          const at = document.activeElement;
          const label = at.labels?.[0]?.textContent;
          return (at.ariaLabel || at.textContent || label || at.id || '').trim();
        }"""
    )


def tab_to(visit: Visit, selector: str, at_most: int = 40, key: str = "Tab") -> None:
    """Press Tab until what is named has the keyboard."""
    for _ in range(at_most):
        if visit.page.evaluate("(name) => document.activeElement.matches(name)", selector):
            return
        visit.page.keyboard.press(key)
    raise AssertionError(f"{at_most} times {key} do not lead to {selector}")


@pytest.fixture
def board(browser, layered: BuiltSite):
    with visiting(browser, layered.origin, go=False) as visit:
        visit.go("index.html")
        yield visit
        assert not visit.complaints


def test_the_first_stop_skips_to_the_content(board: Visit) -> None:
    press = board.page.keyboard.press
    press("Tab")
    assert focused(board) == "Skip to content"
    box = board.page.evaluate("document.activeElement.getBoundingClientRect().toJSON()")
    assert box["top"] >= 0
    assert box["height"] >= 24
    press("Enter")
    assert board.page.evaluate("document.activeElement.closest('main') !== null")
    assert len(board_reading.rows(board.page)) > 5


def test_a_reader_searches_sorts_and_opens_a_number_by_keys(board: Visit) -> None:
    press = board.page.keyboard.press
    tab_to(board, "input[type=search]")
    board.page.keyboard.type("layered-0")
    board.settle()
    assert board_reading.controls(board.page)["count"].startswith("10 of ")

    tab_to(board, "thead button")
    for _ in range(30):
        if focused(board) == "Model":
            break
        press("ArrowRight")
    press("Enter")
    board.settle()
    assert board_reading.controls(board.page)["sorted"][1] == "ascending"
    names = [row["name"] for row in board_reading.rows(board.page)]
    assert names == sorted(names, key=str.casefold)
    assert focused(board) == "Model"
    press("Enter")
    board.settle()
    assert board_reading.controls(board.page)["sorted"][1] == "descending"

    press("ArrowDown")
    press("ArrowDown")
    for _ in range(4):
        press("ArrowRight")
    cell = board.page.evaluate("document.activeElement.textContent")
    press("Enter")
    drawer = board.page.get_by_role("dialog")
    drawer.get_by_role("term").first.wait_for()
    assert board.page.evaluate("document.activeElement.closest('dialog') !== null")
    press("Escape")
    assert drawer.count() == 0
    assert board.page.evaluate("document.activeElement.textContent") == cell
    assert "o=" not in board.page.url


def test_a_reader_compares_two_models_by_keys(board: Visit) -> None:
    press = board.page.keyboard.press
    tab_to(board, "tbody *")
    names = []
    for _ in range(2):
        press("ArrowDown")
        names.append(board_reading.rows(board.page)[_ + 1]["name"])
        press("c")
    board.settle()
    link = board.page.locator("#picked").get_by_role("link", name="Compare")
    link.wait_for()
    tab_to(board, "#picked a", key="Shift+Tab")
    press("Enter")
    board.page.wait_for_url("**/compare.html*")
    board.settle()
    shown = board.page.get_by_role("main").inner_text()
    assert all(name in shown for name in names)


def test_menus_close_by_escape_and_give_the_keyboard_back(board: Visit) -> None:
    for menu in ("#filters", "#export"):
        tab_to(board, f"{menu} summary")
        board.page.keyboard.press("Enter")
        assert board.page.locator(menu).evaluate("(menu) => menu.open")
        board.page.keyboard.press("Tab")
        board.page.keyboard.press("Escape")
        assert not board.page.locator(menu).evaluate("(menu) => menu.open")
        assert board.page.evaluate("document.activeElement.localName") == "summary"


def test_a_reader_turns_the_cortex_by_keys_and_leaves(browser, layered: BuiltSite) -> None:
    with visiting(browser, layered.origin, go=False) as visit:
        visit.go("models/layered-00.html")
        page = visit.page
        opener = page.get_by_role("button", name="Turn it in 3-D").first
        opener.focus()
        page.keyboard.press("Enter")
        canvas = page.locator("canvas")
        canvas.wait_for()
        tab_to(visit, "canvas", at_most=20)
        visit.settle()
        before = canvas.screenshot()
        page.keyboard.press("ArrowLeft")
        visit.settle()
        page.wait_for_timeout(300)
        assert canvas.screenshot() != before
        page.keyboard.press("Tab")
        assert not page.evaluate("document.activeElement.matches('canvas')")
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Escape")
        assert canvas.count() == 0
        assert focused(visit) == "Turn it in 3-D"
        assert not visit.complaints


def test_a_cell_takes_clicks_for_the_box_in_it(board: Visit) -> None:
    cell = board.page.locator("main tbody tr[aria-rowindex] td").first
    for is_picked in (True, False):
        cell.click(position={"x": 2, "y": 2})
        assert cell.get_by_role("checkbox").is_checked() is is_picked


@pytest.mark.parametrize("width", [390, 1280])
def test_targets_are_large_enough_for_a_finger(browser, layered: BuiltSite, width: int) -> None:
    paths = ("index.html", "models/layered-00.html", "compare.html", "about.html")
    with visiting(browser, layered.origin, go=False, width=width) as visit:
        for path in (*paths, "benchmarks/lebel_moth-ridge.html"):
            visit.go(path)
            assert visit.page.evaluate(_SMALL_TARGETS) == [], path


def test_showing_all_again_leaves_the_keyboard_in_the_toolbar(board: Visit) -> None:
    tab_to(board, "input[type=search]")
    board.page.keyboard.type("nobody is called so")
    board.settle()
    tab_to(board, "#clear")
    board.page.keyboard.press("Enter")
    board.settle()

    assert board.page.evaluate("document.activeElement.id") == "search"
    assert not board.page.locator("#clear").is_visible()
