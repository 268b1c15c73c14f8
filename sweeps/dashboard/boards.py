"""A study's views and its report as W&B's own JSON, by wandb-workspaces; no server is asked.

Equal studies give equal JSON: where the library draws ids by chance, they follow from the place in the view instead, so
that W&B keeps what people set at a panel and a second call changes nothing.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import wandb_workspaces.expr as expr
import wandb_workspaces.reports.v2 as wr
import wandb_workspaces.workspaces as ws

from sweeps.dashboard import panels as ours
from sweeps.dashboard.gather import finding_of
from sweeps.dashboard.panels import CONFIG, SUMMARY, Panel, View
from sweeps.dashboard.publish import REPORT, VIEW, Board
from sweeps.dashboard.views import DRAWN, Finding, outcome, result, views
from sweeps.mirror.arms import arm_id
from sweeps.mirror.which import Which
from sweeps.store.declaration import Declaration
from sweeps.store.store import Store
from sweeps.terminal.colours import colours

STEP = "step"
ABOUT = "Made by lstm-variants from the study's runs."
LONGEST_TITLE = 128


def boards_of(store: Store, runs: Which, *, entity: str, project: str) -> list[Board]:
    """All views of a study, then its report."""
    declared = store.declaration()
    found = finding_of(store, declared, runs)
    made = [view_board(view, declared, entity, project) for view in views(declared, found)]
    return [*made, report_board(declared, found, entity, project)]


def view_board(view: View, declared: Declaration, entity: str, project: str) -> Board:
    name = f"nw-{digits(declared.study, view.name)[:11]}-v"
    ink = colours(declared.cells)
    ungrouped = {} if view.group else run_colours(declared, ink)
    of_groups: dict[str, Any] = {"group_colors": ink} if view.group else {}
    workspace = ws.Workspace(
        entity=entity or "-",
        project=project,
        name=view.title[:LONGEST_TITLE],
        sections=[
            ws.Section(
                name=section.title,
                is_open=True,
                panels=[panel_of(panel, view) for panel in section.panels],
                layout_settings=ws.SectionLayoutSettings(columns=2, rows=3),
            )
            for section in view.sections
        ],
        settings=ws.WorkspaceSettings(x_axis=STEP, max_runs=DRAWN, smoothing_type="none"),
        runset_settings=ws.RunsetSettings(
            filters=filters_of(view),
            groupby=[expr.Config(view.group)] if view.group else [],
            order=[expr.Ordering(expr.Config("cell_label"), ascending=True)],
            run_settings={run: ws.RunSettings(color=colour) for run, colour in ungrouped.items()},
            **of_groups,
        ),
    )
    workspace._internal_name = name
    workspace._internal_runset_id = name[3:14]
    steady(workspace, f"{declared.study}/{view.name}")
    return Board(kind=VIEW, name=name, title=view.title[:LONGEST_TITLE], spec=spec_of(workspace))


def report_board(declared: Declaration, found: Finding, entity: str, project: str) -> Board:
    """The finding in words, the verdicts, and a grid of panels per task with its own runs."""
    top = result(declared, found)
    blocks: list[Any] = [wr.TableOfContents(), wr.H1("Finding"), wr.P(found.headline)]
    if found.matrix:
        blocks.append(wr.MarkdownBlock(found.matrix))
    for task in declared.tasks:
        view = dataclasses.replace(top, name=f"report/{task}", runs=top.runs | {"task_label": (task,)})
        drawn = [panel_of(p, view) for section in outcome([task], quartiles=True) for p in section.panels]
        runs = wr.Runset(name=task, filters=filters_of(view))  # with a project, it would ask the server
        blocks += [wr.H1(task), wr.PanelGrid(runsets=[runs], panels=drawn)]
    title = f"{declared.study}: cells compared"[:LONGEST_TITLE]
    report = wr.Report(
        entity=entity, project=project, title=title, description=ABOUT, blocks=blocks, width="fluid"
    )
    steady(report, f"{declared.study}/report")
    name, spec = digits(declared.study, "report")[:12], spec_of(report)
    if entity:
        for block in spec["blocks"]:
            for runs in block.get("metadata", {}).get("runSets", ()):
                runs["project"] = {"entityName": entity, "name": project}
    return Board(kind=REPORT, name=name, title=title, description=ABOUT, spec=spec)


def digits(*words: str) -> str:
    """Hexadecimal: wandb-workspaces takes every `nw-` and `-v` out of a name that it makes an address of."""
    return hashlib.sha256("/".join(("lstm-variants", *words)).encode()).hexdigest()


def spec_of(thing: Any) -> dict[str, Any]:
    return json.loads(thing._to_model().spec.model_dump_json(by_alias=True, exclude_none=True))  # type: ignore[no-any-return]


def filters_of(view: View) -> Any:
    one = {key: expr.Config(key) for key in view.runs}
    return expr.And(
        *(
            one[key] == values[0] if len(values) == 1 else one[key].isin(list(values))
            for key, values in view.runs.items()
        )
    )


def run_colours(declared: Declaration, ink: Mapping[str, str]) -> dict[str, str]:
    """The colour of each arm's run."""
    return {
        arm_id(declared.study, cell, task): ink[cell]
        for cell in declared.cells
        for task in declared.tasks
        if declared.runs(task, cell)
    }


