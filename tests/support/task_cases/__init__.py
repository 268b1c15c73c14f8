"""`CASES`: every task with a program that solves it; the label is the catalogue's name, or NAME-VARIANT."""

import importlib
import pkgutil

from task_cases.case import Case

CASES: dict[str, Case] = {}
for module in sorted(m.name for m in pkgutil.iter_modules(__path__)):
    CASES |= getattr(importlib.import_module(f"task_cases.{module}"), "CASES", {})
