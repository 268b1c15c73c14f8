"""A study as a W&B sweep file: the inverse of `sweeps.sweep_file`.

    exported("quick", doc, STUDY).text  ->  method, run_cap, metric, parameters: what `wandb sweep FILE` takes

A sweep has words for cells, tasks, the fields of trials and what is searched. What a study does with the results
(confirm, choose, compare, control) it cannot say: that is told in comments at the head of the file, with the options of
`lstm-variants sweep FILE` that say it again, as far as there are some. Where W&B would search otherwise than the study
does, there is no file.
"""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from experiments.specs import annotations, is_spec, type_name
from experiments.specs import plain as without_numpy
from experiments.tasks import TASKS
from lstm_variants import CELLS
from sweeps.errors import InputError
from sweeps.rules.race import Race
from sweeps.spaces import Choice, Distribution, Grid, IntUniform, LogUniform, Quantised, Sampled, Uniform
from sweeps.study import ALL, REFERENCE, Study
from sweeps.sweep_file import FIXED, METRIC, OPTIMIZER, study_from
from sweeps.terminal.printed import option

COMMAND = ["lstm-variants", "train", "--wandb", "--params", "${args_json}"]
DEFAULTS = {field.name: field.default for field in dataclasses.fields(Study)}
WORDS = {LogUniform: "log_uniform_values", Uniform: "uniform", IntUniform: "int_uniform"}
ELSEWHERE = (
    "confirm",
    "measure",
    "margin",
    "alpha",
    "flow",
    "seed",
)  # plain fields of a study that a sweep has no words for


@dataclass(frozen=True, kw_only=True)
class Exported:
    """text: the file. options: of `lstm-variants sweep`, for the rest of the study. lost: what Python alone says."""

    text: str
    options: list[str]
    lost: list[str]


def exported(name: str, doc: str, study: Study) -> Exported:
    """The file. Raises InputError where W&B would make another search of it."""
    search = study.search
    for task in study.tasks:
        if missing := [cell for cell in study.cells if not study.runs(cell, task)]:
            raise InputError(
                f"{name}: a W&B sweep runs every cell on every task; here {', '.join(missing)} does not run on {task}."
            )
    if search is not None and not isinstance(search, Grid | Sampled):
        raise InputError(
            f"{name}: a W&B sweep searches by grid or at random; {type(search).__name__} would become another search."
        )
    if isinstance(search, Grid) and search.seeds > 1:
        raise InputError(
            f"{name}: a W&B grid runs every combination once; the study's runs each with {search.seeds} seeds."
        )
    if search is not None and not search.space:
        raise InputError(f"{name}: a W&B sweep needs something to search; the study's space is empty.")
    method: dict[str, Any] = {"method": "grid"}
    if isinstance(search, Sampled):
        method = {"method": "random", "run_cap": search.most * len(study.cells) * len(study.tasks)}
    head = {"name": name, "description": doc} if doc else {"name": name}
    sweep = head | method | {"metric": {"name": METRIC, "goal": "maximize"}, "command": COMMAND}
    options, lost = options_of(study), list(lost_of(study))
    body = dumped(sweep | {"parameters": dict(parameters(study))})
    text = (
        "".join(f"# {line}".rstrip() + "\n" for line in said(name, "run_cap" in method, options, lost)) + body
    )
    check(name, study, text)
    return Exported(text=text, options=options, lost=lost)


def parameters(study: Study) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the sweep's parameters are, in order: labels, what they are where the catalogue has something else, fields
    that have one value, what is searched."""
    yield "cell", {"values": list(study.cells)}
    yield "task", {"values": list(study.tasks)}
    for kind, given, catalogue in (("cells", study.cells, CELLS), ("tasks", study.tasks, TASKS)):
        own = {n: told(s) for n, s in given.items() if n not in catalogue or catalogue[n]() != s}
        if own:
            yield kind, {"value": own}
    space = dict(getattr(study.search, "space", ()))
    if type(study.optimizer) is not type(OPTIMIZER):
        yield "optimizer", {"value": told(study.optimizer)}
    else:
        for field in annotations(type(OPTIMIZER)):
            value = getattr(study.optimizer, field)
            if f"optimizer.{field}" not in space and value != getattr(OPTIMIZER, field):
                yield f"optimizer.{field}", {"value": told(value)}
    for field in FIXED:  # evaluate_every always: `train` alone has another default
        value = getattr(study, field)
        if field not in space and (value != DEFAULTS[field] or field == "evaluate_every"):
            yield field, {"value": told(value)}
    for path, values in space.items():
        yield path, searched(values)


def searched(values: Distribution | tuple[Any, ...]) -> dict[str, Any]:
    """What is searched, in W&B's words."""
    if isinstance(values, Quantised):
        inner = searched(values.of)
        return inner | {"distribution": f"q_{inner['distribution']}", "q": values.step}
    if isinstance(values, LogUniform | Uniform | IntUniform):
        return {"distribution": WORDS[type(values)], "min": values.low, "max": values.high}
    listed = values.values if isinstance(values, Choice) else values
    assert isinstance(listed, tuple)
    return {"values": [told(value) for value in listed]}


