"""What `lstm-variants train` takes."""

import argparse
from pathlib import Path

from sweeps.terminal.arguments import results_option


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes to its parser."""
    results_option(parser)
    parser.add_argument("--cell", metavar="NAME", help="a cell from `lstm-variants list`")
    parser.add_argument("--task", metavar="NAME", help="a task from `lstm-variants list`")
    parser.add_argument("--hidden", type=int, metavar="N", help="hidden units of the cell")
    parser.add_argument(
        "--length",
        type=int,
        metavar="T",
        help="sequence length of the task (or its lag, delay or distance)",
    )
    parser.add_argument(
        "--layers", type=int, default=1, metavar="N", help="stack N layers of the cell (default: 1)"
    )
    parser.add_argument(
        "--attend", action="store_true", help="let the read-out attend to all states up to the present one"
    )
    parser.add_argument("--optimizer", choices=["adam", "sgd"], default="adam")
    parser.add_argument(
        "--learning-rate", type=float, metavar="X", help="default: 0.01 for adam, 0.1 for sgd"
    )
    parser.add_argument("--steps", type=int, metavar="N", help="optimiser updates (default: 2000)")
    parser.add_argument("--batch", type=int, metavar="N", help="sequences per update (default: 32)")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="set any field of the trial, such as cell.forget_bias=2 or optimizer.clip=inf; repeatable",
    )
    parser.add_argument(
        "--params",
        metavar="JSON",
        help='set cell, task and fields of the trial from one JSON object, as `wandb agent` gives it ("${args_json}")',
    )
    parser.add_argument(
        "--wandb",
        action="store_true",
        help="log the trial as a run of its own to W&B, in an agent's sweep if it is one",
    )
    parser.add_argument("--anew", action="store_true", help="train even if this trial is stored already")
    parser.add_argument(
        "--again",
        metavar="TRIAL_ID",
        help="instead of the options above: retrain this stored trial of any study in DIR, store nothing, and report "
        "whether its numbers match",
    )
    parser.add_argument(
        "--attention",
        type=Path,
        metavar="FILE",
        help="of a network that attends: draw where it looks on test sequences, to FILE.png or FILE.svg, the numbers "
        "in FILE.csv (trains once more, unless a sweep with --keep has kept the network)",
    )
