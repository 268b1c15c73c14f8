"""Inside a network: gates have the letters of their equations, what is recorded and held is what the cell computes,
probes find what is there and nothing else, and texts are judged by their languages."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from experiments import (
    Adam,
    Adding,
    ContinualReber,
    Dyck,
    EarlyMention,
    Periodic,
    Trial,
    Waveform,
    Xml,
)
from experiments.cohort import network_of
from experiments.evaluation import evaluated
from experiments.inside import signals
from experiments.inside.generate import steps_suffice, taught, write
from experiments.inside.hold import mean_of, scores
from experiments.inside.languages import language_of, shares, texts_of
from experiments.inside.names import gates_of
from experiments.inside.probes import probe
from experiments.inside.quantities import quantities
from experiments.inside.record import record, test_batch
from experiments.specs import structure
from experiments.streams import stream
from experiments.tasks.contract import Quantity
from lstm_variants import CELLS, GRU, LSTM, LSTM1997, Layers, Stacked, VanillaRNN

pytestmark = pytest.mark.slow
test_batch.__test__ = False  # no test, but the batch of a trial's test sequences

REBER, DYCK, XML = ContinualReber(length=20), Dyck(depth=3, shortest=6, length=12), Xml(tags=6, name=2)


def trial(cell, task, seed=3):
    return Trial(cell=cell, task=task, optimizer=Adam(learning_rate=0.01), seed=seed)


def drawn(t):
    """Parameters of a trial before training, somewhat larger so that gates move."""
    parameters, build = network_of(t, stream(t.seed, "init"))
    return np.asarray(2 * parameters), build


@dataclasses.dataclass(frozen=True, kw_only=True)
class Odd:
    """A cell of nobody's: two σ, and sines."""

    hidden: int = 4

    def build(self, inputs, rngs):
        return OddCell(inputs, self.hidden, rngs=rngs)


class OddCell(nnx.RNNCellBase):
    def __init__(self, inputs, hidden, *, rngs):
        self.hidden = hidden
        self.W = nnx.Linear(inputs + hidden, 2 * hidden, rngs=rngs)

    def __call__(self, carry, x):
        a, b = jnp.split(jax.nn.sigmoid(self.W(jnp.concatenate([x, carry], -1))), 2, -1)
        y = jnp.sin(carry) * a + jnp.cos(carry) * b
        return y, y

    def initialize_carry(self, input_shape, rngs=None):
        return jnp.zeros((*input_shape[:-1], self.hidden))

    @property
    def num_feature_axes(self):
        return 1


# ------------------------------------------------------------------ gates and what they are called


def letters(spec):
    return [gate.name for gate in gates_of(spec)]


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        (LSTM(hidden=6), ["i", "f", "o"]),
        (CELLS["cifg"](), ["i", "o"]),
        (CELLS["fgr"](), ["i", "f", "o"]),
        (GRU(), ["z", "r"]),
        (LSTM1997(), ["i", "o"]),  # it squashes with σ, too
        (CELLS["depth_gated"](layers=2), ["i1", "f1", "d1", "o1", "i2", "f2", "d2", "o2"]),
        (Layers(cell=GRU(), layers=2), ["z", "r"]),
        (Stacked(cell=LSTM()), ["i", "f", "o"]),
        (VanillaRNN(), []),
        (CELLS["transformer"](), []),
        (Odd(), ["gate 1", "gate 2"]),
    ],
)
def test_gates_have_the_letters_of_the_equations_that_the_cell_computes(spec, wanted):
    assert letters(spec) == wanted


