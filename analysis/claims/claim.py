"""What a claim is, what a check of it is, and what comes of one."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from analysis.claims.outcome import FAILS, UNTESTED
from analysis.claims.weight import Weight, grade, status
from analysis.study.tables import Analysed
from analysis.words import listing

Arm = tuple[str, str]


class Outcome(NamedTuple):
    """task: where (several: joined). evidence: the numbers, for people. complete: whether all that the check names ran
    there; if not, it can fail alone."""

    task: str
    evidence: str
    weight: Weight
    complete: bool = True

    @property
    def status(self) -> str:
        found = status(self.weight)
        return found if self.complete or found == FAILS else UNTESTED

    @property
    def grade(self) -> str:
        return "" if self.status == UNTESTED else grade(self.weight)


class Check(Protocol):
    """A small value that is called with a study: one outcome a task; none where the study has not what it needs."""

    @property
    def arms(self) -> tuple[Arm, ...]:
        """The pairs (task, cell) that it names; none for a check of whatever tasks a study has."""
        ...

    @property
    def needs(self) -> str:
        """What a study must have, for people: `cifg and peephole`."""
        ...

    @property
    def says(self) -> str:
        """What kind of statement it is, for people: `each cell is significantly worse`."""
        ...

    @property
    def least(self) -> int:
        """On how many tasks the statement is made to hold at least; 0: on each."""
        ...

    @property
    def searches(self) -> tuple[str, ...]:
        """The cells whose random searches it rests on; none where it rests on the confirm stage."""
        ...

    def __call__(self, study: Analysed) -> list[Outcome]: ...


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A statement from the literature, and how it is tested.

    statement: one sentence. source: who says so. found: what the source measured, and how, in its own terms.
    studies: shipped studies that were made to test it; any other study that has what the checks need tests it, too.
    checks: all of them, each where it can be made. complete: it is tested only where all of them can be made. beside:
    checks that are shown with a published fact (`facts`) and have no say. conditions: in what our runs differ from the
    published ones. reason: why it comes out otherwise here, as far as it is known.
    """

    statement: str
    source: str
    found: str
    studies: tuple[str, ...]
    checks: tuple[Check, ...]
    complete: bool = False
    beside: tuple[Check, ...] = ()
    conditions: str = ""
    reason: str = ""

    @property
    def needs(self) -> str:
        """What a study must have: all arms that checks name, or what one of the other checks needs."""
        every = (*self.checks, *self.beside)
        arms = dict.fromkeys(arm for check in every for arm in check.arms)
        named = [listing(f"{cell} on {task}" for task, cell in arms)] if arms else []
        others = dict.fromkeys(check.needs for check in every if not check.arms)
        return "; or ".join([*named, *others])

    @property
    def says(self) -> str:
        """The kinds of statement that it is made of."""
        return "; ".join(dict.fromkeys(check.says for check in self.checks))
