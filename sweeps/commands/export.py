"""`lstm-variants export STUDY`: its search as the file that `wandb sweep` takes."""

import argparse
import sys
from pathlib import Path

from sweeps.commands.common import study_of
from sweeps.errors import InputError
from sweeps.study_file import SWEEPS
from sweeps.sweep_export import exported
from sweeps.terminal.outputs import output, write
from sweeps.terminal.printed import printed


def run(options: argparse.Namespace) -> int:
    """Write the file; what it cannot say goes to standard error. Raises InputError where W&B would search otherwise
    than the study does, and for a file that cannot be written."""
    loaded = study_of(options)
    made = exported(loaded.name, loaded.doc, loaded.study)
    if options.out == "-":
        sys.stdout.write(made.text)
    else:
        if not options.out.endswith(SWEEPS):
            raise InputError(f"--out {options.out}: a sweep file's name ends in {' or '.join(SWEEPS)}.")
        inputs = [options.study] if Path(options.study).is_file() else []
        path = output(options.out, "--out", inputs=inputs)
        write(path, made.text.encode())
    place = "FILE.yaml" if options.out == "-" else options.out
    if made.options:
        again = " ".join([printed("sweep", place), *made.options])
        print(f"A sweep has no words for the rest of the study: {again}", file=sys.stderr)
    for line in made.lost:
        print(f"Only the study in Python says {line}", file=sys.stderr)
    return 0
