"""The race of one task: after every look, which comparisons are decided, and who needs more seeds.

Seeds are looked at in batches, the same number of every cell. A comparison that is decided stops there: its
e-values are frozen and its word stays. What is still open goes on, with the cells that it needs, up to the
largest number of seeds. The race is played again from its start each time, from the scores alone and seed by
seed: the same scores give the same words, in whatever order they came in.

Per task and at level α, for scores between their bounds, whatever their distribution and dependence among
cells: the chance that any comparison is ever called equivalent though the means differ by the margin or more is
at most α; that any is called different though the means are the same, at most α; that a single one gets the
wrong sign, at most α / 2.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sweeps.evidence import bets
from sweeps.evidence.closed import bound, decided

EQUIVALENT, BETTER, WORSE, UNDECIDED = "equivalent", "better", "worse", "undecided"
STEPS = 25  # a margin is divided into so many where the smallest that is proven is looked for
Pair = tuple[str, str]  # a cell, and the one that it is compared with


@dataclass(frozen=True, kw_only=True)
class Rules:
    """margin: smallest difference that matters. alpha: level of a task's family. look: seeds of a batch. most:
    seeds of a cell at most. bounds: what a score can be."""

    margin: float
    alpha: float = 0.05
    look: int = 8
    most: int = 128
    bounds: tuple[float, float] = (0.0, 1.0)

    def __post_init__(self) -> None:
        low, high = self.bounds
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ValueError(f"A race needs finite bounds on the score, the lower first; got {self.bounds}.")
        if not 0 < self.margin < high - low:
            raise ValueError(
                f"A race needs a margin above 0 and below the range of the score, {high - low:g}; got {self.margin!r}."
            )
        if not 0 < self.alpha < 1:
            raise ValueError(f"A race needs a level between 0 and 1; got alpha={self.alpha!r}.")
        if not 2 <= self.look <= self.most:
            raise ValueError(f"A race needs 2 <= look <= most seeds; got look={self.look}, most={self.most}.")

    @property
    def looks(self) -> tuple[int, ...]:
        """Numbers of seeds after which is looked."""
        return (*range(self.look, self.most, self.look), self.most)

    def scaled(self, scores: Iterable[float]) -> np.ndarray:
        """Scores in [0, 1], clipped to the bounds (not to the largest seen, which would be the data's choice)."""
        low, high = self.bounds
        return (np.clip(np.asarray(list(scores), float), low, high) - low) / (high - low)

    @property
    def width(self) -> float:
        """The margin in the scale of `scaled`."""
        return self.margin / (self.bounds[1] - self.bounds[0])


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a race says of one pair.

    word: equivalent, better, worse (the first cell of the pair) or undecided. n: seeds of each that it rests on. value:
    difference of means over these. low, high: the confidence sequence at 1 - 2 alpha. log_equal, log_better, log_worse:
    logarithms of the e-values. needed_equal, needed_differ: e-values that it takes to call the pair equivalent, and
    different, given those of the others. log_detectable: of the e-value that one cell is ahead in more seeds than the
    other, by however little; ahead: 1 where that is the first, else -1. further: seeds that should decide it if all
    goes on as seen; infinite where no number would do, NaN before the first look.
    """

    word: str
    n: int
    value: float
    low: float
    high: float
    log_equal: float
    log_better: float
    log_worse: float
    needed_equal: float
    needed_differ: float
    log_detectable: float
    ahead: int
    further: float


class Track:
    """One pair in a race: its e-processes up to the seeds that both cells have."""

    def __init__(self, a: np.ndarray, b: np.ndarray, margin: float):
        n = min(len(a), len(b))
        self.differences = a[:n] - b[:n]
        self.equal = bets.equal(self.differences, margin)
        self.better, self.worse = bets.better(self.differences), bets.worse(self.differences)
        self.word, self.n = UNDECIDED, 0
        self.needed = {"equal": math.inf, "differ": math.inf}

    def e(self, kind: str) -> float:
        """The e-value of a kind at the last look."""
        return math.exp(min(700.0, self.log(kind)))

    def log(self, kind: str) -> float:
        if not self.n:
            return -math.log(2) if kind != "equal" else 0.0
        if kind == "differ":
            return max(self.log("better"), self.log("worse"))
        return float({"equal": self.equal, "better": self.better, "worse": self.worse}[kind][self.n - 1])


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a race stands. families: pairs that are decided together. wanted: seeds that each cell must have before the
    next look; empty when all is over."""

    rules: Rules
    tracks: dict[Pair, Track]
    families: list[list[Pair]]
    wanted: dict[str, int]

    @property
    def words(self) -> dict[Pair, str]:
        """By pair, so far."""
        return {pair: track.word for pair, track in self.tracks.items()}

    @cached_property
    def decisions(self) -> dict[Pair, Decision]:
        """Words with all that stands behind them; the intervals take some milliseconds a pair."""
        return {pair: decision(track, self.rules) for pair, track in self.tracks.items()}

    @cached_property
    def smallest_margins(self) -> dict[Pair, float]:
        """The smallest margin at which each pair would have been called equivalent with the seeds that it has, in 25ths
        of the race's, up to twice that; infinite beyond. Each margin by itself holds at the race's level, since an
        e-process may be stopped for any reason; a smaller margin might have been reached with more seeds."""
        found: dict[Pair, float] = {}
        for family in self.families:
            margins = smallest_margins([self.tracks[pair] for pair in family], self.rules)
            found |= dict(zip(family, margins, strict=True))
        return found


def race(
    scores: Mapping[str, Sequence[float]],
    pairs: Sequence[Pair],
    rules: Rules,
    *,
    controls: Sequence[Pair] = (),
) -> Standing:
    """Play a task's race as far as its seeds go.

    scores: of each cell, in the order of its seeds, 0 for one that diverged or failed. pairs: the family. controls:
    pairs outside it, each a family of its own. Raises ValueError for a pair of a cell that has no scores.
    """
    for pair in (*pairs, *controls):
        for cell in pair:
            if cell not in scores:
                raise ValueError(
                    f"The pair {pair} needs scores of '{cell}'; got those of {', '.join(scores)}."
                )
    scaled = {cell: rules.scaled(list(values)[: rules.most]) for cell, values in scores.items()}
    tracks = {(a, b): Track(scaled[a], scaled[b], rules.width) for a, b in (*pairs, *controls)}
    families = [list(pairs), *([pair] for pair in controls)]
    wanted: dict[str, int] = {}
    for n in rules.looks:
        racing = [pair for pair, track in tracks.items() if track.word == UNDECIDED]
        cells = dict.fromkeys(cell for pair in racing for cell in pair)
        wanted = {cell: n for cell in cells if len(scores[cell]) < n}
        if wanted or not racing:
            break
        for pair in racing:
            tracks[pair].n = n
        for family in families:
            look([tracks[pair] for pair in family], rules.alpha)
    return Standing(rules=rules, tracks=tracks, families=families, wanted=wanted)


def look(family: list[Track], alpha: float) -> None:
    """Decide what can be decided in a family at its e-values of now. Equivalence comes first: a difference within the
    margin may be detectable all the same."""
    for kind in ("equal", "differ"):
        e = np.array([track.e(kind) for track in family])
        needed = bound(e, alpha)
        for track, sure, least in zip(family, decided(e, alpha), needed, strict=True):
            if track.word != UNDECIDED:
                continue
            track.needed[kind] = float(least)
            if sure:
                track.word = EQUIVALENT if kind == "equal" else sign(track)


def smallest_margins(family: list[Track], rules: Rules) -> list[float]:
    """As `Standing.smallest_margins`, of one family."""
    found = [math.inf] * len(family)
    low, high = rules.bounds
    looks = [n for n in rules.looks if n <= max((track.n for track in family), default=0)]
    for step in range(1, 2 * STEPS + 1):
        width = rules.width * step / STEPS
        processes = [bets.equal(track.differences[: track.n], width) for track in family]
        for n in looks:
            logs = [p[min(n, len(p)) - 1] if len(p) else 0.0 for p in processes]
            sure = decided(np.exp(np.minimum(logs, 700.0)), rules.alpha)
            for i, track in enumerate(family):
                if sure[i] and n <= track.n and math.isinf(found[i]):
                    found[i] = width * (high - low)
        if all(map(math.isfinite, found)):
            break
    return found


def sign(track: Track) -> str:
    return BETTER if track.log("better") >= track.log("worse") else WORSE


def decision(track: Track, rules: Rules) -> Decision:
    low, high = rules.bounds
    d = track.differences[: track.n]
    ends = bets.interval(d, rules.alpha, tuple(n for n in rules.looks if n <= track.n))
    value = float(d.mean()) if track.n else math.nan
    signs = np.sign(d)
    first, second = (float(bet(signs)[-1]) if track.n else -math.log(2) for bet in (bets.better, bets.worse))
    return Decision(
        word=track.word,
        n=track.n,
        value=value * (high - low),
        low=ends[0] * (high - low),
        high=ends[1] * (high - low),
        log_equal=track.log("equal"),
        log_better=track.log("better"),
        log_worse=track.log("worse"),
        needed_equal=track.needed["equal"],
        needed_differ=track.needed["differ"],
        log_detectable=max(first, second),
        ahead=1 if first >= second else -1,
        further=0.0 if track.word != UNDECIDED else further(track, rules),
    )


def further(track: Track, rules: Rules) -> float:
    """As `Decision.further`."""
    if not track.n:
        return math.nan
    return seeds_to_decide(track.differences[: track.n], rules.width, **track.needed)


def seeds_to_decide(differences: np.ndarray, margin: float, *, equal: float, differ: float) -> float:
    """Seeds beyond those seen after which the e-value of equivalence reaches `equal`, or that of difference `differ`,
    were all further differences like those seen (n >= 1), in the scale of `margin`. Infinite where neither kind of
    evidence grows."""
    d = np.asarray(differences, float)
    within = max(bets.further(x, -margin, math.log(equal)) for x in (d, -d))
    apart = min(bets.further(x, 0.0, math.log(differ) + math.log(2)) for x in (d, -d))
    least = min(within, apart)
    return float(math.ceil(least)) if math.isfinite(least) else math.inf
