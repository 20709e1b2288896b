"""The plain table on a narrow screen: what stays in sight is what it says it is."""

from browsing import visiting
from made_sites import BuiltSite

# What is seen in the middle of the head of the first column, and above each row of groups.
_AT_THE_LEFT = """
() => {
  const scroller = document.querySelector(".scroll-x");
  scroller.scrollLeft = 600;
  const {left} = scroller.getBoundingClientRect();
  const rows = [...document.querySelectorAll(".plain thead tr")];
  return rows.map((row) => {
    const {top, height} = row.getBoundingClientRect();
    return document.elementFromPoint(left + 4, top + height / 2).closest("th").textContent;
  });
}
"""


def test_no_other_heading_covers_that_of_the_models(browser, layered: BuiltSite) -> None:
    with visiting(browser, layered.origin, "table.html", width=700) as visit:
        visit.settle()
        seen = visit.page.evaluate(_AT_THE_LEFT)

    assert len(seen) > 1
    assert set(seen) == {"Model"}
