"""The examples of docs/inside.md, from the tables that `inspect` and `generate` wrote beside its pictures:
`python -m sweeps.site.inside` (`make inside` makes the tables first)."""

import csv
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from sweeps.errors import InputError
from sweeps.terminal.pipes import pipe_table

Row = Mapping[str, str]
NUMBERS = ("---", "---", "---:", "---", "---:", "---:", "---:", "---")


def number(text: str) -> str:
    return f"{float(text):.3f}" if text else ""


def span(row: Row, name: str) -> str:
    low, high = row[f"{name}_low"] if name else row["low"], row[f"{name}_high"] if name else row["high"]
    return f"{number(low)} to {number(high)}" if low else ""


def memory(rows: Iterable[Row]) -> str:
    header = (
        "quantity",
        "measure",
        "state",
        "95 %",
        "chance",
        "input alone",
        "untrained",
        "best single unit",
    )
    return pipe_table(
        header,
        [
            (
                row["quantity"],
                row["kind"],
                number(row["value"]),
                span(row, ""),
                *(number(row[name]) for name in ("chance", "input", "untrained")),
                f"`{row['best_unit']}` {number(row['best_unit_value'])}",
            )
            for row in rows
        ],
        NUMBERS,
    )


def gates(rows: Iterable[Row]) -> str:
    header = ("gate", "held at", "score", "95 %", "change", "95 %")
    lines = [
        (
            row["gate"] if row["gate"] == "none" else f"`{row['gate']}`",
            row["held_at"],
            number(row["score"]),
            span(row, ""),
            "" if row["gate"] == "none" else f"{float(row['change']):+.3f}",
            "" if row["gate"] == "none" else span(row, "change"),
        )
        for row in rows
    ]
    return pipe_table(header, lines, ("---", "---", "---:", "---", "---:", "---"))


def generated(rows: Iterable[Row]) -> str:
    """One row a cell: every measure left alone and taught, with its interval."""
    cells: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        cells.setdefault((row["cell"], row["networks"]), {})[row["measure"]] = row
    measures = list(next(iter(cells.values())))
    header = ("cell", "networks", *(f"{m}, {way}" for m in measures for way in ("left alone", "taught")))
    lines = [
        (
            f"`{cell}`",
            networks,
            *(f"{number(own[m][way])} ({span(own[m], way)})" for m in measures for way in ("free", "taught")),
        )
        for (cell, networks), own in cells.items()
    ]
    return pipe_table(header, lines, ("---", "---:", *["---"] * (2 * len(measures))))


def texts(lines: Sequence[str]) -> str:
    """How the first text of some cells begins, with ^ below what is not legal."""
    shown = ["```"]
    for k, line in enumerate(lines):
        cell = line.partition(",")[0]
        if not line.startswith(" ") and cell in SHOWN and not any(text.startswith(cell) for text in shown):
            below = lines[k + 2][2 : 2 + LONGEST].rstrip()
            shown.append(f"{cell:<{WIDTH}}{lines[k + 1].strip()[:LONGEST]}")
            shown += [" " * WIDTH + below] if set(below) | {" "} == {"^", " "} else []
    return "\n".join([*shown, "```"])


TABLES: dict[str, Callable[[Iterable[Row]], str]] = {"memory": memory, "gates": gates, "generated": generated}
SHOWN, WIDTH, LONGEST = (
    ("lstm", "clockwork", "transformer"),
    13,
    66,
)  # cells, columns before a text, symbols of it


def page(text: str, folder: Path) -> str:
    """The page with its tables and texts. Raises InputError where it lacks the lines between which one stands."""
    for name in (*TABLES, "texts"):
        begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
        head, found, rest = text.partition(begin)
        _, closed, tail = rest.partition(end)
        if not (found and closed):
            raise InputError(f"The page has no lines {begin} and {end}.")
        if name == "texts":
            content = texts((folder / "texts.txt").read_text().splitlines())
        else:
            with (folder / f"{name}.csv").open(newline="") as file:
                content = TABLES[name](list(csv.DictReader(file)))
        text = f"{head}{begin}\n{content}\n{end}{tail}"
    return text


def main(arguments: Sequence[str]) -> int:
    """Write the page of the checkout (arguments: its root, by default the one that this file is in)."""
    root = Path(arguments[0]) if arguments else Path(__file__).parents[2]
    path = root / "docs" / "inside.md"
    path.write_text(page(path.read_text(encoding="utf-8"), path.with_suffix("")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
