"""The report of a study: one self-contained HTML page, the same in Markdown and as LaTeX tables, all data beside it.

results/STUDY/report/report.html
results/STUDY/report/report.md
results/STUDY/report/verdicts.csv     every pair on every task
results/STUDY/report/overall.csv      every pair over its tasks
results/STUDY/report/measures.csv     the same verdicts by every other measure
results/STUDY/report/protocol.csv     Greff et al.'s protocol
results/STUDY/report/claims.csv
results/STUDY/report/facts.csv        where published facts are held against the study
results/STUDY/report/flow.csv         how far back cells look, where the study measured it
results/STUDY/report/figures/NAME.png, NAME.svg, NAME.csv
results/STUDY/report/latex/NAME.tex   tables for papers; tables.tex shows them all
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pandas as pd

from analysis.figures import FIGURES, fitting
from analysis.report import latex, markdown
from analysis.report.content import content, shown
from analysis.report.figure_files import helped, pictures
from analysis.report.html import html
from analysis.study.results import load
from analysis.study.tables import Analysed
from sweeps.errors import InputError
from sweeps.terminal import outputs

PARTS = ("figures", "latex")


@dataclass(frozen=True, kw_only=True)
class Paths:
    """What was written. figures: name to its PNG; the SVG and the CSV lie beside it. latex: name to its file."""

    report: Path
    markdown: Path
    verdicts: Path
    figures: dict[str, Path]
    latex: dict[str, Path]


def write_report(
    results: str | os.PathLike[str],
    study: str,
    out: str | os.PathLike[str] | None = None,
    *,
    figures: Mapping[str, ModuleType] = FIGURES,
) -> Paths:
    """Write the report of `results/STUDY` into `out` (default: its folder `report`), also of a partial study.

    Raises InputError where there is nothing to report or `out` cannot be written.
    """
    return written(Analysed(load(results, study)), results, out, figures=figures)


def written(
    study: Analysed,
    results: str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    *,
    figures: Mapping[str, ModuleType] = FIGURES,
) -> Paths:
    """`write_report` of a study that is loaded from the directory `results`."""
    folder = ready(results, study.declaration.study, out)
    try:
        for name in PARTS:
            (folder / name).mkdir(exist_ok=True)
        return compose(study, Path(results), folder, figures)
    except OSError as error:
        raise InputError(f"The report in {folder} could not be written: {outputs.reason(error)}.") from None


def ready(results: str | os.PathLike[str], study: str, out: str | os.PathLike[str] | None = None) -> Path:
    """The folder of a report, made. Raises InputError where nothing can be written, or what is read is there."""
    source = Path(results) / study
    inputs = [source / name for name in ("study.json", "trials", "curves", "flow", "wandb")]
    return outputs.folder(source / "report" if out is None else out, "--out", inputs=inputs, below=PARTS)


def compose(study: Analysed, source: Path, folder: Path, figures: Mapping[str, ModuleType]) -> Paths:
    """Tables, figures, pages."""
    figures = fitting(study, figures)
    with helped(study, source, folder / "figures", figures) as helper:
        told = content(study)
        drawn = pictures(study, folder / "figures", figures, helper)
    told |= shown(drawn)
    beside = {"claims": told["checks"]} | ({"facts": told["published"]} if told["facts"] else {})
    beside |= {"flow": study.flow} if told["flow"] else {}
    for name, table in (tables(study) | beside).items():
        table.to_csv(folder / f"{name}.csv", index=False)
    page, text = folder / "report.html", folder / "report.md"
    page.write_text(html(told), encoding="utf-8")
    text.write_text(markdown.render(told), encoding="utf-8")
    sheets = {name: folder / "latex" / f"{name}.tex" for name in latex.SHEETS}
    for name, sheet in latex.sheets(study, told).items():
        sheets[name].write_text(sheet, encoding="utf-8")
    return Paths(
        report=page,
        markdown=text,
        verdicts=folder / "verdicts.csv",
        figures={name: folder / "figures" / f"{name}.png" for name, made in drawn.items() if made["svg"]},
        latex=sheets,
    )


def tables(study: Analysed) -> dict[str, pd.DataFrame]:
    """What is saved beside the pages, by name."""
    others = [study.by(name).assign(measure=name) for name in study.measures]
    return {
        "verdicts": study.verdicts,
        "overall": study.over_tasks,
        "measures": pd.concat(others, ignore_index=True) if others else study.verdicts.assign(measure=""),
        "protocol": study.protocol,
    }
