"""The command line's parser: it takes a number for a number, however it is written.

    --bounds -1e4 0     --bounds -inf 0     --margin 5e-5     --steps 1e4

argparse takes -1e4, -.5e3 and -inf for options that do not exist, and 1e4 for no whole number.
"""

import argparse
import math
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
        "--results",
        default=RESULTS,
        metavar="DIR",
        help=f"results directory, or a URL such as s3://BUCKET/FOLDER (default: {RESULTS})",
    )


def wandb_runs(parser: argparse.ArgumentParser) -> None:
    """Options that say which runs W&B gets, and where."""
    parser.add_argument(
        "--runs",
        choices=["auto", "trials", "arms", "study"],
        default="auto",
        help="which W&B runs to make: trials (one per trial, per cell and task, and for the study), arms (per cell and "
        "task, and for the study) or study (default: trials up to 10,000 of them, else arms)",
    )
    parser.add_argument("--project", help="W&B project (default: lstm-variants)")
    parser.add_argument("--entity", help="W&B user or team (default: your own)")


def duration(text: str) -> float:
    """Seconds: `90`, `90s`, `10m`, `2h`. Raises ArgumentTypeError for what is no length of time."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h)?", text)
    seconds = float(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2] or "s"] if found else math.nan
    if not math.isfinite(seconds):
        raise argparse.ArgumentTypeError(f"expected a length of time such as 90s, 10m or 2h; got '{text}'")
    return seconds
