"""A claim tested by the checks of `analysis.claims.fact`, on the tasks and cells that they name."""

from dataclasses import dataclass

from analysis.claims import fact
from analysis.claims.claim import Outcome
from analysis.study.tables import Analysed
from analysis.words import listing


@dataclass(frozen=True)
class Checked:
    """Each check gives the outcome of its tasks; they are those of one study's labels."""

    checks: tuple[fact.Check, ...]

    @property
    def needs(self) -> str:
        arms = dict.fromkeys(arm for check in self.checks for arm in check.arms)
        return listing(f"{cell} on {task}" for task, cell in arms)

    def __call__(self, study: Analysed) -> list[Outcome]:
        runs = study.results.stage("confirm")
        return [
            Outcome(listing(dict.fromkeys(task for task, _ in check.arms)), *check(runs))
            for check in self.checks
            if fact.possible(check, runs)
        ]
