"""The columns of a foreign table, checked: labels, statuses, numbers. Errors name the rows, counted from 1."""

import re
from decimal import Decimal

import numpy as np
import pandas as pd

from analysis.words import listing
from sweeps.errors import InputError, did_you_mean
from sweeps.store.schema import FINAL

KEYS = ("cell", "task", "seed")
MISSING = ("", "nan", "na", "n/a", "none", "null")
TRUTH = {"true": "1", "false": "0"}
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
ENDS = {*FINAL, "running", "crashed", "killed", "preempted", "diverging"}  # in any column
MORE_ENDS = {
    "done",
    "ok",
    "complete",
    "completed",
    "success",
    "succeeded",
    "error",
    "errored",
    "aborted",
    "cancelled",
}
MORE_ENDS |= {
    "canceled",
    "stopped",
    "terminated",
    "timeout",
    "pending",
    "queued",
    "pruned",
}  # in one that is called so
SHOWN = 3  # rows named in an error


def text(value: object) -> str:
    """A value of a table as text; empty where there is none."""
    missing = value is None or value is pd.NA or (isinstance(value, float | np.floating) and np.isnan(value))
    return (
        ""
        if missing
        else (value.decode(errors="replace") if isinstance(value, bytes) else str(value)).strip()
    )


def fold(name: object) -> str:
    """A column's name or a label without capitals and all but letters and digits: `Run State` as `runstate`."""
    return "".join(c for c in str(name).casefold() if c.isalnum())


def number(label: str) -> Decimal | str:
    """The number that a label denotes, exactly (`0`, `0.0`, `00` and `0e0` are one); else the label."""
    try:
        return Decimal(label) if NUMBER.fullmatch(label) else label
    except ArithmeticError:
        return label


def keyed(table: pd.DataFrame, measure: str) -> tuple[pd.DataFrame, list[str]]:
    """The table with the columns cell, task and seed under these names, and sentences on what was taken for them.

    A column is one whatever its capitals and signs, where that is unambiguous. Raises InputError.
    """
    notes, renamed = [], {}
    known = [column for column in table.columns if column != measure]
    for name in KEYS:
        alike = [column for column in known if fold(column) == name and column != name]
        if name in table:
            notes += [f"Column '{column}' is not used: '{name}' is." for column in alike]
        elif len(alike) == 1:
            renamed[alike[0]] = name
            notes.append(f"Column '{alike[0]}' is taken as {name}.")
        elif alike:
            raise InputError(
                f"The table has no column '{name}', but {listing(map(repr, alike))} could be meant; rename one."
            )
    return table.rename(columns=renamed), notes


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
    same = keys.assign(seed=keys["seed"].map(number)).duplicated()
    fix = (
        ""
        if keys.duplicated().any()
        else "Seeds that are the same number, such as 0 and 0.0, are the same seed."
    )
    refuse(same, keys, "There must be only one row per cell, task and seed; a second one is", fix)
    return keys


def lookalikes(keys: pd.DataFrame) -> list[str]:
    """A sentence for each two labels of cells or tasks that may be meant as one: they are told apart."""
    notes = []
    for name in ("cell", "task"):
        seen: dict[object, str] = {}
        for label in dict.fromkeys(keys[name]):
            value = number(label)
            first = seen.setdefault(value if isinstance(value, Decimal) else fold(label) or label, label)
            if first != label:
                notes.append(
                    f"'{first}' and '{label}' are two {name}s here; if they are the same, spell them alike."
                )
    return notes


def no_column(name: str, known: list[str], measure: str) -> str:
    hint = did_you_mean(name, known)
    has = ", ".join(known)
    return f"The table has no column '{name}'.{hint} It needs cell, task, seed and {measure}; it has: {has}."


def statuses(table: pd.DataFrame, keys: pd.DataFrame, measure: str) -> tuple[pd.Series, list[str]]:
    """finished, diverged or failed for each row; all finished in a table that does not say. And sentences on the column
    that was taken for the status, or was not."""
    column, notes = status_column(table, measure)
    if column is None:
        return pd.Series("finished", index=table.index), notes
    status = table[column].map(text).str.lower()
    refuse(
        ~status.isin(FINAL),
        keys,
        f"A status must be {', '.join(FINAL[:-1])} or {FINAL[-1]}; it is not in"
        if column == "status"
        else f"Column '{column}' states how runs ended: {', '.join(FINAL[:-1])} or {FINAL[-1]}. It does not in",
        "A run that is still running is not a result; wait for it or remove the row. One that crashed or was killed "
        "has failed.",
        status,
    )
    return status, notes


def status_column(table: pd.DataFrame, measure: str) -> tuple[str | None, list[str]]:
    """The column that says how runs ended: `status`, else the one that is called so but for capitals, else the only
    one whose values do. Raises InputError where two columns may be it."""
    others = [c for c in table.columns if c not in (*KEYS, measure)]
    if "status" in others:
        return "status", []
    named = [c for c in others if fold(c) == "status"]
    called = [c for c in others if {"status", "state"} & set(re.split(r"[^a-z]+", spaced(c)))]
    told = [c for c in others if says_how_runs_end(table[c], ENDS | (MORE_ENDS if c in called else set()))]
    suspects = [c for c in others if c in called or c in told or fold(c) in ENDS]
    found = named or told
    if len(found) > 1:
        raise InputError(
            f"{listing(map(repr, found))} may state how runs ended; rename the one that does to status."
        )
    notes = [f"Column '{c}' is taken as the status." for c in found]
    for c in suspects:
        if c not in found:
            notes.append(f"Column '{c}' is not used; name it status if it states how runs ended.")
    return (str(found[0]) if found else None), notes


def spaced(name: object) -> str:
    """`runState` as `run state`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", str(name)).lower()


def says_how_runs_end(column: pd.Series, ends: set[str]) -> bool:
    """Whether most of its values are words for how a run ended, or that it goes on."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biufcM":
        return False
    words = column.map(text).str.lower()
    words = words[words != ""]
    return len(words) > 0 and bool(2 * words.isin(ends).sum() > len(words))


def numbers(table: pd.DataFrame, keys: pd.DataFrame, measure: str) -> pd.Series:
    """The measure as numbers, NaN where there is none; true and false are 1 and 0."""
    words = table[measure].map(text)
    small = words.str.lower()
    values = pd.to_numeric(small.replace(TRUTH), errors="coerce").astype(float)
    wrong = values.isna() & ~small.isin(MISSING)
    commas = wrong & words.str.contains(r"^[+-]?\d*,\d+$")
    fix = "Use decimal points instead of commas, and no thousands separators." if commas.any() else ""
    refuse(wrong, keys, f"{measure} must be a number; it is not in", fix, shown=words)
    return values
