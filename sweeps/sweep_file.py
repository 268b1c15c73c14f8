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
      steps: {value: {adding: 700, copy: 1000}}         by task; so are batch, longer, ...
      tasks: {value: {copy: {type: CopyMemory, delay: 10}}}     labels of one's own; cells likewise

What has a value is part of cells, tasks, optimizer or study; the rest is searched. What a sweep lacks, a study adds:
each cell's best setting is run again with fresh seeds, and there are controls. `--set confirm=16 --set margin=0.02`
change them. Schema: W&B, "Sweep configuration options". `sweeps.sweep_export` writes such files.
"""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from experiments.optimizers import Adam
from experiments.specs import SpecError, has, replace, unknown
from experiments.tasks import TASKS
from lstm_variants import CELLS
from sweeps.errors import InputError
from sweeps.study import BY_TASK, Study
from sweeps.sweep_space import REFUSED, Parameters, kind_of, plain, search_of
from sweeps.yaml_lines import At, read

METRIC = "valid_score"
OPTIMIZER = Adam(learning_rate=0.01)  # where a sweep does not say
FIXED = (*BY_TASK, "stop_after")  # fields of a study that every trial has
OWN = ("cells", "tasks")  # labels that the file itself defines
IGNORED = ("program", "command", "name", "project", "entity", "description", "program_path")
KNOWN = ("method", "metric", "parameters", "run_cap", *IGNORED)
OPTIONS = ("value", "values", "distribution", "min", "max", "q", "mu", "sigma")  # of a parameter


def study_of(path: Path) -> tuple[Study, str]:
    """The study of a file, and its description. Raises InputError that names the line."""
    return study_from(path.read_text(encoding="utf-8"), path.name)


def study_from(text: str, name: str) -> tuple[Study, str]:
    """The study of a file's text, and its description. name: of the file, for messages. Raises InputError."""
    document = read(text, name)
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
    parameters = parameters_of(top["parameters"].value, name)
    cells, tasks = (
        specs(parameters, kind, known, name) for kind, known in (("cell", CELLS), ("task", TASKS))
    )
    fixed, space = divided(parameters, name)
    parts = {"cell": cells, "task": tasks, "optimizer": {"": OPTIMIZER}}
    put_constants(parts, space, name)
    method = top.get("method", At("", document.line))
    search = search_of(method, top.get("run_cap"), space, len(cells) * len(tasks), name)
    described = top.get("description")
    study = Study(cells=cells, tasks=tasks, optimizer=parts["optimizer"][""], search=search, **fixed)
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


def parameters_of(given: Mapping[str, At], name: str) -> Parameters:
    """Every parameter by its dotted path. Raises InputError for one that stands twice."""
    parameters: Parameters = {}
    for path, told in flattened(given, name):
        if path in parameters:
            raise InputError(f"{name} line {told[0].line}: '{path}' stands twice.")
        parameters[path] = told
    return parameters


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


def specs(parameters: Parameters, kind: str, catalogue: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Cells, or tasks, by label: as the file defines them, else those of the catalogue. Raises InputError."""
    at, options = parameters.get(f"{kind}s", (None, {}))
    own = options.get("value", {})
    if at is not None and not (isinstance(own, dict) and own):
        raise InputError(
            f"{name} line {at.line}: {kind}s needs value: a mapping from labels to {kind}s, such as "
            f"{{mine: {{type: {next(iter(catalogue.values())).__name__}, ...}}}}."
        )
    found = {}
    for label in labels(parameters, kind, {**own, **catalogue}, name):
        found[label] = catalogue[label]() if label not in own else None
        if label in own:
            assert at is not None
            found[label] = plain(own[label], f"{name} line {at.line}: '{kind}s.{label}'", spec=True)
    return found


def labels(parameters: Parameters, kind: str, catalogue: Mapping[str, Any], name: str) -> list[str]:
    """The labels of cells, or of tasks. Raises InputError where there are none, and for one that is not known."""
    at, options = parameters.get(kind, (None, {}))
    given = options.get("values", [options["value"]] if "value" in options else [])
    if at is None or not given:
        raise InputError(f"{name}: parameters need a {kind}: {{values: [...]}}; see `lstm-variants list`.")
    given = [str(label) for label in given]
    for label in given:
        if label not in catalogue:
            raise InputError(f"{name} line {at.line}: {unknown(kind, label, catalogue)}")
    return list(dict.fromkeys(given))


def put_constants(parts: Mapping[str, dict[str, Any]], space: Parameters, name: str) -> None:
    """Take what has one value out of the space and put it into cells, tasks and optimizer, by label. Raises
    InputError."""
    for path in sorted(path for path, (_, options) in space.items() if "value" in options):
        head, _, rest = path.partition(".")
        if head in parts:
            at, options = space.pop(path)
            where = f"{name} line {at.line}: '{path}'"
            for inner, value in flat(options["value"], rest):
                put(parts[head], inner, plain(value, where), where)


def flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """A value by its path, or, of a mapping that is no spec, what is in it."""
    if isinstance(value, dict) and "type" not in value:
        for key, inner in value.items():
            yield from flat(inner, f"{path}.{key}".lstrip("."))
    else:
        yield path, value


def put(specs: dict[str, Any], path: str, value: Any, where: str) -> None:
    """Set the field of all that have it; without a path the spec as a whole. Raises InputError where none has it."""
    having = [label for label, spec in specs.items() if not path or has(spec, path)]
    try:
        for label in having or specs:
            specs[label] = replace(specs[label], path, value) if path else value
    except SpecError as error:
        raise InputError(f"{where}: {error}") from None


def divided(parameters: Parameters, name: str) -> tuple[dict[str, Any], dict[str, tuple[At, dict[str, Any]]]]:
    """Fields of the study that have one value, and the rest, which is searched or part of a cell, task or optimiser."""
    rest = {path: told for path, told in parameters.items() if path not in ("cell", "task", *OWN)}
    fixed = {}
    for path, (at, options) in rest.items():
        if path in FIXED and "value" in options:
            value, where = options["value"], f"{name} line {at.line}: '{path}'"
            by_task = isinstance(value, dict) and path in BY_TASK
            fixed[path] = (
                {label: plain(inner, where) for label, inner in value.items()}
                if by_task
                else plain(value, where)
            )
    return fixed, {path: told for path, told in rest.items() if path not in fixed}
