"""Published claims as small declarations, evaluated on the verdicts: holds, fails, undecided, not tested.

    Claim(statement="The GRU is equivalent to the LSTM.", source="...", cells=("gru",), expects="equivalent")

Cells are the labels that a study gives them. The baseline of Greff et al. (2017) has peepholes, and so have
their ablations: here too the ablations are held against `peephole`, and `lstm` is what they call NP. Their tasks
were TIMIT, IAM Online and JSB Chorales. So a claim that fails on a synthetic task does not
refute its source; it says that the finding does not carry over to that task.
"""

from dataclasses import dataclass

import pandas as pd

from analysis.verdicts import DIFFERENT, oriented
from analysis.words import signed

HOLDS, FAILS, OPEN, UNTESTED = "holds", "fails", "undecided", "not tested"
ABSENT = "its cells or its tasks are not in this study"

# What a standing of the cell against the reference says about each expectation; else it is undecided.
MEANING = {
    "equivalent": {"equivalent": HOLDS, "better": FAILS, "worse": FAILS},
    "worse": {"worse": HOLDS, "better": FAILS, "equivalent": FAILS},
    "better": {"better": HOLDS, "worse": FAILS, "equivalent": FAILS},
    "not better": {"worse": HOLDS, "equivalent": HOLDS, "better": FAILS},
}


@dataclass(frozen=True, kw_only=True)
class Claim:
    """statement, source: for people. Each of `cells` against `reference` should be as `expects` says.

    expects: a key of MEANING. on, not_on: beginnings of task labels; the claim is evaluated on tasks that
    begin with one of `on` (every task when empty) and with none of `not_on`.
    """

    statement: str
    source: str
    cells: tuple[str, ...]
    expects: str
    reference: str = "lstm"
    on: tuple[str, ...] = ()
    not_on: tuple[str, ...] = ()

    def covers(self, task: str) -> bool:
        return (not self.on or task.startswith(self.on)) and not (
            self.not_on and task.startswith(self.not_on)
        )


GREFF = "Greff et al. 2017"
CLAIMS = (
    Claim(
        statement="No ablation beats the LSTM with peepholes.",
        source=f"{GREFF} (TIMIT, IAM, JSB)",
        cells=("lstm", "cifg", "nig", "nfg", "nog", "niaf", "noaf", "fgr"),
        reference="peephole",
        expects="not better",
    ),
    Claim(
        statement="Coupling the input and forget gates costs nothing.",
        source=f"{GREFF}, CIFG",
        cells=("coupled",),
        expects="equivalent",
    ),
    Claim(
        statement="Dropping the peepholes costs nothing.",
        source=f"{GREFF}, NP",
        cells=("lstm",),
        reference="peephole",
        expects="equivalent",
    ),
    Claim(
        statement="Dropping the forget gate hurts.",
        source=f"{GREFF}, NFG",
        cells=("nfg",),
        reference="peephole",
        expects="worse",
        not_on=("adding",),
    ),
    Claim(
        statement="The adding problem needs no forget gate.",
        source="Hochreiter & Schmidhuber 1997 solved it without one",
        cells=("nfg",),
        reference="peephole",
        expects="equivalent",
        on=("adding",),
    ),
    Claim(
        statement="Dropping the output activation hurts.",
        source=f"{GREFF}, NOAF",
        cells=("noaf",),
        reference="peephole",
        expects="worse",
    ),
    Claim(
        statement="The GRU is equivalent to the LSTM.",
        source="Chung et al. 2014; Jozefowicz et al. 2015",
        cells=("gru",),
        expects="equivalent",
    ),
    Claim(
        statement="The Depth-Gated LSTM is equivalent to the LSTM.",
        source="Olah 2015, reading Greff et al.",
        cells=("depth_gated",),
        expects="equivalent",
    ),
    Claim(
        statement="The plain RNN is worse over long lags.",
        source="Hochreiter & Schmidhuber 1997",
        cells=("rnn",),
        expects="worse",
    ),
    Claim(
        statement="The Clockwork RNN is ahead on generating waveforms.",
        source="Koutník et al. 2014",
        cells=("clockwork",),
        expects="better",
        on=("waveform",),
    ),
)


def evaluate(table: pd.DataFrame, claims: tuple[Claim, ...] = CLAIMS) -> pd.DataFrame:
    """One row a claim and task: statement, source, task, status, evidence.

    A claim about several cells holds on a task when all of its cells that the study has allow it, and
    fails when one contradicts it. A claim without any of its cells, or its tasks, is one row, not tested.
    """
    both = oriented(table).set_index(["task", "cell", "reference"])
    rows = []
    for claim in claims:
        tested = False
        for task in dict.fromkeys(table["task"]):
            keys = [(task, cell, claim.reference) for cell in claim.cells]
            found = both.loc[[key for key in keys if key in both.index]]
            if found.empty or not claim.covers(task):
                continue
            tested = True
            meanings = [meaning(claim.expects, row) for row in found.itertuples()]
            status = FAILS if FAILS in meanings else OPEN if OPEN in meanings else HOLDS
            rows.append((claim.statement, claim.source, task, status, evidence(found.reset_index())))
        if not tested:
            rows.append((claim.statement, claim.source, "", UNTESTED, ABSENT))
    return pd.DataFrame(rows, columns=["statement", "source", "task", "status", "evidence"])


def meaning(expects: str, row) -> str:
    """What one verdict says. A difference smaller than the margin does not refute equivalence."""
    if expects == "equivalent" and row.verdict == DIFFERENT and abs(row.value) < row.margin:
        return OPEN
    return MEANING[expects].get(row.standing, OPEN)


def evidence(rows: pd.DataFrame) -> str:
    told = zip(rows["cell"], rows["standing"], rows["value"], strict=True)
    against = ", ".join(f"{cell} {standing} ({signed(value)})" for cell, standing, value in told)
    return f"against {rows['reference'].iloc[0]}: {against}"
