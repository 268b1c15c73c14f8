"""What a dashboard shows, as plain values: W&B's views and report, and the page without W&B, are made from them.

A key is `config:PATH`, `summary:NAME` or `history:NAME` of the runs that the mirror writes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

CONFIG, SUMMARY, HISTORY = "config", "summary", "history"


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Curves over `step`. middle: the key of the line. around: keys of the lines about it, dotted. Where runs are
    grouped, the mean of each group with its standard error."""

    title: str
    middle: str
    around: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(f"{HISTORY}:{name}" for name in (self.middle, *self.around))


@dataclass(frozen=True, kw_only=True)
class Bars:
    """One bar a run, or a group of runs."""

    title: str
    measure: str

    @property
    def keys(self) -> tuple[str, ...]:
        return (f"{SUMMARY}:{self.measure}",)


@dataclass(frozen=True, kw_only=True)
class Scatter:
    """A point a run. x, y: keys with their kind."""

    title: str
    x: str
    y: str
    log_x: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        return self.x, self.y


@dataclass(frozen=True, kw_only=True)
class Parallel:
    """A line a run through one axis a key. log: keys on a logarithmic axis."""

    title: str
    columns: tuple[str, ...]
    log: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        return self.columns


@dataclass(frozen=True, kw_only=True)
class Importance:
    """Which settings explain a measure."""

    title: str
    measure: str

    @property
    def keys(self) -> tuple[str, ...]:
        return (f"{SUMMARY}:{self.measure}",)


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table that a run has logged."""

    title: str
    name: str

    @property
    def keys(self) -> tuple[str, ...]:
        return (f"{HISTORY}:{self.name}",)


@dataclass(frozen=True, kw_only=True)
class Images:
    """Images that a run has logged."""

    title: str
    names: tuple[str, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(f"{HISTORY}:{name}" for name in self.names)


@dataclass(frozen=True, kw_only=True)
class Text:
    """Markdown."""

    text: str
    title: str = ""
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Comparer:
    """Configs of runs side by side."""

    title: str = "Runs side by side"
    keys: tuple[str, ...] = ()


Panel = Lines | Bars | Scatter | Parallel | Importance | Table | Images | Text | Comparer


@dataclass(frozen=True, kw_only=True)
class Section:
    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, kw_only=True)
class View:
    """name: within the study. runs: keys of the config and the values that a run must have one of. group: the key of
    the config by which runs are grouped, empty where they are not."""

    name: str
    title: str
    runs: dict[str, tuple[str, ...]]
    group: str = ""
    sections: tuple[Section, ...] = field(default_factory=tuple)

    def panels(self) -> Iterator[Panel]:
        for section in self.sections:
            yield from section.panels
