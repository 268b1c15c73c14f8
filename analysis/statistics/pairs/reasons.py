"""The three words, and the reason of one verdict, with its numbers."""

import math

from analysis.statistics.pairs.welch import BLIND
from analysis.words import between, digits, number, signed

EQUIVALENT, DIFFERENT, UNDECIDED = "equivalent", "different", "undecided"
UNBOUNDED = "Welch t; no equivalence: seeds tied or in two clusters, and no bounds to the score"

RACE = "race of e-values, e-Holm over the declared comparisons"


def why(row) -> str:
    """row: of `pairs.compare` or `over_tasks.overall`, also turned round."""
    return over_tasks(row) if hasattr(row, "tasks") else reason(row)


def over_tasks(row) -> str:
    """The reason of a verdict over tasks, and whether the tasks agree."""
    if row.tested < row.tasks:
        return f"{row.tasks - row.tested} of {row.tasks} tasks can not be tested yet"
    text = f"mean over {row.tasks} tasks: {reason(row)}"
    if row.verdict == DIFFERENT or not row.differing:
        return text
    return f"{text}; yet different on {row.differing} of the tasks"


def reason(row) -> str:
    """The same for one task, or for the mean as if it were one."""
    level = f"{1 - 2 * row.alpha:.0%} interval"
    places = digits(row.margin)
    value, interval = signed(row.value, places), f"{level} {between(row.low, row.high, places)}"
    margin = f"±{row.margin:g}"
    if row.method == RACE:
        return of_a_race(row, value, interval, margin)
    if min(row.n_a, row.n_b) < 2:
        return f"too few confirmed seeds: {row.n_a} of {row.a}, {row.n_b} of {row.b}; a test needs 2 a side"
    if row.method == BLIND:
        return "all seeds score the same and the size of the test sample is unknown"
    if row.verdict == DIFFERENT:
        low, high = sorted((abs(row.low), abs(row.high)))
        text = f"{row.better} better by {number(abs(row.value), places)} ({level} "
        text += f"{number(low, places)} to {number(high, places)})"
        return text + ("; not shown to be smaller than the margin after Holm" if high < row.margin else "")
    if row.verdict == EQUIVALENT:
        text = f"difference {value} ({interval}) lies within {margin}"
        if row.detectable:
            text += f"; {row.a if row.value > 0 else row.b} detectably better, within the margin"
        return text + (f"; {ceiling(row)}" if row.ceiling else "")
    return f"difference {value} ({interval}): {open_question(row, margin)}{further(row)}"


def of_a_race(row, value: str, interval: str, margin: str) -> str:
    """The reason of a word that e-values decided, or did not."""
    if not row.looked:
        return f"no look yet: {row.n_a} seeds of {row.a}, {row.n_b} of {row.b}"
    seeds = f"{row.looked} seeds each"
    differ = e_value(max(row.log_e_better, row.log_e_worse))
    if row.verdict == DIFFERENT:
        return (
            f"difference {value} ({interval}) after {seeds}: e = {differ}, needed {row.e_needed_differ:,.0f}"
        )
    equal = f"e = {e_value(row.log_e_equal)}, needed {row.e_needed_equal:,.0f}"
    if row.verdict == EQUIVALENT:
        text = f"difference {value} ({interval}) lies within {margin} after {seeds}: {equal}"
        if row.detectable:
            text += f"; {row.ahead} detectably better (ahead in more seeds), within the margin"
        return text + at_an_end(row)
    text = (
        f"difference {value} ({interval}) after {seeds}: {equal} for equivalent; {differ}, needed "
        f"{row.e_needed_differ:,.0f} for different"
    )
    if row.smallest_margin == row.smallest_margin:
        text += f"; equivalent at a margin of {row.smallest_margin:.3g}"
    if row.seeds_to_decide != row.seeds_to_decide:
        return f"{text}; at the margin: no number of seeds like these would decide it{at_an_end(row)}"
    out = "out of seeds: " if row.spent else "still racing: "
    return f"{text}; {out}about {row.seeds_to_decide:,.0f} more of each, like these, should decide it{at_an_end(row)}"


def at_an_end(row) -> str:
    """Whether both cells are where the task tells little of them."""
    if max(row.mean_a, row.mean_b) < row.margin:
        return "; both at the floor: neither learns the task"
    return f"; {ceiling(row)}" if row.ceiling else ""


def e_value(log: float) -> str:
    """An e-value from its logarithm: `0.4`, `310`, `10^12`."""
    return f"{math.exp(log):.3g}" if log < 12 else f"10^{log / math.log(10):.0f}"


def open_question(row, margin: str) -> str:
    """Why neither test has decided."""
    if row.p_equivalence <= row.alpha:
        return f"within {margin} taken alone, not after Holm over {row.pairs} pairs"
    if row.p_difference <= row.alpha:
        return f"significant taken alone, not after Holm over {row.pairs} pairs"
    if row.method.startswith(UNBOUNDED):
        return (
            "seeds of a side are tied or in two clusters, and the score has no bounds, so nothing shows how far "
            "others may lie"
        )
    saturated = unseen(row)
    if saturated and row.low <= 0 <= row.high:
        return saturated
    return f"the interval reaches beyond {margin}, and the difference is not significant"


def unseen(row) -> str:
    """What sides whose seeds all score the same leave open; nothing for other pairs."""
    if not row.lumpy:
        return ""
    sides = [(row.n_a, row.tied_a, row.mean_a), (row.n_b, row.tied_b, row.mean_b)]
    same = [(n, mean) for n, tied, mean in sides if tied == n]
    if not same:
        return ""
    room = 1 - row.alpha ** (1 / min(n for n, _ in same))
    told = " and ".join(dict.fromkeys(f"{n} of {n} at {mean:g}" for n, mean in same))
    return f"{told} leave room for a failure rate of up to {room:.0%}"


def further(row) -> str:
    """What would decide an undecided pair."""
    if row.seeds_to_decide > 0:
        where = " on every task" if hasattr(row, "tasks") else ""
        return f"; about {row.seeds_to_decide:,.0f} further seeds a side{where} should decide it"
    return ""


def ceiling(row) -> str:
    """What a pair at the ceiling does not tell."""
    failing = 1 - min(row.solved_low_a, row.solved_low_b)
    solved = f"{row.solved_a}/{row.n_a} and {row.solved_b}/{row.n_b} solved"
    room = f"which leaves room for {failing:.0%} failures by Wilson's 95% interval"
    return f"both at the ceiling ({solved}, {room})"
