"""Arguments of `plan` and `sweep`: on which workers trials run, and how."""

import argparse


def where_to_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--address",
        metavar="auto|local|HOST:PORT|ray://HOST:PORT",
        help="join this Ray cluster; local: start one on this machine (default: processes without Ray)",
    )
    parser.add_argument(
        "--workers", type=int, metavar="N", help="workers (default: one a core; 0: this process)"
    )
    parser.add_argument(
        "--gpus-per-worker", type=float, default=0.0, metavar="X", help="default: 0, CPU only"
    )
    parser.add_argument(
        "--cohort",
        type=int,
        metavar="N",
        help="trials a cohort (default: 4 to 64 on CPUs, by their length; 64 on GPUs)",
    )
    parser.add_argument(
        "--members",
        choices=["loop", "vmap"],
        help="trials of a cohort one after the other, or side by side (default: loop on CPUs, vmap on GPUs)",
    )
    parser.add_argument(
        "--deterministic",
        action="store_true",
        help="the same bits again on the same GPU, at some speed (CPUs always give them)",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="a field of the study, such as confirm=32, steps.adding_60=4000, tasks.adding_60.length=80 or "
        "cells.lstm.hidden=16; repeatable",
    )
    parser.add_argument(
        "--seed", type=int, metavar="N", help="run the study with this seed instead of its own"
    )
    parser.add_argument(
        "--other-code",
        choices=["rerun", "keep"],
        help="where results are of a cell or task of yours that was changed since: run them again, or count them",
    )
