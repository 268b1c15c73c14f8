"""Arguments of `plan` and `sweep`: on which workers trials run, and how."""

import argparse

from sweeps.workers.pool import START_TIMEOUT


def where_to_run(parser: argparse.ArgumentParser) -> None:
    """Add the options that `plan` and `sweep` share: workers, cluster, cohorts, overrides."""
    parser.add_argument(
        "--address",
        metavar="auto|local|HOST:PORT|ray://HOST:PORT",
        help="join this Ray cluster; local: start one on this machine (default: processes without Ray)",
    )
    parser.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="number of workers (default: one per core, on a cluster as many as it has room for; 0: run in this "
        "process)",
    )
    parser.add_argument(
        "--gpus-per-worker",
        type=float,
        metavar="X",
        help="GPUs per worker, or a share of one such as 0.5 (default: 0, CPU only)",
    )
    parser.add_argument(
        "--gpu-workers",
        type=int,
        metavar="N",
        help="so many workers on GPUs beside those on CPUs; --gpus-per-worker is then theirs alone (default 1)",
    )
    parser.add_argument(
        "--memory-per-worker",
        metavar="SIZE",
        help="memory that a node must have free for each of its workers, such as 2GB (`plan` says how much they need)",
    )
    parser.add_argument(
        "--runtime-env",
        metavar="FILE",
        help="YAML or JSON file with Ray's runtime_env: code, packages and variables that the nodes are given",
    )
    parser.add_argument(
        "--wait-for-workers",
        type=float,
        default=START_TIMEOUT,
        metavar="SECONDS",
        help="give up when for so long no worker could start (default: %(default)g)",
    )
    parser.add_argument(
        "--cohort",
        type=int,
        metavar="N",
        help="trials per cohort (default: 4 to 64 on CPUs, by sequence length; 64 on GPUs)",
    )
    parser.add_argument(
        "--members",
        choices=["loop", "vmap"],
        help="run the trials of a cohort in turn or vectorised (default: loop on CPUs, vmap on GPUs)",
    )
    parser.add_argument(
        "--deterministic",
        action="store_true",
        help="bit-for-bit reproducible on the same GPU, but slower (CPUs always are)",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="set a field of the study, such as confirm=32, steps.adding_60=4000, tasks.adding_60.length=80 or "
        "cells.lstm.hidden=16; repeatable",
    )
    parser.add_argument("--seed", type=int, metavar="N", help="use this seed instead of the study's own")
    parser.add_argument(
        "--other-code",
        choices=["rerun", "keep"],
        help="if your cell or task has changed since results were stored: rerun those trials, or keep their results",
    )
