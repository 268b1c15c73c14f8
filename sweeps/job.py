"""What all the work of a sweep has in common: where its rows go, and how it is computed."""

from dataclasses import dataclass

from experiments.layout import AUTO, Layout
from sweeps.store.store import Store


@dataclass(frozen=True, kw_only=True)
class Job:
    """study: the name that rows carry. store: where they are written; None: nowhere. margin: as the study declares it;
    None for single runs. layout: how the members of a cohort are laid out on the device."""

    study: str
    store: Store | None = None
    margin: float | None = None
    layout: Layout = AUTO
