"""What `lstm-variants sweep` takes."""

import argparse

from sweeps.commands.where_to_run import where_to_run
from sweeps.terminal.arguments import results_option, study_argument, wandb_runs


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes to its parser."""
    study_argument(parser)
    results_option(parser)
    where_to_run(parser)
    parser.add_argument("--dry-run", action="store_true", help="the same as `plan`")
    parser.add_argument(
        "--break-lock",
        action="store_true",
        help="take the results from another sweep that holds them but is dead",
    )
    parser.add_argument(
        "--trial-timeout",
        type=float,
        metavar="SECONDS",
        help="record a trial as failed that takes longer; a cohort may take this times its trials "
        "(default: half an hour and 100 times what it should take; not with --workers 0)",
    )
    parser.add_argument(
        "--keep",
        choices=["best", "all"],
        help="keep networks of confirmed trials for `inspect` and `generate`: of each cell and task the best on "
        "validation, or all of them (default: none)",
    )
    parser.add_argument(
        "--wandb", choices=["online", "offline", "off"], help="default: online if logged in, else offline"
    )
    wandb_runs(parser)
