"""What `lstm-variants mirror` takes."""

import argparse

from sweeps.terminal.arguments import duration, results_option, study_argument, wandb_runs


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes to its parser."""
    study_argument(parser)
    results_option(parser)
    parser.add_argument(
        "--wandb", choices=["online", "offline"], help="default: online if logged in, else offline"
    )
    wandb_runs(parser)
    parser.add_argument(
        "--patience",
        type=duration,
        default="2m",
        metavar="TIME",
        help="retry what W&B may take later, such as after a rate limit, until TIME has passed without a run: "
        "90s, 10m, 2h (default: 2m)",
    )
    parser.add_argument(
        "--verify",
        action="store_true",
        help="ask W&B first which runs it has, and make those again that are missing or incomplete",
    )
