"""Figures: modules with `title`, `data(study) -> frame`, `draw(frame) -> Figure`, `caption(frame) -> str`.

`data` takes what is computed of a study (`analysis.study.tables.Analysed`) and gives everything that is drawn, which is
saved beside the picture; `draw` needs nothing else, so a saved CSV gives the picture again. To add a figure, write the
module and list it here under its section; the report shows them in this order. Draw only data that has rows.
"""

from types import ModuleType

from analysis.figures import (
    budget,
    budget_verdicts,
    differences,
    frontier,
    glance,
    importance,
    interactions,
    learning_curves,
    learning_rate,
    marginals,
    profiles,
    ranks,
    scores,
    solved,
    verdicts,
)

SECTIONS: dict[str, dict[str, ModuleType]] = {
    "finding": {"glance": glance},
    "verdicts": {"differences": differences, "verdicts": verdicts},
    "tasks": {"profiles": profiles, "ranks": ranks},
    "frontier": {"frontier": frontier, "solved": solved},
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

__all__ = ["FIGURES", "SECTIONS"]
