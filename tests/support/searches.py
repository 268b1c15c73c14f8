"""Synthetic searches with a known decomposition of variance.

    terms = {("learning rate",): 0.6, ("cell",): 0.3, ("learning rate", "cell"): 0.1}
    trials = searched(terms, cells=("lstm", "gru"), generator=generator)    rows of a search stage

The expected score is 0.5 + 0.1 Σ_U √share_U Π_{j in U} φ_j, with each φ_j of mean 0 and variance 1 over what is
searched. So the terms do not overlap, and share_U is what a functional ANOVA must find for U, exactly.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.study.results import Results
from sweeps.store.declaration import Declaration

SD = 0.1
COLUMNS = {
    "learning rate": "optimizer.learning_rate",
    "hidden size": "cell.cell.hidden",
    "input noise": "cell.noise",
    "momentum (b1)": "optimizer.b1",
}
HIDDEN = (8, 16, 32, 64)


def bump(u: np.ndarray) -> np.ndarray:
    """An arch over 0..1, mean 0, variance 1: the second Legendre polynomial upside down."""
    return -np.sqrt(5) * (6 * u * u - 6 * u + 1)


def slope(u: np.ndarray) -> np.ndarray:
    """A line over 0..1, mean 0, variance 1."""
    return np.sqrt(12) * (u - 0.5)


def standard(values) -> np.ndarray:
    """Numbers with mean 0 and variance 1."""
    numbers = np.asarray(values, float)
    return (numbers - numbers.mean()) / numbers.std()


def searched(
    terms: Mapping[tuple[str, ...], float],
    *,
    cells: tuple[str, ...],
    generator: np.random.Generator,
    tasks: tuple[str, ...] = ("adding",),
    settings: int = 48,
    noise: float = 0.0,
    diverges: float = 0.0,
) -> pd.DataFrame:
    """Trials of a search: the same `settings` random draws for every cell of a task, as a study plans them.

    noise: standard deviation of a trial's score about the expected one, in units of that of the expected scores.
    diverges: chance of a trial to diverge. A learning rate is drawn log-uniformly, a hidden size from four, the
    other two uniformly; also where the terms do not mention them.
    """
    frames = []
    for task in tasks:
        u = {name: generator.uniform(size=settings) for name in COLUMNS}
        hidden = generator.integers(len(HIDDEN), size=settings)
        shape = {
            "learning rate": bump(u["learning rate"]),
            "hidden size": standard(range(len(HIDDEN)))[hidden],
            "input noise": slope(u["input noise"]),
            "momentum (b1)": slope(u["momentum (b1)"]),
        }
        values = {
            "optimizer.learning_rate": 10 ** (-4 + 3 * u["learning rate"]),
            "cell.cell.hidden": np.array(HIDDEN)[hidden],
            "cell.noise": u["input noise"],
            "optimizer.b1": 0.5 + 0.49 * u["momentum (b1)"],
        }
        level = standard(np.arange(len(cells)) ** 2) if len(cells) > 1 else np.zeros(1)
        for k, cell in enumerate(cells):
            here = {**shape, "cell": np.full(settings, level[k])}
            expected = sum(
                np.sqrt(share) * np.prod([here[name] for name in factors], axis=0)
                for factors, share in terms.items()
            )
            score = 0.5 + SD * (expected + noise * generator.standard_normal(settings))
            lost = generator.random(settings) < diverges
            frame = pd.DataFrame({"trial_id": [f"{task}/{cell}/{i:03}" for i in range(settings)], **values})
            frames.append(
                frame.assign(
                    stage="search",
                    task=task,
                    cell=cell,
                    seed=1000 + np.arange(settings),
                    status=np.where(lost, "diverged", "finished"),
                    valid_score=np.where(lost, np.nan, score),
                    valid_loss=np.where(lost, np.nan, 1 - score),
                    test_score=np.where(lost, np.nan, score),
                    test_sequences=2048,
                    solved=~lost & (score > 0.7),
                )
            )
    return pd.concat(frames, ignore_index=True)


def results_of(trials: pd.DataFrame, **declared) -> Results:
    """A study with these trials and no others."""
    declaration = Declaration(
        study="searched",
        doc="",
        cells=list(dict.fromkeys(trials["cell"])),
        tasks=list(dict.fromkeys(trials["task"])),
        **declared,
    )
    return Results(declaration=declaration, trials=trials, curves=pd.DataFrame(), left_out=0)
