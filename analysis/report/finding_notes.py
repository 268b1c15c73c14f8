"""What stands beside the finding, in one or two sentences each: over all tasks, other margins, the Bayesian
counterpart, what explains the scores, Greff et al.'s protocol. All are computed; none is a verdict of its own."""

import pandas as pd

from analysis.statistics.pairs.reasons import UNDECIDED
from analysis.statistics.pairs.seeds import decided
from analysis.statistics.search.factors import CELL
from analysis.statistics.search.greff import TOP
from analysis.statistics.search.importance import MAIN, REST
from analysis.study.method import margins
from analysis.study.tables import Analysed
from analysis.words import count, listing, percent

MANY = 5  # disagreements that are named


def notes(study: Analysed) -> list[str]:
    """The sentences, as far as the study has what they tell of."""
    rows = study.found(study.verdicts)
    judge = "race" if study.declaration.race else "tests"
    told = (
        together(study),
        margins(study.declaration, study.comparisons),
        posterior(rows, judge),
        explains(study.shares),
        theirs(study),
    )
    return [note for note in told if note]


def together(study: Analysed) -> str:
    """The verdicts over all tasks; nothing where there is one task."""
    if study.verdicts["task"].nunique() < 2:
        return ""
    rows = study.found(study.over_tasks)
    parts = [
        f"{kind}: {listing(rows.loc[rows['standing'] == kind, 'cell'])}"
        for kind in ("equivalent", "better", "worse", UNDECIDED)
        if (rows["standing"] == kind).any()
    ]
    return f"Over all tasks together, against {study.reference}: {'; '.join(parts)}." if parts else ""


def posterior(rows: pd.DataFrame, judge: str = "tests") -> str:
    """Whether the Bayesian counterpart says the same. judge: what the verdicts come from."""
    rows = decided(rows)
    rows = rows[rows["posterior_equal"].notna()]
    if rows.empty:
        return ""
    apart = rows[~rows["agree"].astype(bool)]
    text = f"The Bayesian counterpart agrees in {len(rows) - len(apart)} of {count(len(rows), 'comparison')}"
    if apart.empty:
        return f"{text}."
    said = [
        f"{row.cell} on {row.task} (posterior: {row.bayes}; {judge}: {row.verdict})"
        for row in apart.itertuples()
    ]
    more = f" and {len(said) - MANY} more" if len(said) > MANY else ""
    return f"{text}; not for {listing(said) if not more else ', '.join(said[:MANY]) + more}."


def explains(shares: pd.DataFrame) -> str:
    """The strongest factor of the search beside the cell, over the tasks with a model that is worth it."""
    good = shares[shares["meaningful"].eq(True) & shares["value"].notna() & shares["explained"].notna()]
    main = good[good["kind"] == MAIN]
    others = main[main["factor"] != CELL]
    if others.empty:
        return ""
    first = others.groupby("factor")["value"].mean().idxmax()
    parts = [f"the {first} explains {reach(others[others['factor'] == first])}"]
    if (main["factor"] == CELL).any():
        parts.append(f"the choice of cell {reach(main[main['factor'] == CELL])}")
    if (good["kind"] == REST).any():
        parts.append(f"all interactions together {reach(good[good['kind'] == REST])}")
    n = main["task"].nunique()
    return f"Of the variance of scores over the search ({count(n, 'task')}), {listing(parts)}."


def reach(rows: pd.DataFrame) -> str:
    """From the smallest to the largest share over the tasks."""
    low, high = percent(rows["value"].min()), percent(rows["value"].max())
    return low if low == high else f"{low} to {high}"


def theirs(study: Analysed) -> str:
    """Which cells Greff et al.'s protocol would have called different, beside ours."""
    table = study.protocol
    rows = decided(table[table["which"] == TOP])
    if rows.empty:
        return ""
    found = rows[rows["significant"]]
    told = [
        f"{cell} {'worse' if below else 'better'} on {listing(group['task'])}"
        for (cell, below), group in found.groupby(["cell", found["value"] < 0], sort=False)
    ]
    sizes = sorted({int(n) for n in rows[["n_a", "n_b"]].to_numpy(int).ravel()})
    n = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    words = "; ".join(told) if told else "no cell different"
    return (
        f"Greff et al.'s own protocol (best tenth of the search: {n} trials; Welch, Bonferroni; against "
        f"{rows['reference'].iloc[0]}) would have found {words}."
    )
