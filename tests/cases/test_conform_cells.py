"""The kit on parameters stacked in any way, counters in the carry, further names, and the user's own equations."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import stacked_cells
from stacked_cells import KERNELS, VECTORS

from lstm_variants import CELLS
from lstm_variants.conformance import KNOWN, Unreadable, adapt, conform, written
from sweeps.cli import main

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"
EXAMPLE = re.search(r"```text\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)[1]


def quickly(thing, claim=None, **options):
    return conform(thing, claim, contract=False, options=options)


# Stacking.


@pytest.mark.parametrize("kernels", KERNELS)
def test_kernels_stacked_in_any_way_are_the_same_cell(kernels):
    verdict = quickly(stacked_cells.StackedPeephole, "peephole", kernels=kernels, vectors="rows")
    assert (verdict.conforms, verdict.gates) == (True, "z i f o")
    assert verdict.layout["p"] == ("p_i", "p_f", "p_o")
    assert verdict.parameters == verdict.counted == 4 * 5 * (3 + 5 + 1) + 3 * 5


@pytest.mark.parametrize("vectors", VECTORS)
def test_peepholes_stacked_in_any_way_are_the_same_cell(vectors):
    verdict = quickly(stacked_cells.StackedPeephole, vectors=vectors)
    assert (verdict.identified, verdict.conforms, verdict.gates) == ("peephole", True, "z i f o")


def test_input_and_recurrent_kernels_in_turns_are_the_same_cell():
    verdict = quickly(stacked_cells.StackedPeephole, "peephole", together=True)
    assert verdict.conforms
    assert verdict.layout["K"] == ("W_z", "R_z", "W_i", "R_i", "W_f", "R_f", "W_o", "R_o")


@pytest.mark.parametrize("vectors", ["rows", "columns"])
def test_a_cell_of_one_size_alone_is_known_too(vectors):
    """As an adapter of another framework comes: here 3 rows of peepholes look like a matrix on 3 inputs."""
    cell = adapt(stacked_cells.StackedPeephole, options={"vectors": vectors})
    assert conform(replace(cell, like={}), "peephole", contract=False).conforms


def test_a_stacked_cell_with_a_mistake_is_told_it():
    class WrongPeephole(stacked_cells.StackedPeephole):
        def __call__(self, carry, x):
            (c, _), y = super().__call__(carry, x)
            return (c, 2 * y), 2 * y

    verdict = quickly(WrongPeephole, "peephole", vectors="rows")
    assert not verdict.conforms


# The carry.


def broken(verdict):
    return {p.name: p.detail for p in verdict.promises if p.kept is False}


@pytest.mark.parametrize(
    ("cell", "title"),
    [
        ("Counting", "vanilla RNN (tanh)"),
        ("Ticking", "Clockwork RNN, modules of 2 units with periods 1, 2"),
    ],
)
def test_one_counter_for_the_batch_is_answered_and_named(cell, title):
    verdict = conform(getattr(stacked_cells, cell))
    assert (verdict.title, verdict.conforms) == (title, True)
    assert list(broken(verdict)) == ["batch dimensions lead"]
    assert "shape () for a batch of any size" in broken(verdict)["batch dimensions lead"]


# Names.


@pytest.mark.parametrize(
    ("cell", "options", "name", "title"),
    [
        ("HardLSTM", {}, "lstm_hard", "LSTM (no peepholes: NP), hard sigmoid (a/5 + 1/2)"),
        ("HardLSTM", {"slope": 1 / 6}, "lstm_hard", "LSTM (no peepholes: NP), hard sigmoid (a/6 + 1/2)"),
        ("LayerNormLSTM", {}, "lstm_ln", "LSTM with layer norm (Ba et al. 2016)"),
        ("LayerNormLSTM", {"by_gate": True}, "lstm_ln", "LSTM with layer norm (gate by gate)"),
        ("MinimalGatedUnit", {}, "mgu", "minimal gated unit (Zhou et al. 2016), f resets and updates"),
    ],
)
def test_further_cells_are_known_by_name(cell, options, name, title):
    verdict = quickly(getattr(stacked_cells, cell), name, **options)
    assert (verdict.conforms, verdict.title) == (True, title)
    assert quickly(getattr(stacked_cells, cell), **options).identified == name


def test_a_hard_sigmoid_is_no_other_hard_sigmoid():
    forms = [e for e in KNOWN if e.title.endswith("hard sigmoid (a/6 + 1/2)") and e.name == "lstm_hard"]
    assert not quickly(stacked_cells.HardLSTM, forms[0]).conforms


# One's own equations.


def test_the_equations_of_the_page_are_read_and_told_apart():
    mine = written(EXAMPLE, "mine")
    assert mine.state == ("h",)
    assert quickly(stacked_cells.MinimalGatedUnit, mine, peeping=True).conforms
    verdict = quickly(stacked_cells.MinimalGatedUnit, mine)
    assert not verdict.conforms
    assert verdict.nearest == "minimal gated unit (Zhou et al. 2016), f resets and updates"


def test_a_vector_that_the_cell_lacks_is_named():
    mine = written("h' = tanh(W x + R h + b + p ⊙ h)")
    verdict = quickly(CELLS["rnn"], mine)
    assert (verdict.conforms, verdict.deviation.found) == (False, "no p")


def test_one_line_that_is_otherwise_is_shown_in_the_letters_of_the_file():
    mine = written("s' = σ(W x + R s + b)\noutput: s'")
    verdict = quickly(CELLS["rnn"], mine)
    assert (verdict.deviation.expected, verdict.deviation.found) == (
        "s' = σ(W x + R s + b)",
        "s' = tanh(W x + R s + b)",
    )


@pytest.mark.parametrize(
    "known", [e for e in KNOWN if e.name in ("lstm", "fgr", "gru_after", "lstm_ln", "grid")]
)
def test_known_equations_can_be_written_down_and_read_again(known):
    read = written("\n".join([*known.lines, f"output: {known.output}"]))
    assert read.tree is not known.tree
    assert [line.replace(" ", "") for line in read.lines] == [
        line.replace(" * ", "⊙").replace(" ", "") for line in known.lines
    ]
    assert (set(read.state), read.output) == (set(known.state), known.output)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "line 1: there are no equations"),
        ("# only this\n", "line 1: there are no equations"),
        ("h' = tanh(W x + R h + b\n", "line 1: .* is not of the form NAME = EXPRESSION"),
        ("\n\nz = σ(V_z x)\nh' = z", "line 3: .*matrices are W, R, P or U"),
        ("h' = tanh(W x + R k + b)", "line 1: k is not known"),
        ("h' = z ⊙ h\nz = σ(W x)", "line 1: z is used before"),
        ("h' = W x\nh' = R h", "line 2: h' is defined a second time"),
        ("h' = tanh(W + R h)", "line 1: the matrix W multiplies nothing"),
        ("h' = sin(W x)", "line 1: there is no function sin; known: σ, tanh"),
        ("h' = tanh(W x, b)", "line 1: tanh takes one argument; got 2"),
        ("h' = tanh(W x) + x", "line 1: the shapes in .* do not go together"),
        ("h' = W x + W h", "line 1: the shapes in"),
        ("k = x\nh' = W k", "line 1: .* does not give a vector of the units"),
        ("b = W x\nh' = b", "line 1: b cannot be defined"),
        ("h' = W x\noutput: y", "line 2: the output y is not defined"),
        ("h' = (lambda: W x)()", "line 1: "),
        ("h' = h.__class__", "line 1: .* is not part of the language"),
        ("h', k = W x", "line 1: .* defines no single name"),
        ("h' = W x if 1 else b", "line 1: .* is not part of the language"),
    ],
)
def test_a_line_that_can_not_be_read_is_named_with_the_reason(text, reason):
    with pytest.raises(Unreadable, match=reason):
        written(text)


def test_the_command_holds_a_cell_against_a_file(tmp_path, capsys):
    path = tmp_path / "equations.txt"
    path.write_text("h' = tanh(W x + R h + b)  # Elman 1990\n", encoding="utf-8")
    assert main(["conform", "rnn", "--against", str(path)]) == 0
    assert "conforms to equations" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"h' = tanh(W x + R k)", "equations.txt, line 1: k is not known"),
        (b"h' = \xff", "are not UTF-8 text"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_bad_file_of_equations_ends_with_exit_code_2(tmp_path, capsys, content, reason):
    path = tmp_path / "equations.txt"
    if content is not None:
        path.write_bytes(content)
    assert main(["conform", "rnn", "--against", str(path)]) == 2
    assert reason in capsys.readouterr().err
