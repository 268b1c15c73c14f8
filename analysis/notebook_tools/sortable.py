"""A data frame that a notebook shows as a table whose columns sort: a click on a heading, or Enter, sorts by it;
again, the other way round. Long ones scroll under their headings. Nothing is loaded: the script stands beside its
table, in JupyterLab, in HTML and on the site alike.
"""

from dataclasses import dataclass

import pandas as pd

SCRIPT = """<script>
(function (table) {
  const value = row => column => {
    const text = row.cells[column].textContent.trim();
    const number = Number(text.replace(/,/g, "").replace("\\u2212", "-"));
    return text === "" || Number.isNaN(number) ? text : number;
  };
  const order = (a, b) => typeof a === typeof b ? (a > b) - (a < b) : typeof a === "number" ? -1 : 1;
  table.querySelectorAll("thead th").forEach((heading, column) => {
    const sort = () => {
      const up = heading.getAttribute("aria-sort") !== "ascending";
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => (up ? 1 : -1) * order(value(a)(column), value(b)(column)));
      rows.forEach(row => table.tBodies[0].append(row));
      table.querySelectorAll("thead th").forEach(other => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    };
    heading.tabIndex = 0;
    heading.title = "Sort by this column";
    // the background of JupyterLab, of the site, of whatever else shows it
    const behind = "var(--jp-layout-color0, var(--color-background-primary, Canvas))";
    Object.assign(heading.style, {cursor: "pointer", position: "sticky", top: 0, background: behind});
    heading.onclick = sort;
    heading.onkeydown = event => { if (event.key === "Enter") sort(); };
  });
})(document.currentScript.previousElementSibling.querySelector("table"));
</script>"""
FRAME = '<div style="max-height: 36em; overflow: auto">'


@dataclass(frozen=True)
class Sortable:
    """Shows `frame`, of any columns; its index is not shown. of: how many rows there are; that these are not all of
    them is said below."""

    frame: pd.DataFrame
    of: int

    def _repr_html_(self) -> str:
        table = self.frame.to_html(index=False, border=0, na_rep="–")
        below = f"<p>{self.cut}</p>" if self.cut else ""
        return f"{FRAME}{table}</div>{SCRIPT}{below}"

    def __repr__(self) -> str:
        return "\n".join(filter(None, [self.frame.to_string(index=False, na_rep="–"), self.cut]))

    @property
    def cut(self) -> str:
        return f"The first {len(self.frame):,} of {self.of:,} rows." if len(self.frame) < self.of else ""
