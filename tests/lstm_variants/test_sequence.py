"""Padding and packing are invisible, for every cell and in both directions; without them nothing is traced."""

from dataclasses import dataclass
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from oracles.modules import abstract, normal, numpy, quickly, randomised, run

from lstm_variants import CELLS, LSTM, MinLSTM, TransformerBlock, lengths_mask, run_sequence, unroll
from lstm_variants.sequence import loop

pytestmark = pytest.mark.slow

T, N, H = 8, 3, 8


@dataclass(frozen=True, kw_only=True)
class Flax:
    """A cell from elsewhere, whose carry is a plain tuple."""

    def build(self, inputs, rngs):
        return nnx.LSTMCell(inputs, H, rngs=rngs)


SHORT = TransformerBlock(hidden=H, context=3, expansion=2)  # its window is shorter than the sequences
SPECS = {name: CELLS[name](hidden=H) for name in CELLS} | {"short window": SHORT, "flax": Flax()}

# One sequence a row, one step a column: a letter is a step that counts, a point one that does not, and a capital
# the first step of a sequence. In the last two a reset comes with a step that does not count: marked "!".
ROWS = ("abcde...", "...abcde", "a..bc.de", "........", "abcDefgH", "AbC.dEf.", "ab!.cde.", "..ab.cd!")
MASK = np.array([[c.isalpha() for c in row] for row in ROWS]).T
RESET = np.array([[c.isupper() or c == "!" for c in row] for row in ROWS]).T
XS = normal(1, T, len(ROWS), N)
DIRTY = jnp.where(MASK[..., None], XS, jnp.nan)  # padding may hold anything


def segments(row):
    """The sequences in a row, each as the list of its steps that count (maybe none), in order."""
    found = [[]]
    for t, c in enumerate(ROWS[row]):
        if RESET[t, row]:
            found.append([])
        if c.isalpha():
            found[-1].append(t)
    return found[1:] if RESET[0, row] else found


def cell_of(name):
    return randomised(abstract(SPECS[name], N), scale=0.5)


@lru_cache
def start_of(name):
    """A first carry that is not zero, as three steps make it: the same for all rows."""
    cell = cell_of(name)
    carries, _ = run(cell, normal(2, T, 1, N))
    return jax.tree.map(lambda a: jnp.repeat(a[2], len(ROWS), axis=0), carries)


@lru_cache
def alone(name, backward):
    """Every sequence run by itself, without padding: `(outputs (T, rows, h), final carry)`.

    Side by side from step 0 on as a batch of its own, so that one program serves; what a shorter one goes on to
    compute after its end is not read. A sequence that begins in the row starts from the zero carry, the first
    to be run from `start_of`.
    """
    cell = cell_of(name)
    parts = [(row, i, part) for row in range(len(ROWS)) for i, part in enumerate(segments(row))]
    first = [i == len(segments(row)) - 1 if backward else i == 0 and not RESET[0, row] for row, i, _ in parts]
    order = [part[::-1] if backward else part for _, _, part in parts]
    xs = np.zeros((T, len(parts), N), np.float32)
    for k, (row, _, _) in enumerate(parts):
        xs[: len(order[k]), k] = np.asarray(XS)[order[k], row]
    zero = cell.initialize_carry((len(parts), N), nnx.Rngs(0))
    begin = jax.tree.map(
        lambda s, z: jnp.where(np.array(first).reshape(-1, *[1] * (z.ndim - 1)), s[:1], z),
        start_of(name),
        zero,
    )
    carries, ys = numpy(run(cell, jnp.asarray(xs), begin))
    outputs = np.zeros((T, len(ROWS), ys.shape[-1]))
    final = [None] * len(ROWS)
    for k, (row, i, _) in enumerate(parts):
        outputs[order[k], row] = ys[: len(order[k]), k]
        if i == (0 if backward else len(segments(row)) - 1):
            n = len(order[k])
            final[row] = jax.tree.map(lambda c, b, k=k, n=n: c[n - 1, k] if n else b[k], carries, begin)
    return outputs, jax.tree.map(lambda *leaves: np.stack(leaves), *final)


@quickly
def padded(cell, carry, xs, mask, reset):
    return run_sequence(cell, xs, carry=carry, mask=mask, reset=reset)


