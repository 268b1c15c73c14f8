"""`--attention FILE` of `lstm-variants train`: where the trained network looks, as a picture and as a table."""

from pathlib import Path

from rich.console import Console

from experiments.attending import attends, looked_at
from experiments.trial import Trial
from sweeps import kept, xla
from sweeps.commands.flow_tables import text
from sweeps.errors import InputError
from sweeps.plan import Entry
from sweeps.rows import Row
from sweeps.store.store import Store
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


def drawn(screen: Console, path: Path, entry: Entry, row: Row, store: Store) -> str:
    """Draw where the network of a row looks, and say where the picture is, and how the network was made: found where a
    sweep kept it, else trained again. store: the row's."""
    from sweeps.commands.attention_figure import COLUMN_NAMES, figure, lines
    from sweeps.commands.flow_figure import saved
    from sweeps.commands.stored_networks import networks

    xla.switch_on()
    trial = entry.trial
    (again,) = networks(screen, [(keeping(entry.id, store), trial, row)])
    looked = looked_at(trial, again.parameters, SEQUENCES)
    made = figure(
        looked, trial.task, f"{entry.cell} on {entry.task}, seed {trial.seed}, score {looked.score:.2f} here"
    )
    outputs.write(path, saved(made)[path.suffix.lower()[1:]])
    outputs.write(path.with_suffix(".csv"), text(COLUMN_NAMES, lines(looked)))
    return f"attention {path}, numbers beside it. {again.words}"


def keeping(name: str, store: Store) -> Store:
    """The store that has kept the network of a trial: its own or, as a trial is the same in any, another of these
    results; its own where none has."""
    others = sorted(folder.parent for folder in store.path.parent.glob(f"*/{kept.FOLDER}"))
    stores = [store, *(Store(path.parent, path.name) for path in others)]
    return next((each for each in stores if name in kept.listed(each.path / kept.FOLDER)), store)
