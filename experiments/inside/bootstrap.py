"""An interval for a ratio of sums over sequences, by drawing the sequences again."""

import numpy as np

DRAWS, LEVEL = 2000, 0.95


def interval(top: np.ndarray, bottom: np.ndarray) -> tuple[float, float]:
    """95 % percentile interval of Σ top / Σ bottom, each by sequence (n,); the draws are always the same."""
    drawn = np.random.default_rng(0).integers(len(top), size=(DRAWS, len(top)))
    shares = top[drawn].sum(1) / np.maximum(bottom[drawn].sum(1), 1e-12)
    low, high = np.quantile(shares, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