def test_what_is_recorded_is_what_the_equations_say_step_by_step():
    t = trial(LSTM(hidden=5), DYCK)
    parameters, build = drawn(t)
    batch = test_batch(t, 6)
    found = record(t, parameters, batch)
    (track,) = found.tracks
    cell: LSTM = build(jnp.asarray(parameters)).cell
    W, R, b = (np.asarray(p[...], np.float64) for p in (cell.W, cell.R, cell.b))
    c, y = np.zeros((6, 5)), np.zeros((6, 5))
    for step, (x, counts) in enumerate(zip(np.asarray(batch.inputs), np.asarray(batch.mask), strict=True)):
        z, i, f, o = np.split(x @ W + y @ R + b, 4, -1)
        i, f, o = (1 / (1 + np.exp(-a)) for a in (i, f, o))
        new = np.tanh(z) * i + c * f
        for name, value in {"i": i, "f": f, "o": o}.items():
            np.testing.assert_allclose(track.gates[name][step][counts], value[counts], atol=1e-5)
        c, y = np.where(counts[:, None], new, c), np.where(counts[:, None], np.tanh(new) * o, y)
        np.testing.assert_allclose(track.states["c"][step][counts], c[counts], atol=1e-5)
        np.testing.assert_allclose(track.states["y"][step][counts], y[counts], atol=1e-5)
    assert found.state.shape == (DYCK.steps, 6, 10)
    assert found.units[7] == ("y", 2)


@pytest.mark.parametrize(
    "spec",
    [
        Layers(cell=GRU(hidden=4), layers=2, bidirectional=True, learned_carry=True),
        Stacked(cell=LSTM(hidden=4)),
    ],
)
def test_layers_are_followed_up_to_what_the_network_says(spec):
    """The read-out of the outputs that were recorded is what the network itself gives."""
    t = trial(spec, REBER)
    parameters, build = drawn(t)
    found = record(t, parameters, test_batch(t, 3))
    top = found.tracks[-2:] if isinstance(spec, Layers) else found.tracks[-1:]
    readout = build(jnp.asarray(parameters)).readout
    y = np.concatenate([track.output for track in top], -1)
    np.testing.assert_allclose(
        y @ np.asarray(readout.kernel[...]) + np.asarray(readout.bias[...]), found.outputs, atol=1e-5
    )


# ------------------------------------------------------------------ gates held


def test_an_lstm_with_its_forget_gate_held_is_one_whose_forget_gate_is_that():
    t = trial(LSTM(hidden=4), Adding(length=8))
    parameters, build = drawn(t)
    batch = test_batch(t, 5)
    (held,) = scores(t, parameters, batch, [{"f": 0.7}])
    network = build(jnp.asarray(parameters))
    h = 4
    for weights in (network.cell.W, network.cell.R):
        weights[...] = weights[...].at[:, 2 * h : 3 * h].set(0.0)
    network.cell.b[...] = network.cell.b[...].at[2 * h : 3 * h].set(np.log(0.7 / 0.3))
    outputs = network(batch.inputs)
    wanted = 1 - np.asarray((outputs - batch.targets)[0, :, 0]) ** 2 / t.task.baseline
    np.testing.assert_allclose(held, wanted, atol=2e-4)


@pytest.mark.parametrize("spec", [LSTM(hidden=4), Layers(cell=GRU(hidden=4), layers=2, bidirectional=True)])
def test_scores_of_single_sequences_are_on_average_the_score_of_the_batch(spec):
    t = trial(spec, DYCK)
    parameters, build = drawn(t)
    batch = test_batch(t, 8)
    whole = evaluated(t, build, jnp.asarray(parameters), batch, t.task).score
    own, held = scores(t, parameters, batch, [{}, {letters(spec)[0]: 0.0}])
    assert own.mean() == pytest.approx(float(whole), abs=1e-4)
    assert np.abs(own - held).max() > 1e-3


