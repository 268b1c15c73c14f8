"""What of a study was changed since its last sweep, said before anything runs: its measure, margins and levels, how
many trials there are, and which stored ones are no longer, or not yet, among them.

Nothing stored is lost by a change. A trial is what its spec is: one that a changed study still asks for is not run
again, one that it does not is kept and left out, and counts again once the change is taken back.
"""

from collections.abc import Iterator

from sweeps.store.declaration import HALVING, Declaration

VERDICTS = "verdicts follow it, stored trials stay as they are"
SEEDS = "it decides anew which seeds run; stored ones stay"
FIELDS = {
    "measure": VERDICTS,
    "margin": VERDICTS,
    "margins": VERDICTS,
    "alpha": VERDICTS,
    "sampler": "the settings that are tried are others",
    "confirm_rule": SEEDS,
    "race": SEEDS,
}
KNOWN_AT_ONCE = ("", "random", "grid", "sobol", HALVING)  # searches whose settings no result decides


def changed(before: Declaration | None, now: Declaration, stored: set[str]) -> list[str]:
    """In words. before: what the study declared last, None where it never ran or what it declared cannot be read.
    stored: ids of trials that have rows."""
    return (
        [] if before is None else [*fields(before, now), *numbers(before, now), *trials(before, now, stored)]
    )


def fields(before: Declaration, now: Declaration) -> Iterator[str]:
    for name, effect in FIELDS.items():
        was, is_now = getattr(before, name), getattr(now, name)
        if was != is_now:
            yield f"Changed since the last sweep: {name} was {was or 'none'}, is {is_now or 'none'} ({effect})."


def numbers(before: Declaration, now: Declaration) -> Iterator[str]:
    """Numbers of trials by stage, where no rule makes them grow and shrink on the way."""
    if before.confirm_rule or now.confirm_rule:
        return
    for stage in dict.fromkeys([*before.total, *now.total]):
        was, is_now = before.total.get(stage, 0), now.total.get(stage, 0)
        if was != is_now:
            yield f"Changed since the last sweep: the {stage} stage had {was} trials, has {is_now}."


def trials(before: Declaration, now: Declaration, stored: set[str]) -> Iterator[str]:
    """Stored trials that the study's first stage no longer has: what later stages have follows from results."""
    first = next((stage for stage, ids in before.plan.items() if ids), None)
    if first is None or not {before.sampler, now.sampler} <= set(KNOWN_AT_ONCE):
        return
    gone = stored & (set(before.plan[first]) - set(now.stages))
    if gone:
        yield (
            f"Changed since the last sweep: {len(gone)} stored trial{'s' * (len(gone) != 1)} of the {first} stage "
            f"{'are' if len(gone) != 1 else 'is'} not in the plan as it is now, nor what followed from "
            f"{'them' if len(gone) != 1 else 'it'}. Nothing of it is lost: undo the change, and it counts again."
        )
