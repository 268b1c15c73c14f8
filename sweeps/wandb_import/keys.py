"""Keys into W&B runs: `config.model.name`, `summary.test_acc`, or one of a run's own words such as `group`.

A dot may go down a level or belong to a name: both `summary.eval.f1` = {"eval": {"f1": 0.5}} and {"eval.f1": 0.5}.
"""

import json
from collections.abc import Mapping, Sequence

from sweeps.errors import InputError
from sweeps.mirror.run import Run

WORDS = ("id", "name", "project", "group", "job_type", "state")
ABSENT = object()


def check(key: str) -> None:
    """Raises InputError for a key of a form that no run has."""
    head, _, rest = key.partition(".")
    if key not in WORDS and not (head in ("config", "summary") and rest):
        raise InputError(
            f"A key is config.NAME or summary.NAME, or one of {', '.join(WORDS)}; got '{key}'. Perhaps config.{key}?"
        )


def column(key: str) -> str:
    """What a measure is called in the table: summary.test.acc is test.acc."""
    return key if key in WORDS else key.partition(".")[2]


def look_up(run: Run, key: str) -> object:
    """A run's value under a key, ABSENT where it has none."""
    head, _, rest = key.partition(".")
    return getattr(run, key) if key in WORDS else inside(getattr(run, head), rest)


def inside(tree: object, path: str) -> object:
    """The value at a path; `a.b` is the name "a.b", or b inside a."""
    if not isinstance(tree, Mapping):
        return ABSENT
    if path in tree:
        return tree[path]
    pieces = path.split(".")
    for n in range(1, len(pieces)):
        head, rest = ".".join(pieces[:n]), ".".join(pieces[n:])
        if head in tree and (value := inside(tree[head], rest)) is not ABSENT:
            return value
    return ABSENT


def names(tree: object, prefix: str = "") -> list[str]:
    """The paths of all values inside."""
    if not isinstance(tree, Mapping):
        return [prefix]
    return [
        path
        for name, value in tree.items()
        for path in names(value, f"{prefix}.{name}" if prefix else str(name))
    ]


def names_of(run: Run) -> list[str]:
    return [*names(run.config, "config"), *names(run.summary, "summary"), *WORDS]


def where(runs: Sequence[Run], conditions: Sequence[str]) -> list[Run]:
    """The runs that meet every KEY=VALUE and KEY!=VALUE. Raises InputError where none does."""
    for condition in conditions:
        key, equal, wanted = split(condition)
        found = [(run, look_up(run, key)) for run in runs]
        kept = [run for run, value in found if (text(value) == wanted) == equal]
        if not kept:
            there = ", ".join(sorted({text(value) for _, value in found if value is not ABSENT})[:12])
            raise InputError(f"No run has {condition}. Values of {key}: {there or 'none'}.")
        runs = kept
    return list(runs)


def split(condition: str) -> tuple[str, bool, str]:
    """Key, whether it must be equal, and value. Raises InputError for a condition that is none."""
    key, sign, wanted = condition.partition("=")
    if not sign:
        raise InputError(
            f"--where needs KEY=VALUE, such as config.dataset=mnist, or KEY!=VALUE; got '{condition}'."
        )
    check(key.removesuffix("!"))
    return key.removesuffix("!"), not key.endswith("!"), wanted


def text(value: object) -> str:
    """A value as people write it; nothing for nothing."""
    if value is ABSENT:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
