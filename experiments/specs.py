"""Specs are values: floats are knobs, everything else is structure, identity is content.

A spec is a frozen, keyword-only dataclass made of `int`, `str`, `bool`, tuples of these, nested
specs and `float`. Only the fields annotated `float` may change without a new compilation:

    trial                    Trial(cell=LSTM(hidden=32, forget_bias=1.0), ..., seed=3)
    knobs(trial)             {"cell.forget_bias": 1.0, "optimizer.learning_rate": 0.003, ...}
    structure(trial)         the same trial with every float 0.0 and the seed 0: the key of a cohort
    with_knobs(spec, values) puts numbers, or tracers inside a trace, back in
    trial_id(trial)          hash of the canonical JSON
"""

import dataclasses
import functools
import hashlib
import json
import math
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

from lstm_variants.names import did_you_mean

Spec = TypeVar("Spec")
T = TypeVar("T")

# Specs of these packages are known by their class name alone; others by module and class name.
OUR_PACKAGES = ("lstm_variants", "experiments")

ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode

LEAVES = (int, float, str, bool)
REMEMBERED = 1000  # specs, by each function that remembers

# Metadata of a field that came after results had been published: at its default it is no part of the canonical
# text, so that the ids of all trials from before stay what they are.
ADDED = {"added": True}


class SpecError(ValueError):
    """A spec that cannot be built or must not run; the message says what is expected instead."""


def read_annotations(kind: Any) -> dict[str, Any]:
    """The spec's fields and their types, in order."""
    hints = typing.get_type_hints(kind)
    return {f.name: hints[f.name] for f in dataclasses.fields(kind)}


def read_added(kind: Any) -> dict[str, Any]:
    """The fields marked ADDED and their defaults."""
    return {f.name: f.default for f in dataclasses.fields(kind) if f.metadata.get("added")}


annotations: Callable[[Any], dict[str, Any]] = functools.cache(read_annotations)
added: Callable[[Any], dict[str, Any]] = functools.cache(read_added)


def remembering(function: Callable[[Any], T]) -> Callable[[Any], T]:
    """A function of a spec that is not computed again for the same object: very many trials share their cell and their
    task. (Equal specs may differ in what is computed: 1 and 1.0 are equal.)"""
    known: dict[int, tuple[Any, T]] = {}  # by identity, which is the object's own as long as it is kept here

    @functools.wraps(function)
    def of(spec: Any) -> T:
        found = known.get(id(spec))
        if found is None:
            if len(known) >= REMEMBERED:
                known.clear()
            found = known[id(spec)] = spec, function(spec)
        return found[1]

    return of


def is_spec(value: object) -> bool:
    return hasattr(type(value), "__dataclass_fields__")


@functools.cache
def may_nest(kind: Any) -> list[str]:
    """The fields that may be specs."""
    return [name for name, annotation in annotations(kind).items() if annotation not in LEAVES]


def nested(spec: Any) -> list[Any]:
    """The specs in a spec, of its own fields."""
    kind: Any = type(spec)
    return [value for name in may_nest(kind) if is_spec(value := getattr(spec, name))]


