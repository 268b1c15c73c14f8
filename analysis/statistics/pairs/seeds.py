"""How many seeds stand behind a row of two cells, and whether they are enough for a test."""

import pandas as pd

LEAST = 2  # a side, below which nothing is tested


def fewer(rows: pd.DataFrame) -> pd.Series:
    """Seeds of the side that has fewer. rows: with columns n_a and n_b."""
    return rows[["n_a", "n_b"]].min(axis=1)


def decided(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with two seeds per cell, as a test needs."""
    return rows[fewer(rows) >= LEAST]
