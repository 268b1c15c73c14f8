"""Can the verdicts be trusted? The controls of the study, and whether all of it ran.

A study carries its own controls (`analysis.study.controls`). A pipeline that gets these wrong gets the rest wrong
too, so its report is stamped, with the reasons.
"""

from dataclasses import dataclass

import pandas as pd

from analysis.study.controls import broken_controls, open_controls
from analysis.study.results import Results
from analysis.words import count, listing
from sweeps.store.store import mixed

MANY = 6  # cells with diverged seeds that are named


@dataclass(frozen=True, kw_only=True)
class Trust:
    """trustworthy: without reasons against it. `done` of `planned` trials have rows."""

    trustworthy: bool
    reasons: list[str]
    warnings: list[str]
    done: int
    planned: int


def trust(results: Results, table: pd.DataFrame) -> Trust:
    """The stamp for `results` with the verdicts `table`."""
    declaration = results.declaration
    reasons = [*gaps(results), *broken_controls(declaration, table)]
    return Trust(
        trustworthy=not reasons,
        reasons=reasons,
        warnings=[*open_controls(declaration, table), *warnings(results)],
        done=len(results.trials),
        planned=declaration.trials,
    )


def gaps(results: Results) -> list[str]:
    """Trials that should be there and are not, or failed."""
    trials, planned = results.trials, results.declaration.trials
    reasons = [results.incomplete] if results.incomplete else []
    if planned == 0:
        reasons.append("The study has no planned trials.")
    elif len(trials) < planned:
        reasons.append(
            f"Incomplete: {len(trials)} of {count(planned, 'trial')} have results. Verdicts may change when "
            f"the other {planned - len(trials)} are in."
        )
    failed = trials[trials["status"] == "failed"]
    if len(failed):
        errors = [str(error).strip() for error in failed["error"].dropna() if str(error).strip()]
        reasons.append(
            f"{count(len(failed), 'trial')} failed to run ({listing(dict.fromkeys(failed['cell']))}) and "
            f"count as score 0; first error: {errors[0].splitlines()[-1] if errors else 'not recorded'}"
        )
    declaration = results.declaration
    known = trials["cell"].isin(declaration.cells) & trials["task"].isin(declaration.tasks)
    if (~known).any():
        labels = dict.fromkeys(f"{r.cell} on {r.task}" for r in trials[~known].itertuples())
        reasons.append(
            f"{count(int((~known).sum()), 'planned trial')} ran under labels that the study does not declare "
            f"({listing(labels)}); they are in no verdict. Restore the labels, or use a new results directory."
        )
    return reasons


def warnings(results: Results) -> list[str]:
    """What a reader should know, though it does not break the controls."""
    declaration, trials, found = results.declaration, results.trials, list[str]()
    if declaration.overridden:
        found.append(declaration.overridden)
    confirm = trials[trials["stage"] == "confirm"]
    margins = sorted(set(trials["margin"].dropna()) - {declaration.margin})
    if margins:
        found.append(
            f"The margin was changed after results existed: trials ran under "
            f"{listing(f'±{m:g}' for m in margins)}, the verdicts use ±{declaration.margin:g}."
        )
    told = [
        f"{n} of {len(group)} of {cell} on {task}"
        for (cell, task), group in confirm.groupby(["cell", "task"], sort=False)
        if (n := int((group["status"] == "diverged").sum()))
    ]
    if told:
        more = f" and of {len(told) - MANY} more" if len(told) > MANY else ""
        found.append(f"Seeds that diverged and count as score 0: {', '.join(told[:MANY])}{more}.")
    seeds = confirm.groupby(["task", "cell"]).size()
    arms = [(t, c) for t in declaration.tasks for c in declaration.cells if declaration.runs(t, c)]
    sizes = [seeds.get(arm, 0) for arm in arms]
    if len(set(sizes)) > 1 and not declaration.race:
        found.append(f"Unbalanced: between {min(sizes)} and {max(sizes)} confirmed seeds per cell and task.")
    if results.left_out:
        found.append(
            f"{count(results.left_out, 'row')} in the store left out: not in this study's plan (single runs, "
            f"or the study file was edited)."
        )
    if results.other:
        found.append(
            f"{count(results.other, 'trial')} left out: made by a different version of a cell's or task's code."
        )
    found += [
        f"Trials of {name} come from several versions of its code, kept on request: {told}."
        for name, told in mixed(declaration.codes).items()
    ]
    if declaration.confirm_rule and not declaration.race:
        found.append(
            f"The numbers of seeds were chosen by a rule that saw the scores ({declaration.confirm_rule}); the "
            "tests treat them as fixed, so error rates may exceed their level."
        )
    if results.halved:
        updates = results.first_rung.groupby("task", sort=False)["steps_done"].first()
        at_rung = ", ".join(f"{int(steps)} updates on {task}" for task, steps in updates.items())
        found.append(
            "Shares of the variance and the effect of the learning rate are those of the validation score at the "
            f"search's first rung, where all settings still trained ({at_rung})."
        )
        found.append(f"The best of k, Greff et al.'s protocol. {results.no_random_search}")
    elif results.no_random_search:
        found.append(
            f"Shares of the variance, the best of k, Greff et al.'s protocol. {results.no_random_search}"
        )
    if confirm["dirty"].eq(True).any():
        found.append(
            "Some trials ran from a checkout with uncommitted changes: the commit does not fully identify the code."
        )
    if confirm["commit"].nunique(dropna=False) > 1:
        found.append("The confirmed trials come from more than one commit.")
    return found
