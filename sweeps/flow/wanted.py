"""Which networks of a study are trained again for their flow: the first seeds of every cell on every task.

An alias is left out: it is there for verdicts, and none is made of flow.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from flax import nnx

from experiments.flow import stepped
from experiments.specs import structure
from experiments.trial import Trial
from lstm_variants import state_size
from sweeps.plan import BUILD_SECONDS, Arm, Entry, Row
from sweeps.same import given
from sweeps.signals import within
from sweeps.stages import Stages
from sweeps.store.schema import TRIAL_COLUMNS, longer_column
from sweeps.store.store import UNRECORDED, Store

FLOW = "flow"  # in the place of a stage: of trials that are trained again for it


@dataclass
class Wanted:
    """entries: to be trained again, those of one arm after the other. rows: what their rows say that they gave, by
    trial id. measured: how many networks have been before. news: what cannot be measured, in words."""

    entries: list[Entry] = field(default_factory=list)
    rows: dict[str, Row] = field(default_factory=dict)
    measured: int = 0
    news: list[str] = field(default_factory=list)


def wanted(confirmed: Iterable[Entry], number: int, store: Store, aliases: Collection[str]) -> Wanted:
    """The first `number` confirmed networks of every arm that have a row which did not fail, and no flow yet.

    confirmed: in the order of the seeds. Reads the store.
    """
    chosen = first(confirmed, number, aliases)
    found, have = Wanted(), measured(store)
    entries = [entry for some in chosen.values() for entry in some]
    rows = rows_of(store, entries)
    other = 0
    for arm, some in chosen.items():
        why = unmeasurable(structure(some[0].trial))
        if why:
            found.news.append(f"Flow of {arm[0]} on {arm[1]} is not measured: {why}.")
            continue
        found.measured += sum(entry.id in have for entry in some)
        for entry in some:
            row = rows.get(entry.id)
            if row is None or row["status"] == "failed" or entry.id in have:
                continue
            if (row["code"] or UNRECORDED) != (entry.code or UNRECORDED):
                other += 1
                continue
            found.entries.append(replace(entry, stage=FLOW))
            found.rows[entry.id] = row
    if other:
        found.news.append(
            f"Flow of {other} network{'s' * (other != 1)} is not measured: their rows were made by other code, which "
            "would have to train them again."
        )
    return found


def first(entries: Iterable[Entry], number: int, aliases: Collection[str]) -> dict[Arm, list[Entry]]:
    """So many of each arm."""
    arms: dict[Arm, list[Entry]] = {}
    for entry in entries:
        if entry.cell not in aliases and len(arms.setdefault(entry.arm, [])) < number:
            arms[entry.arm].append(entry)
    return arms


def planned(stages: Stages, store: Store) -> list[Entry]:
    """What a sweep would measure, with stand-ins for networks that are not known yet; for `plan`."""
    number, alias = stages.study.networks, stages.study.alias
    known = first(stages.planned["confirm"], number, {alias})
    have, entries = measured(store), list[Entry]()
    for arm in stages.order:
        some = known.get(arm, [])
        expected = min(number, stages.study.rule.expected)
        missing = [e for e in some if e.id not in have] + stages.like("confirm", arm, expected - len(some))
        if arm[0] != alias and missing and not unmeasurable(missing[0].structure):
            entries += [replace(entry, stage=FLOW) for entry in missing]
    return entries


def measured(store: Store) -> set[str]:
    """Ids of the trials that have been measured."""
    return set(store.flow(["trial_id"])["trial_id"].to_pylist())


def rows_of(store: Store, entries: Iterable[Entry]) -> dict[str, Row]:
    """By trial id, of the rows that count: what the trials gave, and their code."""
    ids = {entry.id: entry.trial for entry in entries}
    factors = {factor for trial in ids.values() for factor in trial.longer}
    far = [longer_column(name, factor) for factor in factors for name in ("loss", "error", "score")]
    columns = ["trial_id", "code", *given([*TRIAL_COLUMNS, *far])]
    rows = store.trials(columns).to_pylist() if ids else []
    return {row["trial_id"]: row for row in rows if row["trial_id"] in ids}


def unmeasurable(bare: Trial) -> str:
    """Why nothing can flow through networks of this structure, or be measured; empty where it can."""

    def made() -> Any:
        return bare.cell.build(bare.task.inputs, nnx.Rngs(0))

    try:
        with within(BUILD_SECONDS):
            nnx.eval_shape(lambda: stepped(made(), (1, bare.task.inputs))[1])
            if state_size(nnx.eval_shape(made), bare.task.inputs) == 0:
                return "it carries nothing from step to step"
    except Exception as error:  # whatever a foreign cell does when it is made
        return f"{type(error).__name__}: {str(error).rstrip('.')}"
    return ""