def told(value: Any) -> Any:
    """A value as YAML has it: mappings with their type for specs, without what is as it is by default, and the names of
    infinities, at which W&B fails."""
    if is_spec(value):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        usual = {field.name: default(field) for field in dataclasses.fields(value)}
        own = {name: told(inner) for name, inner in fields.items() if inner != usual[name]}
        return {"type": type_name(type(value))} | own
    if isinstance(value, Mapping):
        return {name: told(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [told(inner) for inner in value]
    value = without_numpy(value)
    return str(value) if value in (float("inf"), -float("inf")) else value


def default(field: "dataclasses.Field[Any]") -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


# ---------------------------------------------------------------------- what a sweep does not say


def options_of(study: Study) -> list[str]:
    """Options of `lstm-variants sweep` that say what the file does not."""
    settings = {name: getattr(study, name) for name in ELSEWHERE if getattr(study, name) != DEFAULTS[name]}
    if not isinstance(settings.get("confirm", 0), int):
        del settings["confirm"]
        if isinstance(study.confirm, Race):
            usual = Race()
            settings |= {f"confirm.{n}": v for n, v in vars(study.confirm).items() if v != getattr(usual, n)}
    settings |= {f"margins.{name}": value for name, value in study.margins.items()}
    if study.pairs == ALL:
        settings["pairs"] = ALL
    for field in dataclasses.fields(study.controls):
        value = getattr(study.controls, field.name)
        if value != default(field) and not is_spec(value):
            settings[f"controls.{field.name}"] = json.dumps(value) if isinstance(value, tuple) else value
    return [" ".join(option("set", f"{path}={value}")) for path, value in settings.items()]


def lost_of(study: Study) -> Iterator[str]:
    """What neither the file nor an option says."""
    if study.choose is not None:
        yield f"choose: {study.choose}"
    if not isinstance(study.confirm, int | Race):
        yield f"confirm: {study.confirm}"
    if study.pairs not in (REFERENCE, ALL):
        yield f"pairs: {[list(pair) for pair in study.pairs]}"
    if study.controls.unable != default(type(study.controls).__dataclass_fields__["unable"]):
        yield f"controls.unable: {study.controls.unable}"


def said(name: str, drawn: bool, options: list[str], lost: list[str]) -> Iterator[str]:
    """The lines at the head of the file. drawn: its search is random."""
    yield f"The search of the study {name}: `wandb sweep FILE` and `wandb agent` run it under W&B,"
    yield "`lstm-variants sweep FILE` here, with fresh seeds, controls and verdicts."
    if drawn:
        yield "W&B draws cell, task and setting of each run anew; lstm-variants gives all cells the same settings."
    if options:
        yield ""
        yield "A sweep has no words for the rest of the study. Add to `lstm-variants sweep FILE`:"
        yield from (f"    {line}" for line in options)
    if lost:
        yield ""
        yield "Only the study in Python says:"
        yield from (f"    {line}" for line in lost)


# ---------------------------------------------------------------------- YAML


class Block(str):
    """A text that is written line by line."""


class Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


Dumper.add_representer(
    Block, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, "|")
)


def dumped(sweep: dict[str, Any]) -> str:
    if "\n" in sweep.get("description", ""):
        sweep = sweep | {"description": Block(sweep["description"])}
    layout = {"sort_keys": False, "allow_unicode": True, "default_flow_style": None, "width": 110}
    return yaml.dump(sweep, Dumper=Dumper, **layout)  # type: ignore[call-overload]


def check(name: str, study: Study, text: str) -> None:
    """Raises InputError unless the text is read as the study's search."""
    try:
        back, _ = study_from(text, f"{name}.yaml")
    except InputError as error:
        raise InputError(f"{name} cannot be said as a W&B sweep: {error}") from None
    space = dict(getattr(study.search, "space", ()))
    for what in ("cells", "tasks", "search", *(field for field in FIXED if field not in space)):
        mine, read = getattr(study, what), getattr(back, what)
        if read != mine:
            raise InputError(f"{name} cannot be said as a W&B sweep: its {what} would be read as {read!r}.")
