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
# # Hyperparameters and budgets
#
# How much does the choice of cell matter compared with its training settings, and how much of a comparison's outcome is
# its tuning budget? Both are estimated from the search stage: random configurations, the same for every cell.

# %%
from analysis.figures import FIGURES
from analysis.notebook_tools.display import chosen, show, table, told, verdict_grids
from analysis.report import grids
from analysis.report.finding_notes import explains, theirs
from analysis.study import provenance

study = chosen("comparable")
search = study.results.stage("search")
print(f"{len(search)} search trials of {search['cell'].nunique()} cells on {search['task'].nunique()} tasks")

# %% [markdown]
# ## What explains the scores?
#
# Functional ANOVA on a random forest, with the cell as one factor among the others. A share is of the variance of the
# scores over the search space; the intervals are from half-samples of the settings.

# %%
told([explains(study.shares) or "The search is too small for a functional ANOVA."])
show(study, "importance")

# %%
show(study, "interactions")

# %%
show(study, "marginals")

# %% [markdown]
# The trials themselves, against the learning rate:

# %%
show(study, "learning_rate")

# %% [markdown]
# ## What does a search of k trials gain?
#
# The expected score of the best of k, on validation, by which it is chosen, and on test. The gap between the two is the
# winner's curse.

# %%
show(study, "budget")

# %%
table(FIGURES["budget"].data(study).query("quantity == 'gap'"), "task cell k value low high n")

# %% [markdown]
# And what would a comparison have concluded that gave each cell k trials and one seed? With few trials it depends on
# the draw.

# %%
show(study, "budget_verdicts")

# %% [markdown]
# ## Greff et al.'s own protocol
#
# The best tenth of the trials of a random search, Welch's test, Bonferroni. It is given for a like-for-like
# comparison; "not significant" is not "equal", and the best tenth is not a random sample. In brackets: this
# study's own verdict.

# %%
told([theirs(study) or "The search is too small for it."])
verdict_grids(grids.protocol(study))

# %% [markdown]
# ## The configurations of the confirm stage

# %%
provenance.configurations(study.results)[0].round(4)
