"""The command line's parser: it takes a number for a number, however it is written.

    --bounds -1e4 0     --bounds -inf 0     --margin 5e-5     --steps 1e4

argparse takes -1e4, -.5e3 and -inf for options that do not exist, and 1e4 for no whole number.
"""

import argparse
import re
from typing import Any

from sweeps.terminal.printed import RESULTS

NEGATIVE = re.compile(r"-(\.?\d.*|inf(inity)?|nan)$", re.IGNORECASE)


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` for which whatever begins like a negative number is a value, as are whole numbers in
    scientific notation. Parsers of commands are of the same class."""

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options)
        self._negative_number_matcher = NEGATIVE
        self.register("type", int, whole)


def whole(text: str) -> int:
    """`20`, `2e1` and `20.0` as 20. Raises ValueError, which argparse turns into its own words."""
    try:
        return int(text)
    except ValueError:
        value = float(text)
        if not value.is_integer():
            raise
        return int(value)


def study_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("study", metavar="STUDY", help="name of a study, or path of a study file")


def results_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--results", default=RESULTS, metavar="DIR", help=f"results directory (default: {RESULTS})"
    )
