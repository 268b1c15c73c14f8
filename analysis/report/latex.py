r"""Tables for papers, in LaTeX with booktabs: `\input{verdicts}` and so on; `tables.tex` is a document of all of them.

    verdicts     cells by tasks: verdict and difference to the reference
    tests        every cell on every task: difference, interval, p-values (or e-values), posterior, n
    measures     cells by measures, over all tasks (or the one that there is)
    importance   factors by tasks: share of the variance with its interval

Signs: $=$ equivalent, $>$ better, $<$ worse, ? undecided.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from analysis.report.grids import EVERY, Matrix, entries, turned
from analysis.statistics.pairs.reasons import RACE, e_value
from analysis.statistics.pairs.seeds import decided
from analysis.statistics.search.importance import MAIN, REST
from analysis.study.method import method
from analysis.study.tables import Analysed
from analysis.study.verdicts import against
from analysis.words import MINUS, between, digits, listing, number, percent_between, probability, signed

SHEETS = ("verdicts", "tests", "measures", "importance", "tables")
SIGNS = {"equivalent": "$=$", "better": "$>$", "worse": "$<$", "undecided": "?"}
SPECIAL = {
    **{c: rf"\{c}" for c in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "±": r"$\pm$",
    "₂": r"$_2$",
    "–": "--",
    MINUS: "$-$",
    "…": r"\dots{}",
}
PREAMBLE = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{booktabs,graphicx}
\begin{document}
"""


def escape(text: object) -> str:
    """Text as LaTeX prints it."""
    return "".join(SPECIAL.get(c, c) for c in " ".join(str(text).split()))


def sheets(study: Analysed, told: Mapping[str, Any]) -> dict[str, str]:
    """Every sheet's text by name. told: as `analysis.report.content.content` makes it."""
    found = {
        "verdicts": verdicts(study),
        "tests": tests(study),
        "measures": measures(study, told["measures"]),
        "importance": importance(study),
    }
    inputs = "\n".join(rf"\input{{{name}}}" for name in found)
    return found | {"tables": f"{PREAMBLE}{inputs}\n\\end{{document}}\n"}


def tabular(
    name: str, caption: str, header: Sequence[str], rows: Iterable[Sequence[str]], columns: str = ""
) -> str:
    """One table; header and rows are LaTeX already, the caption is text. Nothing but a comment without rows."""
    lines = [" & ".join(row) + r" \\" for row in rows]
    if not lines:
        return f"% {name}: no data yet\n"
    shape = columns or "l" + "c" * (len(header) - 1)
    return "\n".join(
        [
            r"\begin{table}[tbp]",
            r"\centering",
            rf"\caption{{{escape(caption)}}}",
            rf"\label{{tab:{re.sub('[^a-z]', '', name)}}}",
            r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
            rf"\begin{{tabular}}{{{shape}}}",
            r"\toprule",
            " & ".join(header) + r" \\",
            r"\midrule",
            *(
                f"{{}}{line}" for line in lines
            ),  # a row may begin with [ or *, which would belong to the line before
            r"\bottomrule",
            r"\end{tabular}}",
            r"\end{table}",
            "",
        ]
    )


