"""What a W&B sweep searches: its parameters as a strategy.

    x: {distribution: log_uniform_values, min: 1.0e-3, max: 3.0e-2}     y: {values: [1, 2]}     z: {min: 8, max: 16}

Distributions: constant, categorical, int_uniform, uniform, log_uniform_values, log_uniform (its bounds are exponents of
e), and the q_ forms of the last three. Schema: W&B, "Sweep configuration options".
"""

import math
from collections.abc import Mapping
from typing import Any

from experiments.read_back import spec_of, value_of
from experiments.specs import SpecError
from sweeps.errors import InputError
from sweeps.spaces import (
    Distribution,
    choice,
    grid,
    int_uniform,
    log_uniform,
    quantised,
    sampled,
    uniform,
)
from sweeps.strategy import Strategy
from sweeps.yaml_lines import At

Parameters = dict[str, tuple[At, dict[str, Any]]]  # by dotted path: where it stands, and its options
REFUSED = {
    "bayes": "settings that follow from results are a strategy of a study in Python (sweeps.strategy); "
    "method: random, or sobol there, spreads them without",
    "early_terminate": "trials are trained to their end, so that every score means the same; a study's stop_after ends "
    "those that have solved their task",
    "probabilities": "all values of a list are alike likely; write a value twice to draw it twice as often",
}


def plain(value: Any, where: str, *, spec: bool = False) -> Any:
    """A value as a field has it: tuples for lists, specs for mappings, infinities for their names. spec: it must be a
    spec. Raises InputError."""
    try:
        return spec_of(value, "the value") if spec else value_of(value, float, "the value")
    except SpecError as error:
        raise InputError(f"{where}: {error}") from None


def search_of(method: At, cap: At | None, space: Parameters, arms: int, name: str) -> Strategy | None:
    """The strategy. Raises InputError for a method that is not known or lacks its run_cap."""
    word = method.plain()
    if word == "bayes":
        raise InputError(f"{name} line {method.line}: method {word} is not supported: {REFUSED[word]}.")
    if word not in ("grid", "random"):
        raise InputError(f"{name} line {method.line}: method must be grid or random; got {word!r}.")
    if not space:
        return None
    if word == "grid":
        every = grid({path: values_of(path, told, name) for path, told in space.items()})
        total = every.most * arms
        if cap is not None and not (type(cap.value) is int and cap.value >= total):
            raise InputError(
                f"{name} line {cap.line}: method grid runs every combination, {total} in all; leave run_cap out, or "
                f"use method random. Got run_cap {cap.plain()!r}."
            )
        return every
    if cap is None or type(cap.value) is not int or cap.value < arms:
        raise InputError(
            f"{name} line {cap.line if cap else method.line}: method random needs run_cap, the number of runs of the "
            f"search, at least one for each of the {arms} pairs of cell and task; got "
            f"{cap.plain() if cap else None!r}."
        )
    space_drawn = {path: distribution(path, told, name) for path, told in space.items()}
    return sampled(space_drawn, trials=cap.value // arms)


def values_of(path: str, told: tuple[At, dict[str, Any]], name: str) -> list[Any]:
    """All values of a parameter. Raises InputError where they cannot be listed."""
    at, options = told
    given = options.get("values", [options["value"]] if "value" in options else [])
    if given:
        return [plain(value, f"{name} line {at.line}: '{path}'") for value in given]
    if kind_of(options) == "int_uniform":
        low, high = bounds(options, f"{name} line {at.line}: '{path}'")
        return list(range(int(low), int(high) + 1))
    raise InputError(f"{name} line {at.line}: method grid needs the values of '{path}' in a list.")


def kind_of(options: Mapping[str, Any]) -> str:
    """The distribution: what is written, else what W&B takes it for."""
    if "distribution" in options:
        return str(options["distribution"])
    if "value" in options:
        return "constant"
    if "values" in options:
        return "categorical"
    ends = options.get("min"), options.get("max")
    return "int_uniform" if all(isinstance(end, int) for end in ends) else "uniform"


def bounds(options: Mapping[str, Any], where: str) -> tuple[float, float]:
    """Both ends. Raises InputError where they are no numbers, or no whole ones for a distribution of such."""
    low, high = options.get("min"), options.get("max")
    whole = kind_of(options) == "int_uniform"
    if not all(isinstance(end, int if whole else int | float) for end in (low, high)):
        raise InputError(
            f"{where} needs min and max as {'whole ' * whole}numbers; got min={low!r}, max={high!r}."
        )
    return low, high  # type: ignore[return-value]


DISTRIBUTIONS = (
    *("constant", "categorical", "int_uniform", "uniform", "log_uniform_values", "log_uniform"),
    *("q_uniform", "q_log_uniform_values", "q_log_uniform"),
)


def distribution(path: str, told: tuple[At, dict[str, Any]], name: str) -> Distribution:
    """The distribution of a parameter. Raises InputError for one that is refused, and for bounds that are none."""
    at, options = told
    kind = kind_of(options)
    where = f"{name} line {at.line}: '{path}'"
    if kind not in DISTRIBUTIONS:
        raise InputError(
            f"{where}: the distribution {kind} is not supported; one of: {', '.join(DISTRIBUTIONS)}."
        )
    if kind in ("constant", "categorical"):
        return choice(*values_of(path, told, name))
    low, high = bounds(options, where)
    step = options.get("q", 1)
    if not isinstance(step, int | float):
        raise InputError(f"{where} needs q as a number; got q={step!r}.")
    try:
        if kind == "int_uniform":
            return int_uniform(int(low), int(high))
        plain = kind.removeprefix("q_")
        if plain == "log_uniform":  # its bounds are exponents of e
            low, high = math.exp(low), math.exp(high)
        made = uniform(low, high) if plain == "uniform" else log_uniform(low, high)
        return quantised(made, step) if kind.startswith("q_") else made
    except OverflowError:
        raise InputError(
            f"{where}: the bounds of {kind} are exponents of e; got max={options['max']!r}. For the values themselves "
            f"write {kind}_values."
        ) from None
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
