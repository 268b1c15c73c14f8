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
# Do recurrent cells differ, and where? This notebook reads one study's results and reports what they show. It calls the
# package and holds no logic of its own. `lstm-variants notebook finding STUDY` writes it for a study of yours.

# %%
import pandas as pd

from analysis.claims import evaluate, whole
from analysis.notebook_tools.display import chosen, evidence, show, table, told
from analysis.report.finding import finding
from analysis.report.terminal import verdict_text
from analysis.study import provenance

study = chosen("comparable")
print(study.declaration.doc)

# %% [markdown]
# ## Can it be trusted?
#
# Every study carries controls: an alias of a cell must come out equivalent to it, and a cell that cannot
# do a task must come out different. Nothing below counts if these are broken.

# %%
print("Controls passed; all trials ran." if study.trust.trustworthy else "NOT TRUSTWORTHY")
told([*study.trust.reasons, *study.trust.warnings])

# %% [markdown]
# ## Results

# %%
claims = evaluate(study)
words = finding(study, claims)
told([words.headline, *words.details])

# %%
show(study, "glance")

# %%
table(
    pd.DataFrame(words.undecided), "why where count further"
) if words.undecided else "Nothing is undecided."

# %%
told(words.notes)

# %%
print(verdict_text(study.verdicts, study.declaration))

# %% [markdown]
# Every verdict comes with its interval, its evidence (both p-values after Holm, or the e-values of a race), its grade,
# the posterior, and the seeds that would decide it. `why` gives the reason in a sentence.

# %%
pairs = study.found(study.verdicts)
table(
    pairs,
    f"task cell standing grade value low high {evidence(study)} posterior_equal seeds_to_decide",
)

# %%
told(f"{row.cell} on {row.task}: {row.why}." for row in pairs.head(10).itertuples())

# %% [markdown]
# ## The race
#
# Where seeds were added until the evidence was enough: how it grew, and where each comparison stopped.

# %%
show(study, "race")

# %% [markdown]
# ## Against the literature
#
# Greff et al. (2017) did not find that all variants are the same: none beats the LSTM, coupling the gates
# and dropping the peepholes cost nothing, dropping the forget gate or the output activation hurts.

# %%
told([words.literature])
table(whole(claims), "statement source status holds fails undecided")

# %% [markdown]
# ## The evidence

# %%
show(study, "differences")

# %%
show(study, "scores")

# %%
show(study, "learning_curves")

# %% [markdown]
# ## What it cost

# %%
provenance.cost(study.results, "cell")
