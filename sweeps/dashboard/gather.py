"""What a dashboard is made from: the study's declaration, its rows, and what the last report wrote."""

import re
from collections.abc import Mapping

from sweeps.dashboard.page import Shown
from sweeps.dashboard.views import Finding, views
from sweeps.mirror.arms import arms
from sweeps.mirror.missing import Now, look, read_trials
from sweeps.mirror.reported import Reported, Verdict, table
from sweeps.mirror.sent import Sent
from sweeps.mirror.which import Which, chosen
from sweeps.store.declaration import Declaration
from sweeps.store.store import Store
from sweeps.terminal.colours import colours
from sweeps.terminal.pipes import pipe_table

SIGNS = {"equivalent": "=", "better": ">", "worse": "<", "undecided": "?", "reference": "reference"}
KEY = "= equivalent, > better, < worse, ? undecided"
NO_REPORT = "No report yet. `lstm-variants report {study}` writes one; then make the dashboard again."


def finding_of(store: Store, declared: Declaration, runs: Which = "auto") -> Finding:
    """What the last report says. runs: which runs the mirror makes."""
    reported = Reported.of(store)
    which, _ = chosen(runs, declared.trials)
    verdicts = reported.verdicts(declared)
    return Finding(
        headline=headline(reported) or NO_REPORT.format(study=declared.study),
        matrix=matrix(verdicts, declared),
        figures=tuple(reported.figures()),
        verdicts=bool(verdicts),
        trials=which == "trials",
        flow=looked_back(store, declared),
    )


def looked_back(store: Store, declared: Declaration) -> tuple[str, ...]:
    """Tasks on which it was measured how far back cells look."""
    measured = {row["task"] for row in store.flow(["task"]).to_pylist()}
    return tuple(task for task in declared.tasks if task in measured)


def headline(reported: Reported) -> str:
    """The finding in words: the first paragraph under that heading of the report."""
    path = reported.folder / "report.md"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    found = re.search(r"^## Finding\n+(.+?)\n\n", text, re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else ""


def matrix(verdicts: Mapping[tuple[str, str], Verdict], declared: Declaration) -> str:
    """Cells by tasks, as a table in Markdown; empty without verdicts."""
    if not verdicts:
        return ""
    reference = next(iter(verdicts.values())).reference
    rows = [
        [cell, *(entry(verdicts.get((cell, task))) for task in declared.tasks)]
        for cell in declared.cells
        if cell != reference and any((cell, task) in verdicts for task in declared.tasks)
    ]
    return f"{pipe_table([f'against {reference}', *declared.tasks], rows)}\n\n{KEY}"


def entry(verdict: Verdict | None) -> str:
    if verdict is None:
        return ""
    difference = "" if verdict.difference is None else f" {verdict.difference:+.3f}"
    return f"{SIGNS.get(verdict.standing, verdict.standing)}{difference}"


def shown_of(store: Store, declared: Declaration, runs: Which = "auto", *, again: int = 0) -> Shown:
    """All that the page without W&B needs."""
    reported = Reported.of(store)
    found = finding_of(store, declared, runs)
    columns, rows = table(reported)
    made = list(arms(store, declared, reported.verdicts(declared))) if store.parts("trials") else []
    trials = trials_of(store) if found.trials else []
    done = sum(int(str(run.summary["trials"])) for run in made)
    return Shown(
        study=declared.study,
        views=list(views(declared, found)),
        runs=[*made, *trials],
        colours=colours(declared.cells),
        progress=f"{done:,} of {declared.trials:,} trials are stored.",
        verdicts=(columns, rows),
        figures=reported.figures(),
        again=again,
    )


def trials_of(store: Store) -> list[Sent]:
    """The trials as the mirror would send them, one each, in the order of the plan."""
    now = Now.of(store)
    every = look(store, lambda *_: True, set(), now)
    found = {t.id: t.sent for part, ids in every.items() for t in read_trials(store, part, ids, now, {})}
    return [found[name] for name in now.called if name in found]
