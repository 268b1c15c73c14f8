"""A data frame that a notebook shows as a table whose columns sort: a click on a heading, or Enter, sorts by it;
again, the other way round. Nothing is loaded: the script stands beside its table, in JupyterLab, in HTML and on the
site alike.
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
    heading.style.cursor = "pointer";
    heading.onclick = sort;
    heading.onkeydown = event => { if (event.key === "Enter") sort(); };
  });
})(document.currentScript.previousElementSibling);
</script>"""


@dataclass(frozen=True)
class Sortable:
    """Shows `frame`, of any columns; its index is not shown."""

    frame: pd.DataFrame

    def _repr_html_(self) -> str:
        return self.frame.to_html(index=False, border=0, na_rep="–") + SCRIPT

    def __repr__(self) -> str:
        return self.frame.to_string(index=False, na_rep="–")
