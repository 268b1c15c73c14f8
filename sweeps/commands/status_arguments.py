"""What `lstm-variants status` takes."""

import argparse

from sweeps.terminal.arguments import results_option, study_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes to its parser."""
    study_argument(parser)
    results_option(parser)
    parser.add_argument(
        "--failed",
        action="store_true",
        help="show what trials failed of, grouped by cause, and their tracebacks",
    )
