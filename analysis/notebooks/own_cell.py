# ---
# jupyter:
#   jupytext:
#     formats: py:percent,ipynb
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Bring your own cell
#
# Two ways. **A cell in JAX**: a class and a study file, and one command trains it alongside the others, with controls,
# the same search for all and fresh seeds for the verdict. **A cell in any framework**: a table with one row per run is
# enough for the same statistics.
#
# **Study `mine`:** 10 trials of 2 cells on one task, trained below in half a minute. It has no controls, so as to be
# short; a study of yours has them by default.
#
# ## A cell in JAX
#
# Any `flax.nnx.RNNCellBase` will do. Here a cell whose forget gate has its own bias and nothing else, a "minimal" unit:
#
#     f = σ(W x + b)        h = f ⊙ h + (1 - f) ⊙ tanh(V x)
#
# The spec below builds it. Both files can go anywhere; here, to a temporary folder.

# %%
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.claims import evaluate
from analysis.notebook_tools.display import command, show, table, told
from analysis.report.finding import finding
from analysis.study.results import load
from analysis.study.tables import Analysed
from analysis.user_table.table import Asked, taken
from analysis.user_table.verdicts import judged

folder = Path(tempfile.mkdtemp())
(folder / "my_cells.py").write_text("""
import dataclasses
from typing import ClassVar

import jax
import jax.numpy as jnp
from flax import nnx


class Forgetting(nnx.RNNCellBase):
    def __init__(self, inputs, hidden, *, rngs):
        self.hidden = hidden
        self.forget = nnx.Linear(inputs, hidden, rngs=rngs)
        self.input = nnx.Linear(inputs, hidden, rngs=rngs)

    def __call__(self, carry, x):
        f = jax.nn.sigmoid(self.forget(x) + 1)
        carry = f * carry + (1 - f) * jnp.tanh(self.input(x))
        return carry, carry

    def initialize_carry(self, input_shape, rngs=None):
        return jnp.zeros((*input_shape[:-1], self.hidden))

    @property
    def num_feature_axes(self):
        return 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mine:
    reference: ClassVar[str] = "this notebook"
    parameters: ClassVar[str] = "2*h*(n + 1)"

    hidden: int = 8

    def build(self, inputs, rngs):
        return Forgetting(inputs, self.hidden, rngs=rngs)
""")
(folder / "mine.py").write_text('''
"""Is a cell that only forgets as good as the LSTM on short sums? Half a minute.

Question: does it need a recurrent matrix at all? Expectation: no, adding asks for memory alone.
Cost: 20 trials of 400 updates.
"""

from experiments import Adam, Adding
from lstm_variants import LSTM
from my_cells import Mine
from sweeps.study import Controls, Study

STUDY = Study(
    cells={"lstm": LSTM(hidden=8), "mine": Mine(hidden=8)},
    tasks={"adding": Adding(length=30)},
    optimizer=Adam(learning_rate=0.02),
    confirm=5,
    margin=0.1,
    controls=Controls(),
    steps=400,
)
''')

# %% [markdown]
# `lstm-variants conform my_cells.py:Mine` would report what the cell computes and whether it satisfies the contract;
# `sweep` runs what is missing. (`--workers 0` runs it in one process, which is quickest for so little.)

# %%
command("sweep", "mine.py", "--workers", "0", "--wandb", "off", folder=folder)

# %%
study = Analysed(load(folder / "results", "mine"))
told([finding(study, evaluate(study)).headline])
show(study, "glance")

# %% [markdown]
# Why, and where it is undecided: what would decide it.

# %%
told(f"{row.cell}: {row.why}." for row in study.found(study.verdicts).itertuples())

# %% [markdown]
# ## A cell in any framework
#
# A tidy table, one row per run: `cell`, `task`, `seed` and the measure; `status` marks runs that diverged, so that
# they count as such. From the shell:
#
#     lstm-variants verdicts runs.csv --measure accuracy --margin 0.02
#
# Replace the table here with yours.

# %%
draw = np.random.default_rng(0)
cells = {"lstm": 0.90, "gru": 0.902, "mine": 0.86}
runs = pd.DataFrame(
    [
        {
            "cell": cell,
            "task": task,
            "seed": seed,
            "accuracy": np.clip(mean + 0.012 * draw.standard_normal(), 0, 1),
        }
        for cell, mean in cells.items()
        for task in ("text", "speech")
        for seed in range(12)
    ]
)
runs.to_csv(folder / "runs.csv", index=False)
runs.head(3)

# %%
command("verdicts", "runs.csv", "--measure", "accuracy", "--margin", "0.02", folder=folder)

# %% [markdown]
# The same in Python, as data frames:

# %%
verdict = judged(taken(runs, Asked(measure="accuracy", margin=0.02, bounds=(0.0, 1.0))))
table(verdict.table, "task a b verdict better value low high posterior_equal seeds_to_decide")
