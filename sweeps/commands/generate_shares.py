"""What networks wrote, in numbers: shares with intervals, by network and by cell.

One network is told by the mean over its texts, with a bootstrap interval over them; several of a cell by the median of
theirs, with the interval of `sweeps.evidence.flow`, which holds whatever their distribution.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.inside import bootstrap
from experiments.inside.languages import Language, Shares
from experiments.inside.record import test_batch
from experiments.inside.signals import off
from experiments.tasks.contract import Batch
from experiments.trial import Trial
from sweeps.commands.generate_prompt import NONE, Written, language_due, spelled
from sweeps.evidence.flow import interval

SHOWN = 3  # texts of a network that are written down
ENOUGH = 6  # networks of which two values hold the median in 95 % of all samples
WAYS = ("free", "taught")
ENDS = ("", "_low", "_high")
COLUMNS = ("cell", "networks", "measure", *(f"{way}{end}" for way in WAYS for end in ENDS))
Pair = tuple[np.ndarray, np.ndarray]  # by text what counts, and out of how many


@dataclass(frozen=True, kw_only=True)
class Network:
    """What one network wrote. measures: by name, then by way (free, taught), counts by text; or, of a signal, a
    number. texts: some of them. output, wanted: of a signal."""

    cell: str
    trial: str
    seed: int
    measures: Mapping[str, Mapping[str, Pair | float | None]]
    texts: Sequence[Written] = ()
    output: np.ndarray = field(default_factory=lambda: np.zeros(0))
    wanted: np.ndarray = field(default_factory=lambda: np.zeros(0))


def of_texts(
    who: Mapping[str, Any],
    language: Language,
    free: Sequence[Shares],
    taught: Sequence[Shares],
    texts: Sequence[Written],
) -> Network:
    def pair(several: Sequence[Shares], top: str, bottom: str) -> Pair:
        return tuple(np.array([getattr(s, name) for s in several], float) for name in (top, bottom))  # type: ignore[return-value]

    measures = {
        name: {way: pair(several, *columns) for way, several in zip(WAYS, (free, taught), strict=True)}
        for name, columns in {
            "legal symbols": ("legal", "symbols"),
            language.string: ("right", "strings"),
        }.items()
    }
    return Network(**who, measures=measures, texts=texts)


def of_answers(
    who: Mapping[str, Any],
    trial: Trial,
    parameters: np.ndarray,
    prompt: np.ndarray,
    texts: int,
    draw: Mapping[str, Any],
    completed: Callable[..., np.ndarray],
) -> Network:
    """Last words of a prompt, said `texts` times, or of so many test texts: how many are right, and how many (taught)
    where always the likeliest word is taken. Of a prompt in which nobody grows up anywhere no word is right."""
    task: Any = trial.task
    if len(prompt):
        batch = Batch(jax.nn.one_hot(prompt, task.inputs)[:, None], jnp.zeros((1, 1), int))
        said = completed(trial, parameters, batch, **draw, times=texts)[:, 0]
        sentences, right = [prompt] * texts, np.full(texts, language_due(task, prompt))
    else:
        batch = test_batch(trial, texts)
        said = completed(trial, parameters, batch, **draw)[0]
        inputs, mask = np.asarray(batch.inputs).argmax(-1), np.asarray(batch.mask)
        sentences, right = [inputs[mask[:, b], b] for b in range(texts)], np.asarray(batch.targets)[0]
    likeliest = completed(trial, parameters, batch, **{**draw, "temperature": 0.0})[0]
    texts_said = [
        spelled(
            [*(task.symbols[i] for i in sentence), task.answers[word]],
            np.array([False] * len(sentence) + [due not in (word, NONE)]),
        )
        for sentence, word, due in zip(sentences, said, right, strict=True)
    ]
    ways: dict[str, Pair | float | None] = {
        way: ((words == right).astype(float), np.ones(len(right)))
        for way, words in zip(WAYS, (said, likeliest), strict=True)
    }
    measures = {} if len(prompt) and right[0] == NONE else {"right language": ways}
    return Network(**who, measures=measures, texts=list(dict.fromkeys(texts_said))[:SHOWN])


def of_signal(who: Mapping[str, Any], output: np.ndarray, wanted: np.ndarray, trained: int) -> Network:
    """Free: beyond the length of training, or, where there is none of it, nothing; taught: within."""
    within, beyond = off(output[:trained], wanted[:trained]), off(output[trained:], wanted[trained:])
    measures = {
        "score (1 - NMSE)": {
            "free": None if beyond is None else beyond.score,
            "taught": None if within is None else within.score,
        },
        "spectrum's error": {
            "free": None if beyond is None else beyond.spectrum,
            "taught": None if within is None else within.spectrum,
        },
    }
    return Network(**who, measures=measures, output=output, wanted=wanted)


def summary(found: Sequence[Network]) -> list[dict[str, Any]]:
    """One row a cell and measure."""
    rows = []
    for cell, group in itertools.groupby(sorted(found, key=lambda n: order(found, n)), key=lambda n: n.cell):
        networks = list(group)
        for measure in networks[0].measures:
            row: dict[str, Any] = {"cell": cell, "networks": len(networks), "measure": measure}
            for way in WAYS:
                values = [n.measures[measure][way] for n in networks if measure in n.measures]
                row |= {f"{way}{end}": v for end, v in zip(ENDS, told(values), strict=True)}
            rows.append(row)
    return rows


def about_intervals(rows: Sequence[Mapping[str, Any]]) -> str:
    """What values and intervals are, in words."""
    most = max(int(row["networks"]) for row in rows)
    if most == 1:
        return "means over the texts of a network; intervals: 95 %, over its texts"
    span = "95 %, of the median" if most >= ENOUGH else "their range"
    return f"medians of up to {most} networks; intervals: {span}"


def order(found: Sequence[Network], one: Network) -> int:
    """Cells in the order in which they came."""
    return list(dict.fromkeys(n.cell for n in found)).index(one.cell)


def told(values: Sequence[Pair | float | None]) -> tuple[float | None, float | None, float | None]:
    """Value and interval of one network or of several."""
    single = [v if isinstance(v, float) or v is None else share(v) for v in values]
    known = [v for v in single if v is not None]
    if not known:
        return None, None, None
    if len(values) > 1:
        low, high, _ = interval(known)
        return float(np.median(known)), low, high
    (value,) = values
    return (known[0], *bootstrap.interval(*value)) if isinstance(value, tuple) else (known[0], None, None)


def share(pair: Pair) -> float | None:
    top, bottom = (float(a.sum()) for a in pair)
    return top / bottom if bottom else None
