"""The command `lstm-variants`. Imports nothing heavy: each command's code is loaded when it runs.

Exit codes: 0 done; 1 done but something is not as it should be (said in words); 2 bad input, nothing
started, or a disk that takes no more, everything stored is whole; 130 interrupted, everything resumable.
"""

import argparse
import errno
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from sweeps.terminal.arguments import Parser
from sweeps.terminal.printed import PROGRAM, RESULTS, printed
from sweeps.terminal.streams import every_sign_prints

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}  # errors of writing alone


def parser() -> argparse.ArgumentParser:
    main = Parser(
        prog=PROGRAM,
        description="Compare recurrent-cell variants: launch studies, resume them, read the verdict.",
        epilog="A STUDY is a name from `lstm-variants list`, or the path of your own Python file.",
    )
    commands = main.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(
        name: str, run: str, text: str, *, study: bool = True, results: bool = True
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        if study:
            command.add_argument("study", metavar="STUDY", help="name of a study, or path of a study file")
        if results:
            command.add_argument(
                "--results", default=RESULTS, metavar="DIR", help=f"results directory (default: {RESULTS})"
            )
        return command

    add("list", "sweeps.commands.catalogue:run", "show cells, tasks and studies", study=False)

    show = add(
        "show", "sweeps.commands.show:run", "say what a task is and write some of its sequences", study=False
    )
    show.add_argument("task", metavar="TASK", help="a task from `lstm-variants list`, or file.py:Task")
    show.add_argument("--sequences", type=int, default=3, metavar="N", help="how many to write (default: 3)")
    show.add_argument("--seed", type=int, default=0, metavar="N")
    show.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="a field, such as length=20; repeatable",
    )

    conform = add(
        "conform",
        "sweeps.commands.conform:run",
        "tell which published equations a cell computes, or whether it is what it is named after",
        study=False,
    )
    conform.add_argument(
        "cells",
        nargs="+",
        metavar="CELL",
        help="package.module:Cell, file.py:Cell, a cell from `list`, or all",
    )
    held = conform.add_mutually_exclusive_group()
    held.add_argument("--as", dest="claim", metavar="NAME", help="hold it against these equations")
    held.add_argument(
        "--against",
        type=Path,
        metavar="FILE",
        help="hold it against equations of your own (docs/conformance.md)",
    )
    conform.add_argument(
        "--with",
        dest="extra",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="argument for making the cell, such as layers=3; repeatable",
    )
    form = conform.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object a cell, one a line")
    form.add_argument("--markdown", action="store_true", help="one table")

    match = add(
        "match", "sweeps.commands.match:run", "say at which size each cell meets one budget", study=False
    )
    match.add_argument("cells", nargs="+", metavar="CELL", help="a cell from `lstm-variants list`, or all")
    budget = match.add_mutually_exclusive_group(required=True)
    budget.add_argument("--parameters", type=int, metavar="N", help="trained numbers")
    budget.add_argument("--flops", type=int, metavar="N", help="operations of one step of one sequence")
    budget.add_argument("--state", type=int, metavar="N", help="numbers carried from step to step")
    match.add_argument("--inputs", type=int, required=True, metavar="N", help="features of the input")
    match.add_argument("--json", action="store_true", help="one JSON object a cell, one a line")

    bench = add(
        "bench",
        "sweeps.commands.bench:run",
        "measure training steps, studies and sweeps beside PyTorch and others (with PyTorch installed)",
        study=False,
    )
    bench.add_argument(
        "--only",
        metavar="SECTIONS",
        help="a list such as step,rate of step, sizes, peers, rate, study, ablation, scaling and orchestration "
        "(default: all)",
    )
    bench.add_argument("--cells", metavar="NAMES", help="training steps of these cells alone: lstm,gru")
    bench.add_argument(
        "--one-core", action="store_true", help="training steps on one pinned core alone, not on all as well"
    )
    bench.add_argument(
        "--rounds",
        type=int,
        metavar="N",
        help="measure everything N times (default: 3 to 5, by what it takes)",
    )
    bench.add_argument("--quick", action="store_true", help="tiny sizes: whether it runs, not how fast")
    bench.add_argument("--json", action="store_true", help="print all measurements in place of the tables")
    bench.add_argument(
        "--out", default="results/bench", metavar="DIR", help="where to write (default: results/bench)"
    )

    train = add(
        "train", "sweeps.commands.train:run", "train one cell on one task and show the curve", study=False
    )
    train.add_argument("--cell", required=True, metavar="NAME", help="a cell from `lstm-variants list`")
    train.add_argument("--task", required=True, metavar="NAME", help="a task from `lstm-variants list`")
    train.add_argument("--hidden", type=int, metavar="N", help="hidden units of the cell")
    train.add_argument(
        "--length",
        type=int,
        metavar="T",
        help="length of the task's sequences (or lag, delay, distance, what it has)",
    )
    train.add_argument(
        "--layers", type=int, default=1, metavar="N", help="stack N layers of the cell (default: 1)"
    )
    train.add_argument("--optimizer", choices=["adam", "sgd"], default="adam")
    train.add_argument("--learning-rate", type=float, metavar="X", help="default: 0.01 for adam, 0.1 for sgd")
    train.add_argument("--steps", type=int, metavar="N", help="optimiser updates (default: 2000)")
    train.add_argument("--batch", type=int, metavar="N", help="sequences per update (default: 32)")
    train.add_argument("--seed", type=int, default=0, metavar="N")
    train.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="any field of the trial, such as cell.forget_bias=2 or optimizer.clip=inf; repeatable",
    )
    train.add_argument("--again", action="store_true", help="train although the store has this trial")

    def where(command: argparse.ArgumentParser) -> None:
        command.add_argument(
            "--address",
            metavar="auto|local|HOST:PORT|ray://HOST:PORT",
            help="join this Ray cluster; local: start one on this machine (default: processes without Ray)",
        )
        command.add_argument(
            "--workers", type=int, metavar="N", help="workers (default: one a core; 0: this process)"
        )
        command.add_argument(
            "--gpus-per-worker", type=float, default=0.0, metavar="X", help="default: 0, CPU only"
        )
        command.add_argument(
            "--cohort",
            type=int,
            metavar="N",
            help="trials a cohort (default: 4 to 64 on CPUs, by their length; 64 on GPUs)",
        )
        command.add_argument(
            "--members",
            choices=["loop", "vmap"],
            help="trials of a cohort one after the other, or side by side (default: loop on CPUs, vmap on GPUs)",
        )
        command.add_argument(
            "--deterministic",
            action="store_true",
            help="the same bits again on the same GPU, at some speed (CPUs always give them)",
        )
        command.add_argument(
            "--seed", type=int, metavar="N", help="run the study with this seed instead of its own"
        )
        command.add_argument(
            "--other-code",
            choices=["rerun", "keep"],
            help="where results are of a cell or task of yours that was changed since: run them again, or count them",
        )

    plan = add(
        "plan", "sweeps.commands.plan:run", "show what a sweep would run, how long and how much memory"
    )
    where(plan)
    sweep = add(
        "sweep", "sweeps.commands.sweep:run", "run what is missing of a study; run it again to resume"
    )
    where(sweep)
    sweep.add_argument("--dry-run", action="store_true", help="the same as `plan`")
    sweep.add_argument(
        "--wandb", choices=["online", "offline", "off"], help="default: online where logged in, else offline"
    )
    sweep.add_argument("--project", help="W&B project (default: lstm-variants)")
    sweep.add_argument("--entity", help="W&B user or team (default: yours)")

    add("status", "sweeps.commands.status:run", "show how far a study is, from its results")

    mirror = add("mirror", "sweeps.commands.mirror:run", "write results to W&B, whatever is not there yet")
    mirror.add_argument(
        "--wandb", choices=["online", "offline"], help="default: online where logged in, else offline"
    )
    mirror.add_argument("--project", help="W&B project (default: lstm-variants)")
    mirror.add_argument("--entity", help="W&B user or team (default: yours)")

    take = add(
        "import-wandb",
        "sweeps.commands.import_wandb:run",
        "read runs from W&B or its offline files: a mirrored study into results, any other runs into a table",
        study=False,
    )
    take.add_argument(
        "source", metavar="SOURCE", help="folder of offline runs (results/quick/wandb), or ENTITY/PROJECT"
    )
    take.add_argument("--study", metavar="NAME", help="which study (default: the only one)")
    take.add_argument("--table", metavar="FILE", help="write a table for `verdicts`: .parquet or .csv")
    for label in ("cell", "task", "seed"):
        take.add_argument(
            f"--{label}", metavar="KEY", help=f"where a run has its {label}: config.NAME, group, ..."
        )
    take.add_argument(
        "--measure",
        action="append",
        default=[],
        metavar="KEY",
        help="where a run has its result: summary.NAME; repeatable",
    )
    take.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="only runs with this, such as config.dataset=mnist (or without: KEY!=VALUE); repeatable",
    )

    report = add(
        "report", "analysis.commands:report", "write report.html, figures and tables, print the verdicts"
    )
    report.add_argument("--out", metavar="DIR", help="where to write (default: RESULTS/STUDY/report)")

    verdicts = add(
        "verdicts",
        "analysis.user_table.command:run",
        "compare the cells of any table of results: equivalent, different or not yet known",
        study=False,
        results=False,
    )
    verdicts.add_argument(
        "table",
        metavar="TABLE",
        help=".csv or .parquet with the columns cell, task, seed, the measure, and perhaps status",
    )
    verdicts.add_argument("--measure", required=True, metavar="COLUMN", help="what cells are compared by")
    verdicts.add_argument(
        "--margin", required=True, type=float, metavar="X", help="smallest difference of it that matters"
    )
    verdicts.add_argument(
        "--alpha", type=float, default=0.05, metavar="X", help="level of every test (default: 0.05)"
    )
    verdicts.add_argument(
        "--bounds",
        nargs=2,
        metavar=("LOW", "HIGH"),
        help="what the measure can be, none for no bound (default: 0 1 where all values lie there)",
    )
    verdicts.add_argument(
        "--method",
        default="cautious",
        metavar="cautious|welch|betting",
        help="cautious: tests that hold for skewed and tied values (default); welch: textbook Welch and TOST; betting: "
        "what is proven for any distribution",
    )
    verdicts.add_argument("--lower-is-better", action="store_true", help="for errors, losses and times")
    verdicts.add_argument("--json", action="store_true", help="one JSON object in place of the tables")
    verdicts.add_argument("--csv", metavar="OUT", help="write the rows of all tasks to this file as well")
    return main


