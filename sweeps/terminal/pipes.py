"""Tables in Markdown, of cells that are text already: what is markup in them is the caller's to escape."""

from collections.abc import Iterable, Sequence


def line(cells: Iterable[str]) -> str:
    """`| a | b |`."""
    return "| " + " | ".join(cells) + " |"


def pipe_table(header: Sequence[str], rows: Iterable[Sequence[str]], marks: Sequence[str] = ()) -> str:
    """A table, without a line's end at its own end. marks: of the columns, such as `---:` for numbers."""
    rule = line(marks) if marks else "|" + "---|" * len(header)
    return "\n".join([line(header), rule, *map(line, rows)])
