"""What `lstm-variants import-wandb` takes."""

import argparse

from sweeps.terminal.arguments import results_option


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes to its parser."""
    results_option(parser)
    parser.add_argument(
        "source", metavar="SOURCE", help="folder of offline runs (results/quick/wandb), or ENTITY/PROJECT"
    )
    parser.add_argument("--study", metavar="NAME", help="study to import (default: the only one)")
    parser.add_argument("--table", metavar="FILE", help="write a .parquet or .csv table for `verdicts`")
    for label in ("cell", "task", "seed"):
        parser.add_argument(
            f"--{label}", metavar="KEY", help=f"key of each run's {label}: config.NAME, group, ..."
        )
    parser.add_argument(
        "--measure",
        action="append",
        default=[],
        metavar="KEY",
        help="key of each run's result: summary.NAME; repeatable",
    )
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="import matching runs only, such as config.dataset=mnist (exclude with KEY!=VALUE); repeatable",
    )
