"""Figures: modules with `title`, `data(study) -> frame`, `draw(frame) -> Figure`, `caption(frame) -> str`.

`data` takes what is computed of a study (`analysis.study.tables.Analysed`) and gives everything that is drawn, which is
saved beside the picture; `draw` needs nothing else, so a saved CSV gives the picture again. To add a figure, write the
module and list it here under its section; the report shows them in this order. Draw only data that has rows. A module
whose figure makes no sense for every kind of study also has `absent(study) -> str`: why this one has none, or nothing.
"""

from collections.abc import Mapping
from types import ModuleType

from analysis.figures import (
    budget,
    budget_verdicts,
    differences,
    flow,
    frontier,
    glance,
    horizons,
    importance,
    interactions,
    learning_curves,
    learning_rate,
    longer,
    marginals,
    profiles,
    race,
    ranks,
    scores,
    solved,
    verdicts,
)
from analysis.study.tables import Analysed

SECTIONS: dict[str, dict[str, ModuleType]] = {
    "finding": {"glance": glance},
    "verdicts": {"race": race, "differences": differences, "verdicts": verdicts},
    "tasks": {"profiles": profiles, "ranks": ranks},
    "frontier": {"frontier": frontier, "longer": longer, "solved": solved},
    "flow": {"flow": flow, "horizons": horizons},
    "importance": {
        "importance": importance,
        "interactions": interactions,
        "marginals": marginals,
        "learning_rate": learning_rate,
    },
    "budget": {"budget": budget, "budget_verdicts": budget_verdicts},
    "seeds": {"scores": scores, "learning_curves": learning_curves},
}
FIGURES: dict[str, ModuleType] = {
    name: figure for section in SECTIONS.values() for name, figure in section.items()
}


def absent(figure: ModuleType, study: Analysed) -> str:
    """Why a study of this kind has no such figure, in a sentence; nothing where it has one."""
    return str(figure.absent(study)) if hasattr(figure, "absent") else ""


def fitting(study: Analysed, figures: Mapping[str, ModuleType] = FIGURES) -> dict[str, ModuleType]:
    """Those of `figures` that a study of this kind has."""
    return {name: figure for name, figure in figures.items() if not absent(figure, study)}


__all__ = ["FIGURES", "SECTIONS", "absent", "fitting"]
