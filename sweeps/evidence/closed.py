"""e-Holm: closed testing with the mean of e-values, for any dependence among them.

The mean of the e-values of any set of true nulls is itself an e-value (Vovk & Wang 2021, Annals of Statistics
49). So a comparison is decided when every set of comparisons that holds it has a mean of at least c = 1/α; the
worst of these sets is the comparison with all others below c. It is decided if and only if

    e_j - c >= Σ_{k ≠ j} max(c - e_k, 0)

The chance that any true null of the family is ever decided is then at most α, at every look together, as long as the
e-values are e-processes.
"""

import numpy as np


def decided(e: np.ndarray, alpha: float) -> np.ndarray:
    """Which e-values (m,) of a family are decided at level alpha; not logarithms, infinite ones allowed."""
    e = np.asarray(e, float)
    c = 1 / alpha
    missing = np.maximum(c - e, 0.0)
    return np.asarray(e - c >= missing.sum() - missing)


def bound(e: np.ndarray, alpha: float) -> np.ndarray:
    """The e-value (m,) that each needs to be decided while the others stay as they are."""
    e = np.asarray(e, float)
    c = 1 / alpha
    missing = np.maximum(c - e, 0.0)
    return np.asarray(c + missing.sum() - missing)
