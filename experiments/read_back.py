"""Specs read back from their canonical JSON: the inverse of `experiments.specs.canonical`.

    from_json(canonical(trial)) == trial

Types are looked up among the project's own; a class from elsewhere is known to its own module alone.
"""

import json
from collections.abc import Mapping
from typing import Any

from experiments.optimizers import SGD, Adam
from experiments.specs import SpecError, annotations, canonical, construct, to_json, type_name, unknown
from experiments.tasks import TASKS
from experiments.trial import Trial, checked
from lstm_variants import CELLS, Initial, Layers, Stacked

TYPES: dict[str, type[Any]] = {
    type_name(kind): kind
    for kind in (Trial, Adam, SGD, Layers, Stacked, Initial, *CELLS.values(), *TASKS.values())
}


def from_json(text: str, types: Mapping[str, type[Any]] = {}) -> Trial:  # it is only read
    """The trial of a row's column `spec`. types: further classes, by the name that the text has for them.

    Raises SpecError for text that is no JSON object with a "type", for a type that the project does not have (a class
    of your own: from its module), for a misspelt or missing field, for values of which no trial is made, and where what
    was read would be another trial than the text's: a field has changed its meaning or its default since.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        raise SpecError(
            f"A trial is read from its canonical JSON; this is not valid JSON: {error}."
        ) from None
    trial: Any = spec_of(data, "trial", {**TYPES, **types})
    if not isinstance(trial, Trial):
        raise SpecError(f"A trial's JSON has the type 'Trial'; got '{type(trial).__name__}'.")
    if to_json(checked(trial)) != data:
        raise SpecError(
            "This version reads a different trial from that text than was written: a field has been added or changed. "
            f"Written: {text}. Read: {canonical(trial)}."
        )
    return trial


def spec_of(data: Any, path: str, types: Mapping[str, type[Any]] = TYPES) -> Any:
    """The spec of a JSON object. Raises SpecError as `from_json` does; path: where it stands, for the message. types:
    all that there are, by name."""
    if not isinstance(data, Mapping) or not isinstance(data.get("type"), str):
        raise SpecError(f"{path} must be a JSON object with a \"type\", such as 'LSTM'; got {data!r}.")
    name = data["type"]
    if name not in types:
        module, colon, kind = name.partition(":")
        if colon:
            raise SpecError(
                f"{path} is of the class {kind} of the module {module}, which is not the project's: only specs of "
                "its own cells, tasks and optimizers can be read back. Build this trial in Python, from that class."
            )
        raise SpecError(unknown(f"type of {path}", name, types))
    kind = types[name]
    fields = annotations(kind)
    return construct(
        kind,
        {
            field: value_of(value, fields.get(field), f"{path}.{field}", types)
            for field, value in data.items()
            if field != "type"
        },
    )


def value_of(value: Any, annotation: Any, path: str, types: Mapping[str, type[Any]]) -> Any:
    """A field's value from what JSON has for it: specs of objects, tuples of lists, infinities of their names."""
    if isinstance(value, Mapping):
        return spec_of(value, path, types)
    if isinstance(value, list):
        return tuple(value_of(item, None, path, types) for item in value)
    if annotation is float and value in ("inf", "-inf"):
        return float(value)
    return value
