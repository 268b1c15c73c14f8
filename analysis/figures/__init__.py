"""Figures: modules with `title`, `data(results) -> frame`, `draw(frame) -> Figure`, `caption(frame) -> str`.

`data` holds everything that is drawn and is saved beside the picture; `draw` needs nothing else, so a
saved CSV gives the picture again. To add a figure, write the module and list it here; the report shows
them in this order. Draw only data that has rows.
"""

from types import ModuleType

from analysis.figures import (
    budget,
    budget_verdicts,
    differences,
    frontier,
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

FIGURES: dict[str, ModuleType] = {
    "differences": differences,
    "verdicts": verdicts,
    "scores": scores,
    "solved": solved,
    "learning_curves": learning_curves,
    "learning_rate": learning_rate,
    "importance": importance,
    "interactions": interactions,
    "marginals": marginals,
    "frontier": frontier,
    "budget": budget,
    "budget_verdicts": budget_verdicts,
    "profiles": profiles,
    "ranks": ranks,
}

__all__ = ["FIGURES"]
