"""Pictures of a run: heat maps of inputs, gates, states and outputs over time, and of what units remember."""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.inside.probes import Probed
from experiments.inside.record import Record

STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "text.parse_math": False,
    "svg.hashsalt": "inspect",
}
GATE = LinearSegmentedColormap.from_list("gate", ["#ffffff", "#7fb2d6", "#0b3c6f"])
STATE = LinearSegmentedColormap.from_list("state", ["#b2452c", "#f0b79f", "#ffffff", "#a9cbe0", "#14507f"])
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f8790", "#8a63d2")
MANY = 48  # steps up to which each has its symbol written below it
WIDTH = 9.0  # inches


class Rows:
    """Panels one below the other, each with its height in inches, drawn when all are known."""

    def __init__(self) -> None:
        self.heights: list[float] = []
        self.draws: list[Any] = []

    def add(self, height: float, draw: Any) -> None:
        self.heights.append(height)
        self.draws.append(draw)

    def figure(self, title: str, width: float = WIDTH) -> Figure:
        with mpl.rc_context(STYLE):
            made = Figure(
                figsize=(width, sum(self.heights) + 0.55 * len(self.heights) + 0.5), layout="constrained"
            )
            panels = made.subplots(len(self.draws), 1, height_ratios=self.heights, squeeze=False)[:, 0]
            for panel, draw in zip(panels, self.draws, strict=True):
                draw(panel, made)
            made.suptitle(title, fontsize=10, fontweight="bold")
        return made


def run_figure(found: Record, task: Any, which: int, title: str) -> Figure:
    """Everything that goes on while one sequence is read. which: its place in the batch."""
    batch, rows = found.batch, Rows()
    there = np.ones(len(batch.inputs), bool) if batch.mask is None else np.asarray(batch.mask)[:, which]
    steps = np.flatnonzero(there)
    inputs = np.asarray(batch.inputs)[steps, which]
    words = (
        [task.symbols[i] if x.any() else "" for x, i in zip(inputs, inputs.argmax(-1), strict=True)]
        if (hasattr(task, "symbols"))
        else None
    )
    rows.add(*input_panel(inputs, task))
    for track in found.tracks:
        head = f"{track.name}: " if track.name else ""
        for name, values in track.gates.items():
            rows.add(*units(values[steps, which], f"{head}gate {name}", GATE, (0.0, 1.0)))
        states = track.states or {"output": track.output}
        for name, values in states.items():
            rows.add(*units(values[steps, which], f"{head}state {name}", STATE, None))
    scored = np.arange(len(batch.inputs) - len(found.outputs), len(batch.inputs))
    rows.add(*output_panel(found, task, which, steps, scored, words))
    return rows.figure(title)


def input_panel(inputs: np.ndarray, task: Any) -> tuple[float, Any]:
    names = getattr(task, "symbols", None) or getattr(task, "lines", None) or range(task.inputs)
    return named_rows(inputs.T, [str(name) for name in names], "input", STATE if inputs.min() < 0 else GATE)


def named_rows(values: np.ndarray, names: Sequence[str], title: str, colours: Any) -> tuple[float, Any]:
    """A heat map with a name for each row (rows, T); rows in which nothing ever is, beyond twelve, are left out."""
    if len(values) > 12:
        used = np.flatnonzero(np.abs(values).max(1) > 0)
        values, names = values[used], [names[int(i)] for i in used]
    limit = max(1e-9, float(np.abs(values).max(initial=0)))

    def draw(panel: Any, made: Figure) -> None:
        low = -limit if values.min(initial=0) < 0 else 0.0
        image = panel.imshow(
            values, aspect="auto", cmap=colours, vmin=low, vmax=limit, interpolation="nearest"
        )
        panel.set_yticks(range(len(names)), names)
        finish(panel, made, image, title)

    return 0.16 * max(3, len(values)), draw


def units(
    values: np.ndarray, title: str, colours: Any, span: tuple[float, float] | None
) -> tuple[float, Any]:
    """A heat map of units over time; values (T, units)."""
    limit = max(1e-9, float(np.abs(values).max(initial=0)))
    low, high = span or (-limit, limit)

    def draw(panel: Any, made: Figure) -> None:
        image = panel.imshow(
            values.T, aspect="auto", cmap=colours, vmin=low, vmax=high, interpolation="nearest"
        )
        panel.set_ylabel("unit")
        panel.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        finish(panel, made, image, title)

    return float(np.clip(0.05 * values.shape[1], 0.6, 1.6)), draw


def finish(panel: Any, made: Figure, image: Any, title: str) -> None:
    panel.set_title(title, loc="left", fontsize=8, fontweight="bold", pad=3)
    panel.xaxis.set_major_locator(MaxNLocator(10, integer=True))
    panel.tick_params(length=2)
    if image is not None:
        bar = made.colorbar(image, ax=panel, aspect=8, pad=0.01, fraction=0.03)
        bar.ax.tick_params(labelsize=6, length=2)
        bar.outline.set_linewidth(0.4)


