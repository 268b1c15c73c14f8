"""Cells with one mistake in their source are noticed, and named for what they are.

The whole catalogue is gone through by hand: `python tests/support/mutants.py oracles` and `... kit`.
"""

import pytest
from mutants import by_kit, by_oracles, mutants

from lstm_variants.conformance import KNOWN, conform, verdict

pytestmark = pytest.mark.slow

each_cell = pytest.mark.parametrize("name", ["lstm", "peephole", "gru"])


def mutant(cell, after):
    (found,) = [m for m in mutants(cell) if m.after == after]
    return found


@each_cell
def test_the_kit_notices_mutants(name, monkeypatch):
    """Every third one. Whether there is a mistake is asked, not which: that search takes most of the time."""
    monkeypatch.setattr(verdict, "one_mistake", lambda *_: (None, None))
    made = mutants(name)
    assert len(made) > 40
    assert [str(m) for m in made[::3] if by_kit(m).how in ("survives", "same numbers")] == []


@each_cell
def test_the_oracles_notice_mutants(name):
    """A sample; the last ones are wrong in a gradient alone."""
    values, cuts = ([m for m in mutants(name, cuts=True) if m.cut is cut] for cut in (False, True))
    assert [str(m) for m in values[::8] if by_oracles(m) not in ("values", "crash")] == []
    assert [str(m) for m in cuts[::4] if by_oracles(m) != "gradients"] == []


ANOTHER_CELL = [
    ("lstm", "c = z * jax.nn.sigmoid(i) + c * jax.nn.sigmoid(f)", "niaf_np", ""),
    ("lstm", "y = c * jax.nn.sigmoid(o)", "noaf_np", ""),
    ("peephole", "c = z * i + c * f", "niaf", ""),
    ("peephole", "y = c * o", "noaf", ""),
    ("peephole", "o = jax.nn.sigmoid(o)", "peephole", "p_o"),
    ("cifg", "f = 1", "nfg", ""),
    ("coupled", "i = 1", "nig_np", ""),
    (
        "gru",
        "candidate = jnp.tanh(inputs @ self.W_h[...] + self.b_h[...] + r * (h @ self.R_h[...]))",
        "gru_after",
        "c_h",
    ),
    ("gru_after", "recalled = product(r * h, self.R_h[...]) + self.b_R[...]", "gru", ""),
    (
        "mut3",
        "z = jax.nn.sigmoid(affine(inputs, self.W_z[...], h, self.R_z[...], self.b_z[...]))",
        "gru",
        "",
    ),
]


@pytest.mark.parametrize(("cell", "after", "name", "missing"), ANOTHER_CELL)
def test_a_mutant_that_is_another_cell_is_named(cell, after, name, missing):
    spec = mutant(cell, after).spec()
    claimed, found = conform(spec, cell, contract=False), conform(spec, contract=False)
    assert not claimed.conforms
    assert found.identified == name
    titles = [f"{e.title}, without {missing}" if missing else e.title for e in KNOWN if e.name == name]
    assert found.title == claimed.nearest
    assert found.title in titles


ONE_EQUATION = [
    ("lstm", "y = jnp.tanh(c_old) * jax.nn.sigmoid(o)", "y' = tanh(c') ⊙ o", "y' = tanh(c) ⊙ o"),
    ("peephole", "c = jnp.tanh(z) + c * f", "c' = z ⊙ i + c ⊙ f", "c' = z + c ⊙ f"),
    ("peephole", "c = jnp.tanh(z) * i - c * f", "c' = z ⊙ i + c ⊙ f", "c' = z ⊙ i - c ⊙ f"),
    (
        "peephole",
        "o = jax.nn.sigmoid(o + self.p_o[...] * c_old)",
        "o = σ(W_o x + R_o y + p_o ⊙ c' + b_o)",
        "o = σ(W_o x + R_o y + p_o ⊙ c + b_o)",
    ),
    (
        "peephole",
        "f = jax.nn.sigmoid(f + self.p_f[...] * y)",
        "f = σ(W_f x + R_f y + p_f ⊙ c + b_f)",
        "f = σ(W_f x + R_f y + p_f ⊙ y + b_f)",
    ),
    (
        "gru",
        "h = (1 - z) * h + candidate",
        "h' = (1 - z) ⊙ h + z ⊙ h̃",
        "h' = (1 - z) ⊙ h + h̃",
    ),
]


@pytest.mark.parametrize(("cell", "after", "expected", "found"), ONE_EQUATION)
def test_a_mutant_is_told_the_equation_that_it_breaks(cell, after, expected, found):
    deviation = by_kit(mutant(cell, after)).verdict.deviation
    assert (deviation.expected, deviation.found) == (expected, found)
