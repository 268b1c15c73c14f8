"""What `lstm-variants dashboard` takes."""

import argparse

from sweeps.terminal.arguments import results_option, study_argument, wandb_runs


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes to its parser."""
    study_argument(parser)
    results_option(parser)
    wandb_runs(parser)
    parser.add_argument(
        "--json", metavar="FILE", help="write views and report as JSON instead (-: to standard output)"
    )
    parser.add_argument(
        "--html", metavar="FILE", help="write the panels as one page that needs no W&B instead"
    )
    parser.add_argument(
        "--follow", action="store_true", help="with --html: write the page anew until the study is complete"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace views and reports that were changed in W&B, too"
    )
