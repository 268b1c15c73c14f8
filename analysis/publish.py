"""Put a study's real figure and verdicts into the README, so that what it shows is what was measured.

    python -m analysis.publish README.md results quick docs/quick

The text between `<!-- quick:begin -->` and `<!-- quick:end -->` is replaced; the figure, the tables and a
compact copy of the results go to the folder named last, so that anybody can make the block again from it.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pandas as pd

from analysis.account import provenance
from analysis.claims import evaluate
from analysis.finding import finding
from analysis.load import Results, load
from analysis.report import published, write_report
from analysis.table import trust_line, verdict_text
from analysis.trust import trust
from analysis.verdicts import verdicts
from analysis.words import listing
from sweeps.errors import InputError
from sweeps.store import Store


def block(results: Results, picture: str) -> str:
    """What a page says of a study: headline, verdicts or published facts, figure, stamp, price."""
    declared = results.declaration
    table = verdicts(results.trials, declared)
    words = finding(table, evaluate(table), declared)
    figure = f"![Differences to {declared.same[0][0]} with 90 % intervals against the margin]({picture})"
    stamp = trust_line(trust(results, table)).plain
    told = published(results)
    if len(told):
        return "\n".join([*fact_lines(told), "", figure, "", stamp, "", price(results)])
    lines = [
        words.headline,
        "",
        figure,
        "",
        "```",
        *(line.rstrip() for line in verdict_text(table, declared).strip().splitlines()),
        stamp,
        "```",
        "",
        price(results),
    ]
    return "\n".join(lines)


def price(results: Results) -> str:
    """How many trials, what they cost, and which code ran them."""
    trials = results.trials
    seconds = trials["run_seconds"].sum() + trials["compile_seconds"].sum()
    commits = ", ".join(commit[:12] for commit in provenance(results)["commit"])
    return (
        f"{len(trials)} trials, {seconds / 60:.0f} core minutes of training and compiling; commit {commits}."
    )


def fact_lines(told: pd.DataFrame) -> list[str]:
    """A Markdown table of published facts beside what was measured, then how ours differs and why, one by one."""
    counts = told["status"].value_counts()
    said = {"holds": "hold", "fails": "fail", "undecided": "are undecided", "not tested": "were not tested"}
    summary = listing(f"{counts[status]} {verb}" for status, verb in said.items() if status in counts)
    lines = [f"Of {len(told)} published facts {summary}.", ""]
    lines += ["| | fact | published | measured here | |", "|---|---|---|---|---|"]
    for i, fact in enumerate(told.itertuples(), 1):
        cells = [
            str(i),
            f"{fact.statement} *{fact.source}*",
            fact.published,
            fact.measured,
            f"**{fact.status}**",
        ]
        lines.append("| " + " | ".join(str(c).replace("|", "/") for c in cells) + " |")
    notes = [
        f"- **{i}** {fact.conditions} {fact.reason}".rstrip()
        for i, fact in enumerate(told.itertuples(), 1)
        if fact.conditions or fact.reason
    ]
    return [
        *lines,
        "",
        "How these runs differ from the published ones, and why the outcome does where it does:",
        "",
        *notes,
    ]


def copy_results(results: Results, source: Store, target: Store) -> None:
    """The study's rows and curves, one part a stage and table."""
    target.prepare().declare(results.declaration)
    rows, curves = source.trials().to_pylist(), source.curves().to_pylist()
    for ids in results.declaration.plan.values():
        keep = set(ids)
        mine = sorted((r for r in rows if r["trial_id"] in keep), key=lambda r: ids.index(r["trial_id"]))
        if mine:
            target.append(mine, [c for c in curves if c["trial_id"] in keep])


def publish(readme: Path, results: str, study: str, folder: Path) -> None:
    """Replace the study's block in `readme` and copy figure and tables to `folder`. Raises InputError."""
    loaded = load(results, study)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        paths = write_report(results, study, scratch)
        figure = paths.figures["differences"]
        tables = [path for path in (paths.verdicts.with_name("facts.csv"),) if path.exists()]
        for path in (figure, figure.with_suffix(".csv"), paths.verdicts, *tables):
            shutil.copy(path, folder / path.name)
    begin, end = f"<!-- {study}:begin -->", f"<!-- {study}:end -->"
    if Path(results).absolute() != (folder / "results").absolute():
        shutil.rmtree(folder / "results", ignore_errors=True)
        copy_results(loaded, Store(results, study), Store(folder / "results", study))
    text = readme.read_text()
    if begin not in text or end not in text:
        raise InputError(f"{readme} has no lines {begin} and {end} between which the results could go.")
    head, tail = text.split(begin)[0], text.split(end)[1]
    inside = block(loaded, os.path.relpath(folder / figure.name, readme.parent))
    readme.write_text(f"{head}{begin}\n{inside}\n{end}{tail}")


if __name__ == "__main__":
    readme, results, study, folder = sys.argv[1:]
    publish(Path(readme), results, study, Path(folder))
