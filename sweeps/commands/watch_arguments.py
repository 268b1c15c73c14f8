"""What `lstm-variants watch` takes."""

import argparse

from sweeps.terminal.arguments import results_option, study_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes to its parser."""
    study_argument(parser)
    results_option(parser)
