"""A study from its file: a shipped one by name, a user's by path, in Python or as a W&B sweep. Errors name the line."""

import importlib.util
import pkgutil
import sys
import types
from dataclasses import dataclass
from pathlib import Path

from experiments.specs import SpecError, unknown
from sweeps.errors import InputError
from sweeps.study import Study

SWEEPS = (".yaml", ".yml")


@dataclass(frozen=True)
class Loaded:
    """A study with its name, its docstring and, for a user's file, the folder it came from.

    overrides: what of it was set on the command line, as it was written there (`sweeps.overrides`).
    """

    name: str
    doc: str
    study: Study
    folder: Path | None = None
    overrides: tuple[str, ...] = ()


def shipped() -> list[str]:
    """Names of the studies in `sweeps/studies/`."""
    import sweeps.studies

    return sorted(module.name for module in pkgutil.iter_modules(sweeps.studies.__path__))


def load_study(name: str) -> Loaded:
    """A shipped study by name, or a user's by the path of a Python file or of a W&B sweep. Raises InputError."""
    if name.endswith(SWEEPS):
        return from_sweep(Path(name).absolute())
    if name.endswith(".py") or "/" in name:
        path = Path(name).absolute()
        if not path.is_file():
            raise InputError(
                f"There is no study file {path}; give a path that ends in .py, or one of: {', '.join(shipped())}."
            )
        return loaded(path.stem, lambda: import_file(path), path.parent)
    if name not in shipped():
        raise InputError(unknown("study", name, shipped()) + " Or give the path of a Python file.")
    return loaded(name, lambda: importlib.import_module(f"sweeps.studies.{name}"), None)


def from_sweep(path: Path) -> Loaded:
    """A sweep file as a study. Raises InputError."""
    from sweeps.sweep_file import study_of

    if not path.is_file():
        raise InputError(f"There is no sweep file {path}.")
    try:
        study, doc = study_of(path)
    except UnicodeDecodeError:
        raise InputError(f"{path} is not text in UTF-8.") from None
    return Loaded(path.stem, doc, study, None)


def import_file(path: Path) -> types.ModuleType:
    """Run a Python file as a module named after it; modules beside it can be imported from it.

    Raises InputError where its name is no Python name, and whatever the file raises.
    """
    if not path.stem.isidentifier():
        raise InputError(
            f"A study file's name must be a Python identifier, since it names the results; got {path.name}."
        )
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def loaded(name: str, load, folder: Path | None) -> Loaded:  # type: ignore[no-untyped-def]
    """Run the file and take its STUDY. An error in it becomes an InputError that names the line.

    Raises it also where there is no STUDY.
    """
    try:
        module = load()
    except InputError as error:
        raise InputError(f"Study '{name}': {error}") from None
    except Exception as error:
        raise InputError(
            f"Study '{name}' {where(error, name)}: {type(error).__name__}: {helpful(error)}"
        ) from None
    study = getattr(module, "STUDY", None)
    if not isinstance(study, Study):
        raise InputError(f"Study '{name}' must define STUDY = Study(...); found {study!r}.")
    return Loaded(name, (module.__doc__ or "").strip(), study, folder)


def where(error: Exception, name: str) -> str:
    """`line N` of the innermost frame that lies in the study file."""
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}"
    line, trace = 0, error.__traceback__
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename).stem == name:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"line {line}" if line else "could not be loaded"


def helpful(error: Exception) -> str:
    """The error's text; for a misspelt field also the nearest that exists."""
    text = str(error)
    if isinstance(error, SpecError) or "unexpected keyword argument" not in text:
        return text
    kind, given = text.split(".__init__")[0], text.split("'")[1]
    import experiments
    import lstm_variants

    for module in (lstm_variants, experiments, sys.modules[__name__]):
        spec = getattr(module, kind, None)
        if spec is not None:
            from experiments.specs import annotations

            return unknown(
                f"{kind} field", given, annotations(spec) if kind != "Study" else Study.__dataclass_fields__
            )
    return text
