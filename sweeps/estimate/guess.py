"""Seconds of a trial and of its compilation, guessed from the spec alone: nothing is traced, compiled or run.

    a trial     (updates + forward batches / 3) × steps × (OVERHEAD + 24 B h (h + n) layers / RATE)
    compiling   COMPILE × layers ** 0.5

24 B h (h + n) are the operations of the products of one step of an LSTM with h units, n inputs and batches of B,
forward and backward; OVERHEAD is what a step costs beside. Both constants were fitted to the rows of 233 structures in
`docs/*/results`: within a cell and a task, structures of 8 to 32 units then lie within a factor of 1.3 (one standard
deviation). What a cell costs beside an LSTM, a task beside adding, and a machine beside that one: see `posterior`.
"""

from experiments.specs import flatten, is_spec, type_name
from experiments.trial import Trial

OVERHEAD = 20e-6  # seconds of a step of one batch, with few units
RATE = 32e9  # operations per second, with many
COMPILE = 4.5  # seconds
USUAL_HIDDEN = 32  # of a cell without a field of that name


def trial_seconds(bare: Trial) -> float:
    """Of a whole trial that nothing stops."""
    blocks = bare.evaluations * bare.validation_batches + bare.test_batches * tested(bare)
    passes = bare.steps + blocks / 3  # there is no way back in an evaluation
    hidden, inputs = hidden_of(bare), bare.task.inputs
    work = 24 * bare.batch * hidden * (hidden + inputs) * layers_of(bare) / RATE
    return passes * bare.task.steps * (OVERHEAD + work)


def compile_seconds(bare: Trial) -> float:
    return float(COMPILE * layers_of(bare) ** 0.5)


def tested(bare: Trial) -> float:
    """Steps of a test batch, with those of the longer sequences, as a multiple of the plain one's."""
    return 1 + sum(bare.task.longer(factor).steps for factor in bare.longer) / bare.task.steps


def hidden_of(bare: Trial) -> int:
    found = [int(v) for name, v in flatten(bare.cell).items() if name.rpartition(".")[2] == "hidden"]
    return max(found, default=USUAL_HIDDEN)


def layers_of(bare: Trial) -> int:
    found = [int(v) for name, v in flatten(bare.cell).items() if name.rpartition(".")[2] == "layers"]
    return max(found, default=1)


def classes(spec: object) -> str:
    """The classes of a spec and of the specs in it, such as `Layers LSTM Initial`."""
    inner = [value for value in vars(spec).values() if is_spec(value)]
    return " ".join([type_name(type(spec)), *map(classes, inner)])
