"""`lstm-variants show`: what a task is, what it declares, and some of its sequences."""

import argparse
import dataclasses
import inspect
import sys
from pathlib import Path
from typing import Any

import jax

from experiments.show import show
from experiments.specs import SpecError, check, construct, flatten, set_text, unknown
from experiments.streams import stream
from experiments.tasks import TASKS
from experiments.tasks.contract import TaskSpec, drawable
from experiments.trial import SEED_LIMIT
from sweeps.errors import InputError
from sweeps.study_file import import_file
from sweeps.terminal.screen import console

MEMBERS = [*TaskSpec.__annotations__, *(n for n in vars(TaskSpec) if not n.startswith("_"))]


def run(options: argparse.Namespace) -> int:
    """Print what the task is, what it declares, and some sequences. Raises InputError."""
    screen = console()
    if options.sequences < 1:
        raise InputError(f"--sequences must be at least 1; got {options.sequences}.")
    if not 0 <= options.seed < SEED_LIMIT:
        raise InputError(f"--seed must be an integer in [0, 2**32); got {options.seed}.")
    task = task_of(options.task, options.set)
    doc = inspect.getdoc(sys.modules[type(task).__module__]) or type(task).__name__
    screen.print(without_examples(doc), soft_wrap=True)
    screen.print()
    for name, text in declared(task):
        screen.print(f"{name:<11}{text}", soft_wrap=True)
    for i in range(options.sequences):
        screen.print()
        screen.print(show(task, seed=options.seed, sequence=i), soft_wrap=True)
    return 0


def task_of(name: str, settings: list[str]) -> Any:
    """The task, with fields set. Raises InputError, with the nearest name, for what is unknown."""
    path, _, kind = name.rpartition(":")
    if path:
        if not Path(path).is_file():
            raise InputError(
                f"There is no file {path}; give file.py:Task, or a task from `lstm-variants list`."
            )
        try:
            module = import_file(Path(path).absolute())
        except Exception as error:
            raise InputError(f"{path} could not be imported: {type(error).__name__}: {error}") from None
        if not hasattr(module, kind):
            raise InputError(unknown(f"class in {path}", kind, [k for k in vars(module) if k[0].isupper()]))
        found = getattr(module, kind)
        if not (isinstance(found, type) and dataclasses.is_dataclass(found)):
            raise InputError(f"{kind} in {path} must be a dataclass that makes a task; got {found!r}.")
    elif name in TASKS:
        found = TASKS[name]
    else:
        raise InputError(unknown("task", name, TASKS))
    try:
        task: Any = construct(found, {})
        for text in settings:
            field, equals, value = text.partition("=")
            if not equals:
                raise InputError(f"--set takes FIELD=VALUE, such as length=20; got '{text}'.")
            task = set_text(task, field, value)
        check(task)
        if not isinstance(task, TaskSpec):
            missing = [name for name in MEMBERS if not hasattr(task, name)]
            raise InputError(f"{type(task).__name__} is not a task: it lacks {', '.join(missing)}.")
        drawable(task)
    except SpecError as error:
        raise InputError(str(error)) from None
    return task


def without_examples(doc: str) -> str:
    """The docstring less its examples: the sequences that follow show the task as it is set now."""
    lines, skipping = list[str](), False
    for line in doc.splitlines():
        skipping = line.lstrip().startswith(">>>") or (skipping and line.strip() != "")
        if not skipping and (line.strip() or (lines and lines[-1].strip())):
            lines.append(line)
    return "\n".join(lines)


def declared(task: Any) -> list[tuple[str, str]]:
    """Names and values of what the task declares."""
    fields = ", ".join(f"{name}={value!r}" for name, value in flatten(task).items())
    lengths = "shorter ones padded" if padded(task) else "all of the same length"
    return [
        ("fields", fields or "none"),
        ("inputs", f"{task.inputs} features; at most {task.steps} steps, {lengths}"),
        (
            "outputs",
            f"{task.outputs}, scored on {'the last step' if task.scored == 1 else f'the last {task.scored} steps'}",
        ),
        ("loss", task.objective),
        ("naive", f"{task.naive}: loss {task.baseline:.4g}, score 0"),
        ("perfect", f"loss {task.best:.4g}, score 1"),
        ("wrong", f"{task.wrong}; solved if less than 1 % is wrong"),
        ("harder by", ", ".join(task.axes)),
    ]


def padded(task: Any) -> bool:
    """Whether its sequences have a mask: what the task says, and else what it draws."""
    if hasattr(task, "padded"):
        return bool(task.padded)
    return jax.eval_shape(lambda key: task.sample(key, 1), stream(0, "data")).mask is not None
