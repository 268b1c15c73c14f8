"""Put a study's real finding into a page (or several), so that what it shows is what was measured.

    python -m analysis.report.publish README.md results quick docs/quick

The text between `<!-- quick:begin -->` and `<!-- quick:end -->` is replaced by headline, figure, verdicts, stamp and
price (a study with published facts: by these), that between `<!-- quick:headline:begin -->` and its end by the headline
and the figure at a glance alone. Figures, tables and a compact copy of the results go to the folder named last, so that
anybody can make the blocks again from it.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from analysis.figures import FIGURES, fitting, longer
from analysis.report.content import published
from analysis.report.finding import details
from analysis.report.finding import headline as sentence
from analysis.report.finding_notes import explains, theirs, together
from analysis.report.grids import protocol
from analysis.report.markdown import grid
from analysis.report.terminal import trust_line, verdict_text
from analysis.report.undecided import Open, undecided
from analysis.report.write import written
from analysis.statistics.training.frontier import graded
from analysis.study.method import margins
from analysis.study.provenance import provenance
from analysis.study.results import Results, load
from analysis.study.tables import Analysed
from analysis.words import listing
from sweeps.errors import InputError
from sweeps.store.store import Store
from sweeps.terminal.pipes import pipe_table

SHOWN = ("glance", "differences", "race")  # figures that are copied, if the study has them
OF_MANY_LAGS = ("frontier", "glance")  # in their place, of three or more tasks that differ in one number
OF_A_WHOLE_SEARCH = ("importance",)  # of a search that stopped nothing and is large enough for Greff et al.
TABLES = ("verdicts", "overall", "claims", "facts")


def block(study: Analysed, folder: str) -> str:
    """What a page says of a study: headline, verdicts or published facts, figure, stamp, price. folder: where the
    figures are, as the page links to them. Of a task at many lags the curve over them stands for figures of each."""
    figure = f"![Differences to {study.reference} with 90 % intervals against the margin]({folder}/differences.png)"
    picture = f"![Scores on sequences longer than those of training]({folder}/longer.png)"
    far = [] if longer.absent(study) else [picture, ""]
    facts = published(study)
    if len(facts):
        return "\n".join([*fact_lines(facts), "", figure, "", *far, stamp(study), "", price(study.results)])
    rows, lags = study.found(study.verdicts), "frontier" in shown(study)
    at_once = f"![Each cell against {study.reference}, and the verdict on each task]({folder}/glance.png)"
    reach = f"![Where half of the seeds solve a task]({folder}/frontier.png)"
    race = f"![Evidence against seeds, and where it was enough]({folder}/race.png)"
    lines = [
        sentence(rows, study.reference),
        "",
        *([reach, ""] if lags else []),
        *lined(details(study), undecided(study.comparisons)),
        *far,
        at_once if lags else figure,
        "",
        "```",
        *(line.rstrip() for line in verdict_text(study.verdicts, study.declaration).strip().splitlines()),
        stamp(study),
        "```",
        "",
        *([race, ""] if "race" in fitting(study) and not lags else []),
        *([told, ""] if (told := margins(study.declaration, study.comparisons)) else []),
        *greff(study, folder),
        price(study.results),
    ]
    return "\n".join(lines)


def shown(study: Analysed) -> tuple[str, ...]:
    """Names of the figures that are copied."""
    lags, whole = graded(study.results.stage("confirm")), protocol(study) is not None
    far = () if longer.absent(study) else ("longer",)
    return (*(OF_MANY_LAGS if lags else SHOWN), *(OF_A_WHOLE_SEARCH if whole else ()), *far)


def greff(study: Analysed, folder: str) -> list[str]:
    """Greff et al.'s protocol beside the study's own verdicts, and what explains the scores of such a search; nothing
    where a search is too small for it or stopped settings on the way."""
    matrix = protocol(study)
    if matrix is None:
        return []
    return [
        f"{theirs(study)} Beside each of its differences the study's own verdict in brackets; ? is not significant "
        f"there, which does not mean equal:",
        grid(matrix),
        *filter(None, [explains(study.shares)]),
        "",
        f"![Shares of the variance of scores over the search]({folder}/importance.png)",
        "",
    ]


def headline(study: Analysed, folder: str) -> str:
    """The finding in a sentence or two, the figure at a glance, stamp and price."""
    rows = study.found(study.verdicts)
    first, *more = sentence(rows, study.reference), " ".join(details(study)), together(study)
    alternative = f"Each cell against {study.reference}: difference over all tasks, and the verdict on each"
    picture = f"![{alternative}]({folder}/glance.png)"
    return "\n\n".join(
        [
            f"**{first}**",
            *filter(None, more),
            picture,
            f"{stamp(study)} {price(study.results)}",
        ]
    )


def lined(told: Sequence[str], still_open: Sequence[Open]) -> list[str]:
    """Sentences as one paragraph, then a list of what is undecided and why."""
    lines = [" ".join(told), ""] if told else []
    lines += [
        f"- {one.count} undecided: {one.why}. {one.where}. Further seeds: {one.further}."
        for one in still_open
    ]
    return [*lines, ""] if still_open else lines


BLOCKS: dict[str, Callable[[Analysed, str], str]] = {"": block, ":headline": headline}


def stamp(study: Analysed) -> str:
    return trust_line(study.trust).plain


def price(results: Results) -> str:
    """How many trials, what they cost, and which code ran them."""
    trials = results.trials
    minutes = (trials["run_seconds"].sum() + trials["compile_seconds"].sum()) / 60
    took = f"{minutes:.0f} core minutes" if minutes < 300 else f"{minutes / 60:.0f} core hours"
    commits = ", ".join(commit[:12] for commit in provenance(results)["commit"])
    return f"{len(trials):,} trials, {took} of training and compiling; commit {commits}."


def fact_lines(told: pd.DataFrame) -> list[str]:
    """A Markdown table of published facts beside what was measured, then how ours differs and why, one by one."""
    counts = told["status"].value_counts()
    said = {"holds": "hold", "fails": "fail", "undecided": "are undecided", "not tested": "were not tested"}
    summary = listing(f"{counts[status]} {verb}" for status, verb in said.items() if status in counts)
    cells = [
        [str(i), f"{fact.statement} *{fact.source}*", fact.published, fact.measured, f"**{fact.status}**"]
        for i, fact in enumerate(told.itertuples(), 1)
    ]
    rows = [[str(cell).replace("|", "/") for cell in row] for row in cells]
    notes = [
        f"- **{i}** {fact.conditions} {fact.reason}".rstrip()
        for i, fact in enumerate(told.itertuples(), 1)
        if fact.conditions or fact.reason
    ]
    return [
        f"Of {len(told)} published facts {summary}.",
        "",
        pipe_table(["", "fact", "published", "measured here", ""], rows),
        "",
        "How these runs differ from the published ones, and why their outcomes differ, if they do:",
        "",
        *notes,
    ]


def places(text: str, study: str) -> dict[str, tuple[str, str]]:
    """The blocks of a study that a page has: the text of each kind of BLOCKS between its two markers, with them."""
    found = {}
    for kind in BLOCKS:
        begin, end = f"<!-- {study}{kind}:begin -->", f"<!-- {study}{kind}:end -->"
        lines = text.splitlines()  # a page that includes another one names its markers inside a line
        if begin in lines and end in lines[lines.index(begin) :]:
            found[kind] = (begin, end)
    return found


def filled(text: str, study: Analysed, folder: str) -> str:
    """The page with the study's blocks as its results make them."""
    for kind, (begin, end) in places(text, study.declaration.study).items():
        head, rest = text.split(begin, 1)
        text = f"{head}{begin}\n{BLOCKS[kind](study, folder)}\n{end}{rest.split(end, 1)[1]}"
    return text


