"""`--attention FILE` of `lstm-variants train`: where the trained network looks, as a picture and as a table."""

from pathlib import Path

from experiments.attending import attends, looked_at, trained
from experiments.trial import Trial
from sweeps import xla
from sweeps.commands.flow_tables import text
from sweeps.errors import InputError
from sweeps.plan import Entry
from sweeps.terminal import outputs

ENDINGS = (".png", ".svg")
SEQUENCES = 2


def asked(path: Path | None, trial: Trial) -> Path | None:
    """The picture's file, None where none is asked for. Raises InputError for a file that can not be written, and for a
    trial whose network does not attend."""
    if path is None:
        return None
    if not attends(trial):
        raise InputError(
            "--attention draws where a network looks, and this one has no attention. Train one with --attend, or name "
            "a trial whose cell is Layers(..., attend=True)."
        )
    if path.suffix.lower() not in ENDINGS:
        raise InputError(f"--attention takes a file that ends in {' or '.join(ENDINGS)}; got '{path}'.")
    outputs.output(path.with_suffix(".csv"), "--attention")
    return outputs.output(path, "--attention")


def drawn(path: Path, entry: Entry) -> str:
    """Train the entry's network, draw where it looks, and say where the picture is."""
    from sweeps.commands.attention_figure import COLUMN_NAMES, figure, lines
    from sweeps.commands.flow_figure import saved

    xla.switch_on()
    trial = entry.trial
    looked = looked_at(trial, trained(trial, entry.until), SEQUENCES)
    made = figure(
        looked, trial.task, f"{entry.cell} on {entry.task}, seed {trial.seed}, score {looked.score:.2f} here"
    )
    outputs.write(path, saved(made)[path.suffix.lower()[1:]])
    outputs.write(path.with_suffix(".csv"), text(COLUMN_NAMES, lines(looked)))
    return f"attention {path}, numbers beside it"
