"""YAML as values that know their line, so that an error can name it."""

from dataclasses import dataclass
from typing import Any

import yaml

from sweeps.errors import InputError


@dataclass(frozen=True)
class At:
    """A value and its line, from 1. value: a scalar, a list of `At`, or a dictionary of them by name."""

    value: Any
    line: int

    def plain(self) -> Any:
        """The value without lines."""
        if isinstance(self.value, dict):
            return {name: inner.plain() for name, inner in self.value.items()}
        return [inner.plain() for inner in self.value] if isinstance(self.value, list) else self.value


def read(text: str, name: str) -> At:
    """The document. Raises InputError, with the line, for what is no YAML, and for a key that stands twice."""
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        return At({}, 1) if node is None else lined(loader, node, name)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" line {mark.line + 1}" if mark else ""
        raise InputError(f"{name}{where}: this is not YAML: {error.problem}.") from None
    except InputError:
        raise
    except (ValueError, RecursionError) as error:  # a date that is none; an alias of what it stands in
        raise InputError(f"{name}: this is not YAML that can be read: {error}.") from None
    except yaml.YAMLError as error:
        raise InputError(f"{name}: this is not YAML: {str(error).splitlines()[0]}.") from None
    finally:
        loader.dispose()


def lined(loader: yaml.SafeLoader, node: yaml.Node, name: str, inside: tuple[int, ...] = ()) -> At:
    """A node as a value. inside: the nodes around it, by identity: an alias can make one its own part."""
    line = node.start_mark.line + 1
    if id(node) in inside:
        raise InputError(f"{name} line {line}: this refers to itself.")
    inside = (*inside, id(node))
    if isinstance(node, yaml.SequenceNode):
        return At([lined(loader, inner, name, inside) for inner in node.value], line)
    if isinstance(node, yaml.MappingNode):
        found: dict[str, At] = {}
        for key, inner in node.value:
            label = str(loader.construct_object(key))
            at = key.start_mark.line + 1
            if label in found:
                raise InputError(f"{name} line {at}: '{label}' stands twice.")
            found[label] = At(lined(loader, inner, name, inside).value, at)
        return At(found, line)
    try:
        return At(loader.construct_object(node), line)
    except ValueError as error:  # a date that there is not; a text marked as a number
        raise InputError(f"{name} line {line}: {node.value!r} is no such value: {error}.") from None
