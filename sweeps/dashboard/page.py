"""A study's dashboard as one HTML file that needs nothing else: the panels of W&B's views, for people without W&B.

Figures of the last report and all drawings are inside; there is no script. While a sweep runs the page asks its browser
to load it again every few seconds.
"""

import base64
import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sweeps.dashboard import panels as ours
from sweeps.dashboard import svg
from sweeps.dashboard.panels import CONFIG, Panel, View
from sweeps.dashboard.series import Bar, bars, chosen, label, series, settings_of, value
from sweeps.dashboard.style import STYLE
from sweeps.mirror.sent import Sent

FEW = 400  # lines through parallel axes, above which they hide each other
LONGEST = 300  # rows of a table
WIDE = (ours.Text, ours.Table, ours.Images, ours.Comparer, ours.Parallel)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a page is made from. colours: by cell. verdicts: a table's columns and rows. figures: PNG files by name.
    again: seconds after which the page loads itself again, 0 for never."""

    study: str
    views: Sequence[View]
    runs: Sequence[Sent]
    colours: Mapping[str, str]
    progress: str
    verdicts: tuple[Sequence[str], Sequence[Sequence[object]]] = ((), ())
    figures: Mapping[str, Path] = field(default_factory=dict)
    again: int = 0


def page(shown: Shown) -> str:
    """The file's text."""
    title = html.escape(shown.study)
    refresh = f'<meta http-equiv="refresh" content="{shown.again}">' if shown.again else ""
    links = "".join(f'<a href="#{anchor(v)}">{html.escape(short_title(v, shown))}</a>' for v in shown.views)
    parts = "".join(section for view in shown.views for section in view_parts(view, shown))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">{refresh}<title>{title}</title>'
        f"<style>{STYLE}</style></head><body><header><h1>{title}</h1><p>{html.escape(shown.progress)}</p>"
        f"<nav>{links}</nav></header><main>{parts}</main></body></html>\n"
    )


def anchor(view: View) -> str:
    return "".join(c if c.isalnum() else "-" for c in view.name)


def short_title(view: View, shown: Shown) -> str:
    """The view's title without the study, which heads the page."""
    return view.title.removeprefix(f"{shown.study}: ")


def view_parts(view: View, shown: Shown) -> Iterator[str]:
    runs = chosen(view, shown.runs)
    yield f'<section id="{anchor(view)}"><h2>{html.escape(short_title(view, shown))}</h2>'
    for part in view.sections:
        drawn = [panel_part(panel, view, runs, shown) for panel in part.panels]
        coloured = any(isinstance(panel, ours.Lines | ours.Scatter | ours.Parallel) for panel in part.panels)
        yield f"<h3>{html.escape(part.title)}</h3>{legend(runs, shown.colours) if coloured else ''}"
        yield f'<div class="panels">{"".join(drawn)}</div>'
    yield "</section>"


def legend(runs: Sequence[Sent], colours: Mapping[str, str]) -> str:
    cells = dict.fromkeys(str(run.config.get("cell_label")) for run in runs if run.config.get("cell_label"))
    items = (
        f'<li><i style="background:{colours.get(c, "currentColor")}"></i>{html.escape(c)}</li>' for c in cells
    )
    return f'<ul class="legend">{"".join(items)}</ul>'


def panel_part(panel: Panel, view: View, runs: Sequence[Sent], shown: Shown) -> str:
    wide = ' class="wide"' if isinstance(panel, WIDE) else ""
    heading = f"<figcaption>{html.escape(panel.title)}</figcaption>" if panel.title else ""
    return f"<figure{wide}>{heading}{inside(panel, view, runs, shown)}</figure>"


def inside(panel: Panel, view: View, runs: Sequence[Sent], shown: Shown) -> str:
    match panel:
        case ours.Lines():
            return svg.lines(series(runs, panel.middle, panel.around, view.group), shown.colours)
        case ours.Bars():
            return bar_list(bars(runs, panel.keys[0], view.group), shown.colours)
        case ours.Scatter():
            found = [(label(run), value(run, panel.x), value(run, panel.y)) for run in runs]
            dots = [(name, x, y) for name, x, y in found if x is not None and y is not None]
            return svg.points(dots, shown.colours, log_x=panel.log_x, x_title=name_of(panel.x))
        case ours.Parallel():
            return parallel(panel, runs, shown.colours)
        case ours.Importance():
            return '<p class="none">W&amp;B computes this from the runs; the report has its own figure of it.</p>'
        case ours.Table():
            return table(*shown.verdicts)
        case ours.Images():
            return f'<div class="images">{"".join(image(name, shown.figures) for name in panel.names)}</div>'
        case ours.Text():
            return "".join(paragraphs(panel.text))
        case ours.Comparer():
            return compared(runs)


