"""One run, described completely: a trial holds everything that determines its numbers."""

import math
from dataclasses import dataclass, field

from experiments.optimizers import SGD, Adam
from experiments.precision import PRECISIONS
from experiments.specs import ADDED, check
from experiments.tasks.contract import TaskSpec
from lstm_variants import Layers
from lstm_variants.contract import CellSpec

SEED_LIMIT = 2**32
MOST = 10_000  # times longer


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A cell or layers of it, a task, an optimiser and a seed.

    steps: optimiser updates at most. batch: sequences per update. evaluate_every: updates between two
    evaluations (one curve row each). validation_batches, test_batches: sizes of the two fresh samples, in
    batches. stop_after: stop this many updates after the task first counted as solved; 0 stops at once,
    infinity never (a measure of final score must never stop early: all scores would be alike). longer: when
    it ends, test also on sequences that many times longer than in training. precision: of the
    matrix products, float32 or bfloat16 (see `experiments.precision`).
    """

    cell: CellSpec | Layers
    task: TaskSpec
    optimizer: Adam | SGD
    seed: int
    steps: int = 2000
    batch: int = 32
    evaluate_every: int = 100
    validation_batches: int = 16
    test_batches: int = 64
    stop_after: float = math.inf
    longer: tuple[int, ...] = ()
    precision: str = field(default="float32", metadata=ADDED)

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "evaluate_every", "validation_batches", "test_batches"):
            if getattr(self, name) < 1:
                raise ValueError(f"A trial needs {name} >= 1; got {name}={getattr(self, name)}.")
        if self.evaluate_every > self.steps:
            raise ValueError(
                f"A trial needs evaluate_every <= steps, or it is never evaluated; got "
                f"evaluate_every={self.evaluate_every}, steps={self.steps}."
            )
        factors = self.longer
        whole = isinstance(factors, tuple) and all(type(factor) is int for factor in factors)
        if (
            not whole
            or list(factors) != sorted(set(factors))
            or (factors and not 2 <= factors[0] <= factors[-1] <= MOST)
        ):
            raise ValueError(
                f"A trial needs longer as a tuple of increasing integer factors from 2 to {MOST:,}, such as (2, 4); "
                f"got {factors!r}."
            )
        if self.longer and not hasattr(self.task, "longer"):
            raise ValueError(f"{type(self.task).__name__} has no method longer; got longer={self.longer!r}.")
        if self.precision not in PRECISIONS:
            raise ValueError(
                f"A trial needs precision = {' | '.join(PRECISIONS)}; got precision={self.precision!r}."
            )
        if not 0 <= self.seed < SEED_LIMIT:
            raise ValueError(f"A seed must be an integer in [0, 2**32); got seed={self.seed}.")

    def check(self) -> None:
        """Raises ValueError for what only a check before the run can see: floats, and lengths of `longer`."""
        for factor in self.longer:
            self.task.longer(factor)
        if not self.stop_after >= 0:
            raise ValueError(
                f"A trial needs stop_after >= 0 (inf: never stop); got stop_after={self.stop_after!r}."
            )

    def reseeded(self, seed: int) -> "Trial":
        """The same with another seed, in [0, 2**32): all else was looked at when this one was made."""
        other = object.__new__(type(self))
        vars(other).update(vars(self), seed=seed)
        return other

    @property
    def evaluations(self) -> int:
        """Number of evaluations when nothing stops it."""
        return -(-self.steps // self.evaluate_every)


def checked(trial: Trial) -> Trial:
    """The trial itself, after every check that can be made before it runs. Raises SpecError."""
    check(trial)
    return trial
