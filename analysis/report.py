"""The report of a study: one self-contained HTML page, and beside it every figure with its data.

results/STUDY/report/report.html
results/STUDY/report/verdicts.csv
results/STUDY/report/facts.csv        where published facts are held against the study
results/STUDY/report/figures/NAME.png, NAME.svg, NAME.csv
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import jinja2
import pandas as pd
from markupsafe import Markup

from analysis import account, canvas, facts, palette, words
from analysis.claims import evaluate
from analysis.figures import FIGURES
from analysis.finding import finding
from analysis.load import Results, load
from analysis.published import FACTS
from analysis.trust import passed, trust
from analysis.verdicts import against, reference_cell, verdicts
from sweeps import schema
from sweeps.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Paths:
    """What was written. figures: name to its PNG; the SVG and the CSV lie beside it."""

    report: Path
    verdicts: Path
    figures: dict[str, Path]


def write_report(
    results: str | os.PathLike[str],
    study: str,
    out: str | os.PathLike[str] | None = None,
    *,
    figures: Mapping[str, ModuleType] = FIGURES,
) -> Paths:
    """Write the report of `results/STUDY` into `out` (default: its folder `report`), also of a partial study.

    Raises InputError where there is nothing to report or `out` can not be written.
    """
    loaded = load(results, study)
    folder = Path(out) if out is not None else Path(results) / study / "report"
    try:
        (folder / "figures").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"Cannot write the report to {folder}: {error.strerror}. Name a directory with --out."
        ) from None
    return compose(loaded, folder, figures)


def compose(results: Results, folder: Path, figures: Mapping[str, ModuleType]) -> Paths:
    """Figures, tables, page."""
    table = verdicts(results.trials, results.declaration)
    table.to_csv(folder / "verdicts.csv", index=False)
    if results.declaration.study in FACTS:
        published(results).to_csv(folder / "facts.csv", index=False)
    drawn = {name: picture(name, module, results, folder / "figures") for name, module in figures.items()}
    page = folder / "report.html"
    page.write_text(render(results, table, drawn), encoding="utf-8")
    return Paths(
        report=page,
        verdicts=folder / "verdicts.csv",
        figures={name: folder / "figures" / f"{name}.png" for name, made in drawn.items() if made["svg"]},
    )


def picture(name: str, module: ModuleType, results: Results, folder: Path) -> dict[str, object]:
    """Write one figure and its data; what the page needs of it. Without data there is no picture."""
    data = module.data(results)
    data.to_csv(folder / f"{name}.csv", index=False)
    made = {"name": name, "title": module.title, "svg": "", "caption": "No data yet."}
    if not data.empty:
        document = canvas.write(module.draw(data), folder, name)
        made |= {"svg": Markup(canvas.inline(document, name, module.title)), "caption": module.caption(data)}
    return made


def render(results: Results, table: pd.DataFrame, drawn: dict[str, dict[str, object]]) -> str:
    """The page. Everything but our own SVG is escaped."""
    declaration = results.declaration
    claims = evaluate(table)
    chosen, common = account.configurations(results)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"words": words, "symbols": palette.VERDICTS}
    return environment.get_template("report.html.j2").render(
        declaration=declaration,
        question=[part.strip() for part in declaration.doc.strip().split("\n\n") if part.strip()],
        trust=trust(results, table),
        controls=passed(declaration),
        reference=reference_cell(declaration),
        finding=finding(table, claims, declaration),
        tasks=tasks(results, table),
        pairs=table,
        facts=list(published(results).itertuples()),
        claims=[list(group.itertuples()) for _, group in claims.groupby("statement", sort=False)],
        figures=drawn,
        colours=palette.colours(declaration.cells),
        chosen=chosen,
        common=common,
        costs={by: account.cost(results, by) for by in ("stage", "cell")},
        provenance=account.provenance(results),
        statuses=schema.STATUSES,
    )


def published(results: Results) -> pd.DataFrame:
    """The published facts of this study, held against its runs; no rows for a study without any."""
    return facts.evaluate(results, FACTS.get(results.declaration.study, ()))


def tasks(results: Results, table: pd.DataFrame) -> dict[str, dict[str, object]]:
    """Per task: the rows against the reference, the counts of all pairs, lost seeds by cell."""
    declaration, confirm = results.declaration, results.stage("confirm")
    rows = against(table, reference_cell(declaration))
    found: dict[str, dict[str, object]] = {}
    for task in declaration.tasks:
        mine, pairs = confirm[confirm["task"] == task], table[table["task"] == task]
        lost = {
            cell: words.listing(
                f"{n} {status}"
                for status, n in group["status"].value_counts().items()
                if status != "finished"
            )
            for cell, group in mine.groupby("cell")
            if (group["status"] != "finished").any()
        }
        found[task] = {
            "rows": list(rows[rows["task"] == task].itertuples()),
            "pairs": list(pairs.itertuples()),
            "counts": {
                verdict: int((pairs["verdict"] == verdict).sum())
                for verdict in ("equivalent", "different", "undecided")
            },
            "lost": lost,
        }
    return found
