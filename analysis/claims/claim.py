"""What a claim is, and what a check of it is."""

from dataclasses import dataclass
from typing import Protocol

from analysis.claims.outcome import Outcome
from analysis.study.tables import Analysed
from analysis.words import listing

Arm = tuple[str, str]


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

    def __call__(self, study: Analysed) -> list[Outcome]: ...


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A statement from the literature, and how it is tested.

    statement: one sentence. source: who says so. found: what the source measured, and how, in its own terms.
    studies: shipped studies that were made to test it; any other study that has what the checks need tests it, too.
    checks: all of them, each where it can be made. complete: it is tested only where all of them can be made. beside:
    checks that are made and shown with them, but have no say in the outcome of a published fact (`facts`). conditions:
    in what our runs differ from the published ones. reason: why it comes out otherwise here, as far as it is known.
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
        return "; or ".join([*named, *(check.needs for check in every if not check.arms)])
