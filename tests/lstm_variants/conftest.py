"""Cells are compiled here without optimisation: many small programs run once each, and equations do not care."""

import jax
import pytest


@pytest.fixture(scope="module", autouse=True)
def quickly():
    before = jax.config.values["jax_disable_most_optimizations"]
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", before)
