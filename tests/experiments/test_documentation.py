"""The page on tasks says what the tasks say, and examples print what they show."""

import doctest
import re
from pathlib import Path

from task_cases.case import sampled

from experiments import show
from experiments.specs import check
from experiments.tasks import TASKS
from experiments.tasks.contract import TaskSpec

PAGE = (Path(__file__).parents[2] / "docs" / "tasks.md").read_text(encoding="utf-8")


def test_the_page_on_tasks_has_the_figures_of_every_task():
    rows = dict(re.findall(r"^\| `(\w+)` \| .*? \| (.*) \|$", PAGE, re.M))
    told = {}
    for name, kind in TASKS.items():
        task = kind()
        told[name] = (
            f"{task.steps}, {task.scored} | {task.baseline:.4g} to {task.best:.4g} | {task.wrong} | "
            + ", ".join(task.axes)
        )
    assert rows == told


def test_the_example_on_the_page_on_tasks_runs_and_prints_what_stands_there(capsys):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    names: dict = {}
    exec(code, names)
    printed = "".join(f"    {line}\n" for line in capsys.readouterr().out.splitlines())
    assert printed.count("\n") == 2
    assert printed in PAGE
    task = names["First"]()
    check(task)
    assert isinstance(task, TaskSpec)
    assert sampled(task, 0, size=4).inputs.shape == (9, 4, 3)


def test_the_example_of_show_prints_what_stands_there():
    tried = doctest.testmod(show)
    assert tried.attempted > 0
    assert tried.failed == 0
