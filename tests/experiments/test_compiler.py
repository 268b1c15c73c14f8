"""Which options XLA is told, by which rule, and that the user's own and the unknown are respected."""

import dataclasses
import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from experiments import Adam, Adding, Trial, compiler
from experiments.cohort import make_advance, make_init
from experiments.compiler import (
    EXTRA,
    LIBRARIES,
    ONE_FUNCTION,
    allowed,
    compile_with,
    extra_options,
    flags_in,
    training_options,
    with_extra_options,
)
from experiments.layout import Layout
from experiments.program import cohort_shapes
from experiments.specs import structure
from lstm_variants import CELLS, GRU, LSTM

pytestmark = pytest.mark.slow

BASE = Trial(
    cell=LSTM(hidden=16),
    task=Adding(length=20),
    optimizer=Adam(learning_rate=0.01),
    seed=0,
    steps=10,
    batch=16,
    evaluate_every=10,
    validation_batches=1,
    test_batches=1,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Theirs:
    """Another people's cell, as it comes with Flax."""

    hidden: int

    def build(self, inputs, rngs):
        return nnx.GRUCell(inputs, self.hidden, rngs=rngs)


def options_for(cell, batch=16, layout=None):
    layout = layout or Layout(members="loop")
    bare = structure(dataclasses.replace(BASE, cell=cell, batch=batch))
    shapes = jax.eval_shape(make_init(bare, layout), *cohort_shapes(bare, 2))
    return training_options(jax.jit(make_advance(bare, layout)).trace(shapes).jaxpr.jaxpr)


def is_one_function(options):
    assert (ONE_FUNCTION.items() <= options.items()) != (LIBRARIES.items() <= options.items())
    return ONE_FUNCTION.items() <= options.items()


def test_small_products_in_a_loop_over_time_become_one_function_and_large_ones_do_not():
    assert is_one_function(options_for(LSTM(hidden=16)))
    assert is_one_function(options_for(GRU(hidden=32), batch=32))
    assert not is_one_function(options_for(LSTM(hidden=128)))


def test_many_multiplications_beside_few_other_operations_are_left_to_the_libraries():
    assert is_one_function(options_for(CELLS["rnn"](hidden=64), batch=32))
    assert not is_one_function(options_for(CELLS["rnn"](hidden=128)))


def test_what_has_no_loop_over_time_is_left_to_the_libraries():
    assert not is_one_function(options_for(CELLS["transformer"](hidden=16)))
    assert not is_one_function(options_for(CELLS["min_lstm"](hidden=16)))


def test_members_side_by_side_are_left_to_the_libraries():
    assert not is_one_function(options_for(LSTM(hidden=16), layout=Layout(members="vmap")))


def test_the_rule_holds_for_cells_of_others_whose_derivatives_transpose_their_matrices():
    """Small enough, their products are no matter; from 8 units on at this batch they are for the libraries."""
    assert is_one_function(options_for(Theirs(hidden=4)))
    assert not is_one_function(options_for(Theirs(hidden=32)))


@pytest.mark.parametrize("name", CELLS)
def test_every_recurrent_cell_of_16_units_is_one_function(name):
    parallel = name in (
        "transformer",
        "min_lstm",
        "grid_depth",
    )  # the last: no state, so one step alone trains
    assert is_one_function(options_for(CELLS[name](hidden=16))) == (not parallel)


def test_the_users_own_flags_win_and_the_rest_stays(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_backend_optimization_level=3 --xla_disable_hlo_passes=algsimp,dce")
    assert allowed({"xla_backend_optimization_level": 1, "xla_cpu_prefer_vector_width": 512}) == {
        "xla_cpu_prefer_vector_width": 512
    }
    passes = "xla_disable_hlo_passes"
    assert allowed(LIBRARIES) == {passes: f"algsimp,dce,{LIBRARIES[passes]}"}
    assert allowed(ONE_FUNCTION) == ONE_FUNCTION


def test_our_extra_options_stand_beside_the_users_whose_values_stay():
    ours = {"a": "1", "b": "", "c": "8:4"}
    merged = with_extra_options(f"--{EXTRA}=a=7,z --xla_dump_to=here", ours)
    assert merged.startswith(f"--{EXTRA}=a=7,z --xla_dump_to=here --{EXTRA}=a=7,z,b,c=8:4")
    assert with_extra_options("", ours) == f"--{EXTRA}=a=1,b,c=8:4"
    assert with_extra_options(merged, ours) == merged


def test_flags_may_stand_in_a_file(tmp_path):
    file = tmp_path / "flags"
    file.write_text("--xla_dump_to=here\n")
    merged = with_extra_options(str(file), {"a": "1"})
    assert flags_in(merged) == {"xla_dump_to": "here", EXTRA: "a=1"}


def test_this_process_has_told_xla_before_it_first_computed():
    assert extra_options().keys() <= {
        entry.partition("=")[0] for entry in flags_in(os.environ["XLA_FLAGS"])[EXTRA].split(",")
    }


def test_the_tile_is_lower_where_there_are_16_registers(monkeypatch):
    monkeypatch.setattr(compiler.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(compiler, "processor_flags", lambda: {"avx2"})
    assert extra_options()["xla_llvm_ir_gemm_tile_size"] == "4:8:2*vectwidth"
    monkeypatch.setattr(compiler, "processor_flags", lambda: {"avx2", "avx512f"})
    assert extra_options()["xla_llvm_ir_gemm_tile_size"] == "8:4:2*vectwidth"
    monkeypatch.setattr(compiler.platform, "machine", lambda: "aarch64")
    monkeypatch.setattr(compiler, "processor_flags", lambda: set())
    assert extra_options()["xla_llvm_ir_gemm_tile_size"] == "8:4:2*vectwidth"


def test_an_option_that_xla_does_not_know_is_left_out_with_a_word(monkeypatch):
    monkeypatch.setattr(compiler, "unknown", set())
    lowered = jax.jit(lambda x: x + 1).lower(jnp.float32(1))
    with pytest.warns(UserWarning, match="does not know the option xla_cpu_of_the_future. It is skipped"):
        compiled = compile_with(lowered, {"xla_cpu_of_the_future": True})
    assert float(compiled(jnp.float32(1))) == 2
    compile_with(lowered, {"xla_cpu_of_the_future": True})  # said once


def test_a_bad_value_is_no_unknown_option():
    lowered = jax.jit(lambda x: x + 1).lower(jnp.float32(1))
    with pytest.raises(Exception, match="xla_backend_optimization_level"):
        compile_with(lowered, {"xla_backend_optimization_level": "high"})


def test_a_training_is_the_same_to_rounding_with_the_users_choice_of_the_libraries():
    """In a process of its own: XLA reads its flags once."""
    program = (
        "import dataclasses, sys\n"
        "from experiments import *\n"
        "from experiments.engine import Engine\n"
        "from lstm_variants import GRU\n"
        "trial = Trial(cell=GRU(hidden=8), task=Adding(length=10), optimizer=Adam(learning_rate=0.01), seed=0,"
        " steps=20, batch=8, evaluate_every=20, validation_batches=1, test_batches=1)\n"
        "run = Engine().start(Cohort((trial,), 1))\n"
        "report = run.advance()\n"
        "print(float(report.train_loss[0]), float(report.validation.loss[0]))"
    )

    def losses(flags):
        environment = os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return np.array(done.stdout.split(), float)

    ours = losses("")
    theirs = losses("--xla_disable_hlo_passes=small-while-loop-hoisting --xla_backend_optimization_level=3")
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)
