"""The page for someone who asks which cell to use, and whether it matters; `make claims` writes it.

    python -m analysis.report.findings_page docs/findings.md docs

Every sentence is computed from the tables of shipped studies and leads to their page. A study that is not shipped is
left out, and so is a sentence whose evidence is not.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from analysis.claims.evaluation import over_studies, whole
from analysis.claims.outcome import FAILS, HOLDS, OPEN, UNTESTED
from analysis.figures.frontier import DIFFICULTY, words
from analysis.report.claims_page import read
from analysis.statistics.pairs.reasons import UNDECIDED
from analysis.statistics.search.factors import CELL
from analysis.statistics.search.importance import MAIN
from analysis.study.results import load
from analysis.words import count, listing, percent, signed
from sweeps.store.schema import longer_column, longer_factors

FLAGSHIP, APART, FRONTIER, BEYOND = "comparable", "odyssey", "frontier_lag", "languages"
NAMES = {
    "lstm": "the LSTM without peepholes",
    "peephole": "the LSTM with peepholes",
    "cifg": "the LSTM with coupled input and forget gates",
    "nig": "the LSTM without input gate",
    "nfg": "the LSTM without forget gate",
    "nog": "the LSTM without output gate",
    "niaf": "the LSTM without input activation",
    "noaf": "the LSTM without output activation",
    "fgr": "the LSTM with full gate recurrence",
    "gru": "the GRU",
    "depth_gated": "the depth-gated LSTM",
    "stacked": "two LSTM layers",
    "clockwork": "the Clockwork RNN",
    "rnn": "the plain RNN",
    "transformer": "a transformer block",
}
LINK = re.compile(r"\]\(([^)#]+)[)#]")  # where one leads
VERBS = {  # of one claim, and of several
    HOLDS: ("holds", "hold"),
    FAILS: ("fails", "fail"),
    OPEN: ("is undecided", "are undecided"),
    UNTESTED: ("is not tested", "are not tested"),
}
HEAD = """# Which recurrent cell should I use, and does it matter?