def name_of(key: str) -> str:
    return key.partition(":")[2].removeprefix("setting.").replace("_", " ")


def bar_list(found: Sequence[Bar], colours: Mapping[str, str]) -> str:
    if not found:
        return svg.nothing()
    longest = max(1.0, *(bar.value for bar in found))  # scores and shares end at 1
    wide = ' class="bars wide"' if any(bar.error for bar in found) else ' class="bars"'
    rows = []
    for bar in found:
        width = 100 * max(0.0, bar.value) / longest
        error = f" ± {bar.error:.2g}" if bar.error else ""
        rows.append(
            f'<li><span>{html.escape(bar.label)}</span><b><i style="width:{width:.1f}%;'
            f'background:{colours.get(bar.label, "currentColor")}"></i></b><em>{svg.short(bar.value)}{error}</em></li>'
        )
    return f"<ul{wide}>{''.join(rows)}</ul>"


def parallel(panel: ours.Parallel, runs: Sequence[Sent], colours: Mapping[str, str]) -> str:
    """Settings that every run has as a number; a field that only some cells have is left out, and said, and so are runs
    without the score, such as those that diverged."""
    scores = [key for key in panel.columns if not key.startswith(CONFIG)]
    scored = [run for run in runs if all(value(run, key) is not None for key in scores)]
    some = scored[:FEW]
    kept = [key for key in panel.columns if some and all(value(run, key) is not None for run in some)]
    rows = [(label(run), [value(run, key) or 0.0 for key in kept]) for run in some]
    drawn = svg.parallel(rows, [name_of(key) for key in kept], [key in panel.log for key in kept], colours)
    left = [name_of(key) for key in panel.columns if key not in kept]
    notes = []
    if left and some:
        notes.append(f"Not shown, since not every run has a number there: {', '.join(left)}.")
    if len(scored) < len(runs):
        notes.append(f"{len(runs) - len(scored)} runs without a score are left out.")
    if len(some) < len(scored):
        notes.append(f"The first {FEW} of {len(scored)} runs.")
    return drawn + "".join(f'<p class="none">{html.escape(note)}</p>' for note in notes)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    if not rows:
        return svg.nothing()
    head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(cell(entry) for entry in row)}</tr>" for row in rows[:LONGEST])
    more = f'<p class="none">The first {LONGEST} of {len(rows)} rows.</p>' if len(rows) > LONGEST else ""
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{more}'
    )


def cell(entry: object) -> str:
    if isinstance(entry, float):
        return f'<td class="number">{svg.short(entry)}</td>'
    return f"<td>{html.escape('' if entry is None else str(entry))}</td>"


def image(key: str, figures: Mapping[str, Path]) -> str:
    """A figure of the report, inside the page."""
    path = figures.get(key.removeprefix("figures/"))
    if path is None:
        return ""
    data = base64.b64encode(path.read_bytes()).decode()
    return f'<img alt="{html.escape(path.stem)}" src="data:image/png;base64,{data}">'


def paragraphs(text: str) -> Iterator[str]:
    """Markdown's paragraphs and pipe tables, which is all that a finding has."""
    for block in filter(None, (part.strip() for part in text.split("\n\n"))):
        rows = [line.strip().strip("|").split("|") for line in block.splitlines()]
        if block.startswith("|") and len(rows) > 2:
            yield table([name.strip() for name in rows[0]], [[c.strip() for c in row] for row in rows[2:]])
        else:
            yield f"<p>{html.escape(block)}</p>"


def compared(runs: Sequence[Sent]) -> str:
    """The settings and outcome of runs, a row each."""
    names = list(dict.fromkeys(path for run in runs for path in settings_of(run)))
    told = ("trials", "confirmed", "failed", "diverged", "compile_seconds", "run_seconds", "verdict")
    rows = [
        [label(run), str(run.config.get("task_label", "")), *(run.summary.get(name) for name in told)]
        + [settings_of(run).get(name) for name in names]
        for run in runs
    ]
    return table(["cell", "task", *(n.replace("_", " ") for n in told), *names], rows)
