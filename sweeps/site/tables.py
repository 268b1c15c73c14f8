"""Parts that pages of cells and of tasks share."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from sweeps.site.measured import Row
from sweeps.site.text import markdown
from sweeps.terminal.pipes import pipe_table

WORDS = {
    "equivalent": "equivalent to",
    "better": "better than",
    "worse": "worse than",
    "undecided": "undecided against",
}
PLACES = {"quick": "guides/first_study"}  # of studies without a page of their own


def linked(study: str) -> str:
    """A study's name with a link to where it is shown, from a page in a folder of docs/."""
    return f"[{study}](../{PLACES.get(study, study)}.md)"


def signed(value: float) -> str:
    """A difference to three places, its sign always there: `−0.047`."""
    text = f"{value:+.3f}"
    return text.replace("-", "\N{MINUS SIGN}") if float(text) else text[1:]


def standing(row: Row) -> tuple[str, str]:
    """The verdict of a cell in words, and its difference with its interval; the study's first cell has none."""
    if row.standing is None:
        return "the reference", ""
    return f"{WORDS[row.standing]} {row.reference}", (
        f"{signed(row.difference)} ({signed(row.low)} to {signed(row.high)})"
    )


def field_table(kind: type[Any]) -> str:
    """Fields of a frozen dataclass with their types and defaults; a float is a knob, which compiles nothing again."""
    fields = [field for field in dataclasses.fields(kind) if field.init]
    rows = [
        (f"`{field.name}`", f"`{typed(field.type)}`".replace("|", "or"), f"`{default(field)}`")
        for field in fields
    ]
    return pipe_table(("field", "type", "default"), rows) if rows else "It has no settings."


def typed(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)


def default(field: dataclasses.Field) -> str:
    if field.default is dataclasses.MISSING:
        return "required" if field.default_factory is dataclasses.MISSING else repr(field.default_factory())
    value = field.default
    kind: Any = type(value)
    plain = dataclasses.is_dataclass(value) and value == kind()
    return f"{kind.__name__}()" if plain else repr(value)


def fact_table(found: Sequence[dict[str, str]]) -> str:
    """Published facts beside what was measured here."""
    header = ("published", "measured here", "")
    rows = [
        (
            f"{markdown(fact['statement'])} *{markdown(fact['source'])}*: {markdown(fact['published'])}",
            markdown(fact["measured"]),
            f"**{fact['status']}**",
        )
        for fact in found
    ]
    return (
        pipe_table(header, rows)
        + "\n\nHow these runs differ from the published ones: [classics](../classics.md)."
    )
