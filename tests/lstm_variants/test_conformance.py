"""The kit tells what a cell computes: ours, Flax's, PyTorch's, and cells with the mistakes of the wild."""

from pathlib import Path

import broken_cells
import flax.linen
import numpy as np
import pytest
from flax import nnx

import lstm_variants
from lstm_variants import CELLS
from lstm_variants.conformance import KNOWN, Adapter, CanNotCheck, conform, known_names
from lstm_variants.conformance.edits import edits
from lstm_variants.conformance.language import parse, show

pytestmark = pytest.mark.slow


def conform_quickly(thing, claim=None, **options):
    return conform(thing, claim, contract=False, **options)


# The language.


def test_every_known_equation_reads_as_it_is_printed():
    for equations in KNOWN:
        for line, node in zip(equations.lines, equations.tree, strict=True):
            assert show(node).replace(" ", "") == line.replace(" * ", "⊙").replace(" ", "")
            assert show(parse(show(node))) == show(node)


def test_letters_have_the_kind_that_their_place_gives_them():
    (peephole,) = [e for e in KNOWN if e.name == "peephole"]
    kinds = {name: role.kind for name, role in peephole.roles.items()}
    assert kinds == {
        **{f"W_{g}": "input" for g in "zifo"},
        **{f"R_{g}": "square" for g in "zifo"},
        **{f"b_{g}": "vector" for g in "zifo"},
        **{f"p_{g}": "vector" for g in "ifo"},
    }


def test_an_equation_is_evaluated_as_the_paper_means_it():
    (gru,) = [e for e in KNOWN if e.title == "GRU, reset after the product, z on the old state"]
    rng = np.random.default_rng(0)
    v = {
        name: rng.normal(size={"input": (2, 3), "square": (2, 2), "vector": (2, 1)}[role.kind])
        for name, role in gru.roles.items()
    }
    v |= {"x": rng.normal(size=(3, 1)), "h": rng.normal(size=(2, 1))}

    def sigma(a):
        return 1 / (1 + np.exp(-a))

    z = sigma(v["W_z"] @ v["x"] + v["R_z"] @ v["h"] + v["b_z"])
    r = sigma(v["W_r"] @ v["x"] + v["R_r"] @ v["h"] + v["b_r"])
    n = np.tanh(v["W_h"] @ v["x"] + v["b_h"] + r * (v["R_h"] @ v["h"] + v["c_h"]))
    np.testing.assert_allclose(gru.step(v)["h_new"], (1 - z) * n + z * v["h"], rtol=1e-12)


def test_edits_change_one_line_and_come_in_order():
    (peephole,) = [e for e in KNOWN if e.name == "peephole"]
    made = list(edits(peephole))
    assert [number for number, _ in made] == sorted(number for number, _ in made)
    assert all(sum(a != b for a, b in zip(e.lines, peephole.lines, strict=True)) == 1 for _, e in made)
    texts = {e.lines[number] for number, e in made}
    assert "o = σ(W_o x + R_o y + p_o ⊙ c + b_o)" in texts
    assert "y' = c' ⊙ o" in texts
    assert "f = σ(W_f x + R_f y + p_f ⊙ c + b_f + 1)" in texts
    assert len(texts) == len(made)


# The catalogue.


# What the kit knows of the catalogue. A newcomer may join later: until then the kit says that it does not know it.
PROMISED = [
    *(
        "rnn",
        "lstm1997",
        "lstm2000",
        "lstm",
        "peephole",
        "full_peephole",
        "nig",
        "nfg",
        "nog",
        "niaf",
        "noaf",
        "cifg",
    ),
    *(
        "coupled",
        "fgr",
        "gru",
        "gru_after",
        "mut1",
        "mut2",
        "mut3",
        "min_gru",
        "min_lstm",
        "depth_gated",
        "clockwork",
    ),
    *("grid", "grid_depth", "transformer"),
]


def test_every_cell_that_was_promised_is_known_and_in_the_catalogue():
    assert set(PROMISED) <= set(known_names()) & set(CELLS)


OPTIONS = {"transformer": {"context": 4}}  # 128 steps of it prove no more


