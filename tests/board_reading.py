"""What a reader sees of the main table: texts by model and column, and how controls stand."""

from typing import Any

from playwright.sync_api import Page

_ROWS = """
() => {
  const table = document.querySelector('main [role=grid]');
  const left = (cell) => Math.round(cell.getBoundingClientRect().left);
  const text = (cell) => cell.innerText.replace(/\\s+/g, '');
  // A cell is of the heading that it stands below; a heading names its column by what sorts by it.
  const columns = new Map();
  for (const button of table.querySelectorAll('thead [data-sort]')) {
    columns.set(left(button.closest('th')), button.dataset.sort);
  }
  return [...table.querySelectorAll('tbody tr[aria-rowindex]')].map((row) => {
    const cells = {};
    for (const cell of row.cells) {
      const key = columns.get(left(cell));
      if (key) cells[key] = text(cell);
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
