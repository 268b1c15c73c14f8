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
    header = ("cell", "networks", "measure", "left alone", "interval", "taught", "interval")
    lines = [
        (
            f"`{row['cell']}`",
            row["networks"],
            row["measure"],
            number(row["free"]),
            span(row, "free"),
            number(row["taught"]),
            span(row, "taught"),
        )
        for row in rows
    ]
    return pipe_table(header, lines, ("---", "---:", "---", "---:", "---", "---:", "---"))


BLOCKS: dict[str, Callable[[Iterable[Row]], str]] = {"memory": memory, "gates": gates, "generated": generated}


def page(text: str, folder: Path) -> str:
    """The page with its tables. Raises InputError where it lacks the lines between which one stands."""
    for name, table in BLOCKS.items():
        begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
        head, found, rest = text.partition(begin)
        _, closed, tail = rest.partition(end)
        if not (found and closed):
            raise InputError(f"The page has no lines {begin} and {end}.")
        with (folder / f"{name}.csv").open(newline="") as file:
            content = table(list(csv.DictReader(file)))
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
