"""What `lstm-variants plan` takes."""

import argparse

from sweeps.commands.where_to_run import where_to_run
from sweeps.terminal.arguments import results_option, study_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes to its parser."""
    study_argument(parser)
    results_option(parser)
    where_to_run(parser)
