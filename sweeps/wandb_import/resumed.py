"""Offline folders that are one run. A run that is resumed, once or more often, leaves a folder each time:

    offline-run-20260102_080000-k3v9    offline-run-20260102_110000-k3v9

W&B knows a run by its id within a project, and so do we: what the newer folder says counts, what it does not say
(it may be torn, or have logged less) is the older's, and their curves are joined step by step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sweeps.mirror.run import Row, Run

Key = tuple[str, str, str]


def one_each(runs: Sequence[Run]) -> list[Run]:
    """The runs with one for each id of a project, where the first of it stood. A file too short to say its project, or
    its entity, belongs to the only one that has its id."""
    groups: dict[Key, list[Run]] = {}
    for run in sorted(
        runs, key=lambda run: (not run.project, not run.entity)
    ):  # those that say most come first
        groups.setdefault(key_of(run, groups), []).append(run)
    place = {id(run): i for i, run in enumerate(runs)}
    in_order = sorted(groups.values(), key=lambda group: min(place[id(run)] for run in group))
    return [run for group in in_order for run in joined(group)]


def key_of(run: Run, known: Mapping[Key, object]) -> Key:
    """Id, project and entity."""
    fits = [
        key
        for key in known
        if key[0] == run.id
        and run.project in ("", key[1])
        and (not run.project or run.entity in ("", key[2]))
    ]
    return fits[0] if len(fits) == 1 else (run.id, run.project, run.entity)


def joined(folders: list[Run]) -> list[Run]:
    """The one run of the folders that have its id."""
    if len(folders) == 1:
        return folders
    folders = sorted(folders, key=lambda run: (run.started, not run.torn, len(run.history())))
    whole = [run for run in folders if run.is_ours]
    if whole:  # our mirror writes a run anew, never in pieces; its ids of two studies were once the same
        newest = {
            study(run): run for run in sorted(whole, key=lambda run: run.summary.get("status") != "failed")
        }
        return [replace(run, folders=len(folders)) for run in newest.values()]
    config: Row = {}
    summary: Row = {}
    for run in folders:
        config, summary = over(config, run.config), over(summary, run.summary)
    last = folders[-1]
    named = next((run for run in reversed(folders) if run.project), last)  # unless torn at its very beginning
    one = replace(
        last,
        name=named.name,
        project=named.project,
        entity=max(run.entity for run in folders),  # there is one, or none
        group=named.group,
        job_type=named.job_type,
        config=config,
        summary=summary,
        history=lambda: by_step(folders),
        folders=len(folders),
    )
    return [one]


def study(run: Run) -> object:
    return run.summary.get("study") or run.config.get("study")


def over(old: Mapping[str, object], new: Mapping[str, object]) -> Row:
    """The old values with the new ones put over them, group by group."""
    both = dict(old)
    for name, value in new.items():
        before = both.get(name)
        both[name] = (
            over(before, value) if isinstance(before, Mapping) and isinstance(value, Mapping) else value
        )
    return both


def by_step(folders: Sequence[Run]) -> list[Row]:
    """The lines of all curves in the order of their steps; of two with one step the newer folder's."""
    lines: dict[int, Row] = {}
    for run in folders:
        for i, line in enumerate(run.history()):
            step = line.get("_step")
            lines[step if isinstance(step, int) else i] = line
    return [lines[step] for step in sorted(lines)]
