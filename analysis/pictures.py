"""A report's figures, written: in this process and, where there are many trials, half of them in another beside it.

    python -m analysis.pictures RESULTS STUDY FOLDER NAME...

is that other process. It draws figures of the catalogue and prints their captions as JSON. Those of SLOW take longest,
since they need the forests that the rest of the report needs as well: they stay here.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from markupsafe import Markup

from analysis import canvas
from analysis.analysed import Analysed
from analysis.figures import FIGURES, SECTIONS
from analysis.load import Results, load

MANY = 1000  # trials from which on a second process is worth its start of some seconds
SLOW = frozenset(SECTIONS["importance"])
ROOT = Path(__file__).parents[1]


def pictures(
    study: Analysed, source: Path, folder: Path, figures: Mapping[str, ModuleType]
) -> dict[str, dict[str, Any]]:
    """Write every figure and its data into `folder`; what the pages need of them, by name. source: the results
    directory that the study was loaded from."""
    others = [name for name in figures if name not in SLOW and FIGURES.get(name) is figures[name]]
    parallel = len(study.results.trials) >= MANY and cores() > 1 and len(others) > 1
    helper = start(source, study.declaration.study, folder, others) if parallel else None
    if helper:
        _ = study.shares  # here, meanwhile
    captions = {
        name: picture(name, module, study.results, folder)
        for name, module in figures.items()
        if helper is None or name not in others
    }
    if helper:
        said, _ = helper.communicate()
        if helper.returncode == 0:
            captions |= json.loads(said)
        else:  # whatever was wrong with it, here it is seen
            captions |= {name: picture(name, figures[name], study.results, folder) for name in others}
    return {name: made(name, figures[name], captions[name], folder) for name in figures}


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def start(source: Path, study: str, folder: Path, names: list[str]) -> subprocess.Popen:
    """The other process."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, "-m", "analysis.pictures", str(source), study, str(folder), *names],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
        text=True,
    )


def picture(name: str, module: ModuleType, results: Results, folder: Path) -> str:
    """Write one figure and its data; returns its caption, empty where there are no data and so no picture."""
    data = module.data(results)
    data.to_csv(folder / f"{name}.csv", index=False)
    for kind in ("png", "svg"):  # of an earlier report, perhaps
        (folder / f"{name}.{kind}").unlink(missing_ok=True)
    if data.empty:
        return ""
    canvas.write(module.draw(data), folder, name)
    return str(module.caption(data))


def made(name: str, module: ModuleType, caption: str, folder: Path) -> dict[str, Any]:
    """name, title, caption and svg (markup; empty without data) of a figure that is written."""
    svg = folder / f"{name}.svg"
    if not caption:
        return {"name": name, "title": module.title, "svg": "", "caption": "No data yet."}
    document = canvas.inline(svg.read_text(encoding="utf-8"), name, module.title)
    return {"name": name, "title": module.title, "svg": Markup(document), "caption": caption}


if __name__ == "__main__":
    source, study, folder, *names = sys.argv[1:]
    found = load(source, study)
    json.dump({name: picture(name, FIGURES[name], found, Path(folder)) for name in names}, sys.stdout)
