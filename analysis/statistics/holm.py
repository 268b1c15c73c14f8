"""Holm's step-down adjustment: the chance of one or more false rejections in a family stays below alpha.

With p_(1) <= ... <= p_(m) the adjusted value of the k-th is max over j <= k of min(1, (m - j + 1) p_(j)).
(The same as statsmodels' multipletests, for all families at once; that one collects garbage on every call.)
"""

import pandas as pd


def holm(p: pd.Series, family: pd.Series) -> pd.Series:
    """Adjusted p-values in their order. A missing p counts as 1 in its family and stays missing."""
    table = pd.DataFrame({"p": p.fillna(1.0), "family": family}).sort_values("p", kind="stable")
    members = table.groupby("family", sort=False)
    step = (table["p"] * (members["p"].transform("size") - members.cumcount())).clip(upper=1.0)
    return step.groupby(table["family"], sort=False).cummax().reindex(p.index).where(p.notna())
