"""A W&B sweep file as a study: the same YAML that `wandb sweep` takes.

    method: random                    grid: every combination; random: run_cap draws
    run_cap: 24                       random alone: runs of the search, all cells and tasks together
    metric: {name: valid_score, goal: maximize}
    parameters:
      cell: {values: [lstm, gru]}                 labels of the catalogue: `lstm-variants list`
      task: {value: adding}
      optimizer.learning_rate: {distribution: log_uniform_values, min: 1.0e-3, max: 3.0e-2}
      cell.hidden: {values: [16, 32]}             other names are dotted paths of a trial's spec
      optimizer: {parameters: {clip: {value: 1.0}}}     nested: the same as optimizer.clip

The search is the sweep's. What a sweep lacks, a study adds: each cell's best setting is run again with fresh seeds, and
there are controls. `--set confirm=16 --set margin=0.02` change them. Schema: W&B, "Sweep configuration options".
"""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from experiments.optimizers import Adam
from experiments.specs import unknown
from experiments.tasks import TASKS
from lstm_variants import CELLS
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
from sweeps.study import BY_TASK, Study
from sweeps.yaml_lines import At, read

METRIC = "valid_score"
LEARNING_RATE = 0.01  # where a sweep does not say
REFUSED = {
    "bayes": "settings that follow from results are a strategy of a study in Python (sweeps.strategy); "
    "method: random, or sobol there, spreads them without",
    "early_terminate": "trials are trained to their end, so that every score means the same; a study's stop_after ends "
    "those that have solved their task",
    "probabilities": "all values of a list are alike likely; write a value twice to draw it twice as often",
}
IGNORED = ("program", "command", "name", "project", "entity", "description", "program_path")
KNOWN = ("method", "metric", "parameters", "run_cap", *IGNORED)
OPTIONS = ("value", "values", "distribution", "min", "max", "q", "mu", "sigma")  # of a parameter


def study_of(path: Path) -> tuple[Study, str]:
    """The study of a file, and its description. Raises InputError that names the line."""
    name = path.name
    document = read(path.read_text(encoding="utf-8"), name)
    if not isinstance(document.value, dict):
        raise InputError(f"{name}: a sweep is a mapping with method and parameters.")
    top: dict[str, At] = document.value
    for key, at in top.items():
        if key in REFUSED:
            raise InputError(f"{name} line {at.line}: {key} is not supported: {REFUSED[key]}.")
        if key not in KNOWN:
            raise InputError(f"{name} line {at.line}: {unknown('key', key, KNOWN)}")
    check_metric(top, name)
    if not isinstance(getattr(top.get("parameters"), "value", None), dict):
        raise InputError(f"{name}: a sweep needs parameters: a mapping with at least cell and task.")
    parameters: dict[str, tuple[At, dict[str, Any]]] = {}
    for key, told in flattened(top["parameters"].value, name):
        if key in parameters:
            raise InputError(f"{name} line {told[0].line}: '{key}' stands twice.")
        parameters[key] = told
    cells = labels(parameters, "cell", CELLS, name)
    tasks = labels(parameters, "task", TASKS, name)
    fixed, space = divided(parameters)
    method = top.get("method", At("", document.line))
    search = search_of(method, top.get("run_cap"), space, len(cells) * len(tasks), name)
    described = top.get("description")
    study = Study(
        cells={label: CELLS[label]() for label in cells},
        tasks={label: TASKS[label]() for label in tasks},
        optimizer=Adam(learning_rate=LEARNING_RATE),
        search=search,
        **fixed,
    )
    return study, str(described.value) if described else f"The W&B sweep {name}."


def check_metric(top: Mapping[str, At], name: str) -> None:
    """Raises InputError for a metric that settings are not chosen by."""
    if "metric" not in top:
        return
    metric, line = top["metric"].plain(), top["metric"].line
    named = metric.get("name") if isinstance(metric, dict) else metric
    if named != METRIC or (isinstance(metric, dict) and metric.get("goal", "maximize") != "maximize"):
        raise InputError(
            f"{name} line {line}: settings are chosen by the {METRIC} of validation data, maximised; got {metric!r}. "
            f"Verdicts then use the test data."
        )


