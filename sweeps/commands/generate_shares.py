"""What networks wrote, in numbers: shares with intervals, by network and by cell.

One network is told by the mean over its texts, with a bootstrap interval over them; several of a cell by the median of
theirs, with the interval of `flow_tables`, which holds whatever their distribution.
"""

import csv
import io
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.inside.languages import Language, Shares
from experiments.inside.record import test_batch
from experiments.inside.signals import off
from experiments.tasks.contract import Batch
from experiments.tasks.early_mention import LANGUAGES
from experiments.trial import Trial
from sweeps.commands.flow_tables import interval
from sweeps.commands.generate_prompt import Written

DRAWS, LEVEL = 2000, 0.95
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
    """Last words. Of a prompt, the shares of the words that were drawn; of test texts, how many are right, and how many
    where always the likeliest word is taken."""
    task: Any = trial.task
    if len(prompt):
        inputs = jax.nn.one_hot(prompt, task.inputs)[:, None]
        said = completed(trial, parameters, Batch(inputs, jnp.zeros((1, 1), int)), **draw, times=texts)[:, 0]
        beginning = " ".join(task.symbols[i] for i in prompt)
        counts = [(int((said == i).sum()), word) for i, word in enumerate(task.answers)]
        named = [(n, word) for n, word in sorted(counts, reverse=True) if n]
        lines = [Written(f"{beginning} {word} ({n} of {texts})", "") for n, word in named]
        measures = {
            f"says {word}": {
                "free": ((said == list(task.answers).index(word)).astype(float), np.ones(texts)),
                "taught": None,
            }
            for _, word in named[:3]
        }
        return Network(**who, measures=measures, texts=lines)
    batch = test_batch(trial, texts)
    right = np.asarray(batch.targets)[0]
    said, likeliest = (
        completed(trial, parameters, batch, **{**draw, **more})[0] for more in ({}, {"temperature": 0.0})
    )
    sentences = [
        [task.symbols[i] for i in np.asarray(batch.inputs).argmax(-1)[np.asarray(batch.mask)[:, b], b]]
        for b in range(3 if texts >= 3 else texts)
    ]
    lines = []
    for b, sentence in enumerate(sentences):
        words = [*sentence, task.answers[said[b]]]
        marks = " " * len(" ".join(sentence)) + " " + ("^" * len(words[-1]) if said[b] != right[b] else "")
        lines.append(Written(" ".join(words), marks))
    ones = np.ones(len(right))
    shares: dict[str, Pair | float | None] = {
        "free": ((said == right).astype(float), ones),
        "taught": ((likeliest == right).astype(float), ones),
    }
    return Network(**who, measures={"right language (taught: the likeliest)": shares}, texts=lines)


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
    return (known[0], None, None) if isinstance(value, float) else (known[0], *bootstrap(value))  # type: ignore[arg-type]


def share(pair: Pair) -> float | None:
    top, bottom = (float(a.sum()) for a in pair)
    return top / bottom if bottom else None


def bootstrap(pair: Pair) -> tuple[float, float]:
    """Over the texts."""
    top, bottom = pair
    drawn = np.random.default_rng(0).integers(len(top), size=(DRAWS, len(top)))
    shares = top[drawn].sum(1) / np.maximum(bottom[drawn].sum(1), 1)
    low, high = np.quantile(shares, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def text(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows as CSV, numbers to six digits."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        values = [row[name] for name in columns]
        writer.writerow([f"{v:.6g}" if isinstance(v, float) else "" if v is None else v for v in values])
    return buffer.getvalue().encode()


__all__ = [
    "COLUMNS",
    "LANGUAGES",
    "Network",
    "Written",
    "of_answers",
    "of_signal",
    "of_texts",
    "summary",
    "text",
]
