"""`lstm-variants match`: at how many units every cell meets the same budget."""

import argparse
import json
from typing import Any

from experiments.specs import unknown
from lstm_variants import CELLS, Layers, match
from lstm_variants.match import MEASURES, WORDS
from sweeps.commands.catalogue import table
from sweeps.errors import InputError
from sweeps.terminal.screen import console


def run(options: argparse.Namespace) -> int:
    """Print the sizes; exit code 1 where a cell cannot meet the budget. Raises InputError for unknown cells and
    numbers below 1."""
    names = [name for given in options.cells for name in (CELLS if given == "all" else [given])]
    for name in names:
        if name not in CELLS:
            raise InputError(unknown("cell", name, CELLS, also=["all"]))
    ((measure, target),) = ((m, n) for m in MEASURES if (n := getattr(options, m)) is not None)
    for option, number in ((measure, target), ("inputs", options.inputs)):
        if number < 1:
            raise InputError(f"--{option} must be at least 1; got {number}.")
    found = {
        name: row(name, options.inputs, measure, target, options.attend) for name in dict.fromkeys(names)
    }
    if options.json:
        for each in found.values():
            print(json.dumps(each))
    else:
        who = "Cells with attention" if options.attend else "Cells"
        show(f"{who} at {target:,} {WORDS[measure]}, {options.inputs} inputs", found, measure)
    return 0 if all(each["within"] for each in found.values()) else 1


def row(name: str, inputs: int, measure: str, target: int, attend: bool) -> dict[str, Any]:
    """What there is to say about one cell; `hidden`, `value` and `error` are None where no size will do."""
    spec: Any = Layers(cell=CELLS[name](), attend=True) if attend else CELLS[name]()
    asked: dict[str, Any] = {"cell": name, "inputs": inputs, "measure": measure, "target": target}
    asked |= {"attend": True} if attend else {}
    try:
        best = match(spec, inputs=inputs, **{measure: target})
    except ValueError as error:
        return asked | {"hidden": None, "value": None, "error": None, "within": False, "note": str(error)}
    numbers = {"hidden": best.hidden, "value": best.value, "error": best.error, "within": best.within}
    return asked | numbers | {"note": "" if best.within else best.words}


def show(title: str, found: dict[str, dict[str, Any]], measure: str) -> None:
    """Print the sizes as one table."""
    columns = table(title, "cell", "hidden", WORDS[measure], "error", "note")
    for name, each in found.items():
        if each["hidden"] is None:
            columns.add_row(name, "", "", "", each["note"])
        else:
            error = f"{100 * each['error']:+.2f} %"
            columns.add_row(name, str(each["hidden"]), f"{each['value']:,}", error, each["note"])
    for column in columns.columns[1:4]:
        column.justify = "right"
    console().print(columns)