def placed(matrix: Matrix) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a matrix: the sign and the difference."""

    def told(cell: str, column: str) -> str:
        entry = matrix.rows[cell].get(column)
        return f"{SIGNS[entry.standing]} {escape(entry.text)}" if entry else ""

    header = ["Cell", *(escape(title) for title in matrix.columns.values())]
    return header, [
        [escape(cell), *(told(cell, column) for column in matrix.columns)] for cell in matrix.rows
    ]


def seeds(study: Analysed) -> str:
    """`24 seeds`, `4 to 8 seeds`."""
    n = decided(study.verdicts)[["n_a", "n_b"]].to_numpy(int)
    if not n.size:
        return "no seeds yet"
    low, high = int(n.min()), int(n.max())
    return f"{low} seeds" if low == high else f"{low} to {high} seeds"


def verdicts(study: Analysed) -> str:
    declared, reference = study.declaration, study.reference
    columns = {task: rows for task, rows in against(study.verdicts, reference).groupby("task", sort=False)}
    if len(columns) > 1:
        columns = {EVERY: against(study.over_tasks, reference)} | columns
    found = {str(task): entries(rows) for task, rows in columns.items()}
    matrix = Matrix(title="", columns={task: task for task in found}, rows=turned(found, declared.cells))
    measure = declared.measure.replace("_", " ")
    caption = (
        f"Each cell against {reference}: verdict and difference in {measure}, {seeds(study)} per cell and task. "
        f"{method(declared, study.verdicts)} =: equivalent; ?: undecided. Diverged and failed trials count as 0."
    )
    if EVERY in found:
        caption += f" {EVERY.capitalize()}: the mean over them, Welch-Satterthwaite; Holm over all pairs."
    return tabular("verdicts", caption, *placed(matrix))


def tests(study: Analysed) -> str:
    declared = study.declaration
    rows = decided(against(study.verdicts, study.reference))
    header = ["Task", "Cell", "Verdict", "Difference", f"{1 - 2 * declared.alpha:.0%} interval"]
    letter = "e" if declared.race else "p"
    header = [*map(escape, header), f"${letter}_{{\\neq}}$", f"${letter}_{{=}}$", "$P(>, =, <)$", "$n$"]
    lines = [tested(row) for row in rows.itertuples()]
    evidence = "e-values at the last look" if declared.race else "p, after Holm over all pairs of a task,"
    caption = (
        f"Every cell against {study.reference}. {evidence} of a difference and of equivalence within "
        f"±{declared.margin:g}; P: posterior probability of better, within the margin, worse."
    )
    return tabular("tests", caption, header, lines, "llccccccc")


def tested(row) -> list[str]:
    """One line of `tests`."""
    places = digits(row.margin)
    texts = (row.task, row.cell), (signed(row.value, places), between(row.low, row.high, places))
    before, after = ([escape(text) for text in some] for some in texts)
    raced = row.method == RACE
    evidence = (
        [e(max(row.log_e_better, row.log_e_worse)), e(row.log_e_equal)]
        if raced
        else [p(row.p_difference_holm), p(row.p_equivalence_holm)]
    )
    posterior = ", ".join(number(x, 2) for x in (row.posterior_a, row.posterior_equal, row.posterior_b))
    return [
        *before,
        SIGNS[row.standing],
        *after,
        *evidence,
        escape(posterior),
        f"{row.looked}, {row.looked}" if raced else f"{row.n_a}, {row.n_b}",
    ]


def p(value: float) -> str:
    return probability(value).replace("< ", "$<$").replace("–", "--")


def e(log: float) -> str:
    return re.sub(r"10\^(-?\d+)", r"$10^{\1}$", e_value(log))


def measures(study: Analysed, found: Sequence[Matrix]) -> str:
    if not found:
        return tabular("measures", "", [], [])
    first = found[0]
    caption = (
        f"Each cell against {study.reference} by measure ({first.title}): verdict and difference, with the margin of "
        f"each measure; level {study.declaration.alpha:g} after Holm over all pairs, not corrected "
        "for the number of measures."
    )
    return tabular("measures", caption, *placed(first))


def importance(study: Analysed) -> str:
    table = study.shares[study.shares["value"].notna() & study.shares["kind"].isin([MAIN, REST])]
    table = table[table["meaningful"].eq(True) & table["explained"].notna()]
    names = [str(row.kind if row.kind == REST else row.factor) for row in table.itertuples()]
    table = table.assign(name=names, value=table["value"].astype(float))
    tasks = list(dict.fromkeys(table["task"]))
    main = table[table["kind"] == MAIN].groupby("name")["value"].mean().sort_values(ascending=False)
    order = [*main.index, *([REST] if REST in names else [])]
    known = {(row.name, row.task): share(row) for row in table.itertuples(index=False)}
    rows = [[escape(name), *(known.get((name, task), "") for task in tasks)] for name in order]
    methods = listing(dict.fromkeys(m.split(";")[0] for m in table["method"])) if len(table) else ""
    caption = (
        "Share of the variance of predicted scores over the search that each factor explains alone, and all "
        f"interactions together, with 95% intervals; tasks whose model predicts unseen settings. {methods}."
    )
    return tabular("importance", caption, ["Factor", *map(escape, tasks)], rows)


def share(row) -> str:
    """A share of the variance with its interval."""
    return escape(percent_between(row.value, row.low, row.high))