@pytest.mark.parametrize("name", [name for name in CELLS if name in known_names()])
def test_every_known_cell_of_the_catalogue_is_what_it_is_named_after(name):
    verdict = conform_quickly(CELLS[name], name, options=OPTIONS.get(name))
    assert verdict.conforms, verdict.deviation
    assert verdict.identified == name
    assert verdict.parameters == verdict.counted


def test_relu_is_told_from_tanh():
    verdict = conform_quickly(CELLS["rnn"], options={"activation": "relu"})
    assert verdict.title == "vanilla RNN (relu)"


@pytest.mark.parametrize(
    ("cell", "claim", "expected", "found", "nearest"),
    [
        (
            "lstm",
            "peephole",
            "i = σ(W_i x + R_i y + p_i ⊙ c + b_i)",
            "i = σ(W_i x + R_i y + b_i)",
            "LSTM (no peepholes: NP)",
        ),
        (
            "peephole",
            "lstm",
            "i = σ(W_i x + R_i y + b_i)",
            "i = σ(W_i x + R_i y + p_i ⊙ c + b_i)",
            "LSTM with peepholes (V)",
        ),
        ("noaf", "peephole", "y' = tanh(c') ⊙ o", "y' = c' ⊙ o", "LSTM without output activation (NOAF)"),
        ("nfg", "v", "f = σ(W_f x + R_f y + p_f ⊙ c + b_f)", "f = 1", "LSTM without forget gate (NFG)"),
        (
            "gru",
            "gru_after",
            "h̃ = tanh(W_h x + b_h + r ⊙ (R_h h + c_h))",
            "h̃ = tanh(W_h x + R_h (r ⊙ h) + b_h)",
            "GRU, reset before the product, z on the candidate",
        ),
        ("mut3", "gru", "z = σ(W_z x + R_z h + b_z)", "z = σ(W_z x + R_z tanh(h) + b_z)", "MUT3"),
        ("rnn", "lstm", "z = tanh(W_z x + R_z y + b_z)", "no z", "vanilla RNN (tanh)"),
    ],
)
def test_a_cell_under_another_name_deviates_in_the_first_equation_that_differs(
    cell, claim, expected, found, nearest
):
    verdict = conform_quickly(CELLS[cell], claim)
    assert not verdict.conforms
    assert (verdict.deviation.expected, verdict.deviation.found) == (expected, found)
    assert verdict.nearest == nearest


# Flax's cells.


def test_flax_lstm_cells_are_lstms():
    for cell in (nnx.LSTMCell, nnx.OptimizedLSTMCell, flax.linen.LSTMCell, flax.linen.OptimizedLSTMCell):
        assert conform_quickly(cell, "lstm").conforms, cell
    assert conform_quickly(nnx.OptimizedLSTMCell).gates == "i f z o"
    assert conform_quickly(nnx.LSTMCell).gates == "in parameters of their own"


def test_flax_gru_of_nnx_lacks_a_bias_that_the_one_of_linen_has():
    ours = conform_quickly(nnx.GRUCell, "gru_after")
    assert not ours.conforms
    assert ours.deviation.expected == "h̃ = tanh(W_h x + b_h + r ⊙ (R_h h + c_h))"
    assert ours.deviation.found == "no c_h"
    assert ours.gates == "r z h̃"
    linen = conform_quickly(flax.linen.GRUCell, "gru_after")
    assert linen.conforms
    assert linen.title == "GRU, reset after the product, z on the old state"


def test_flax_minimal_gated_unit_is_identified():
    assert (
        conform_quickly(flax.linen.MGUCell).title
        == "minimal gated unit, reset after the product, f on the old state"
    )


# Layouts.


@pytest.mark.parametrize(
    ("cell", "gates"),
    [("FusedLSTM", "o z f i"), ("StateFirstLSTM", "o z f i"), ("TransposedLSTM", "i f z o")],
)
def test_any_layout_of_a_right_cell_conforms_and_its_gates_are_named(cell, gates):
    verdict = conform_quickly(getattr(broken_cells, cell), "lstm")
    assert verdict.conforms
    assert verdict.gates == gates


def test_two_biases_are_one_and_said():
    verdict = conform_quickly(broken_cells.TransposedLSTM)
    assert verdict.biases == "two a gate, of which the sum counts"
    assert verdict.layout["bias_ih"] == verdict.layout["bias_hh"] == ("b_i", "b_f", "b_z", "b_o")
    assert verdict.parameters == verdict.counted == 4 * 5 * (3 + 5 + 2)


