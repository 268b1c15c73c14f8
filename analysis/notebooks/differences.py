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
# # Where variants do differ
#
# "About the same" is an average. This notebook looks for exceptions: single tasks, other measures
# than the final score, harder tasks, equal cost.

# %%
from analysis.figures import FIGURES
from analysis.notebook_tools.display import chosen, evidence, show, table, told, verdict_grids
from analysis.report.grids import measures
from analysis.study.measures import MEASURES

study = chosen("comparable")
print(
    f"{study.declaration.study}: every cell against {study.reference}, margin ±{study.declaration.margin:g}"
)

# %% [markdown]
# ## On which tasks?

# %%
show(study, "glance")

# %%
different = study.verdicts.query("verdict == 'different'").sort_values("value", key=abs, ascending=False)
table(different, f"task a b better value low high {evidence(study)}", rows=15)

# %%
show(study, "verdicts")

# %% [markdown]
# ## By which measure?
#
# The same verdicts by every measure in the store, each with its own margin.

# %%
told(f"**{measure.title}** ({measure.unit}, {measure.better} is better)" for measure in MEASURES.values())
verdict_grids(*measures(study))

# %% [markdown]
# Sooner or later? Seeds that never solved a task are counted as censored.

# %%
table(study.found(study.by("log_steps")), "task cell standing value low high mean_a mean_b")

# %% [markdown]
# At equal parameters, among search trials with no more parameters than the smallest cell's largest:

# %%
table(study.found(study.by("score_at_parameters")), "task cell standing value low high mean_a mean_b")

# %% [markdown]
# ## How hard a task, how long a training?

# %%
show(study, "frontier")

# %%
show(study, "solved")

# %% [markdown]
# ## Over all tasks
#
# The mean over tasks, and what to expect of a new one.

# %%
table(
    study.found(study.over_tasks),
    "cell standing value low high equivalent differing tasks posterior_equal new_equal",
)

# %%
show(study, "profiles")

# %%
show(study, "ranks")
table(FIGURES["ranks"].data(study), "cell value n seeds left_out")

# %% [markdown]
# Ranks ignore the margin: a lead of 0.0001 counts as much as one of 0.5. That is why no verdict rests on them.
