"""A report's figures, written: in this process and, where there are many trials, half of them in another beside it.

    python -m analysis.report.figure_files RESULTS STUDY FOLDER NAME...

is that other process. It draws figures of the catalogue and prints their captions as JSON, while this one computes what
the pages say. Those of SHARED show what the pages say too (verdicts, shares of the variance), which is computed once:
they stay here.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from markupsafe import Markup

from analysis.figures import FIGURES, SECTIONS, canvas
from analysis.study.results import load
from analysis.study.tables import Analysed
from sweeps.cores import cores

MANY = 1000  # trials from which on a second process is worth its start of some seconds
SHARED = frozenset(name for part in ("finding", "verdicts", "importance") for name in SECTIONS[part])
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Helper:
    """The other process, and the names of the figures that it draws."""

    process: subprocess.Popen
    names: list[str]

    def captions(self) -> dict[str, str]:
        """Of its figures, by name, when all are drawn; none where it failed."""
        said, _ = self.process.communicate()
        return json.loads(said) if self.process.returncode == 0 else {}


@contextmanager
def helped(
    study: Analysed, source: Path, folder: Path, figures: Mapping[str, ModuleType]
) -> Iterator[Helper | None]:
    """Another process that draws figures into `folder` meanwhile; None where one would not be worth its start.
    source: the results directory that the study was loaded from."""
    names = [name for name in figures if name not in SHARED and FIGURES.get(name) is figures[name]]
    if len(study.results.trials) < MANY or len(cores()) < 2 or len(names) < 2:
        yield None
        return
    helper = Helper(start(source, study.declaration.study, folder, names), names)
    try:
        yield helper
    finally:
        if helper.process.poll() is None:  # something went wrong here
            helper.process.kill()
            helper.process.communicate()


def pictures(
    study: Analysed, folder: Path, figures: Mapping[str, ModuleType], helper: Helper | None = None
) -> dict[str, dict[str, Any]]:
    """Write every figure and its data into `folder`; what the pages need of them, by name."""
    elsewhere = helper.names if helper else []
    captions = {
        name: picture(name, module, study, folder)
        for name, module in figures.items()
        if name not in elsewhere
    }
    captions |= helper.captions() if helper else {}
    # Where the helper failed, whatever was wrong with it is seen here.
    captions |= {n: picture(n, figures[n], study, folder) for n in figures if n not in captions}
    return {name: made(name, figures[name], captions[name], folder, study) for name in figures}


def start(source: Path, study: str, folder: Path, names: list[str]) -> subprocess.Popen:
    """The other process."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, "-m", "analysis.report.figure_files", str(source), study, str(folder), *names],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
        text=True,
    )


def picture(name: str, module: ModuleType, study: Analysed, folder: Path) -> str:
    """Write one figure and its data; returns its caption, empty where there are no data and so no picture."""
    data = module.data(study)
    data.to_csv(folder / f"{name}.csv", index=False)
    for kind in ("png", "svg"):  # of an earlier report, perhaps
        (folder / f"{name}.{kind}").unlink(missing_ok=True)
    if data.empty:
        return ""
    canvas.write(module.draw(data), folder, name)
    return str(module.caption(data))


def made(name: str, module: ModuleType, caption: str, folder: Path, study: Analysed) -> dict[str, Any]:
    """name, title, caption and svg (markup; empty without data) of a figure that is written."""
    svg = folder / f"{name}.svg"
    if not caption:
        why = study.results.no_random_search if getattr(module, "ASSUMES_RANDOM_SEARCH", False) else ""
        return {"name": name, "title": module.title, "svg": "", "caption": why or "No data yet."}
    document = canvas.inline(svg.read_text(encoding="utf-8"), name, module.title)
    return {"name": name, "title": module.title, "svg": Markup(document), "caption": caption}


if __name__ == "__main__":
    source, name, folder, *names = sys.argv[1:]
    found = Analysed(load(source, name))
    json.dump({name: picture(name, FIGURES[name], found, Path(folder)) for name in names}, sys.stdout)
