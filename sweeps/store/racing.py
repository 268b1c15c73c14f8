"""The races of a study, as its declaration tells them: rules, who is compared on which task, the scores so far."""

from collections.abc import Mapping, Sequence

from sweeps.evidence.race import Pair, Rules, Standing, race
from sweeps.store.declaration import Declaration


def rules(declaration: Declaration) -> Rules:
    """Of a study that races."""
    return Rules(
        margin=declaration.margin,
        alpha=declaration.alpha,
        look=declaration.race["look"],
        most=declaration.race["most"],
    )


def families(declaration: Declaration) -> dict[str, tuple[list[Pair], list[Pair]]]:
    """By task: the declared comparisons, and those with controls beside them."""
    found: dict[str, tuple[list[Pair], list[Pair]]] = {task: ([], []) for task in declaration.tasks}
    for task, a, b in declaration.pairs:
        found[task][0].append((a, b))
    beside = [(task, b, a) for a, b in declaration.same for task in declaration.tasks]
    beside += [(task, a, b) for a, b, task in declaration.different]
    for task, a, b in beside:
        pairs, controls = found[task]
        if declaration.runs(task, a, b) and (a, b) not in pairs and (b, a) not in pairs:
            controls.append((a, b))
    return found


def standings(
    declaration: Declaration, scores: Mapping[tuple[str, str], Sequence[float]]
) -> dict[str, Standing]:
    """How the race of each task stands. scores: by cell and task, in the order of the seeds."""
    found = {}
    for task, (family, controls) in families(declaration).items():
        cells = dict.fromkeys(cell for pair in (*family, *controls) for cell in pair)
        have = {cell: scores.get((cell, task), ()) for cell in cells}
        found[task] = race(have, family, rules(declaration), controls=controls)
    return found
