"""What a reader sees of the main table: texts by model and column, and how controls stand."""

from typing import Any

from playwright.sync_api import Page

_ROWS = """
async () => {
  const table = document.querySelector('main [role=grid]');
  let scroller = table;
  while (getComputedStyle(scroller).overflowX === 'visible') scroller = scroller.parentElement;
  const left = (cell) => Math.round(cell.getBoundingClientRect().left);
  const text = (cell) => cell.innerText.replace(/\\s+/g, '');
  const isDrawn = (cell) => cell.checkVisibility() && !cell.ariaHidden;
  const read = () => {
    // A cell is of the heading that it stands below, which names its column by what sorts by it.
    const columns = new Map();
    for (const button of table.querySelectorAll('thead [data-sort]')) {
      const heading = button.closest('th');
      // The heading that stays stands before others.
      if (scroller.scrollLeft > 0 && button.dataset.sort === 'name') continue;
      columns.set(left(heading), button.dataset.sort);
    }
    return [...table.querySelectorAll('tbody tr[aria-rowindex]')].map((row) => {
      const cells = {};
      for (const cell of row.cells) {
        const key = columns.get(left(cell));
        const stays = scroller.scrollLeft > 0 && getComputedStyle(cell).position === 'sticky';
        if (key && isDrawn(cell) && !stays) cells[key] = text(cell);
      }
      const name = row.querySelector('th a');
      return {
        at: Number(row.ariaRowIndex) - table.tHead.rows.length,
        slug: decodeURIComponent(name.getAttribute('href')).split('/').pop().replace('.html', ''),
        name: name.textContent,
        rank: row.querySelector('.rank').textContent.trim(),
        marked: row.className,
        cells,
      };
    });
  };
  const found = read();
  // Columns that are out of sight are not drawn.
  const before = scroller.scrollLeft;
  const nColumns = table.querySelectorAll('thead [data-sort]').length;
  for (let x = 0; ; x += 300) {
    if (!found[0] || Object.keys(found[0].cells).length === nColumns) break;
    if (x > scroller.scrollWidth) throw new Error(`columns lack: ${Object.keys(found[0].cells)}`);
    scroller.scrollLeft = x;
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
    read().forEach((row, k) => { found[k].cells = {...row.cells, ...found[k].cells}; });
  }
  if (scroller.scrollLeft !== before) {
    scroller.scrollLeft = before;
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  }
  // Others were drawn for the rows that came with the page.
  const drawn = new Set(read().map(({at}) => at));
  // From left to right; headings of several rows stand otherwise in the page.
  const keys = [...table.querySelectorAll('thead [data-sort]')]
    .map((button) => [left(button.closest('th')), button.dataset.sort])
    .sort(([one], [other]) => one - other)
    .map(([, key]) => key);
  const inOrder = (cells) =>
    Object.fromEntries(keys.filter((key) => key in cells).map((key) => [key, cells[key]]));
  return found.filter(({at}) => drawn.has(at))
    .map((row) => ({...row, cells: inOrder(row.cells)}));
}
"""
_TO_TOP = """
() => {
  let at = document.querySelector('main [role=grid]');
  while (getComputedStyle(at).overflowY === 'visible') at = at.parentElement;
  at.scrollTop = 0;
}
"""
_CONTROLS = """
() => {
  const of = (selector, read) =>
    Object.fromEntries([...document.querySelectorAll(selector)].map(read));
  const sorted = document.querySelector('main th[aria-sort]');
  return {
    inputs: of('main input:not(tbody input)', (input, at) => [
      `${input.name || input.id || input.dataset.facet || input.dataset.range || ''} ${input.value}`
        .trim() || at,
      ['checkbox', 'radio'].includes(input.type) ? input.checked : input.value,
    ]),
    folds: of('main thead [aria-expanded]', (each) => [each.textContent, each.ariaExpanded]),
    sorted: sorted && [sorted.textContent, sorted.ariaSort],
    count: document.querySelector('main [role=status]').textContent,
    picked: document.querySelector('#picked').innerText,
    drawer: document.querySelector('dialog[open] h2')?.textContent ?? '',
  };
}
"""


def rows(page: Page) -> list[dict[str, Any]]:
    """Return the rows that are drawn, each with its texts by the key of their columns."""
    return page.evaluate(_ROWS)


def all_rows(page: Page) -> list[dict[str, Any]]:
    """Return every row, by scrolling through the table from its top on."""
    page.evaluate(_TO_TOP)
    found: dict[int, dict[str, Any]] = {}
    total = page.evaluate(
        """() => {
          const table = document.querySelector('main [role=grid]');
          return Number(table.getAttribute('aria-rowcount')) - table.tHead.rows.length;
        }"""
    )
    while len(found) < total:
        before = len(found)
        page.evaluate("() => new Promise(requestAnimationFrame)")
        found |= {each["at"]: each for each in rows(page)}
        assert len(found) > before, f"{before} of {total} rows"
        page.locator("main tbody tr:nth-last-child(2)").scroll_into_view_if_needed()
    return [found[at] for at in sorted(found)]


def controls(page: Page) -> dict[str, Any]:
    """Return how the board's controls stand."""
    return page.evaluate(_CONTROLS)