def test_a_network_that_attends_looks_at_the_states_that_come_of_a_held_gate():
    t = trial(Layers(cell=LSTM(hidden=4), attend=True), Adding(length=8))
    parameters, build = drawn(t)
    batch = test_batch(t, 5)
    own, held = scores(t, parameters, batch, [{}, {"i": 0.2}])

    @jax.jit
    def outputs(parameters):
        network = build(parameters)
        free = network(batch.inputs)
        cell = network.cell.layers[0][0]
        for weights in (cell.W, cell.R):
            weights[...] = weights[...].at[:, 4:8].set(0.0)
        cell.b[...] = cell.b[...].at[4:8].set(np.log(0.2 / 0.8))
        return free, network(batch.inputs)

    for found, said in zip((own, held), outputs(jnp.asarray(parameters)), strict=True):
        wanted = 1 - np.asarray((said - batch.targets)[0, :, 0]) ** 2 / t.task.baseline
        np.testing.assert_allclose(found, wanted, atol=2e-4)
    assert np.abs(own - held).max() > 1e-2


def test_a_gate_held_at_its_mean_is_held_unit_by_unit_over_the_steps_that_count():
    t = trial(LSTM(hidden=4), DYCK)
    found = record(t, drawn(t)[0], test_batch(t, 8))
    (mean,) = mean_of(found, "f")
    np.testing.assert_allclose(
        mean, found.tracks[0].gates["f"][np.asarray(found.batch.mask)].mean(0), rtol=1e-5
    )


# ------------------------------------------------------------------ what is remembered