def flattened(
    parameters: Mapping[str, At], name: str, prefix: str = ""
) -> Iterator[tuple[str, tuple[At, dict[str, Any]]]]:
    """Dotted path and definition of every parameter; nested ones joined by dots."""
    for key, at in parameters.items():
        if not isinstance(at.value, dict):
            raise InputError(f"{name} line {at.line}: '{prefix}{key}' needs value, values, or min and max.")
        if "parameters" in at.value and len(at.value) == 1:
            nested = at.value["parameters"]
            if not isinstance(nested.value, dict):
                raise InputError(
                    f"{name} line {nested.line}: parameters of '{prefix}{key}' must be a mapping."
                )
            yield from flattened(nested.value, name, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", (at, options_of(at, f"{prefix}{key}", name))


def options_of(at: At, path: str, name: str) -> dict[str, Any]:
    """One parameter's options as plain values. Raises InputError for those that are refused or not known, for values
    that are no list, and for a number that YAML takes for a text."""
    for key, inner in at.value.items():
        if key in REFUSED:
            raise InputError(f"{name} line {inner.line}: {key} of '{path}' is not supported: {REFUSED[key]}.")
        if key not in OPTIONS:
            raise InputError(f"{name} line {inner.line}: '{path}': {unknown('key', key, OPTIONS)}")
        if key == "values" and not (isinstance(inner.value, list) and inner.value):
            raise InputError(
                f"{name} line {inner.line}: values of '{path}' must be a list of at least one; got {inner.plain()!r}."
            )
        for entry in inner.value if isinstance(inner.value, list) else [inner]:
            if isinstance(entry.value, str) and number_in(entry.value):
                proper = f"{float(entry.value):.1e}".replace("e-0", "e-").replace("e+0", "e+")
                raise InputError(
                    f"{name} line {entry.line}: YAML takes {entry.value} of '{path}' for a text; write {proper}."
                )
    options: dict[str, Any] = at.plain()
    kind, where = kind_of(options), f"{name} line {at.line}: '{path}'"
    needed = {"constant": "value", "categorical": "values"}.get(kind)
    if needed and needed not in options:
        raise InputError(f"{where}: the distribution {kind} needs {needed}.")
    return options


def number_in(text: str) -> bool:
    try:
        return math.isfinite(float(text)) and "e" in text.lower()
    except ValueError:
        return False


Parameters = Mapping[str, tuple[At, dict[str, Any]]]


def labels(parameters: Parameters, kind: str, catalogue: Mapping[str, Any], name: str) -> list[str]:
    """The labels of cells, or of tasks. Raises InputError where there are none, and for one that is not known."""
    at, options = parameters.get(kind, (None, {}))
    given = options.get("values", [options["value"]] if "value" in options else [])
    if at is None or not given:
        raise InputError(f"{name}: parameters need a {kind}: {{values: [...]}}; see `lstm-variants list`.")
    for label in map(str, given):
        if label not in catalogue:
            raise InputError(f"{name} line {at.line}: {unknown(kind, label, catalogue)}")
    return list(dict.fromkeys(given))


def divided(parameters: Parameters) -> tuple[dict[str, Any], dict[str, tuple[At, dict[str, Any]]]]:
    """Fields of the study that have one value, and the rest, which is searched."""
    rest = {path: told for path, told in parameters.items() if path not in ("cell", "task")}
    fixed = {path: told[1]["value"] for path, told in rest.items() if path in BY_TASK and "value" in told[1]}
    return fixed, {path: told for path, told in rest.items() if path not in fixed}


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
    if "values" in options:
        return list(options["values"])
    if "value" in options:
        return [options["value"]]
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
    if kind == "constant":
        return choice(options["value"])
    if kind == "categorical":
        return choice(*options["values"])
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