def leaves(spec: Any, prefix: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Every field that is not itself a spec, as (dotted path, annotation, value)."""
    for name, annotation in annotations(type(spec)).items():
        value = getattr(spec, name)
        if is_spec(value):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", annotation, value


def flatten(spec: Any) -> dict[str, Any]:
    """Dotted path to value, as the columns of a row; tuples become JSON text."""
    return {
        path: json.dumps(plain(value)) if isinstance(value, tuple) else plain(value)
        for path, _, value in leaves(spec)
    }


def knobs(spec: Any) -> dict[str, Any]:
    """Dotted path to value of every float."""
    return {path: value for path, annotation, value in leaves(spec) if annotation is float}


def with_knobs(spec: Spec, values: Mapping[str, Any], prefix: str = "") -> Spec:
    """The spec with the floats in `values` put in; they may be tracers."""
    changes: dict[str, Any] = {}
    for name in annotations(type(spec)):
        value, path = getattr(spec, name), f"{prefix}{name}"
        if is_spec(value):
            changes[name] = with_knobs(value, values, f"{path}.")
        elif path in values:
            changes[name] = values[path]
    return dataclasses.replace(spec, **changes)  # type: ignore[type-var]


@functools.lru_cache(maxsize=REMEMBERED)
def built(kind: Callable[..., Any], values: tuple[Any, ...]) -> Any:
    """The spec with these values of its fields, in their order; as a rule the same object again."""
    return kind(**dict(zip(annotations(kind), values, strict=True)))


def structure(spec: Spec) -> Spec:
    """What is left of a spec when its floats and its seed are forgotten. Equal structures share a cohort."""
    kind, values = type(spec), list[Any]()
    for name, annotation in annotations(kind).items():
        value = getattr(spec, name)
        if is_spec(value):
            value = without_floats(value)
        values.append(0.0 if annotation is float else 0 if name == "seed" else value)
    return built(kind, tuple(values))  # type: ignore[no-any-return, arg-type]


@remembering
def without_floats(spec: Any) -> Any:
    return with_knobs(spec, dict.fromkeys(knobs(spec), 0.0))


def has(spec: Any, path: str) -> bool:
    """Whether a dotted path leads to a field of the spec."""
    head, _, rest = path.partition(".")
    if not is_spec(spec) or head not in annotations(type(spec)):
        return False
    return not rest or has(getattr(spec, head), rest)


def replace(spec: Spec, path: str, value: Any) -> Spec:
    """The spec with the field at a dotted path changed.

    Raises SpecError for a path that does not exist, with the nearest one that does.
    """
    head, _, rest = path.partition(".")
    fields = annotations(type(spec))
    if head not in fields:
        raise SpecError(unknown(f"{type(spec).__name__} field", head, fields))
    if rest:
        inner = getattr(spec, head)
        if not is_spec(inner):
            raise SpecError(f"{type(spec).__name__}.{head} has no fields of its own; got the path '{path}'.")
        value = replace(inner, rest, value)
    elif fields[head] is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    return construct(type(spec), {**{f: getattr(spec, f) for f in fields}, head: value})


def construct(kind: type[Spec], values: Mapping[str, Any]) -> Spec:
    """Build a spec from named values. Raises SpecError for a misspelt or missing field or a bad value."""
    fields = annotations(kind)
    for name in values:
        if name not in fields:
            raise SpecError(unknown(f"{kind.__name__} field", name, fields))
    try:
        return kind(**values)
    except (TypeError, ValueError) as error:
        raise SpecError(str(error)) from None


def unknown(what: str, given: str, known: typing.Iterable[str], also: typing.Iterable[str] = ()) -> str:
    """The sentence for a name that does not exist: what was given, the nearest, and all there are. also: words that
    may stand in place of a name, such as "all"."""
    known, also = list(known), list(also)
    names = ", ".join(known) + "".join(f", or {word}" for word in also)
    return f"Unknown {what} '{given}'.{did_you_mean(given, known, also)} Known: {names}."


def check(spec: Any, path: str = "") -> None:
    """Types of all fields, finite knobs, then every nested spec's own `check()`. Raises SpecError.

    Ranges of floats are checked here, before anything runs, since inside the trace they are tracers.
    """
    where = path or type(spec).__name__
    for name, annotation in annotations(type(spec)).items():
        value = getattr(spec, name)
        if type(value) is annotation and annotation in (int, bool, str):  # as nearly always: sooner
            continue
        if is_spec(value):
            try:
                sound(value)
            except SpecError:
                check(value, f"{path}.{name}" if path else name)  # which says where
        elif not fits(value, annotation):
            expected = getattr(annotation, "__name__", None) or str(annotation)
            raise SpecError(f"{where}.{name} must be {expected}; got {value!r} ({type(value).__name__}).")
        elif annotation is float and math.isnan(value):
            raise SpecError(f"{where}.{name} must be a number; got nan.")
    own = getattr(spec, "check", None)
    if own is not None:
        try:
            own()
        except ValueError as error:
            raise SpecError(str(error)) from None


sound = remembering(check)


def fits(value: Any, annotation: Any) -> bool:
    """Whether a leaf's value has the annotated type; an int does not pass for a bool, nor a bool for an int."""
    if annotation is float:
        return isinstance(value, float | int | np.floating) and not isinstance(value, bool)
    if annotation is int:
        return isinstance(value, int | np.integer) and not isinstance(value, bool)
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return isinstance(value, annotation) if annotation in (str, bool, tuple) else is_spec(value)
    if typing.get_origin(annotation) is tuple:
        inner = [a for a in typing.get_args(annotation) if a is not Ellipsis]
        return isinstance(value, tuple) and all(any(fits(v, a) for a in inner) for v in value)
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return any(fits(value, a) for a in typing.get_args(annotation))
    return True


def plain(value: Any) -> Any:
    """Python numbers for NumPy's, lists for tuples."""
    if isinstance(value, np.generic):
        return value.item()
    return [plain(v) for v in value] if isinstance(value, tuple) else value


def type_name(kind: type) -> str:
    package = kind.__module__.partition(".")[0]
    return kind.__qualname__ if package in OUR_PACKAGES else f"{kind.__module__}:{kind.__qualname__}"


@functools.cache
def written(kind: Any) -> list[tuple[str, str, Any, Any]]:
    """What the canonical text of a spec has, in its order: a key, the field, its annotation, the value at which it is
    left out. The class comes as its whole text, without a field."""
    later, none = added(kind), dataclasses.MISSING
    parts = {"type": (f'"type":{ENCODE(type_name(kind))}', "", None, none)}
    for name, annotation in annotations(kind).items():
        parts[name] = f"{ENCODE(name)}:", name, annotation, later.get(name, none)
    return [parts[name] for name in sorted(parts)]


def canonical(spec: Any) -> str:
    """One text for one value: JSON with the class under "type", sorted keys, no spaces, shortest numbers; floats that
    JSON lacks become "inf" and "-inf"."""
    parts = []
    kind: Any = type(spec)
    for key, name, annotation, left_out in written(kind):
        value: Any = getattr(spec, name) if name else None
        if not name:
            parts.append(key)
        elif left_out is not dataclasses.MISSING and value == left_out:
            continue
        elif is_spec(value):
            parts.append(key + text_of(value))
        elif annotation is float:
            number = float(value)
            parts.append(f"{key}{number}" if math.isfinite(number) else f'{key}"{number}"')
        elif type(value) is int:
            parts.append(f"{key}{value}")
        else:
            parts.append(key + ENCODE(plain(value)))
    return f"{{{','.join(parts)}}}"


text_of = remembering(canonical)


def to_json(spec: Any) -> dict[str, Any]:
    """The canonical text, read."""
    return dict(json.loads(canonical(spec)))


def trial_id(trial: Any) -> str:
    """Twelve hexadecimal digits of the SHA-256 of the canonical JSON."""
    return hashlib.sha256(canonical(trial).encode()).hexdigest()[:12]


def parse(annotation: Any, text: str, path: str) -> Any:
    """A value typed at the command line, by the field's annotation. Raises SpecError."""
    try:
        if annotation is bool:
            return {"true": True, "false": False}[text.lower()]
        if annotation in (int, float, str):
            return annotation(text)
        value = json.loads(text)
        return tuple(value) if isinstance(value, list) else value
    except (ValueError, KeyError):
        expected = {bool: "true or false", int: "an integer", float: "a number"}.get(
            annotation, "a JSON list such as [1, 2, 4]"
        )
        raise SpecError(f"{path} must be {expected}; got '{text}'.") from None


def set_text(spec: Spec, path: str, text: str) -> Spec:
    """The spec with the field at `path` set from text. Raises SpecError as `replace` and `parse` do."""
    inner: Any = spec
    *heads, last = path.split(".")
    for head in heads:
        if head not in annotations(type(inner)):
            raise SpecError(unknown(f"{type(inner).__name__} field", head, annotations(type(inner))))
        inner = getattr(inner, head)
        if not is_spec(inner):
            raise SpecError(f"'{head}' has no fields of its own; got the path '{path}'.")
    fields = annotations(type(inner))
    if last not in fields:
        raise SpecError(unknown(f"{type(inner).__name__} field", last, fields))
    return replace(spec, path, parse(fields[last], text, path))