# The mistakes of the wild.


@pytest.mark.parametrize(
    ("cell", "claim", "expected", "found", "nearest"),
    [
        (
            "NoOutputTanh",
            "lstm",
            "y' = tanh(c') ⊙ o",
            "y' = c' ⊙ o",
            "LSTM without output activation (NOAF, no peepholes)",
        ),
        ("HardSigmoidForget", "lstm", "f = σ(W_f x + R_f y + b_f)", "f = hardσ(W_f x + R_f y + b_f)", None),
        ("AddsOneToForget", "lstm", "f = σ(W_f x + R_f y + b_f)", "f = σ(W_f x + R_f y + b_f + 1)", None),
        (
            "PeepsAtTheOldCell",
            "peephole",
            "o = σ(W_o x + R_o y + p_o ⊙ c' + b_o)",
            "o = σ(W_o x + R_o y + p_o ⊙ c + b_o)",
            None,
        ),
        (
            "OnlyTwoPeepholes",
            "peephole",
            "o = σ(W_o x + R_o y + p_o ⊙ c' + b_o)",
            "no p_o",
            "LSTM with peepholes (V), without p_o",
        ),
        (
            "DecayingClockwork",
            "clockwork",
            "h'_i = h_i otherwise",
            "unit 2, of period 2, changes at step 1, where it rests",
            None,
        ),
        (
            "DeafClockwork",
            "clockwork",
            "ĥ = tanh(W x + R h + b)",
            "unit 0, of period 1, does not hear unit 0, of period 1",
            None,
        ),
        (
            "RestlessClockwork",
            "clockwork",
            "h'_i = h_i otherwise",
            "no unit ever rests: a vanilla RNN",
            None,
        ),
        (
            "UnmaskedClockwork",
            "clockwork",
            "R_ij = 0 unless T_i ≤ T_j",
            "a unit of period 2 hears one of period 1",
            None,
        ),
    ],
)
def test_a_wrong_cell_is_told_its_mistake(cell, claim, expected, found, nearest):
    verdict = conform_quickly(getattr(broken_cells, cell), claim)
    assert not verdict.conforms
    assert (verdict.deviation.expected, verdict.deviation.found) == (expected, found)
    if nearest is not None:
        assert verdict.nearest == nearest


def test_parameters_that_do_nothing_are_named():
    verdict = conform_quickly(broken_cells.DeafLSTM, "lstm")
    assert not verdict.conforms
    assert verdict.deviation.found == "weight_hh without any effect"


def test_without_a_claim_a_wrong_cell_is_identified_as_what_it_is():
    assert conform_quickly(broken_cells.NoOutputTanh).identified == "noaf_np"
    verdict = conform_quickly(broken_cells.PeepsAtTheOldCell)
    assert not verdict.conforms
    assert verdict.identified is None
    assert verdict.nearest == "LSTM with peepholes (V), but for one equation"
    assert verdict.deviation.found == "o = σ(W_o x + R_o y + p_o ⊙ c + b_o)"


def test_a_right_clockwork_of_another_make_conforms():
    verdict = conform_quickly(broken_cells.RightClockwork, "clockwork")
    assert verdict.conforms, verdict.deviation
    assert verdict.title == "Clockwork RNN, modules of 2 units with periods 1, 2, 4, 8"


# The contract.


def broken_promises(cell):
    verdict = conform(getattr(broken_cells, cell), "lstm")
    return verdict.conforms, verdict.sound, {p.name: p.detail for p in verdict.promises if p.kept is False}


def test_a_right_cell_keeps_every_promise():
    assert broken_promises("FusedLSTM") == (True, True, {})


@pytest.mark.parametrize(
    ("cell", "promise", "detail"),
    [
        ("InfiniteGradient", "gradients are finite", "with inputs of size 0 a gradient is not finite"),
        ("OneBatchDimension", "batch dimensions lead", ""),
        ("NarrowCarry", "the carry keeps shapes and types", "float32 becomes (6, 5) bfloat16"),
        ("IdleWeights", "the parameters are as many as the formula says", "5 without effect"),
    ],
)
def test_a_broken_promise_is_named(cell, promise, detail):
    _, sound, broken = broken_promises(cell)
    assert not sound
    assert promise in broken
    assert detail in broken[promise]


