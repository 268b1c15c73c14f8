"""How well a linear function of a network's state tells what there is to remember.

A probe is fitted on the first half of the sequences and judged on the other half, at all steps at which a quantity is
known: logistic regression for classes, judged by the share that is right, ridge regression for numbers, judged by R²,
the share of their variance that is gone. Beside it stand what needs no memory (chance: always the commonest class, or
the mean; the input of the same step alone) and what needs no training (the state before the first update). A single
unit is judged the same way, by a line or, for classes, by its linear discriminant.
"""

import warnings
from typing import Any, NamedTuple

import numpy as np

from experiments.inside.bootstrap import interval
from experiments.tasks.contract import Quantity

MOST = 3000  # steps that a probe is fitted on
FEWEST = 40


class Probed(NamedTuple):
    """quantity: its name. classes: how many, 0 for numbers. value, low, high: accuracy or R² on held-out sequences,
    with a 95 % interval over them. chance: 0 for R². input, untrained: the same probe of the input alone, and of the
    network before training. units: of every single number of the state (k,). steps: value at every step (T,), NaN
    where unknown."""

    quantity: str
    classes: int
    value: float
    low: float
    high: float
    chance: float
    input: float
    untrained: float
    units: np.ndarray
    steps: np.ndarray

    @property
    def skill(self) -> np.ndarray:
        """Of the units: 0 at chance, 1 for what tells all."""
        return np.clip((self.units - self.chance) / max(1 - self.chance, 1e-9), 0, 1)


def probe(
    name: str, quantity: Quantity, state: np.ndarray, inputs: np.ndarray, untrained: np.ndarray
) -> Probed | None:
    """Probe states (T, B, k) for a quantity; inputs (T, B, n) and the untrained network's states beside it. None where
    there is nothing to tell: one class or value alone, or too few steps."""
    values, known = np.asarray(quantity.values), np.asarray(quantity.known)
    half = known.shape[1] // 2
    fitted, held = known.copy(), known.copy()
    fitted[:, half:], held[:, :half] = False, False
    if min(fitted.sum(), held.sum()) < FEWEST or len(np.unique(values[fitted])) < 2:
        return None
    chosen = np.flatnonzero(fitted)
    if len(chosen) > MOST:
        chosen = np.sort(np.random.default_rng(0).choice(chosen, MOST, replace=False))
    y, y_held = values.reshape(-1)[chosen], values[held]
    classes = len(np.unique(y)) if np.issubdtype(values.dtype, np.integer) else 0
    if classes == 1 or (not classes and (y.std() < 1e-9 or y_held.std() < 1e-9)):
        return None

    def told(features: np.ndarray) -> np.ndarray:
        flat = features.reshape(-1, features.shape[-1])
        return fit(flat[chosen], y, flat[held.reshape(-1)], classes)

    said = told(state)
    gone, all_of_it = worth(said, y, y_held, classes)
    sequence = np.broadcast_to(np.arange(known.shape[1]), known.shape)[held]
    low, high = over_sequences(gone, all_of_it, sequence, classes)
    flat = state.reshape(-1, state.shape[-1])
    chance = float((y_held == commonest(y)).mean()) if classes else 0.0
    return Probed(
        name,
        classes,
        judged(gone, all_of_it, classes),
        low,
        high,
        chance,
        judged(*worth(told(inputs), y, y_held, classes), classes),
        judged(*worth(told(untrained), y, y_held, classes), classes),
        single(flat[chosen], y, flat[held.reshape(-1)], y_held, classes),
        by_step(gone, all_of_it, held, classes),
    )


def fit(x: np.ndarray, y: np.ndarray, held: np.ndarray, classes: int) -> np.ndarray:
    """What a linear probe of features (N, k) says on held-out ones."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model: Any = LogisticRegression(max_iter=200) if classes else Ridge(alpha=1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # what it has by then is good enough
        made = make_pipeline(StandardScaler(), model).fit(x.astype(np.float64), y)
    return np.asarray(made.predict(held.astype(np.float64)))


def commonest(y: np.ndarray) -> Any:
    values, counts = np.unique(y, return_counts=True)
    return values[counts.argmax()]


def worth(said: np.ndarray, y: np.ndarray, held: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Of every step what counts in the probe's favour, and out of what: right or not out of 1; of numbers the squared
    error, out of that of the mean."""
    if classes:
        return (said == held).astype(float), np.ones(len(held))
    return (said - held) ** 2, (held - y.mean()) ** 2


def judged(gone: np.ndarray, all_of_it: np.ndarray, classes: int) -> float:
    share = float(gone.sum() / max(all_of_it.sum(), 1e-12))
    return share if classes else 1 - share


def over_sequences(
    gone: np.ndarray, all_of_it: np.ndarray, sequence: np.ndarray, classes: int
) -> tuple[float, float]:
    """An interval for `judged`, by drawing the held-out sequences again."""
    _, place = np.unique(sequence, return_inverse=True)
    low, high = interval(np.bincount(place, gone), np.bincount(place, all_of_it))
    return (low, high) if classes else (1 - high, 1 - low)


def by_step(gone: np.ndarray, all_of_it: np.ndarray, held: np.ndarray, classes: int) -> np.ndarray:
    """The probe's value at every step (T,), NaN where fewer than ten sequences have it; of numbers out of what they
    vary over all steps."""
    step = np.broadcast_to(np.arange(len(held))[:, None], held.shape)[held]
    top, counts = np.bincount(step, gone, len(held)), np.bincount(step, minlength=len(held))
    bottom = counts * all_of_it.mean()
    fine = counts >= 10
    shares = np.divide(top, bottom, out=np.full(len(held), np.nan), where=fine)
    return shares if classes else 1 - shares


def single(x: np.ndarray, y: np.ndarray, held: np.ndarray, y_held: np.ndarray, classes: int) -> np.ndarray:
    """What each feature tells alone: R² of a line, or the accuracy of its linear discriminant (k,)."""
    x, held = x.astype(np.float64), held.astype(np.float64)
    if not classes:
        centred = x - x.mean(0)
        slope = centred.T @ (y - y.mean()) / np.maximum((centred**2).sum(0), 1e-12)
        said = y.mean() + (held - x.mean(0)) * slope
        return 1 - ((said - y_held[:, None]) ** 2).sum(0) / max(((y_held - y.mean()) ** 2).sum(), 1e-12)
    names = np.unique(y)
    means = np.stack([x[y == name].mean(0) for name in names])
    spread = sum(((x[y == name] - mean) ** 2).sum(0) for name, mean in zip(names, means, strict=True))
    variance = np.maximum(spread / len(x), 1e-9)
    prior = np.log([(y == name).mean() for name in names])[:, None]
    best, right = np.full(held.shape, -np.inf), np.zeros(held.shape, bool)
    for name, mean, p in zip(names, means, prior, strict=True):
        merit = held * mean / variance - mean**2 / (2 * variance) + p
        right = np.where(merit > best, (y_held == name)[:, None], right)
        best = np.maximum(best, merit)
    return right.mean(0)
