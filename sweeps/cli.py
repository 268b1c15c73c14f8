"""The command `lstm-variants`: a table of commands. Imports nothing heavy: a command's code is loaded when it runs.

Exit codes: 0 done; 1 done but something is not as it should be (said in words); 2 bad input, nothing
started, or a disk that takes no more, everything stored is whole; 130 interrupted (Ctrl-C) and 143 terminated
(SIGTERM), everything resumable.
"""

import argparse
import contextlib
import errno
import gc
import importlib
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sweeps.signals import INTERRUPTED, TERMINATED, Terminated, heeded
from sweeps.terminal.arguments import Parser
from sweeps.terminal.printed import PROGRAM, printed
from sweeps.terminal.streams import every_sign_prints

# How many objects come to be before garbage is looked for (Python's own: 700). A plan has millions, which stay; looking
# through them again and again took a third of its time.
COLLECT = 100_000
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}  # errors of writing alone


@dataclass(frozen=True)
class Command:
    """name: as it is typed. run: `module:function`, from the options to the exit code; the module loads what it needs.
    text: one line of help. The light module beside it, `module_arguments`, has `arguments(parser)`."""

    name: str
    run: str
    text: str

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add what the command takes."""
        module = f"{self.run.partition(':')[0]}_arguments"
        importlib.import_module(module).arguments(parser)

    def __call__(self, options: argparse.Namespace) -> int:
        """Load the command and run it; returns its exit code."""
        module, _, function = self.run.partition(":")
        return int(getattr(importlib.import_module(module), function)(options))


COMMANDS = (
    Command("list", "sweeps.commands.catalogue:run", "show cells, tasks and studies"),
    Command("show", "sweeps.commands.show:run", "describe a task and print some of its sequences"),
    Command(
        "conform",
        "sweeps.commands.conform:run",
        "identify which published equations a cell computes, or check it against the ones it claims",
    ),
    Command("diagram", "sweeps.commands.diagram:run", "draw what a cell computes, from its equations"),
    Command(
        "flow",
        "sweeps.commands.flow:run",
        "measure how far back cells look: gradients by lag, memory horizon, gates",
    ),
    Command(
        "inspect",
        "sweeps.commands.inspect:run",
        "look into a stored trial's network: gates and states over time, what they remember, gates held",
    ),
    Command(
        "generate",
        "sweeps.commands.generate:run",
        "let stored trials' networks write on their own, and compare it with what they were taught",
    ),
    Command("match", "sweeps.commands.match:run", "find the size at which each cell meets a given budget"),
    Command(
        "bench",
        "sweeps.commands.bench:run",
        "time training steps, studies and sweeps against PyTorch and others (needs PyTorch)",
    ),
    Command("train", "sweeps.commands.train:run", "train one cell on one task and show its learning curve"),
    Command(
        "plan", "sweeps.commands.plan:run", "show what a sweep would run, and estimate its time and memory"
    ),
    Command("sweep", "sweeps.commands.sweep:run", "run the missing trials of a study; run again to resume"),
    Command("export", "sweeps.commands.export:run", "write a study's search as a W&B sweep file"),
    Command("status", "sweeps.commands.status:run", "show the progress of a study from its stored results"),
    Command(
        "watch", "sweeps.commands.watch:run", "follow a sweep that runs elsewhere, from its stored results"
    ),
    Command("mirror", "sweeps.commands.mirror:run", "upload results to W&B, skipping those already there"),
    Command(
        "dashboard",
        "sweeps.commands.dashboard:run",
        "make W&B's views and report of a study, or a page with the same panels that needs no W&B",
    ),
    Command(
        "import-wandb",
        "sweeps.commands.import_wandb:run",
        "import runs from W&B or its offline files: a mirrored study as results, other runs as a table",
    ),
    Command(
        "report", "analysis.commands:report", "write report.html, figures and tables, and print the verdicts"
    ),
    Command(
        "notebook",
        "analysis.notebook_tools.command:run",
        "write notebooks that analyse a study, to open in JupyterLab, or executed as HTML",
    ),
    Command(
        "verdicts",
        "analysis.user_table.command:run",
        "compare the cells in any table of results: equivalent, different or undecided",
    ),
)


def parser() -> argparse.ArgumentParser:
    main = Parser(
        prog=PROGRAM,
        description="Compare recurrent-cell variants: run studies, resume them, read the verdicts.",
        epilog="A STUDY is a name from `lstm-variants list`, or the path of your own study file or W&B sweep.",
    )
    commands = main.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        its = commands.add_parser(command.name, help=command.text, description=command.text)
        its.set_defaults(run=command)
        command.arguments(its)
    return main


def main(arguments: Sequence[str] | None = None) -> int:
    every_sign_prints()
    if arguments is None:  # the process is this command's own
        gc.set_threshold(COLLECT)
    options = parser().parse_args(arguments)
    given = getattr(options, "study", None)
    if options.command in (
        "status",
        "watch",
        "mirror",
        "dashboard",
        "report",
        "notebook",
    ):  # they read results, which carry the study's name
        options.study = re.sub(r"\.(py|ya?ml)$", "", options.study).rpartition("/")[2]
    from sweeps.errors import InputError, NeverRan, write_error

    try:
        with heeded(to_the_end=arguments is None), results_at_hand(options):
            return int(options.run(options))
    except KeyboardInterrupt as interrupt:
        terminated = isinstance(interrupt, Terminated)
        print(
            f"\n{'Terminated' if terminated else 'Interrupted'}. All finished trials are stored; the same command runs "
            "the rest.",
            file=sys.stderr,
        )
        return TERMINATED if terminated else INTERRUPTED
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


def results_at_hand(options: argparse.Namespace) -> contextlib.AbstractContextManager[None]:
    """Where `--results` is a URL, what brings its local copy."""
    if "://" not in str(getattr(options, "results", "")):
        options.copy = None
        return contextlib.nullcontext()
    from sweeps.commands.urls import at_hand

    return at_hand(options)


def first_of_all(study: str, results: str) -> str:
    """How to get the results of a study that was named by its name or its file."""
    shipped = Path(__file__).with_name("studies") / f"{study}.py"
    runs = next((name for name in (study, f"{study}.py") if Path(name).is_file()), study)
    if runs == study and not study.endswith(".py") and not shipped.is_file():
        return "Run its sweep first"
    return f"Run `{printed('sweep', runs, results=results)}` first"


if __name__ == "__main__":
    sys.exit(main())
