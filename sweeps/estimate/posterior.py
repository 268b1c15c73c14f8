"""What is known of the seconds of structures, after some structures were timed.

    log(seconds / guess) = machine + cell + task + (cell and task) + structure + noise

Every term is a normal variable of mean 0, with the standard deviation of `Spread`: one for the machine, one for each
cell, for each task, and so on. All logarithms are then jointly normal, and what was timed gives the distribution of the
others in closed form: an LSTM that is slow on adding says something of LSTMs, of adding, and most of all of this
machine.

C. E. Rasmussen & C. K. I. Williams, "Gaussian Processes for Machine Learning" (2006), equations 2.22 to 2.24.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.specs import canonical
from experiments.trial import Trial
from sweeps.estimate.guess import classes


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Standard deviations of logarithms."""

    machine: float
    cell: float
    task: float
    both: float
    structure: float
    noise: float


# Fitted by eye to the stores in docs/*/results: variances between studies, cells, tasks, both, and sizes.
RUN = Spread(machine=0.7, cell=0.4, task=0.6, both=0.35, structure=0.25, noise=0.15)
COMPILING = Spread(machine=0.5, cell=0.35, task=0.25, both=0.15, structure=0.1, noise=0.2)


@dataclass(frozen=True, kw_only=True)
class Name:
    """Of a structure, as far as structures have something in common."""

    structure: str
    cell: str
    task: str


def name_of(bare: Trial) -> Name:
    return Name(structure=canonical(bare), cell=classes(bare.cell), task=classes(bare.task))


@dataclass(frozen=True)
class Posterior:
    """Of log(seconds / guess). mean (n,), covariance (n, n). noise: variance of one timing."""

    mean: np.ndarray
    covariance: np.ndarray
    noise: float

    def after(self, i: int) -> "Posterior":
        """When structure i has been timed, as far as that is known before: the covariance."""
        column = self.covariance[:, i]
        less = np.outer(column, column) / (self.covariance[i, i] + self.noise)
        return Posterior(self.mean, self.covariance - less, self.noise)


def posterior(wanted: Sequence[Name], timed: Sequence[tuple[Name, float]], spread: Spread) -> Posterior:
    """Of the wanted structures, given some of log(seconds / guess)."""
    names = [name for name, _ in timed]
    prior, noise = covariance(wanted, wanted, spread), spread.noise**2
    if not timed:
        return Posterior(np.zeros(len(wanted)), prior, noise)
    across = covariance(wanted, names, spread)
    inside = covariance(names, names, spread) + noise * np.eye(len(names))
    weights = np.linalg.solve(inside, across.T).T
    return Posterior(weights @ np.array([ratio for _, ratio in timed]), prior - weights @ across.T, noise)


def covariance(some: Sequence[Name], others: Sequence[Name], spread: Spread) -> np.ndarray:
    """(len(some), len(others))."""

    def same(field: str) -> np.ndarray:
        left, right = ([getattr(name, field) for name in names] for names in (some, others))
        number = {text: i for i, text in enumerate(dict.fromkeys([*left, *right]))}
        return np.array([number[t] for t in left])[:, None] == np.array([number[t] for t in right])[None, :]

    cell, task = same("cell"), same("task")
    return (
        spread.machine**2
        + spread.cell**2 * cell
        + spread.task**2 * task
        + spread.both**2 * (cell & task)
        + spread.structure**2 * same("structure")
    )
