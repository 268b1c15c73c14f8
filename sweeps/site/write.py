"""Write a page for every cell and every task: `python -m sweeps.site.write docs`, which `make docs` does.

docs/cells/NAME.md, docs/tasks/NAME.md      made from the catalogue and the shipped results; not under version control
docs/cells/index.md, docs/tasks/index.md    what there is, in the catalogue's order
docs/cells/NAME.flow.svg                    how far back a cell looks, of the numbers in docs/flow
"""

import sys
from collections.abc import Mapping
from pathlib import Path

from experiments.tasks import TASKS
from lstm_variants import CELLS
from sweeps.site.cell_page import cell_page
from sweeps.site.flow import pictures
from sweeps.site.measured import rows
from sweeps.site.task_page import task_page
from sweeps.site.text import markdown


def pages(docs: Path) -> dict[Path, str]:
    """Every page of the catalogue by its path. Raises InputError for a shipped study whose file is not one."""
    measured = rows(docs)
    cells = {docs / "cells" / f"{name}.md": cell_page(name, measured, docs) for name in CELLS}
    tasks = {docs / "tasks" / f"{name}.md": task_page(name, measured, docs) for name in TASKS}
    purposes = {name: markdown(spec.purpose) for name, spec in CELLS.items()}
    indices = {
        docs / "cells" / "index.md": index(
            "Every cell", "[what can be done with them](../cells.md)", cells, purposes
        ),
        docs / "tasks" / "index.md": index("Every task", "[what a task declares](../tasks.md)", tasks),
    }
    return cells | tasks | indices


def index(title: str, more: str, pages: Mapping[Path, str], about: Mapping[str, str] | None = None) -> str:
    """The list of some pages by their titles. more: a link to the page about all of them. about: a sentence or two for
    each, by its name."""
    listed = [
        f"- [{text.splitlines()[0].removeprefix('# ')}]({path.name})"
        + (f"\\\n  {about[path.stem]}" if about else "")
        for path, text in pages.items()
    ]
    tree = ["```{toctree}", ":hidden:", "", *(f"{path.stem} <{path.stem}>" for path in pages), "```"]
    return "\n".join([f"# {title}", "", f"See also {more}.", "", *listed, "", *tree, ""])


def main(docs: str) -> None:
    for path, text in (pages(Path(docs)) | pictures(Path(docs))).items():
        path.parent.mkdir(exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:  # Sphinx reads again what is newer
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