@quickly
def padded_backward(cell, carry, xs, mask, reset):
    return run_sequence(cell, xs, carry=carry, mask=mask, reset=reset, reverse=True, last=3)


def assert_close(a, b):
    """Equal but for the order of float32 sums over a few steps."""
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-5), a, b)


@pytest.mark.parametrize("name", SPECS)
def test_sequences_padded_anywhere_and_packed_end_to_end_are_what_they_are_alone(name):
    carry, outputs = padded(cell_of(name), start_of(name), DIRTY, MASK, RESET)
    want, final = alone(name, False)
    assert_close(outputs, want)
    assert not np.any(np.asarray(outputs)[~MASK])  # 0, not nearly 0
    assert_close(carry, final)
    held = jax.tree.map(lambda a, b: np.array_equal(a[3], b[3]), carry, start_of(name))
    assert all(jax.tree.leaves(held))  # where no step counts: bit for bit


@pytest.mark.parametrize("name", ["lstm", "clockwork", "min_lstm", "short window", "flax"])
def test_backward_in_time_they_are_what_they_are_alone_and_backward(name):
    """A flag that marks a sequence's first step ends it for one who comes from behind."""
    carry, outputs = padded_backward(cell_of(name), start_of(name), DIRTY, MASK, RESET)
    want, final = alone(name, True)
    assert_close(outputs, want[-3:])
    assert_close(carry, final)


@pytest.mark.parametrize("name", ["min_lstm", "short window"])
def test_all_steps_at_once_have_the_gradients_of_the_steps_one_by_one(name):
    graph, params = nnx.split(cell_of(name))
    floats, tree = jax.tree.flatten(start_of(name))
    weights = normal(3, T, len(ROWS), H)

    def slopes(form):
        def functional(params, floats, xs):
            clocks = jax.tree.leaves(start_of(name))
            leaves = [
                f if jnp.issubdtype(c.dtype, jnp.floating) else c for f, c in zip(floats, clocks, strict=True)
            ]
            carry, ys = form(nnx.merge(graph, params), tree.unflatten(leaves), xs)
            ends = sum((a * a).sum() for a in jax.tree.leaves(carry) if jnp.issubdtype(a.dtype, jnp.floating))
            return (weights * ys).sum() + ends

        return quickly(jax.grad(functional, argnums=(0, 1, 2), allow_int=True))

    def one_by_one(cell, carry, xs):
        first = cell.initialize_carry(xs.shape[1:])
        return loop(cell, carry, (jnp.where(MASK[..., None], xs, 0), MASK, RESET), first, T, False)

    def at_once(cell, carry, xs):
        return run_sequence(cell, xs, carry=carry, mask=MASK, reset=RESET)

    got, want = (slopes(form)(params, floats, XS) for form in (at_once, one_by_one))
    largest = 0.0
    for g, w in zip(jax.tree.leaves(got), jax.tree.leaves(want), strict=True):
        if g.dtype != jax.dtypes.float0:
            np.testing.assert_allclose(g, w, rtol=1e-4, atol=1e-4)  # sums over 8 rows and steps of order 10
            largest = max(largest, float(jnp.abs(g).max()))
    assert largest > 1


@pytest.mark.parametrize("name", ["lstm", "short window"])
def test_padding_that_is_not_a_number_gives_no_gradient(name):
    """`0 * nan` is how a mask that comes too late poisons the weights."""
    graph, params = nnx.split(cell_of(name))

    @quickly
    @jax.grad
    def slope(params, xs):
        return run_sequence(nnx.merge(graph, params), xs, mask=MASK)[1].sum()

    dirty, clean = slope(params, DIRTY), slope(params, XS)
    jax.tree.map(np.testing.assert_array_equal, dirty, clean)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(dirty))


@pytest.mark.parametrize("name", ["lstm", "min_lstm"])
def test_a_reset_goes_back_to_the_first_carry_that_was_given(name):
    cell, first = cell_of(name), start_of(name)
    reset = np.zeros((T, len(ROWS)), bool)
    reset[5] = True
    _, outputs = quickly(lambda reset: run_sequence(cell, XS, first=first, reset=reset))(reset)
    _, before = run(cell, XS, first)
    _, after = run(cell, jnp.concatenate([XS[5:], XS[:5]]), first)
    assert_close(outputs, np.concatenate([before[:5], after[:3]]))


