"""`lstm-variants diagram` and `lstm-variants flow`."""

import csv
import io
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from lstm_variants import CELLS
from lstm_variants.diagrams import read_back
from sweeps import cli
from sweeps.evidence.flow import interval

pytestmark = pytest.mark.slow

OWN = '''
import dataclasses

import jax
import jax.numpy as jnp
from flax import nnx

from lstm_variants import Layers, VanillaRNN


class Known(nnx.RNNCellBase):
    """A GRU without reset gate."""

    def __init__(self, inputs, hidden, *, rngs):
        self.hidden = hidden
        self.f = nnx.Linear(inputs + hidden, hidden, rngs=rngs)
        self.k = nnx.Linear(inputs + hidden, hidden, rngs=rngs)

    def __call__(self, carry, x):
        both = jnp.concatenate([x, carry], -1)
        y = self.new(jax.nn.sigmoid(self.f(both)), jnp.tanh(self.k(both)), carry)
        return y, y

    def new(self, f, k, h):
        return (1 - f) * h + f * k

    def initialize_carry(self, input_shape, rngs=None):
        return jnp.zeros((*input_shape[:-1], self.hidden))

    @property
    def num_feature_axes(self):
        return 1


class Unknown(Known):
    """Nothing published."""

    def new(self, f, k, h):
        return jnp.sin(h) * f + jnp.cos(k) * jnp.exp(-h * h)


class Raising(Known):
    """Fails when it is called."""

    def __call__(self, carry, x):
        raise RuntimeError("no such device\\nand more")


class Single(Known):
    """Fails when it is called with more than one sequence."""

    def __call__(self, carry, x):
        if x.ndim > 1 and x.shape[0] > 1:
            raise NotImplementedError("one sequence at a time")
        return super().__call__(carry, x)


class Demanding(Known):
    """Made with more than inputs and units."""

    def __init__(self, inputs, hidden, depth, *, rngs):
        super().__init__(inputs, hidden, rngs=rngs)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Attending:
    hidden: int = 3

    def build(self, inputs, rngs):
        return Layers(cell=VanillaRNN(hidden=self.hidden), attend=True).build(inputs, rngs)
'''


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_cells.py").write_text(OWN)
    return tmp_path


def run(capsys, *arguments):
    try:
        code = cli.main(arguments)
    except SystemExit as stopped:  # argparse
        code = stopped.code
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def width_of(path):
    with Image.open(path) as picture:
        return picture.size[0]


def test_a_cell_is_drawn_where_it_was_asked_for(capsys, here):
    assert run(capsys, "diagram", "lstm") == (0, "lstm.svg\n")
    assert {"c", "y", "x"} <= set(read_back((here / "lstm.svg").read_text()).nodes)
    assert run(capsys, "diagram", "gru", "--out", "it.png") == (0, "it.png\n")
    assert width_of(here / "it.png") > 600


def test_all_cells_are_drawn_into_a_folder(capsys, here):
    code, out = run(capsys, "diagram", "all", "--out", "pictures")
    assert code == 0
    assert sorted(path.stem for path in (here / "pictures").iterdir()) == sorted(CELLS)
    assert len(out.splitlines()) == len(CELLS)


def test_two_cells_are_compared_and_steps_are_chained(capsys, here):
    assert run(capsys, "diagram", "lstm", "--compare", "peephole", "--out", "two.svg")[0] == 0
    assert "not so in the other cell" in (here / "two.svg").read_text()
    assert run(capsys, "diagram", "rnn", "--unroll", "3", "--out", "three.svg")[0] == 0
    assert (here / "three.svg").read_text().count('data-name="x"') == 3


def test_a_cell_of_ones_own_is_drawn_by_the_equations_that_the_kit_finds(capsys, here):
    code, out = run(capsys, "diagram", "flax.nnx:GRUCell")
    assert code == 0
    assert "computes: GRU, reset after the product" in out
    signs = [n.sign for n in read_back((here / "GRUCell.svg").read_text()).nodes.values()]
    assert signs.count("×") == 3