def main(arguments: Sequence[str] | None = None) -> int:
    every_sign_prints()
    options = parser().parse_args(arguments)
    module, function = options.run.split(":")
    given = getattr(options, "study", None)
    if options.command in ("status", "mirror", "report"):  # they read results, which carry the study's name
        options.study = options.study.removesuffix(".py").rpartition("/")[2]
    from sweeps.errors import InputError, NeverRan, write_error

    try:
        return int(getattr(importlib.import_module(module), function)(options))
    except KeyboardInterrupt:
        print(
            "\nInterrupted. Everything that finished is stored; the same command runs the rest.",
            file=sys.stderr,
        )
        return 130
    except NeverRan as error:
        first = first_of_all(str(given), options.results)
        print(f"{PROGRAM}: {error} {first}, or name the directory with --results.", file=sys.stderr)
        return 2
    except InputError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        told = write_error(error, error.filename) if error.errno in FULL else None
        if told is None:
            raise
        print(f"{PROGRAM}: {told}", file=sys.stderr)
        return 2


def first_of_all(study: str, results: str) -> str:
    """How to get the results of a study that was named by its name or its file."""
    shipped = Path(__file__).with_name("studies") / f"{study}.py"
    runs = next((name for name in (study, f"{study}.py") if Path(name).is_file()), study)
    if runs == study and not study.endswith(".py") and not shipped.is_file():
        return "Run its sweep first"
    return f"Run `{printed('sweep', runs, results=results)}` first"


if __name__ == "__main__":
    sys.exit(main())
