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
# # Understanding the cells
#
# "Understanding LSTM Networks" (Olah 2015) explains with drawings why a plain recurrent network forgets and an LSTM
# need not. This notebook goes through the same argument. Its pictures are drawn from the equations that the cells are
# tested against, and its claims are measured.
#
# ## A network that sees its past
#
# A recurrent network is one cell, applied at every step to the input x and to what the cell passed on to itself. The
# plain one passes on its output, through one layer:

# %%
import tempfile
from pathlib import Path

import pandas as pd
from IPython.display import Image, display

from analysis.notebook_tools.display import command, table, told

folder = Path(tempfile.mkdtemp())
command("diagram", "rnn", "--unroll", "3", "--out", "rnn.png", folder=folder)
display(Image(folder / "rnn.png", width=720))

# %% [markdown]
# ## Short gap and long gap
#
# "The clouds are in the *sky*" needs the last few words. "I grew up in France ... I speak fluent *French*" needs one
# word from far back. The task `early_mention` asks this question over a distance that can be set. Below it is 10
# words, then 40.
#
# What is measured is the gradient of the loss of the last word with respect to the carry some steps before, its *lag*.
# Where it is almost zero, training cannot learn from that word, and the network does not use it. Each line is the
# median of six networks, relative to lag 1, with a band for the middle half. A dot marks the **memory horizon**, the
# largest lag with more than 1 % of the influence of lag 1.

# %%
asked = ["early_mention", "--set", "task.countries=4", "--set", "task.distractors=0", "--set", "task.vary=1"]
effort = ["--seeds", "6", "--steps", "600"]
short, long = ["--set", "task.distance=10", "--out", "short"], ["--set", "task.distance=40", "--out", "long"]
command("flow", "rnn", "lstm", "gru", "--task", *asked, *effort, *short, folder=folder)
display(Image(folder / "short" / "flow.png", width=550))

# %%
command("flow", "rnn", "lstm", "gru", "--task", *asked, *effort, *long, folder=folder)
display(Image(folder / "long" / "flow.png", width=550))

# %% [markdown]
# The same as numbers. A Lyapunov exponent below 0 says that a change of the carry dies away by that rate in every step:
# at -0.3 by a factor of e^(-0.3) = 0.74, so that a hundredth is left after 15 steps.

# %%
found = pd.concat([pd.read_csv(folder / gap / "summary.csv").assign(gap=gap) for gap in ("short", "long")])
trained = found[found["moment"] == "end"]
told(
    f"{row.gap} gap, {row.cell}: looks {row.horizon:g} steps back ({row.horizon_low:g} to {row.horizon_high:g}), "
    f"Lyapunov exponent {row.exponent:+.2f}, score {row.score:.2f} (0 guessing, 1 perfect)."
    for row in trained.itertuples()
)

# %% [markdown]
# ## The belt
#
# The LSTM has a second line, the cell state c along the top. On it there is no layer: a factor, the forget gate, and a
# sum.

# %%
command("diagram", "lstm", "--out", "lstm.png", folder=folder)
display(Image(folder / "lstm.png", width=520))

# %% [markdown]
# Along the belt, the gradient is multiplied by f at each step, and by nothing else. `kept` is the product of all f over
# the last steps, averaged over units and sequences; `share` is the measured influence. Where `share` lies above `kept`,
# the gates and the output carry some of the past as well.

# %%
lags = pd.read_csv(folder / "long" / "flow.csv").query("cell == 'lstm' and lag in [2, 5, 10, 20, 30, 40]")
table(lags, "moment lag share share_q25 share_q75 kept")

# %% [markdown]
# Gates work like switches if they are shut (below 0.1) or open (above 0.9). The share of gate values that are, before
# and after training:

# %%
table(found, "gap cell moment shut open horizon score")

# %% [markdown]
# ## Variants
#
# The three that the post draws. With peepholes the gates see the cell itself; what the plain LSTM lacks is red:

# %%
command("diagram", "lstm", "--compare", "peephole", "--out", "peephole.png", folder=folder)
display(Image(folder / "peephole.png", width=520))

# %% [markdown]
# With coupled gates, what is forgotten is what is replaced; and the GRU has one line for cell and output:

# %%
command("diagram", "coupled", "--out", "coupled.png", folder=folder)
command("diagram", "gru", "--out", "gru.png", folder=folder)
display(Image(folder / "coupled.png", width=520), Image(folder / "gru.png", width=450))

# %% [markdown]
# Which of them is better is another question, with controls, tuned settings and fresh seeds: that is what studies are
# for (notebook `finding`). Diagrams and flow of your own cell: `lstm-variants diagram my_cell.py:Cell` and
# `lstm-variants flow my_cell.py:Cell lstm`.
