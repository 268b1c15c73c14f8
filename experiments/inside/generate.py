"""A trained network that writes: it hears its own last symbol, drawn from what it thought likely.

    p ∝ exp(output / temperature)        where outputs are logits of the next symbol
    p ∝ σ(output)^(1 / temperature)      where each says whether its symbol may come (sets of legal symbols)

At temperature 0 the likeliest symbol is taken. A network that attends does so, at every step, over all that it has put
out since it began. Taught, it hears a right text, and at every step is asked for the next symbol. Networks that produce
a signal have no input: they are left to themselves in training too.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.cohort import network_of
from experiments.inside.languages import Language, texts_of
from experiments.inside.steps import whole
from experiments.precision import with_products_in, without_x64
from experiments.specs import structure
from experiments.streams import stream
from experiments.tasks.contract import Batch
from experiments.tasks.dyck import Dyck
from experiments.trial import Trial

Array = jax.Array
STEPS, CLOSE = 6, 1e-3


def drawn(key: Array, outputs: Array, temperature: float, sets: bool) -> Array:
    """Symbols (...) from outputs (..., k)."""
    merit = jax.nn.log_sigmoid(outputs) if sets else outputs
    if temperature == 0:
        return merit.argmax(-1)
    return jax.random.categorical(key, merit / temperature)


def built(bare: Trial, parameters: Array) -> Any:
    """The network of a structure with these parameters (P,)."""
    return network_of(bare, stream(0, "init"))[1](parameters)


def read_out(network: Any, y: Array) -> Array:
    outputs: Array = y @ network.readout.kernel[...] + network.readout.bias[...]
    return outputs


@functools.cache
def writer(
    bare: Trial, lead: int | None, heard: tuple[int, ...], length: int, texts: int, temperature: float
) -> Any:
    """`(parameters, key) -> symbols (length, texts)` after the first of those heard, compiled once for a structure."""
    forced = jnp.asarray([*heard[1:], *[-1] * (length - len(heard) + 1)], jnp.int32)

    def run(parameters: Array, key: Array) -> Array:
        network = built(bare, parameters)
        steps = whole(network, bare.task.inputs, texts, length)

        def one(state: tuple[Any, Array], at: tuple[Array, Array]) -> tuple[tuple[Any, Array], Array]:
            (carry, symbol), (key, force) = state, at
            if lead is not None:
                carry = steps.begun(carry, symbol == lead)
            carry, x = steps.step(carry, jax.nn.one_hot(symbol, bare.task.inputs))
            free = drawn(key, read_out(network, x), temperature, isinstance(bare.task, Dyck))
            symbol = jnp.where(force >= 0, force, free)
            return (carry, symbol), symbol

        start = steps.first, jnp.full(texts, heard[0], jnp.int32)
        _, written = jax.lax.scan(one, start, (jax.random.split(key, length), forced))
        return written

    return jax.jit(with_products_in(bare.precision, run))


@without_x64
def write(
    trial: Trial,
    parameters: np.ndarray,
    language: Language,
    given: np.ndarray,
    length: int,
    *,
    texts: int,
    temperature: float,
    seed: int,
) -> np.ndarray:
    """Texts (texts, len(given) + length): the symbols that were given, then what the network writes."""
    heard = tuple(map(int, given)) if language.lead is None else (language.lead, *map(int, given))
    run = writer(structure(trial), language.lead, heard, len(heard) - 1 + length, texts, temperature)
    key = jax.random.fold_in(stream(trial.seed, "test", 0), seed)
    written = np.asarray(run(jnp.asarray(parameters), key)).T
    if language.lead is not None:
        return written
    return np.concatenate([np.full((texts, 1), heard[0]), written], 1)


@functools.cache
def steps_suffice(bare: Trial) -> bool:
    """Whether a network of this structure says step by step, from what it carries (and put out, if it attends), what it
    says of the whole sequence: not so where it reads backward, or looks at all steps at once."""
    if getattr(bare.cell, "bidirectional", False):
        return False
    inputs = jax.random.normal(jax.random.key(0), (STEPS, 2, bare.task.inputs))

    def apart() -> Array:
        network = network_of(bare, stream(0, "init"))[1](network_of(bare, stream(0, "init"))[0])
        steps = whole(network, bare.task.inputs, 2, STEPS)
        _, x = jax.lax.scan(steps.step, steps.first, inputs)
        return jnp.abs(read_out(network, x) - network(inputs, scored=STEPS)).max()

    return bool(jax.jit(apart)() < CLOSE)


@functools.cache
def reader(bare: Trial, scored: int) -> Any:
    """`(parameters, inputs, mask) -> outputs (S, B, k)`, compiled once for a structure."""

    def run(parameters: Array, inputs: Array, mask: Array | None) -> Any:
        return built(bare, parameters)(inputs, mask=mask, scored=scored)

    return jax.jit(with_products_in(bare.precision, run))


@without_x64
def outputs_of(trial: Trial, parameters: np.ndarray, batch: Batch, scored: int | None = None) -> np.ndarray:
    """What the network says on a batch, (S, B, k)."""
    run = reader(structure(trial), scored or trial.task.scored)
    return np.asarray(run(jnp.asarray(parameters), batch.inputs, batch.mask))


@without_x64
def taught(
    trial: Trial, parameters: np.ndarray, batch: Batch, *, temperature: float, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """For every test sequence its text, and the symbols that the network would have written at every place of it. (Of
    the first symbol, where nothing is heard before it, its own.)"""
    sets = isinstance(trial.task, Dyck)
    key = jax.random.fold_in(stream(trial.seed, "test", 1), seed)
    outputs = jnp.asarray(outputs_of(trial, parameters, batch))
    said = np.asarray(drawn(key, outputs, temperature, sets))
    found = []
    for b, text in enumerate(texts_of(trial.task, batch)):
        own = said[: len(text), b] if sets else np.append(text[:1], said[: len(text) - 1, b])
        found.append((text, own))
    return found


@without_x64
def completed(
    trial: Trial, parameters: np.ndarray, batch: Batch, *, temperature: float, seed: int, times: int = 1
) -> np.ndarray:
    """Answers (times, B) to the question with which each sequence ends."""
    outputs = jnp.asarray(outputs_of(trial, parameters, batch))[-1]
    key = jax.random.fold_in(stream(trial.seed, "test", 2), seed)
    return np.asarray(drawn(key, jnp.broadcast_to(outputs, (times, *outputs.shape)), temperature, False))


def produced(trial: Trial, parameters: np.ndarray, length: int) -> np.ndarray:
    """The signal of a network without input (length,)."""
    batch = Batch(jnp.zeros((length, 1, trial.task.inputs)), jnp.zeros((length, 1, 1)))
    return outputs_of(trial, parameters, batch, scored=length)[:, 0, 0]
