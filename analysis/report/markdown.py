"""The report in Markdown, as GitHub shows it: escaped text, pipe tables, links to the figures beside it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from analysis import words
from analysis.figures import palette
from analysis.report.grids import Matrix
from sweeps.terminal.pipes import pipe_table


class Raw(str):
    """Markdown that is not to be escaped."""


def escape(text: object) -> str:
    """`text` on one line, so that nothing in it is markup. Raw text stays as it is."""
    if isinstance(text, Raw):
        return text
    line = re.sub(r"([\\`*_\[\]<>|#~$])", r"\\\1", " ".join(str(text).split()))
    return re.sub(r"^(\d*)([-+=.)])(?=\s)", r"\1\\\2", line)


def table(header: Sequence[object], rows: Iterable[Sequence[object]]) -> Raw:
    """A pipe table; numbers are the caller's to format. Blank lines around it."""
    escaped = ([escape(cell) for cell in row] for row in (header, *rows))
    return Raw(f"\n{pipe_table(next(escaped), escaped)}\n")


def grid(matrix: Matrix) -> Raw:
    """A sign and the difference for each entry."""

    def told(cell: str, column: str) -> str:
        entry = matrix.rows[cell].get(column)
        if entry is None:
            return ""
        beside = f" ({palette.VERDICTS[entry.beside][1]})" if entry.beside else ""
        return f"{palette.VERDICTS[entry.standing][1]} {entry.text}{beside}"

    return table(
        ["cell", *matrix.columns.values()],
        ([cell, *(told(cell, column) for column in matrix.columns)] for cell in matrix.rows),
    )


def picture(figure: Mapping[str, Any]) -> Raw:
    """The figure, its caption and its data; the caption alone where there is no data yet."""
    title, caption = escape(figure["title"]), escape(figure["caption"])
    if not figure["svg"]:
        return Raw(f"\n**{title}.** {caption}\n")
    name = figure["name"]
    links = f"[data](figures/{name}.csv), [SVG](figures/{name}.svg)"
    return Raw(f"\n![{title}](figures/{name}.png)\n\n**{title}.** {caption} ({links})\n")


def render(told: Mapping[str, Any]) -> str:
    """told: as `analysis.report.content.content` makes it. Every expression of the template is escaped but Raw ones."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        finalize=escape,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"words": words, "symbols": palette.VERDICTS, "raw": Raw}
    environment.globals |= {"table": table, "grid": grid, "picture": picture}
    environment.filters["compact"] = words.compact
    text = environment.get_template("report.md.j2").render(**told)
    text = re.sub(r"(?<=[^\n])\n(?=#+ )", "\n\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
