"""What the pages say of the catalogue, written by a command: `python -m sweeps.docs` (`make docs-tables`).

docs/cells.md has its table between two markers, docs/diagrams.md the pictures in docs/cells/; the README says how many
cells and tasks there are.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from experiments.tasks import TASKS
from lstm_variants import CELLS
from sweeps.errors import InputError

BEGIN, END = "<!-- cells:begin -->", "<!-- cells:end -->"
PICTURES = "cells"  # the folder, beside the page
COUNTS = {  # words of the README that say how many
    r"\[\d+\]\(docs/cells\.md\)": f"[{len(CELLS)}](docs/cells.md)",
    r"\[\d+ of them\]\(docs/tasks\.md\)": f"[{len(TASKS)} of them](docs/tasks.md)",
}


def cells() -> str:
    """The table of all cells: name, spec, parameters, reference."""
    rows = [
        (f"`{name}`", f"`{spec.__name__}`", f"`{spec.parameters}`", spec.reference)
        for name, spec in CELLS.items()
    ]
    header = ("name", "spec", "parameters (n inputs, h units)", "reference")
    lines = (header, ("---",) * len(header), *rows)
    return "\n".join("| " + " | ".join(text.replace("|", "\\|") for text in line) + " |" for line in lines)


def gallery() -> str:
    """Every cell's picture, under its name."""
    return "\n\n".join(f"### `{name}`\n\n![{name}]({PICTURES}/{name}.svg)" for name in CELLS)


def pictures(root: Path) -> dict[Path, str]:
    """Every cell's picture and that of attention, as they should be."""
    from lstm_variants.diagrams import ATTENTION, drawn, of_catalogue, single, svg

    folder = root / "docs" / PICTURES
    return {
        folder / f"{name}.svg": svg(single(drawn(of_catalogue(name))), f"{name}: its diagram")
        for name in (*CELLS, ATTENTION)
    }


def between(text: str, content: str) -> str:
    """The page with the content between its markers. Raises InputError where it lacks them."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise InputError(
            f"The page has no lines {BEGIN} and {END} between which the table of cells could go."
        )
    return f"{head}{BEGIN}\n{content}\n{END}{tail}"


def counted(text: str) -> str:
    """The README with the numbers of cells and tasks. Raises InputError where it does not say them."""
    for pattern, words in COUNTS.items():
        text, found = re.subn(pattern, words, text)
        if not found:
            raise InputError(f"The README has no place for the count '{words}'.")
    return text


def pages(root: Path) -> dict[Path, str]:
    """Every page that says something of the catalogue, as it should be. Raises InputError."""
    readme, page = root / "README.md", root / "docs" / "cells.md"
    diagrams = root / "docs" / "diagrams.md"
    return {
        diagrams: between(diagrams.read_text(encoding="utf-8"), gallery()),
        readme: counted(readme.read_text(encoding="utf-8")),
        page: between(page.read_text(encoding="utf-8"), cells()),
    }


def main(arguments: Sequence[str]) -> int:
    """Write the pages of the checkout (arguments: its root, by default the one that this file is in)."""
    root = Path(arguments[0]) if arguments else Path(__file__).parents[1]
    for path, text in (pages(root) | pictures(root)).items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