def test_sequences_that_hear_each_other_are_found():
    verdict = conform(broken_cells.BatchMean)
    broken = {p.name for p in verdict.promises if p.kept is False}
    assert {"batch dimensions lead", "no sequence depends on its neighbour"} <= broken


# Other frameworks.


def test_an_adapter_is_a_parameter_tree_and_a_step():
    """A cell in plain NumPy."""

    def step(p, carry, x):
        (h,) = carry
        h = np.tanh(x @ p["in"] + h @ p["rec"] + p["bias"])
        return (h,), h

    cell = Adapter(
        name="plain",
        inputs=3,
        hidden=5,
        parameters={"in": np.zeros((3, 5)), "rec": np.zeros((5, 5)), "bias": np.zeros(5)},
        carry=(np.zeros(5),),
        step=step,
    )
    verdict = conform(cell, "rnn")
    assert verdict.sound
    asked = {p.name: p.kept for p in verdict.promises}
    assert asked["gradients are finite"] is None
    assert asked["batch dimensions lead"] is True


def test_memory_outside_the_carry_is_found():
    calls = []

    def step(p, carry, x):
        calls.append(1)
        h = np.tanh(x @ p["in"]) + 1e-3 * len(calls)
        return (h,), h

    cell = Adapter(
        name="m", inputs=3, hidden=5, parameters={"in": np.zeros((3, 5))}, carry=(np.zeros(5),), step=step
    )
    kept = {p.name: p.kept for p in conform(cell).promises}
    assert kept["no memory outside the carry"] is False


def test_torch_cells_through_an_adapter():
    torch = pytest.importorskip("torch")

    def adapter(module, carries):
        def step(parameters, carry, x):
            for name, parameter in module.named_parameters():
                parameter.data = torch.tensor(parameters[name])
            with torch.no_grad():
                state = [torch.tensor(a) for a in carry]
                after = module(torch.tensor(x), tuple(state) if carries == 2 else state[0])
            after = [a.numpy() for a in (after if carries == 2 else [after])]
            return after, after[0]  # h, and for the LSTM c

        return Adapter(
            name=type(module).__name__,
            inputs=3,
            hidden=5,
            parameters={name: p.detach().numpy() for name, p in module.named_parameters()},
            carry=(np.zeros(5, np.float32),) * carries,
            step=step,
        )

    lstm = conform(adapter(torch.nn.LSTMCell(3, 5), 2), "lstm")
    assert lstm.sound
    assert (lstm.gates, lstm.biases) == ("i f z o", "two a gate, of which the sum counts")
    gru = conform(adapter(torch.nn.GRUCell(3, 5), 1), "gru_after")
    assert gru.sound
    assert gru.title == "GRU, reset after the product, z on the old state"
    assert conform(adapter(torch.nn.RNNCell(3, 5), 1), "rnn").sound


def test_the_documented_adapter_of_a_torch_cell_works(capsys):
    pytest.importorskip("torch")
    page = (Path(__file__).parents[2] / "docs" / "conformance.md").read_text()
    exec(page.split("```python\n")[1].split("```")[0], {})
    assert capsys.readouterr().out == "i f z o\n"


# What cannot be checked.


@pytest.mark.parametrize(
    ("thing", "reason"),
    [
        (flax.linen.ConvLSTMCell, "could not be made and called .*kernel_size"),
        (
            lambda n, h: flax.linen.ConvLSTMCell(features=h, kernel_size=(3,)),
            "could not be .* called .*same number of dimensions",
        ),
        (3, "is a int; the kit checks cells"),
        (lambda n, h: "cell", "made a str"),
    ],
)
def test_what_can_not_be_checked_says_why(thing, reason):
    with pytest.raises(CanNotCheck, match=reason):
        conform(thing)


def test_an_unknown_claim_names_the_nearest():
    with pytest.raises(ValueError, match=r"No equations are named 'peepole'\. Did you mean 'peephole'"):
        conform(lstm_variants.LSTM, "peepole")