# ---------------------------------------------------------------------- panels


def panel_of(panel: Panel, view: View) -> Any:
    """A panel as wandb-workspaces has it."""
    by = expr_of(f"{CONFIG}:{view.group}") if view.group else None
    grouped: dict[str, Any] = (
        {"groupby": by, "groupby_aggfunc": "mean", "groupby_rangefunc": "stderr"} if view.group else {}
    )
    match panel:
        case ours.Lines():
            keys: list[Any] = [panel.middle, *panel.around]
            marks: dict[str, Any] = {panel.middle: "solid"} | dict.fromkeys(panel.around, "dotted")
            return wr.LinePlot(
                title=panel.title,
                x=STEP,
                y=keys,
                title_x="updates",
                smoothing_type="none",
                max_runs_to_show=DRAWN,
                line_marks=marks,
                legend_template="${config:cell_label}",
                **grouped,
            )
        case ours.Bars():
            metrics: list[Any] = [wr.SummaryMetric(panel.measure)]
            most: dict[str, Any] = {"max_bars_to_show": DRAWN, "max_runs_to_show": DRAWN}
            return wr.BarPlot(title=panel.title, metrics=metrics, **most, **grouped)
        case ours.Scatter():
            x, y = expr_of(panel.x), expr_of(panel.y)
            return wr.ScatterPlot(title=panel.title, x=x, y=y, log_x=panel.log_x)
        case ours.Parallel():
            columns = [
                wr.ParallelCoordinatesPlotColumn(expr_of(key), log=key in panel.log) for key in panel.columns
            ]
            return wr.ParallelCoordinatesPlot(title=panel.title, columns=columns)
        case ours.Importance():
            return wr.ParameterImportancePlot(with_respect_to=panel.measure)
        case ours.Table():
            return wr.WeavePanelSummaryTable(table_name=panel.name)
        case ours.Images():
            return wr.MediaBrowser(title=panel.title, media_keys=list(panel.names), num_columns=2)
        case ours.Text():
            return wr.MarkdownPanel(markdown=panel.text)
        case ours.Comparer():
            return wr.RunComparer()


def expr_of(key: str) -> Any:
    kind, _, path = key.partition(":")
    return {CONFIG: wr.Config, SUMMARY: wr.SummaryMetric}[kind](path)


def steady(thing: Any, seed: str) -> None:
    """Ids of panels and run sets from where they stand, in the place of those drawn by chance."""
    number = 0

    def walk(value: Any) -> None:
        nonlocal number
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            if getattr(value, "_id", None):
                number += 1
                object.__setattr__(value, "_id", digits(seed, str(number))[:11])
            for field in dataclasses.fields(value):
                walk(getattr(value, field.name, None))
        elif isinstance(value, Sequence) and not isinstance(value, str):
            for inner in value:
                walk(inner)

    walk(thing)