def numbers(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_a_probe_finds_what_is_there_and_in_which_unit():
    T, B = 12, 60
    state, inputs, noise = numbers(0, T, B, 5), numbers(1, T, B, 2), numbers(2, T, B, 5)
    everywhere = np.ones((T, B), bool)
    found = probe("x", Quantity(3 * state[..., 2] - state[..., 4], everywhere), state, inputs, noise)
    assert found.value > 0.999
    assert found.low <= found.value <= found.high
    assert max(abs(found.input), abs(found.untrained)) < 0.05
    assert found.units.argmax() == 2
    assert found.units[2] == pytest.approx(0.9, abs=0.03)
    assert np.nanmin(found.steps) > 0.99


def test_of_classes_a_probe_tells_the_share_that_is_right_and_what_chance_has():
    T, B = 12, 60
    state = numbers(0, T, B, 4)
    classes = (state[..., 1] > 0.5).astype(int) + (state[..., 1] > 1.5)
    known = np.arange(T)[:, None] >= np.zeros(B) + 3
    found = probe("c", Quantity(classes, known), state, numbers(1, T, B, 2), numbers(2, T, B, 4))
    commonest = (classes[3:, B // 2 :] == 0).mean()
    assert (found.classes, found.chance) == (3, pytest.approx(commonest))
    assert found.value > 0.9
    assert found.units.argmax() == 1
    assert found.skill[1] > 0.7
    assert found.untrained == pytest.approx(commonest, abs=0.03)
    assert np.isnan(found.steps[:3]).all()


def test_where_nothing_is_there_a_probe_finds_nothing():
    T, B = 12, 60
    values = Quantity(numbers(5, T, B), np.ones((T, B), bool))
    found = probe("x", values, numbers(0, T, B, 5), numbers(1, T, B, 2), numbers(2, T, B, 5))
    assert abs(found.value) < 0.1
    assert (
        probe(
            "one",
            Quantity(np.ones((T, B), int), values.known),
            values.values[..., None],
            values.values[..., None],
            values.values[..., None],
        )
        is None
    )


def told(found, name, sequence):
    """A quantity of one sequence as text, a dot where it is unknown."""
    quantity = found[name]
    values = zip(quantity.values[:, sequence], quantity.known[:, sequence], strict=True)
    return " ".join(f"{value:g}" if known else "·" for value, known in values)


def drawn_of(task, sequences):
    """Sequences of a task, and what there is to remember of them."""
    batch = jax.jit(lambda: task.sample(stream(0, "data"), sequences))()
    return batch, quantities(task, batch)


def test_what_there_is_to_remember_is_what_the_sequences_say():
    """Of the texts `< c d > d < / c d > < b c > d < b b >` and `B P B T X X T V P X V V E P E B P B P V`."""
    _, xml = drawn_of(Xml(tags=4, name=2), 2)
    assert told(xml, "depth", 1) == "0 0 0 1 1 1 1 1 1 0 0 0 0 1 1 1 1 1 2"
    assert told(xml, "innermost tag's first letter", 1) == "· · · 5 5 5 5 5 5 · · · · 4 4 4 4 4 4"
    assert told(xml, "first letter of the tag around it", 1) == "· · · · · · · · · · · · · · · · · · 4"
    assert told(drawn_of(REBER, 2)[1], "outer letter", 1) == "· 1 1 1 1 1 1 1 1 1 1 1 1 · · · 1 1 1 1"
    assert told(drawn_of(Adding(length=6), 2)[1], "numbers seen", 1) == "0 1 1 1 2 2"
    batch, text = drawn_of(EarlyMention(distance=20, distractors=1, vary=1), 40)
    found = text["country of the opening"]
    assert (found.values[-1] == np.asarray(batch.targets)[0]).all()
    inputs = np.asarray(batch.inputs).argmax(-1)
    first = found.known.argmax(0)
    assert (
        inputs[first, np.arange(40)] == np.asarray(batch.targets)[0]
    ).all()  # known from the country's word on


# ------------------------------------------------------------------ languages


@pytest.mark.parametrize("task", [REBER, DYCK, XML])
def test_all_of_a_tasks_own_texts_is_legal_and_an_illegal_symbol_is_seen(task):
    language = language_of(task)
    strings = 0
    for text in texts_of(task, task.sample(stream(1, "data"), 30)):
        allowed = language.allowed(text)
        assert allowed[np.arange(len(text)), text].all()
        found = shares(language, text, text, len(language.start))
        strings += found.strings
        assert found.right == found.strings
        for t in range(1, len(text)):
            wrong = np.flatnonzero(~allowed[t])
            mutant = text.copy()
            mutant[t] = wrong[t % len(wrong)]
            judged = shares(language, mutant, mutant, len(language.start))
            assert judged.legal < judged.symbols
            assert judged.right < judged.strings
    assert strings > 20


def test_what_is_allowed_in_a_dyck_word_is_what_the_task_asks_for():
    batch = DYCK.sample(stream(1, "data"), 20)
    language = language_of(DYCK)
    for b, text in enumerate(texts_of(DYCK, batch)):
        np.testing.assert_array_equal(language.allowed(text), np.asarray(batch.targets)[: len(text), b] > 0)


def judged(task, text, begin=None):
    language = language_of(task)
    numbers = np.array([list(language.words).index(symbol) for symbol in text])
    legal = language.allowed(numbers)[np.arange(len(numbers)), numbers]
    return "".join(".x"[not ok] for ok in legal), shares(language, numbers, numbers, begin or 0)


def test_after_an_illegal_symbol_a_language_goes_on_where_the_next_string_begins():
    whole = "BTBTXSETE"
    assert judged(REBER, f"{whole}B{whole[1:]}B")[1][2:] == (2, 2)
    marks, found = judged(REBER, f"BTBTXSEPE{whole}B")  # the outer letter was forgotten
    assert marks == ".......xx.........."
    assert found[2:] == (1, 2)
    marks, found = judged(REBER, f"BTBTXSE{whole}B")  # cut off after the inner E
    assert marks == ".......x........" + "."
    assert found[2:] == (1, 2)
    assert judged(DYCK, "([)]T()T")[0] == "..xxx..."
    assert judged(DYCK, "([)]T()T")[1][2:] == (1, 2)
    assert judged(DYCK, "()T(]]")[1][2:] == (1, 2)  # the last finds no end, and is wrong already
    assert judged(DYCK, "()T([]")[1][2:] == (1, 1)  # the last may still become right
    marks, found = judged(XML, "<ab>c</ab><cd>a</cb><ab>d")
    assert marks == "." * 18 + "x" + "." * 6
    assert found[2:] == (1, 2)
    assert (
        judged(XML, "<ab>c<cdd>a</ab>")[0] == "." * 8 + "x" * 3 + "." * 5
    )  # no tag, so that nothing was opened


# ------------------------------------------------------------------ writing


@pytest.mark.parametrize(
    ("spec", "task"),
    [
        (LSTM(hidden=5), XML),
        (Layers(cell=GRU(hidden=4), layers=2, learned_carry=True), DYCK),
        (Layers(cell=GRU(hidden=4), attend=True), DYCK),
    ],
)
def test_what_is_written_is_at_every_step_what_the_network_holds_likeliest(spec, task):
    t = trial(spec, task)
    parameters, build = drawn(t)
    language = language_of(task)
    given = np.array([*language.start, 3, 1], int)
    text = write(t, parameters, language, given, 9, texts=2, temperature=0.0, seed=0)[0]
    assert list(text[: len(given)]) == list(given)
    heard = list(text if language.lead is None else [language.lead, *text])
    begins = [t for t, symbol in enumerate(heard) if t == 0 or symbol == language.lead]
    network, said = build(jnp.asarray(parameters)), []
    for a, b in zip(begins, [*begins[1:], len(heard)], strict=True):  # a network that hears T begins anew
        x = jax.nn.one_hot(jnp.asarray(heard[a:b]), task.inputs)[:, None]
        said += np.asarray(network(x, scored=b - a)[:, 0].argmax(-1)).tolist()
    free = len(heard) - 9  # the first place that was not given
    assert heard[free:] == said[free - 1 : -1]


def test_taught_a_network_is_asked_for_the_next_symbol_of_the_right_text():
    t = trial(LSTM(hidden=5), REBER)
    parameters, build = drawn(t)
    batch = test_batch(t, 3)
    outputs = build(jnp.asarray(parameters))(batch.inputs)
    for b, (text, said) in enumerate(taught(t, parameters, batch, temperature=0.0, seed=0)):
        np.testing.assert_array_equal(text[1:], np.asarray(batch.targets)[:, b])
        np.testing.assert_array_equal(said[1:], np.asarray(outputs)[:, b].argmax(-1))


def test_at_a_low_temperature_the_likeliest_symbol_is_drawn_more_often():
    t = trial(LSTM(hidden=5), REBER)
    parameters, _ = drawn(t)
    language = language_of(REBER)

    def entropy(temperature):
        text = write(t, parameters, language, np.array([0]), 12, texts=200, temperature=temperature, seed=0)
        shares = np.bincount(text[:, 1:].ravel(), minlength=7) / (200 * 12)
        return -(shares[shares > 0] * np.log(shares[shares > 0])).sum()

    assert entropy(0.3) < entropy(1.0) < entropy(4.0)


def test_a_network_that_reads_backward_can_not_be_left_to_write():
    both = trial(Layers(cell=GRU(hidden=4), bidirectional=True), REBER)
    assert not steps_suffice(structure(both))
    assert steps_suffice(structure(trial(Layers(cell=GRU(hidden=4), layers=2), REBER)))
    assert steps_suffice(structure(trial(Layers(cell=LSTM(hidden=4), layers=2, attend=True), XML)))
    assert not steps_suffice(
        structure(trial(Layers(cell=GRU(hidden=4), bidirectional=True, attend=True), XML))
    )


def test_a_signal_in_another_phase_has_the_spectrum_of_the_right_one_and_silence_has_none():
    task = Waveform(length=320)
    wanted = signals.signal(task, 640)
    np.testing.assert_allclose(wanted[:320], task.target())
    same, later = signals.off(wanted, wanted), signals.off(np.roll(wanted, 40), wanted)
    assert (same.score, same.spectrum) == (1.0, 0.0)
    assert later.spectrum < 0.05
    assert later.score < 0.5
    silence = signals.off(np.zeros(640), wanted)
    assert silence.spectrum == pytest.approx(1.0)
    assert signals.off(wanted[:5], wanted[:5]) is None
    np.testing.assert_allclose(
        signals.signal(Periodic(period=10, periods=2), 25)[20:], Periodic(period=10).target()[:5]
    )
    assert signals.signal(REBER, 10) is None
