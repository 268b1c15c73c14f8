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
# # The finding, from the store
#
# Do recurrent cells differ, and where? This notebook reads one study's results and tells what they say.
# It calls the package and holds no logic of its own. Open it as a notebook with Jupytext, or
#
#     jupytext --to ipynb analysis/notebooks/finding.py
#
# Which study: the environment variables `LSTM_VARIANTS_RESULTS` (a directory) and `LSTM_VARIANTS_STUDY`.

# %%
import os

from IPython.display import SVG

from analysis import account, canvas
from analysis.claims import evaluate
from analysis.figures import FIGURES
from analysis.finding import finding
from analysis.load import load
from analysis.table import verdict_text
from analysis.trust import trust
from analysis.verdicts import verdicts

results = load(
    os.environ.get("LSTM_VARIANTS_RESULTS", "results"), os.environ.get("LSTM_VARIANTS_STUDY", "quick")
)
print(results.declaration.doc)


# %%
def show(name):
    """The figure as an image with its caption below; its data is `FIGURES[name].data(results)`."""
    data = FIGURES[name].data(results)
    if data.empty:
        return print(f"{name}: no data yet")
    print(FIGURES[name].caption(data))
    return SVG(canvas.svg(FIGURES[name].draw(data), name))


# %% [markdown]
# ## May we believe it?
#
# Every study carries controls: an alias of a cell must come out equivalent to it, and a cell that can not
# do a task must come out different. Nothing below counts if these are broken.

# %%
table = verdicts(results.trials, results.declaration)
trust(results, table)

# %% [markdown]
# ## What came out

# %%
claims = evaluate(table)
words = finding(table, claims, results.declaration)
print(words.headline)

# %%
show("differences")

# %%
for task, sentences in words.tasks.items():
    print(task, *sentences, sep="\n- ")

# %%
print(verdict_text(table, results.declaration))

# %% [markdown]
# ## Against the literature
#
# Greff et al. (2017) did not find that all variants are the same: none beats the LSTM, coupling the gates
# and dropping the peepholes cost nothing, dropping the forget gate or the output activation hurts.

# %%
print(words.literature)
claims[["statement", "task", "status", "evidence"]]

# %% [markdown]
# ## The evidence

# %%
show("scores")

# %%
show("solved")

# %%
show("learning_curves")

# %% [markdown]
# ## How the configurations were chosen
#
# By validation score in the search stage; the verdicts then use fresh seeds.

# %%
show("learning_rate")

# %%
chosen, common = account.configurations(results)
print(common)
chosen.round(5)

# %% [markdown]
# ## What it cost

# %%
account.cost(results, "cell")
