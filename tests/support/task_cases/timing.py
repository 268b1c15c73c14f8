"""Spike delays, timed spikes, periodic functions, aⁿbⁿ(cⁿ), Dyck words."""

import numpy as np

from experiments import AnBn, Dyck, Periodic, SpikeDelays, TimedSpikes
from task_cases.case import Case, constant


def stopwatch(task, inputs, mask):
    """At each spike, the time since the last one, less what is fixed."""
    since, said = np.zeros(inputs.shape[1]), []
    for x, there in zip(inputs[..., 0], mask, strict=True):
        since += 1
        said.append(since - task.fixed)
        since[(x == 1) & there] = 0
    return np.array(said)[-task.scored :, :, None]


def alarm(task, inputs, mask):
    """Counts down from F + I - 1, with I read at the step after the alarm."""
    left, said = np.zeros(inputs.shape[1]), []
    for x in inputs[..., 0]:
        left = np.where(left == 0, task.fixed + x - 1, left - 1)
        said.append(left == 0)
    return np.array(said, np.float32)[..., None]


def chances(task):
    """Expected number of spikes at steps -1, 0, ..., T - 1: sums of n waits, for all n."""
    waits = np.zeros(task.fixed + task.spread + 1)
    waits[task.fixed :] = 1 / (task.spread + 1)
    at, total = np.ones(1), np.zeros(task.steps + 1)
    while at.any():
        total[: len(at)] += at
        at = np.convolve(at, waits)[: task.steps + 1]
    return total


def spike_now_and_then(task, batch):
    spikes = chances(task)
    silent = task.steps - spikes[:-1].sum() * task.spread / (task.spread + 1)
    return np.where(batch.inputs > 0, 0.0, spikes[1:].sum() / silent)


SHAPES = {
    "cos": lambda phase: np.sin(np.pi * phase) ** 2,
    "triangle": lambda phase: 1 - abs(1 - 2 * phase),
    "square": lambda phase: phase > 0.5,
}


def play(task, inputs, mask):
    wave = SHAPES[task.shape](np.tile(np.arange(task.period) / task.period, task.periods))
    return np.broadcast_to(wave[:, None, None], (task.steps, inputs.shape[1], 1))


def logits(p):
    p = np.clip(p, 1e-12, 1 - 1e-12)
    return np.log(p / (1 - p))


def legal(task, sets):
    """Logits of sets of answers, for each step and sequence."""
    return np.array([[[30.0 if a in now else -30.0 for a in task.answers] for now in row] for row in sets])


def count_letters(task, inputs, mask):
    T, B = inputs.shape[:2]
    letters, sets = "abc"[: task.blocks], [[""] * B for _ in range(T)]
    for b in range(B):
        count = dict.fromkeys(letters, 0)
        for t in range(T):
            if mask is not None and not mask[t, b]:
                break
            x = "Sabc"[inputs[t, b].argmax()]
            if x == "S":
                sets[t][b] = "a"
                continue
            count[x] += 1
            after = "T" if x == letters[-1] else letters[letters.index(x) + 1]
            sets[t][b] = "ab" if x == "a" else (x if count[x] < count["a"] else after)
    return legal(task, sets)


def letters_without_counting(task, batch):
    n = np.arange(task.smallest, task.largest + 1)
    last = len(n) / n.sum()  # one of n in each block
    table = np.zeros((task.inputs, task.outputs))
    table[0, 0] = table[1, :2] = 1
    for x in range(2, task.inputs):
        table[x, x - 1], table[x, x] = 1 - last, last
    return logits(table[batch.inputs.argmax(-1)])


def keep_stack(task, inputs, mask):
    T, B = inputs.shape[:2]
    k, sets = task.pairs, [[()] * B for _ in range(T)]
    for b in range(B):
        stack: list[int] = []
        for t in range(T):
            if mask is not None and not mask[t, b]:
                break
            x = inputs[t, b].argmax()
            if x < k:
                stack.append(x)
            elif x < 2 * k:
                assert stack.pop() == x - k
            openers = task.answers[:k] if len(stack) < task.depth else ()
            sets[t][b] = (*openers, task.answers[k + stack[-1]] if stack else task.answers[-1])
    return legal(task, sets)


def shapes(length, depth):
    """All words of up- and downstrokes, each with its probability."""
    partial = {(): 1.0}
    for step in range(length):
        longer = {}
        for word, p in partial.items():
            here = sum(word)
            up = 1.0 if here == 0 else 0.0 if here == depth or here == length - step else 0.5
            longer |= {(*word, s): p * q for s, q in ((1, up), (-1, 1 - up)) if q}
        partial = longer
    return partial


def brackets_without_stack(task, batch):
    lengths = range(task.shortest, task.length + 1, 2)
    half = deep = enclosed = 0.0
    for length in lengths:
        for word, p in shapes(length, task.depth).items():
            heights = np.cumsum(word)
            half += p * length / 2
            deep += p * (heights[np.array(word) == 1] == task.depth).sum()
            enclosed += p * (heights[np.array(word) == -1] > 0).sum()
    k = task.pairs
    table = np.zeros((task.inputs, task.outputs))
    table[:k, :k] = 1 - deep / half
    table[:k, k : 2 * k] = np.eye(k)
    table[k:, :k] = 1
    table[k : 2 * k, k : 2 * k] = enclosed / half / k
    table[k : 2 * k, -1] = 1 - enclosed / half
    table[-1, -1] = 1
    return logits(table[batch.inputs.argmax(-1)])


CASES = {
    "spike_delays": Case(SpikeDelays(fixed=4, spread=2, intervals=3), stopwatch, constant(1.0)),
    "spike_delays-single": Case(SpikeDelays(fixed=9, intervals=1), stopwatch, constant(0.5)),
    "timed_spikes": Case(TimedSpikes(fixed=4, intervals=3), alarm, spike_now_and_then),
    "timed_spikes-wide": Case(TimedSpikes(fixed=2, spread=3, intervals=4), alarm, spike_now_and_then),
    **{
        f"periodic-{shape}" if shape != "cos" else "periodic": Case(
            Periodic(shape=shape, period=period, periods=3),
            play,
            constant(SHAPES[shape](np.arange(period) / period).mean()),
        )
        for shape, period in (("cos", 8), ("triangle", 8), ("square", 5))
    },
    "an_bn": Case(AnBn(largest=5), count_letters, letters_without_counting),
    "an_bn-three": Case(AnBn(blocks=3, smallest=2, largest=4), count_letters, letters_without_counting),
    "an_bn-fixed": Case(AnBn(smallest=4, largest=4), count_letters, letters_without_counting),
    "dyck": Case(Dyck(depth=3, length=8), keep_stack, brackets_without_stack),
    "dyck-counter": Case(Dyck(pairs=1, depth=2, length=6, shortest=6), keep_stack, brackets_without_stack),
    "dyck-kinds": Case(Dyck(pairs=5, length=10, shortest=4), keep_stack, brackets_without_stack),
}
