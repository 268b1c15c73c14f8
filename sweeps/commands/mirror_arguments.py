"""What `lstm-variants mirror` takes."""

import argparse

from sweeps.terminal.arguments import results_option, study_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes to its parser."""
    study_argument(parser)
    results_option(parser)
    parser.add_argument(
        "--wandb", choices=["online", "offline"], help="default: online if logged in, else offline"
    )
    parser.add_argument("--project", help="W&B project (default: lstm-variants)")
    parser.add_argument("--entity", help="W&B user or team (default: your own)")
