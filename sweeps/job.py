"""What all the work of a sweep has in common: where its rows go, and how it is computed."""

from dataclasses import dataclass
from pathlib import Path

from experiments.layout import AUTO, Layout
from sweeps.store.store import Store


@dataclass(frozen=True, kw_only=True)
class Keep:
    """folder: of the study's networks. best: of every cell and task the one that is best on validation; else all."""

    folder: Path
    best: bool


@dataclass(frozen=True, kw_only=True)
class Job:
    """study: the name that rows carry. store: where they are written; None: nowhere. margin: as the study declares it;
    None for single runs. layout: how the members of a cohort are laid out on the device. keep: where the networks of
    confirmed trials are kept, None: nowhere."""

    study: str
    store: Store | None = None
    margin: float | None = None
    layout: Layout = AUTO
    keep: Keep | None = None