def test_a_cell_that_nobody_knows_is_drawn_from_its_program_and_said_so(capsys, here):
    code, out = run(capsys, "diagram", "own_cells.py:Unknown")
    assert code == 0
    assert "no known equations describe it; drawn from the program that JAX traces" in out
    words = [e.text for e in ElementTree.fromstring((here / "Unknown.svg").read_text()).iter() if e.text]
    assert {"sin", "cos", "exp", "σ", "tanh", "matmul", "x", "output"} <= set(words)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["diagram", "lstn"], "Did you mean 'lstm'"),
        (["diagram", "lstm", "--out", "it.pdf"], "ends in .svg or .png"),
        (["diagram", "lstm", "--out", "nowhere/it.svg"], "There is no folder"),
        (["diagram", "lstm", "--unroll", "0"], "1 to 12 steps; got 0"),
        (["diagram", "all", "--compare", "lstm"], "one cell and another"),
        (["diagram", "lstm", "--compare", "own_cells.py:Unknown"], "its equations are not known"),
        (["diagram", "own_cells.py:Unknown", "--unroll", "2"], "a chain needs them"),
        (["diagram", "own_cells.py:jnp"], "the kit checks cells"),
        (["flow", "own_cells.py:Attending"], "can not be measured on a network that attends"),
        (["flow", "lstm_variants:Layers"], "Layers are of a cell: name the cell"),
        (["flow", "lstn"], "Did you mean 'lstm'"),
        (["flow", "lstm", "--task", "ading"], "Did you mean 'adding'"),
        (["flow", "lstm", "--length", "2"], "Adding needs length >= 4"),
        (["flow", "lstm", "--seeds", "0"], "--seeds must be at least 1"),
        (["flow", "lstm", "--steps", "1"], "--steps must be at least 2"),
        (["flow", "lstm", "--steps", "41"], "--steps must be even"),
        (["flow", "lstm", "--set", "task.lenth=4"], "Did you mean 'length'"),
        (["flow", "lstm", "--set", "evaluate_every=1"], "use --steps"),
        (["flow", "grid_depth"], "carries nothing from step to step"),
        (["flow", "own_cells.py:jnp"], "neither a cell of flax.nnx nor a spec"),
        (["flow", "own_cells.py:Demanding"], "missing 1 required positional argument: 'depth'"),
        (["flow", "own_cells.py:Raising"], "RuntimeError: no such device"),
        (["diagram", "own_cells.py:Raising"], "RuntimeError: no such device"),
        (["conform", "own_cells.py:Raising"], "RuntimeError: no such device"),
        (["conform", "own_cells.py:Single"], "NotImplementedError: one sequence at a time"),
    ],
)
def test_bad_input_is_refused_with_code_2(capsys, here, arguments, message):
    code, out = run(capsys, *arguments)
    assert (code, message in out) == (2, True), out
    assert not (here / "flow").exists()


@pytest.mark.parametrize("name", ["spec.yaml", "spec.yaml:Cell", "./spec.yaml:Cell", "./spec:Cell"])
@pytest.mark.parametrize(
    "command",
    [["diagram"], ["diagram", "lstm", "--compare"], ["conform"], ["flow"], ["inspect"]],
    ids=" ".join,
)
def test_a_file_that_is_no_cell_is_refused_in_one_line(capsys, here, command, name):
    (here / "spec.yaml").write_text("type: Adding\nlength: 50\n")
    code, out = run(capsys, *command, name)
    assert (code, len(out.splitlines())) == (2, 1), out
    assert ("No trial below" if command == ["inspect"] else "A cell is a class in Python") in out
    assert f"'{name}'" in out


def test_flow_writes_its_figure_and_its_numbers(capsys, here):
    asked = ["--length", "20", "--seeds", "6", "--steps", "20", "--hidden", "5", "--sequences", "4"]
    code, out = run(capsys, "flow", "lstm", "own_cells.py:Known", *asked)
    assert code == 0
    assert "horizon" in out
    assert width_of(here / "flow" / "flow.png") > 600
    lines = list(csv.DictReader(io.StringIO((here / "flow" / "flow.csv").read_text())))
    rows = list(csv.DictReader(io.StringIO((here / "flow" / "summary.csv").read_text())))
    assert len(lines) == 2 * 3 * 20
    assert [(row["cell"], row["moment"]) for row in rows][:3] == [
        ("lstm", "start"),
        ("lstm", "halfway"),
        ("lstm", "end"),
    ]
    assert all(float(line["share"]) == 1 for line in lines if line["lag"] == "1")
    assert {line["kept"] == "" for line in lines if line["cell"] == "lstm"} == {False}
    assert {line["kept"] == "" for line in lines if line["cell"] != "lstm"} == {True}
    for row in rows:
        assert float(row["horizon_low"]) <= float(row["horizon"]) <= float(row["horizon_high"])


def test_the_title_of_a_flow_has_the_units_that_the_cells_have(capsys, here):
    asked = ["--length", "8", "--seeds", "2", "--steps", "2", "--sequences", "2", "--set", "cell.hidden=3"]
    code, out = run(capsys, "flow", "rnn", *asked)
    assert (code, "adding, 8 steps, 3 units, 2 networks per cell" in out) == (0, True), out
    code, out = run(capsys, "flow", "rnn", *asked, "--seeds", "1")
    assert (code, "3 units, 1 network per cell" in out) == (0, True), out


def test_a_cell_that_fails_while_it_is_trained_is_told_in_a_sentence(capsys, here):
    code, out = run(capsys, "flow", "own_cells.py:Single", "--seeds", "1", "--steps", "2", "--length", "4")
    assert code == 2
    assert "could not be trained and measured: NotImplementedError: one sequence at a time" in out
    assert "Traceback" not in out


def test_the_interval_of_a_median_holds_it_as_often_as_it_says():
    generator = np.random.default_rng(0)
    for n in (6, 9, 16):
        held = 0
        for _ in range(4000):
            low, high, level = interval(generator.exponential(size=n))
            held += low <= np.log(2) <= high
        assert level >= 0.95
        assert held / 4000 == pytest.approx(level, abs=0.012)


def test_below_six_networks_the_interval_is_the_range_and_says_how_sure_it_is():
    assert interval([3.0, 1.0, 2.0]) == (1.0, 3.0, 0.75)
