"""The columns of a foreign table, checked: labels, statuses, numbers. Errors name the rows, counted from 1."""

import difflib

import numpy as np
import pandas as pd

from analysis.words import listing
from sweeps.errors import InputError
from sweeps.schema import STATUSES

KEYS = ("cell", "task", "seed")
MISSING = ("", "nan", "na", "n/a", "none", "null")
TRUTH = {"true": "1", "false": "0"}
SHOWN = 3  # rows named in an error


def text(value: object) -> str:
    """A value of a table as text; empty where there is none."""
    missing = value is None or value is pd.NA or (isinstance(value, float | np.floating) and np.isnan(value))
    return "" if missing else str(value).strip()


def refuse(
    wrong: pd.Series, keys: pd.DataFrame, problem: str, fix: str = "", shown: pd.Series | None = None
) -> None:
    """Raises InputError where some rows are wrong: the problem, the first few rows, the fix. shown: what they have."""
    places = np.flatnonzero(wrong)
    if len(places) == 0:
        return
    named = [
        f"row {i + 1} ({keys['cell'].iloc[i]} on {keys['task'].iloc[i]}, seed {keys['seed'].iloc[i]}"
        + (")" if shown is None else f": {shown.iloc[i]!r})")
        for i in places[:SHOWN]
    ]
    if len(places) > SHOWN:
        named.append(f"{len(places) - SHOWN} more")
    raise InputError(f"{problem} {listing(named)}.{fix and ' '}{fix}")


def labels(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    """cell, task and seed as text. Raises InputError where one is missing, or all three are there twice."""
    for name in (*KEYS, measure):
        if name not in table:
            raise InputError(no_column(name, [str(column) for column in table.columns], measure))
    keys = table[[*KEYS]].map(text)
    for name in KEYS:
        refuse(keys[name] == "", keys, f"No {name} in")
    refuse(keys.duplicated(), keys, "There may be one row a cell, task and seed; a second one is")
    return keys


def no_column(name: str, known: list[str], measure: str) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    if len(known) == 1 and any(sign in known[0] for sign in ";\t"):
        hint = " The columns must be separated by commas."
    has = ", ".join(known)
    return f"The table has no column '{name}'.{hint} It needs cell, task, seed and {measure}; it has: {has}."


def statuses(table: pd.DataFrame, keys: pd.DataFrame) -> pd.Series:
    """finished, diverged or failed for each row; all finished in a table that does not say."""
    if "status" not in table:
        return pd.Series("finished", index=table.index)
    status = table["status"].map(text).str.lower()
    refuse(
        ~status.isin(STATUSES),
        keys,
        f"A status is {', '.join(STATUSES[:-1])} or {STATUSES[-1]}; it is not in",
        "A run that is still going on is no result; wait for it or take the row out.",
        status,
    )
    return status


def numbers(table: pd.DataFrame, keys: pd.DataFrame, measure: str) -> pd.Series:
    """The measure as numbers, NaN where there is none; true and false are 1 and 0."""
    words = table[measure].map(text)
    small = words.str.lower()
    number = pd.to_numeric(small.replace(TRUTH), errors="coerce").astype(float)
    wrong = number.isna() & ~small.isin(MISSING)
    refuse(wrong, keys, f"{measure} must be a number; it is none in", shown=words)
    return number
