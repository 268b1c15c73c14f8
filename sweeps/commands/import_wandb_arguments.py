"""What `lstm-variants import-wandb` takes."""

import argparse

from sweeps.terminal.arguments import results_option


def arguments(parser: argparse.ArgumentParser) -> None:
    results_option(parser)
    parser.add_argument(
        "source", metavar="SOURCE", help="folder of offline runs (results/quick/wandb), or ENTITY/PROJECT"
    )
    parser.add_argument("--study", metavar="NAME", help="which study (default: the only one)")
    parser.add_argument("--table", metavar="FILE", help="write a table for `verdicts`: .parquet or .csv")
    for label in ("cell", "task", "seed"):
        parser.add_argument(
            f"--{label}", metavar="KEY", help=f"where a run has its {label}: config.NAME, group, ..."
        )
    parser.add_argument(
        "--measure",
        action="append",
        default=[],
        metavar="KEY",
        help="where a run has its result: summary.NAME; repeatable",
    )
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="only runs with this, such as config.dataset=mnist (or without: KEY!=VALUE); repeatable",
    )