def copy_results(results: Results, source: Store, target: Store) -> None:
    """The study's rows and curves, one part per stage and table, and one more per rung after which trials went on."""
    target.prepare().declare(results.declaration)
    planned = results.declaration.stages
    passed = [row for row in source.rungs() if row["trial_id"] in planned]
    for rung in sorted({row["rung"] for row in passed}):
        target.append(sorted((r for r in passed if r["rung"] == rung), key=lambda r: str(r["trial_id"])), [])
    flow = [row for row in source.flow().to_pylist() if row["trial_id"] in planned]
    if flow:
        target.append_flow(flow)
    rows, curves = source.trials().to_pylist(), source.curves().to_pylist()
    for ids in results.declaration.plan.values():
        order = {trial_id: position for position, trial_id in enumerate(ids)}
        mine = sorted((r for r in rows if r["trial_id"] in order), key=lambda r: order[r["trial_id"]])
        if mine:
            target.append(mine, [c for c in curves if c["trial_id"] in order])


def replace_results(loaded: Results, source: Path, target: Path) -> None:
    """The study's copy in `target`, made beside it and put in its place when it is whole; nothing where `source` is
    `target`."""
    study = loaded.declaration.study
    if source.resolve() == target.resolve():
        return
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        copy_results(loaded, Store(source, study), Store(scratch, study))
        shutil.rmtree(target / study, ignore_errors=True)
        os.replace(Path(scratch) / study, target / study)


def publish(pages: Sequence[Path], results: str, study: str, folder: Path) -> None:
    """Replace the study's blocks in the pages and copy figures and tables to `folder`. Raises InputError for a page
    without a place for them, before anything is written."""
    analysed = Analysed(load(results, study))
    texts = {page: page.read_text(encoding="utf-8") for page in pages}
    for page, text in texts.items():
        if not places(text, study):
            raise InputError(
                f"{page} has no lines <!-- {study}:begin --> and <!-- {study}:end --> between which the results could "
                f"go (or {study}:headline:begin and so on)."
            )
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        paths = written(analysed, results, scratch, figures={n: FIGURES[n] for n in shown(analysed)})
        pictures = [path.with_suffix(kind) for path in paths.figures.values() for kind in (".png", ".csv")]
        tables = [path for name in TABLES if (path := paths.report.with_name(f"{name}.csv")).exists()]
        for path in (*pictures, *tables):
            shutil.copy(path, folder / path.name)
    replace_results(analysed.results, Path(results), folder / "results")
    for page, text in texts.items():
        page.write_text(filled(text, analysed, os.path.relpath(folder, page.parent)), encoding="utf-8")


if __name__ == "__main__":
    *names, results, study, folder = sys.argv[1:]
    publish([Path(name) for name in names], results, study, Path(folder))
