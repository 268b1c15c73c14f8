"""What `inspect` saw as one HTML file that needs nothing else."""

import base64
import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.specs import canonical
from experiments.trial import Trial
from sweeps.dashboard.style import STYLE

MORE = (
    ".scroll{margin-top:12px}.picture{overflow-x:auto}.picture img{width:100%;min-width:560px;max-width:none}"
    ".looks{max-width:640px}.looks img{min-width:0}code{overflow-wrap:anywhere}"
)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the page is made from. how: how the network was made. sequences: how many were measured; drawn: which is
    drawn. pictures: SVG by name. memory, gates: rows. gateless: the cell has no gates. single: the task has but one
    sequence. looked: the sequences on which attention is drawn, none of a network that does not attend."""

    title: str
    row: Mapping[str, Any]
    how: str
    spec: Trial
    sequences: int
    drawn: int
    pictures: Mapping[str, bytes]
    memory: Sequence[Mapping[str, Any]]
    gates: Sequence[Mapping[str, Any]]
    gateless: bool
    single: bool
    looked: Sequence[int] = ()


def page(seen: Seen) -> str:
    """The file's text."""
    score = seen.row["test_score"]
    told = "" if score is None else f"Test score {score:.4f} (0: naive baseline, 1: perfect). "
    head = f"{told}{seen.row['status']}, {seen.row['steps_done']} updates. {seen.how}"
    parts = [
        section("One sequence", run_words(seen), picture(seen, "run")),
        section("Where it looks", look_words(seen), picture(seen, "attention", "looks"))
        if seen.looked
        else "",
        section("What the state remembers", memory_words(seen), picture(seen, "memory"), memory_table(seen)),
        section("What the gates do", gate_words(seen), gate_table(seen)),
        section("The trial", "", f"<p><code>{html.escape(canonical(seen.spec))}</code></p>"),
    ]
    title = html.escape(seen.title)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        f"<style>{STYLE}{MORE}</style></head><body><header><h1>{title}</h1><p>{html.escape(head)}</p></header>"
        f"<main>{''.join(parts)}</main></body></html>\n"
    )


def section(title: str, words: str, *parts: str) -> str:
    told = f"<p>{html.escape(words)}</p>" if words else ""
    return f"<section><h2>{html.escape(title)}</h2>{told}{''.join(parts)}</section>"


def picture(seen: Seen, name: str, kind: str = "wide") -> str:
    if name not in seen.pictures:
        return ""
    content = base64.b64encode(seen.pictures[name]).decode()
    return (
        f'<figure class="{kind}"><div class="picture"><img alt="{html.escape(name)}: {html.escape(seen.title)}" '
        f'src="data:image/svg+xml;base64,{content}"></div></figure>'
    )


def run_words(seen: Seen) -> str:
    if seen.single:
        return "The task's only sequence. Padded steps are left out."
    return f"Test sequence {seen.drawn} of {seen.sequences}, from 0; none was trained on. Padded steps are left out."


def look_words(seen: Seen) -> str:
    which = "the task's only sequence" if seen.single else f"test sequences {listed(seen.looked)}"
    return (
        "At each step the network answers from its output and a mean of all outputs up to it, weighed by content. "
        f"These are the weights on {which}, numbers in attention.csv: a row for each step that looks, a column for "
        "each that is looked at. Orange marks the steps that the task judges."
    )


def listed(numbers: Sequence[int]) -> str:
    *first, last = map(str, numbers)
    return f"{', '.join(first)} and {last}" if first else last


def memory_words(seen: Seen) -> str:
    if not seen.memory:
        return (
            "The task has one sequence, so that none can be held out for a probe."
            if seen.single
            else "Too few sequences to fit a probe and to judge it; give more with --sequences."
        )
    return (
        f"A linear probe of all that is carried, fitted on half of {seen.sequences} test sequences and judged on the "
        "other half, at all steps at which the quantity is known: the share that is right of classes, R² of numbers. "
        "Chance: always the commonest class, or the mean. Input alone: the same probe of the step's input, without "
        "any memory. Untrained: the same network before its first update. What a probe finds is there; whether the "
        "network uses it is another question."
        + (" Earlier outputs, to which this network attends, are not part of it." if seen.looked else "")
    )


def gate_words(seen: Seen) -> str:
    if seen.gateless:
        return "This cell has no gates: nothing in it is multiplied with what a sigmoid gives."
    attention = ", its attention included" if seen.looked else ""
    several = "" if seen.single else ", with 95 % intervals over the sequences (of the change: pairwise)"
    return (
        f"The score on these sequences with one gate held at a value in all layers, the rest of the network as it is"
        f"{attention}{several}. Mean: the gate's own, unit by unit, over all steps. A gate that can be held at its "
        "mean without a loss need not be a gate here."
    )


def memory_table(seen: Seen) -> str:
    if not seen.memory:
        return ""
    head = ("quantity", "measure", "state", "95 %", "chance", "input alone", "untrained", "best single unit")
    rows = (
        (
            row["quantity"],
            row["kind"],
            f"{row['value']:.3f}",
            f"{row['low']:.3f} to {row['high']:.3f}",
            f"{row['chance']:.3f}",
            f"{row['input']:.3f}",
            f"{row['untrained']:.3f}",
            f"{row['best_unit']}: {row['best_unit_value']:.3f}",
        )
        for row in seen.memory
    )
    return grid(head, rows)


def gate_table(seen: Seen) -> str:
    if seen.gateless:
        return ""
    head = ("gate", "held at", "score", "95 %", "change", "95 %")
    rows = (
        (
            row["gate"],
            row["held_at"],
            f"{row['score']:.3f}",
            "" if seen.single else f"{row['low']:.3f} to {row['high']:.3f}",
            "" if row["gate"] == "none" else f"{row['change']:+.3f}",
            ""
            if row["gate"] == "none" or seen.single
            else f"{row['change_low']:+.3f} to {row['change_high']:+.3f}",
        )
        for row in seen.gates
    )
    return grid(head, rows)


def grid(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    top = "".join(f"<th>{html.escape(name)}</th>" for name in head)
    body = "".join(
        "<tr>"
        + "".join(f"<td{' class=number' * (k > 1)}>{html.escape(v)}</td>" for k, v in enumerate(row))
        + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