def test_without_mask_and_reset_the_program_is_that_of_unroll():
    graph, params = nnx.split(cell_of("lstm"))

    def by_hand(params, xs):
        cell = nnx.merge(graph, params)
        carry = cell.initialize_carry(xs.shape[1:], nnx.Rngs(0))
        graph_again, state = nnx.split(cell)
        return unroll(lambda carry, x: nnx.merge(graph_again, state)(carry, x), carry, xs, 2)

    ours = jax.make_jaxpr(lambda params, xs: run_sequence(nnx.merge(graph, params), xs, last=2))(params, XS)
    assert str(ours) == str(jax.make_jaxpr(by_hand)(params, XS))


def test_the_form_for_all_steps_is_used_wherever_it_can_be_and_is_no_slower(monkeypatch):
    def loops(name="min_lstm", **settings):
        cell = cell_of(name)
        return "scan[" in str(jax.make_jaxpr(lambda xs: run_sequence(cell, xs, **settings))(XS))

    first = start_of("min_lstm")
    assert not loops()
    assert not loops(mask=MASK, reset=RESET, reverse=True, carry=first)
    assert not loops(first=first, mask=MASK)
    assert loops(first=first, reset=RESET)  # it knows resets to its own first carry alone
    assert loops("min_gru")  # it says so, of CPUs
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert not loops("min_gru")


def test_attention_computes_no_scores_of_outputs_that_nobody_keeps():
    cell = cell_of("transformer")

    def shapes(**settings):
        return str(jax.make_jaxpr(lambda xs: run_sequence(cell, xs, **settings)[1])(XS))

    rows, heads, window = len(ROWS), 2, 128
    assert f"f32[{rows},{heads},{T},{T}]" in shapes()  # nor of the window, which the zero carry leaves empty
    assert f"f32[{rows},{heads},1,{T}]" in shapes(last=1)
    assert f"{heads},{T},{T}]" not in shapes(last=1)
    assert f"f32[{rows},{heads},{T},{window + T}]" in shapes(carry=start_of("transformer"))


@pytest.mark.parametrize(("name", "last"), [("lstm", 1), ("lstm", 3), ("min_lstm", 3)])
def test_last_keeps_the_outputs_of_the_last_steps_in_either_direction(name, last):
    cell = cell_of(name)
    for reverse in (False, True):
        both = quickly(
            lambda xs, reverse=reverse: [
                run_sequence(cell, xs, reverse=reverse, last=n) for n in (last, None)
            ]
        )
        (carry, some), (carry_of_all, every) = both(XS)
        assert_close(some, every[-last:])
        assert_close(carry, carry_of_all)


def test_lengths_become_masks():
    assert lengths_mask(jnp.array([2, 0, 3]), 3).T.astype(int).tolist() == [[1, 1, 0], [0, 0, 0], [1, 1, 1]]
    left = lengths_mask(jnp.array([2, 0, 3]), 3, padding="left")
    assert left.T.astype(int).tolist() == [[0, 1, 1], [0, 0, 0], [1, 1, 1]]
    assert lengths_mask(jnp.array([[1], [2]]), 4).shape == (4, 2, 1)
    assert lengths_mask(2, 3).tolist() == [True, True, False]
    with pytest.raises(ValueError, match="got padding='centre'"):
        lengths_mask(jnp.array([1]), 3, padding="centre")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"mask": MASK.T[:, :4]},
            r"mask as bool of shape \(T, batch\) = \(8, 8\); got bool of shape \(8, 4\)",
        ),
        ({"reset": RESET.astype(np.int32)}, "reset as bool .* got int32"),
        ({"mask": np.array([3] * 8)}, "use lengths_mask"),
        ({"last": 0}, "1 to T=8 outputs; got last=0"),
        ({"last": 9}, "got last=9"),
    ],
)
@pytest.mark.parametrize("spec", [LSTM(hidden=H), MinLSTM(hidden=H)], ids=["loop", "at once"])
def test_what_can_not_be_meant_is_refused(spec, settings, message):
    with pytest.raises(ValueError, match=message):
        run_sequence(randomised(abstract(spec, N)), XS, **settings)
