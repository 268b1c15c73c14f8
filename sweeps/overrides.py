"""A study with fields changed from the command line, by path and text, typed by the fields of `Study` and of its specs.

    confirm=32                      a field of the study
    steps=4000                      the same for every task
    steps.adding_60=4000            for one task alone; the others keep theirs
    tasks.adding_60.length=80       a field of a task, by its label
    cells.lstm.hidden=16            a field of a cell, and of its alias; of a cell in layers: cells.x.cell.hidden
    optimizer.clip=inf              a field of the optimiser
    longer=[2, 10]                  tuples and lists as JSON
    confirm.most=256                a field of the race; confirm=32 has a fixed number of seeds in its place
    choose=none                     without what may be left out
    flow=true, flow=16              whether, or of how many networks

What a study's search tries has no value that could be set.
"""

import dataclasses
import types
import typing
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from experiments.specs import SpecError, annotations, construct, is_spec, parse, unknown
from sweeps.errors import InputError
from sweeps.study import BY_TASK, Study

TYPED = (bool, int, float, str)


def overridden(study: Study, settings: Iterable[str]) -> Study:
    """The study with every `PATH=VALUE` put in, the later over the earlier.

    Raises InputError for text that is no setting, a misspelt field or label (with the nearest), a value that is not of
    the field's type or that the study refuses, and a field that its search sets.
    """
    values = {field.name: getattr(study, field.name) for field in dataclasses.fields(study)}
    fields = annotations(Study)
    for setting in settings:
        path, equals, text = setting.partition("=")
        if not equals or not path:
            raise InputError(f"--set takes PATH=VALUE, such as confirm=32; got '{setting}'.")
        head, _, rest = path.partition(".")
        try:
            if head not in fields:
                raise SpecError(unknown("Study field", head, fields))
            refuse_searched(study, path)
            if head in (*BY_TASK, "only") and rest and rest not in study.tasks:
                raise SpecError(unknown(f"task label in {head}", rest, study.tasks))
            if head in BY_TASK and rest and not isinstance(values[head], Mapping):
                values[head] = dict.fromkeys(study.tasks, values[head])
            values[head] = changed(values[head], fields[head], rest, text, path)
        except SpecError as error:
            raise InputError(f"--set {setting}: {error}") from None
    return Study(**values)


def changed(value: Any, annotation: Any, rest: str, text: str, path: str) -> Any:
    """A value with what stands at `rest` below it set from text. Raises SpecError; path: the whole, for the message."""
    if not rest:
        return leaf(value, annotation, text, path)
    if isinstance(value, Mapping):
        return in_mapping(value, annotation, rest, text, path)
    if not is_spec(value):
        raise SpecError(f"'{path.removesuffix(f'.{rest}')}' has no fields of its own; got the path '{path}'.")
    head, _, further = rest.partition(".")
    fields = annotations(type(value))
    if head not in fields:
        raise SpecError(unknown(f"{type(value).__name__} field", head, fields))
    mine = {name: getattr(value, name) for name in fields}
    mine[head] = changed(mine[head], fields[head], further, text, path)
    return construct(type(value), mine)


def in_mapping(value: Mapping[str, Any], annotation: Any, rest: str, text: str, path: str) -> dict[str, Any]:
    """A dictionary with an entry changed, or made where its values are no specs. A label may have dots in it.

    Raises SpecError as `changed` does.
    """
    kind = next(typing.get_args(a)[1] for a in members(annotation) if typing.get_origin(a) is Mapping)
    label = max((name for name in value if f"{rest}.".startswith(f"{name}.")), key=len, default=None)
    if label is None:
        if text_kind(kind) is None:
            where = path.removesuffix(f".{rest}")
            raise SpecError(unknown(f"label in {where}", rest.partition(".")[0], value))
        return {**value, rest: leaf(None, kind, text, path)}
    return {
        **value,
        label: changed(value[label], kind, rest.removeprefix(label).removeprefix("."), text, path),
    }


def leaf(value: Any, annotation: Any, text: str, path: str) -> Any:
    """What the text means for a field of this type. Raises SpecError for a field that holds specs or labels."""
    if text == "none" and type(None) in members(annotation):
        return None
    kind = text_kind(annotation)
    if is_spec(value) and kind is None:
        raise SpecError(
            f"{path} is a spec ({type(value).__name__}); set one of its fields, such as {path}.{first(value)}=..."
        )
    if kind is None:
        of = f"{path}.{next(iter(value))}" if isinstance(value, Mapping) and value else f"{path}.LABEL"
        hint = f"; set what is in it, such as {of}=..." if isinstance(value, Mapping) else ""
        raise SpecError(f"{path} cannot be set from text{hint}.")
    if kind is bool and int in members(annotation) and text.isdecimal():
        kind = int
    return parse(kind, text, path)


def text_kind(annotation: Any) -> Any:
    """The type as which text is read: the first of an annotation's types that has a text form, None where none has."""
    for kind in members(annotation):
        if kind in TYPED:
            return kind
        if typing.get_origin(kind) in (tuple, Sequence):
            return tuple
    return None


def members(annotation: Any) -> Collection[Any]:
    """The types of a union, or the one that it is."""
    union = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    return typing.get_args(annotation) if union else (annotation,)


def first(spec: Any) -> str:
    return next(iter(annotations(type(spec))))


def refuse_searched(study: Study, path: str) -> None:
    """Raise SpecError for what the study's search sets in every trial: another value would do nothing."""
    searched = set(dict(getattr(study.search, "space", ())))
    head, _, rest = path.partition(".")
    inside = in_trial(study, head, rest)
    if inside in searched:
        raise SpecError(f"the study's search sets {inside} in every trial, so this would change nothing.")


def in_trial(study: Study, head: str, rest: str) -> str:
    """The path in a trial of what has this path in the study."""
    if head not in ("cells", "tasks"):
        return head if head in BY_TASK or not rest else f"{head}.{rest}"
    labels = [name for name in getattr(study, head) if rest.startswith(f"{name}.")]
    return f"{head[:-1]}.{rest.removeprefix(max(labels, key=len)).removeprefix('.')}" if labels else ""
