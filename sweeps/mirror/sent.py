"""A W&B run as the mirror writes it, whether of a trial, of an arm or of the study."""

from dataclasses import dataclass, field

from sweeps.mirror.design import Design
from sweeps.mirror.run import Row

STEP = "step"  # the horizontal axis of every curve
HIDDEN = ("seconds", "valid_error", "valid_loss")  # no panels of their own: people look at scores


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A finished run. Values are what JSON holds, and numbers that are not finite.

    id: what the ledger knows it by: a trial's id, or a name that no trial has. mark: what it shows beside numbers;
    where that differs the run is made again. run_id: what W&B knows it by. status,
    steps: of a trial, how it ended and after how many updates. history: lines in order, each with its step. started,
    seconds: when it began (since 1970) and how long it took. uses: the artifact that it began with, if any.
    """

    id: str
    mark: str = ""
    run_id: str
    name: str
    group: str
    job_type: str
    tags: list[str]
    config: Row
    history: list[Row] = field(default_factory=list)
    summary: Row = field(default_factory=dict)
    status: str = "finished"
    steps: int = 0
    started: float = 0.0
    seconds: float = 0.0
    uses: Design | None = None

    @property
    def exit_code(self) -> int:
        return int(self.status == "failed")
