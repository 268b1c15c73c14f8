"""For notebooks: a study's figures with their captions, and tables of a few columns.

study = chosen("comparable")                the study as this checkout ships it, or from the folder `results`
study = chosen("mine", "../../results")     from this folder, as `lstm-variants notebook` writes it
show(study, "glance")
"""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
from IPython.display import Image, Markdown, display

from analysis.figures import FIGURES, absent, canvas
from analysis.notebook_tools.sortable import Sortable
from analysis.report import markdown
from analysis.report.grids import Matrix
from analysis.study.results import load
from analysis.study.tables import Analysed

SHIPPED = Path(__file__).parents[2] / "docs"
DPI = 110
LINES = 40


def chosen(study: str, results: str | os.PathLike[str] | None = None) -> Analysed:
    """The study of this name in the directory `results`; where none is given, as it is shipped in docs/, else in
    `results/`. Raises InputError where nothing ran."""
    if results is None:
        shipped = SHIPPED / study / "results"
        results = shipped if shipped.is_dir() else "results"
    return Analysed(load(results, study))


def show(study: Analysed, name: str) -> None:
    """The figure of this name in the catalogue, and its caption below; its data is `FIGURES[name].data(study)`."""
    figure = FIGURES[name]
    why = absent(figure, study)
    if why:
        return display(Markdown(f"*{figure.title}: {why}*"))
    data = figure.data(study)
    if data.empty:
        return display(Markdown(f"*{figure.title}: the study has no data for it.*"))
    display(Image(canvas.png(figure.draw(data), DPI), width=int(canvas.WIDTH * 110)))
    display(Markdown(f"*{figure.caption(data)}*"))


def evidence(study: Analysed) -> str:
    """The columns of a table of verdicts that hold what decided them."""
    if study.declaration.race:
        return "looked log_e_equal log_e_better log_e_worse e_needed_equal e_needed_differ smallest_margin"
    return "p_difference_holm p_equivalence_holm"


def command(*arguments: str, folder: Path) -> None:
    """Run `lstm-variants ARGUMENTS` in `folder` and print the end of what it says."""
    plain = {"NO_COLOR": "1", "FORCE_COLOR": "", "CLICOLOR_FORCE": "", "TERM": "dumb", "COLUMNS": "130"}
    done = subprocess.run(
        [sys.executable, "-m", "sweeps.cli", *arguments],
        cwd=folder,
        env={**os.environ, **plain},
        capture_output=True,
        text=True,
    )
    said = (done.stdout if done.returncode == 0 else done.stdout + done.stderr).replace(str(folder), ".")
    print("\n".join(said.rstrip().splitlines()[-LINES:]))


def told(sentences) -> None:
    """Sentences as a list."""
    display(Markdown("\n".join(f"- {sentence}" for sentence in sentences)))


def verdict_grids(*matrices: Matrix | None) -> None:
    """Verdicts in small tables (`analysis.report.grids`), each under its title; nothing for None."""
    for matrix in matrices:
        if matrix is not None:
            display(Markdown(f"**{matrix.title}**\n{markdown.grid(matrix)}"))


def table(frame: pd.DataFrame, columns: str, rows: int = 1000) -> Sortable:
    """Some columns (names with spaces between them), floats to three digits; a heading sorts by it. Of more than `rows`
    rows the first, which is then said."""
    shown = frame[columns.split()].head(rows).round(3).reset_index(drop=True)
    return Sortable(shown, of=len(frame))
