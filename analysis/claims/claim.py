"""What a claim is, and what a test of it is."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from analysis.study.tables import Analysed


class Outcome(NamedTuple):
    """task: where (several: joined). status: holds, fails or undecided. evidence: the numbers, for people."""

    task: str
    status: str
    evidence: str


class Test(Protocol):
    """A small value that is called with a study: one outcome a task; none where the study has not what it needs."""

    @property
    def needs(self) -> str:
        """What a study must have, for people: `cifg and peephole`."""
        ...

    def __call__(self, study: Analysed) -> list[Outcome]: ...


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A statement from the literature, and how it is tested.

    statement: one sentence. source: who says so. found: what the source measured, and how, in its own terms.
    studies: shipped studies that were made to test it; any other study that has what the tests need tests it, too.
    tests: all of them, each where it can be made.
    """

    statement: str
    source: str
    found: str
    studies: tuple[str, ...]
    tests: tuple[Test, ...]

    @property
    def needs(self) -> str:
        return "; or ".join(test.needs for test in self.tests)