def output_panel(
    found: Record, task: Any, which: int, steps: np.ndarray, scored: np.ndarray, words: list[str] | None
) -> tuple[float, Any]:
    """What the network says where it is asked, and what is right."""
    all_targets = np.asarray(found.batch.targets)
    outputs, targets = found.outputs[:, which], all_targets[:, which]
    counts = (
        np.ones(len(scored), bool) if found.batch.counts is None else np.asarray(found.batch.counts)[:, which]
    )
    answers = getattr(task, "answers", None) or [str(i) for i in range(task.outputs)]
    place = {int(step): k for k, step in enumerate(steps)}
    columns = [place[int(t)] for t, c in zip(scored, counts, strict=True) if c and int(t) in place]
    rows = [k for k, (t, c) in enumerate(zip(scored, counts, strict=True)) if c and int(t) in place]
    classes = np.issubdtype(targets.dtype, np.integer)
    bits = not classes and hasattr(task, "answers")
    said = np.full((task.outputs, len(steps)), np.nan)
    if classes:
        likely = np.exp(outputs - outputs.max(-1, keepdims=True))
        said[:, columns] = (likely / likely.sum(-1, keepdims=True))[rows].T
        right = [(c, int(targets[k])) for c, k in zip(columns, rows, strict=True)]
    elif bits:
        said[:, columns] = (1 / (1 + np.exp(-np.clip(outputs, -60, 60))))[rows].T
        right = [(c, int(i)) for c, k in zip(columns, rows, strict=True) for i in np.flatnonzero(targets[k])]

    def heat(panel: Any, made: Figure) -> None:
        panel.set_facecolor("#e9ebef")
        image = panel.imshow(said, aspect="auto", cmap=GATE, vmin=0, vmax=1, interpolation="nearest")
        panel.scatter(*zip(*right, strict=True), s=9, color="#d55e00", marker="o", linewidths=0)
        panel.set_yticks(range(task.outputs), answers)
        below(panel)
        finish(
            panel,
            made,
            image,
            "output: probabilities; orange dots: what is right"
            + ("" if len(columns) == len(steps) else "; grey: not asked"),
        )
        below(panel)

    def lines(panel: Any, made: Figure) -> None:
        many = len(columns) > 1
        for i in range(task.outputs):
            panel.plot(
                columns,
                targets[rows, i],
                "-" if many else "o",
                color="#d55e00",
                linewidth=1,
                markersize=5,
                label="target",
            )
            panel.plot(
                columns,
                outputs[rows, i],
                "-" if many else "x",
                color="#0072b2",
                linewidth=1,
                markersize=5,
                label="output",
            )
        low, high = float(all_targets.min()), float(all_targets.max())
        low, high = min(low, outputs[rows].min()), max(high, outputs[rows].max())
        panel.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))
        panel.set_xlim(-0.5, len(steps) - 0.5)
        panel.legend(
            *zip(*list(zip(*panel.get_legend_handles_labels()[:2], strict=True))[:2], strict=True),
            loc="best",
            fontsize=7,
            frameon=False,
        )
        finish(panel, made, None, "output and target")
        below(panel)

    def below(panel: Any) -> None:
        panel.set_xlabel("step")
        if words is not None and len(words) <= MANY:
            turned = 90 if max(map(len, words)) > 1 else 0
            panel.set_xticks(range(len(words)), words, rotation=turned, fontsize=7)
            panel.set_xlabel("input of the step")

    if classes or bits:
        return 0.16 * max(4, task.outputs), heat
    return 1.1, lines


def memory_figure(probes: Sequence[Probed], groups: Sequence[str], title: str) -> Figure:
    """What single units tell, by quantity, and what the whole state tells at every step. groups: of each number of the
    state the array that it is in."""
    rows = Rows()
    skill = np.stack([p.skill for p in probes])

    def heat(panel: Any, made: Figure) -> None:
        image = panel.imshow(skill, aspect="auto", cmap=GATE, vmin=0, vmax=1, interpolation="nearest")
        panel.set_yticks(range(len(probes)), [p.quantity for p in probes])
        edges = [k for k in range(1, len(groups)) if groups[k] != groups[k - 1]]
        for edge in edges:
            panel.axvline(edge - 0.5, color="#1d2330", linewidth=0.8)
        finish(panel, made, image, "what each unit tells alone (0: chance, 1: all of it)")
        starts = [0, *edges]
        middles = [(a + b) / 2 - 0.5 for a, b in zip(starts, [*edges, len(groups)], strict=True)]
        panel.set_xticks(middles, [groups[a] for a in starts])
        panel.set_xlabel("units of")

    def lines(panel: Any, made: Figure) -> None:
        best = sorted(probes, key=lambda p: -(p.value - p.chance))[: len(COLOURS)]
        for k, p in enumerate(p for p in probes if p in best):
            values = (p.steps - p.chance) / max(1 - p.chance, 1e-9)
            panel.plot(np.clip(values, -0.05, 1), color=COLOURS[k], linewidth=1.2, label=p.quantity)
        panel.axhline(0, color="0.5", linewidth=0.8, linestyle=":")
        panel.set_ylim(-0.08, 1.05)
        panel.legend(loc="upper center", bbox_to_anchor=(0.5, -0.26), ncols=4, fontsize=7, frameon=False)
        panel.set_xlabel("step")
        panel.set_ylabel("0: chance, 1: all")
        finish(panel, made, None, "what the whole state tells, by step")

    rows.add(0.2 * max(4, len(probes)), heat)
    rows.add(1.9, lines)
    return rows.figure(title)