For small networks and synthetic tasks. Each sentence is computed from the results and links to its evidence. *Without
forget gate* is the LSTM without one.
"""
FOOT = """*Worse* and *better* are proven differences; *equivalent* is proven to be within the margin, at an error rate
of 5 % a task ([how](verdicts.md)); the rest is undecided, which is not "the same".
"""


def name(cell: str) -> str:
    return NAMES.get(cell, cell)


def rows_of(docs: Path, study: str) -> pd.DataFrame | None:
    """The verdicts of a shipped study against its reference, controls left out, with standing (equivalent, better,
    worse, undecided); None where it is not shipped."""
    folder = docs / study
    if not (folder / "glance.csv").is_file():
        return None
    table = pd.read_csv(folder / "verdicts.csv")
    glance = pd.read_csv(folder / "glance.csv")
    controls = set(glance.loc[glance["control"], "cell"])
    reference = table["b"].mode()[0]
    rows = table[(table["b"] == reference) & ~table["a"].isin(controls)].rename(columns={"a": "cell"})
    better = rows["better"].eq(rows["cell"]).map({True: "better", False: "worse"})
    return rows.assign(standing=rows["verdict"].where(rows["verdict"] != "different", better))


def counted(rows: pd.DataFrame) -> str:
    """`41 are equivalent, 10 worse, none better and 5 undecided`."""
    found = rows["standing"].value_counts()
    kinds = ("equivalent", "worse", "better", UNDECIDED)
    numbers = {kind: int(found.get(kind, 0)) for kind in kinds}
    first, *more = [
        f"{numbers[kind] or 'none'} {kind}" for kind in kinds if numbers[kind] or kind == "better"
    ]
    number, word = first.split(" ", 1)
    return listing([f"{number} {'is' if number == '1' else 'are'} {word}", *more])


def places(rows: pd.DataFrame, kind: str, sizes: bool = True) -> str:
    """`without forget gate on stream (−0.81)` and so on, the largest difference first."""
    found = rows[rows["standing"] == kind]
    order = found.groupby("cell")["value"].agg(lambda v: v.abs().max()).sort_values(ascending=False).index
    parts = []
    for cell in order:
        mine = found[found["cell"] == cell]
        where = listing(
            f"{row.task} ({signed(row.value, 2)})" if sizes else str(row.task) for row in mine.itertuples()
        )
        parts.append(f"{brief(cell)} on {where}")
    return "; ".join(parts)


def brief(cell: str) -> str:
    """In lists of variants: `without forget gate`."""
    return re.sub("^the LSTM (?=with)", "", name(cell))


def plainly(cell: str) -> str:
    """In lists of cells beside the LSTM."""
    return "the LSTM" if cell == "lstm" else brief(cell)


def small(rows: pd.DataFrame, kind: str) -> str:
    """How many of these differences are smaller than the margin; empty where none is."""
    found = rows[rows["standing"] == kind]
    number = int((found["value"].abs() < found["margin"]).sum())
    return f"; {number} of these {'is' if number == 1 else 'are'} smaller than the margin" if number else ""


def same(rows: pd.DataFrame) -> list[str]:
    """The cells that are equivalent to the reference on every task."""
    return [str(c) for c, own in rows.groupby("cell", sort=False) if (own["standing"] == "equivalent").all()]


def gru(rows: pd.DataFrame) -> str:
    """How the GRU stands where it is decided; empty where it did not run."""
    mine = rows[rows["cell"] == "gru"]
    parts = [
        f"{kind} on {listing(mine.loc[mine['standing'] == kind, 'task'])}"
        for kind in ("equivalent", "better", "worse")
        if (mine["standing"] == kind).any()
    ]
    return f" The GRU is {listing(parts)}." if parts else ""


def flagship(rows: pd.DataFrame) -> Iterator[str]:
    """Does it matter, which one, and what hurts: the study of cells side by side."""
    reference, margin = rows["b"].iloc[0], f"±{rows['margin'].iloc[0]:g}"
    tasks, cells = rows["task"].nunique(), rows["cell"].nunique()
    mostly = (rows["standing"] == "equivalent").mean() > 0.5
    yield (
        f"**{'Mostly it does not matter' if mostly else 'It matters'}.** Of {len(rows)} comparisons of "
        f"{count(cells, 'cell')} with {name(reference)} on {count(tasks, 'task')}, {counted(rows)}; margin "
        f"{margin} on a scale from 0, naive, to 1, perfect ([{FLAGSHIP}]({FLAGSHIP}.md))."
    )
    equal = same(rows)
    best = f"{name(reference)}: nothing was shown to be better"
    if (rows["standing"] == "better").any():
        best = f"what is better than {name(reference)}: {places(rows, 'better')}{small(rows, 'better')}"
    alike = f"; {listing(map(name, equal))} {'is' if len(equal) == 1 else 'are'} equivalent on every task"
    yield (
        f"**Which one, then?** Take {best}{alike if equal else ''}.{gru(rows)} ([{FLAGSHIP}]({FLAGSHIP}.md))"
    )
    if (rows["standing"] == "worse").any():
        yield (
            f"**What falls behind there:** {places(rows, 'worse')}{small(rows, 'worse')} "
            f"([the figure]({FLAGSHIP}/differences.png))."
        )


def apart(rows: pd.DataFrame) -> Iterator[str]:
    """The study of tasks that were chosen since cells are apart on them."""
    reference, margin = rows["b"].iloc[0], f"±{rows['margin'].iloc[0]:g}"
    worse, better = (places(rows, kind, sizes=False) + small(rows, kind) for kind in ("worse", "better"))
    better = f" Better: {better}." if better else ""
    equal = same(rows)
    alike = f" Equivalent on all of them: {listing(map(name, equal))}." if equal else ""
    yield (
        f"**Where it does matter.** On {count(rows['task'].nunique(), 'task')} chosen for that, of "
        f"{len(rows)} comparisons with {name(reference)} {counted(rows)}, within {margin}. Worse: "
        f"{worse or 'nothing'}.{better}{alike} ([{APART}]({APART}.md))"
    )


def settings(shares: pd.DataFrame) -> Iterator[str]:
    """What explains scores, over the tasks on which a model of them is worth anything. shares: importance.csv."""
    good = shares[(shares["kind"] == MAIN) & shares["meaningful"].eq(True)]
    rate, cell = (good.loc[good["factor"] == factor, "value"] for factor in ("learning rate", CELL))
    if rate.empty or cell.empty:
        return
    more = rate.median() > cell.median()
    yield (
        f"**{'Tune the learning rate first' if more else 'Choose the cell first'}.** Over random settings the learning "
        f"rate explains {percent(rate.min())} to {percent(rate.max())} of the variance of scores, the choice of cell "
        f"{percent(cell.min())} to {percent(cell.max())} ([the figure]({APART}/importance.png))."
    )


def frontier(halves: pd.DataFrame) -> Iterator[str]:
    """The difficulty, such as a lag, at which half of the seeds still solve a task. halves: frontier.csv."""
    kept = halves[halves["part"].eq(DIFFICULTY)].drop_duplicates(["task", "cell"])
    tasks = list(dict.fromkeys(kept["task"]))
    rounded = kept.round({"t50": 0, "t50_low": 0, "t50_high": 0})
    half = {(row.cell, row.task): words(row).replace(" ", "") for row in rounded.itertuples()}
    told = [
        f"{plainly(str(cell))} {listing(half.get((cell, task), '–') for task in tasks)}"
        for cell in dict.fromkeys(kept["cell"])
    ]
    if told:
        yield (
            f"**How far back?** Lags that half of the seeds bridge on {listing(tasks)}: {'; '.join(told)} "
            f"([{FRONTIER}]({FRONTIER}.md))."
        )


def beyond(runs: pd.DataFrame) -> Iterator[str]:
    """On which tasks most seeds are right where sequences are as much longer than in training as was tried. runs:
    confirmed trials."""
    factors = longer_factors(map(str, runs), "error")
    if not factors:
        return
    wrong = runs[longer_column("error", factors[-1])]
    tried = wrong.notna().groupby(runs["task"]).transform("any")
    asked = runs.assign(right=wrong.lt(runs["tolerance"]))[tried]  # a seed without an error is not right
    most = asked.groupby(["cell", "task"], sort=False)["right"].mean().gt(0.5)
    where = most[most].reset_index().groupby("cell", sort=False)["task"].agg(listing)
    told = [f"{listing(map(plainly, cells.index))} on {on}" for on, cells in where.groupby(where, sort=False)]
    yield (
        f"**Longer than trained on?** On strings {factors[-1]} times as long most seeds are right: "
        f"{'; '.join(told) or 'none'} ([{BEYOND}]({BEYOND}.md))."
    )


def unknown(rows: pd.DataFrame) -> Iterator[str]:
    """What is open."""
    told = rows[rows["standing"] == UNDECIDED]
    if not told.empty:
        listed = "; ".join(
            f"on {task} {listing(map(brief, r['cell']))}" for task, r in told.groupby("task", sort=False)
        )
        yield f"**Not known yet:** {listed} ([why]({FLAGSHIP}.md))."


def published(docs: Path) -> Iterator[str]:
    """How the literature's claims fare."""
    folders = sorted(path.parent for path in docs.glob("*/claims.csv"))
    if not folders:
        return
    found = whole(over_studies(read(folders)))["status"].value_counts()
    told = listing(f"{n} {VERBS[status][n > 1]}" for status in VERBS if (n := int(found.get(status, 0))))
    yield f"**And what the literature says?** Of its {found.sum()} claims {told} ([each](claims.md))."


def page(docs: Path) -> str:
    """The page's text. docs: the folder in which the published studies are."""
    main, other = rows_of(docs, FLAGSHIP), rows_of(docs, APART)
    parts: list[str] = []
    if main is not None:
        parts += flagship(main)
    if other is not None:
        parts += apart(other)
    for study, file, told in ((APART, "importance", settings), (FRONTIER, "frontier", frontier)):
        path = docs / study / f"{file}.csv"
        parts += told(pd.read_csv(path)) if path.is_file() else ()
    if (docs / f"{BEYOND}.md").is_file():
        parts += beyond(load(docs / BEYOND / "results", BEYOND).stage("confirm"))
    if main is not None:
        parts += unknown(main)
    parts += published(docs)
    return "\n".join([HEAD, *(f"- {part}" for part in parts if shipped(part, docs)), "", FOOT])


def shipped(sentence: str, docs: Path) -> bool:
    """Whether all that a sentence leads to is there."""
    return all((docs / target).is_file() for target in LINK.findall(sentence))


if __name__ == "__main__":
    out, folder = sys.argv[1:]
    Path(out).write_text(page(Path(folder)), encoding="utf-8")
