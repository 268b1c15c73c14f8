"""`lstm-variants conform`: exit codes, forms of output, and the published table."""

import json
from pathlib import Path

import pytest

from lstm_variants import CELLS
from sweeps.cli import main

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]

MINE = '''
import jax, jax.numpy as jnp
from flax import nnx

class NoTanh(nnx.RNNCellBase):
    """An LSTM that lost a tanh."""

    def __init__(self, inputs, hidden, rngs):
        self.hidden = hidden
        self.W = nnx.Param(jnp.zeros((inputs + hidden, 4 * hidden)))
        self.b = nnx.Param(jnp.zeros(4 * hidden))

    def __call__(self, carry, x):
        c, h = carry
        i, f, g, o = jnp.split(jnp.concatenate([x, h], -1) @ self.W[...] + self.b[...], 4, -1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * c
        return (c, h), h

    def initialize_carry(self, input_shape, rngs=None, carry_init=None):
        zero = jnp.zeros((*input_shape[:-1], self.hidden))
        return zero, zero

    num_feature_axes = 1
'''


@pytest.fixture
def mine(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(MINE)
    monkeypatch.chdir(tmp_path)
    return "mine.py:NoTanh"


def test_a_cell_that_conforms_exits_with_0(capsys):
    assert main(["conform", "lstm", "--as", "lstm"]) == 0
    out = capsys.readouterr().out
    assert "conforms to lstm" in out
    assert "c' = z ⊙ i + c ⊙ f" in out
    assert "gates        z i f o" in out


def test_a_cell_of_a_file_that_deviates_exits_with_1_and_is_named(mine, capsys):
    assert main(["conform", mine, "--as", "lstm"]) == 1
    out = capsys.readouterr().out
    assert "deviates from lstm" in out
    assert "expected     y' = tanh(c') ⊙ o\n" in out
    assert "found        y' = c' ⊙ o\n" in out
    assert "nearest      LSTM without output activation (NOAF, no peepholes)" in out


def test_json_is_one_object_a_line(mine, capsys):
    assert main(["conform", mine, "flax.nnx:SimpleCell", "--json"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["identified"] == "noaf_np"
    assert first["gates"] == "i f z o"
    assert first["sound"] is True
    assert second["title"] == "vanilla RNN (tanh)"
    assert second["layout"] == {"dense_h.kernel": ["R"], "dense_i.bias": ["b"], "dense_i.kernel": ["W"]}


def test_options_of_the_cell_are_passed_on(capsys):
    assert main(["conform", "lstm_variants:VanillaRNN", "--with", "activation=relu", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "vanilla RNN (relu)"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lsmt"], "Unknown cell 'lsmt'. Did you mean 'lstm'?"),
        (["nowhere.at_all:Cell"], "Importing 'nowhere.at_all' failed: ModuleNotFoundError"),
        (["nowhere.py:Cell"], "There is no file 'nowhere.py'"),
        (["flax.nnx:LSTMCel"], "There is no 'LSTMCel' in 'flax.nnx'. Did you mean 'LSTMCell'?"),
        (["lstm", "--as", "lsmt"], "Unknown equations 'lsmt'. Did you mean 'lstm'?"),
        (["lstm", "--with", "layers"], "--with takes NAME=VALUE, such as layers=3; got 'layers'."),
        (["flax.linen:ConvLSTMCell"], "flax.linen:ConvLSTMCell: cannot be checked."),
    ],
)
def test_what_can_not_be_checked_exits_with_2_and_says_why(arguments, words, capsys):
    assert main(["conform", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_the_published_table_is_what_the_command_prints(capsys):
    """docs/conformance.md shows the command and what it printed."""
    text = (ROOT / "docs" / "conformance.md").read_text()
    command = text.split("    lstm-variants conform --markdown", 1)[1].split("\n\n", 1)[0]
    assert (
        main(["conform", "--markdown", *command.replace("\\\n", " ").split()]) == 2
    )  # one of them cannot be
    table = capsys.readouterr().out.strip()
    assert len(table.splitlines()) == 12
    assert table in text


def test_a_cell_of_the_catalogue_without_known_equations_is_named_as_such_and_fails_nothing(
    capsys, monkeypatch
):
    monkeypatch.setattr("sweeps.commands.conform.CELLS", {"newcomer": CELLS["rnn"]})
    assert main(["conform", "all"]) == 0
    assert "newcomer: no known equations have this name" in capsys.readouterr().out
