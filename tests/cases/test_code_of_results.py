"""Results say by which code of the user's own they were made; those of other code are named, never mixed in silence."""

import ast
import json
import linecache
import shutil
import sys
import types

import pyarrow.parquet as pq
import pytest

from analysis.study.results import load
from analysis.study.tables import Analysed
from analysis.study.trust import trust
from experiments import Adam, Adding
from experiments.trial import Trial
from lstm_variants import LSTM
from sweeps.cli import main
from sweeps.code_of import code_of, code_of_class
from sweeps.sources import Bare, canonical, digest, source_of
from sweeps.store.store import Store

pytestmark = pytest.mark.slow

HELPER = '''"""Sizes."""

SIGN = 0.0  # a bug: the cell does not see its own past
UNUSED = 1


def signed(x):
    return SIGN * x
'''
CELLS = '''"""Cells."""

import dataclasses
from typing import ClassVar

import jax.numpy as jnp
from flax import nnx
from own_helper import UNUSED, signed


class Cell(nnx.RNNCellBase):
    """A cell."""

    def __init__(self, n, h, rngs):
        self.h, self.lin = h, nnx.Linear(n + h, h, rngs=rngs)

    def __call__(self, carry, x):
        y = jnp.tanh(self.lin(jnp.concatenate([x, signed(carry)], -1)))
        return y, y

    def initialize_carry(self, shape, rngs=None, carry_init=None):
        return jnp.zeros((*shape[:-1], self.h))

    @property
    def num_feature_axes(self):
        return 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mine:
    reference: ClassVar[str] = "mine"
    hidden: int = 3

    def build(self, inputs, rngs):
        return Cell(inputs, self.hidden, rngs)
'''
STUDY = '''"""Own."""

from own_cells import Mine

from experiments import Adam, Adding
from lstm_variants import LSTM
from sweeps.study import Study

STUDY = Study(
    cells={"lstm": LSTM(hidden=2), "mine": Mine()},
    tasks={"adding": Adding(length=4)},
    optimizer=Adam(learning_rate=0.01),
    confirm=2,
    steps=10,
    evaluate_every=5,
    batch=4,
    validation_batches=1,
    test_batches=2,
)
'''
FILES = {"own_helper": HELPER, "own_cells": CELLS, "own": STUDY}
FIXED = {"SIGN = 0.0  # a bug: the cell does not see its own past": "SIGN = 1.0"}


@pytest.fixture(autouse=True)
def a_new_process_every_time(monkeypatch):
    """As far as modules of the study's folder are concerned: nothing is remembered of them."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(sys, "path", list(sys.path))
    forget()
    yield
    forget()


def forget():
    for name in [name for name in sys.modules if name.startswith("own")]:
        del sys.modules[name]


def write(folder, changes):
    for name, text in FILES.items():
        for before, after in changes.items():
            text = text.replace(before, after)
        (folder / f"{name}.py").write_text(text)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """Results of the code as it is above."""
    folder = tmp_path_factory.mktemp("first")
    write(folder, {})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", True)
        assert main(arguments(folder, "sweep", "--workers", "0", "--wandb", "off")) == 0
    forget()
    return folder


def arguments(folder, command, *more):
    return [command, str(folder / "own.py"), *more, "--results", str(folder / "results")]


@pytest.fixture
def after(first, tmp_path, capsys):
    """Copies results and code; then runs a command (default: a sweep) on edited code. Gives exit code and output."""
    shutil.copytree(first / "results", tmp_path / "results")

    def command(changes, name="sweep", *more):
        forget()
        write(tmp_path, changes)
        capsys.readouterr()
        more = [*more, "--workers", "0", "--wandb", "off"] if name == "sweep" else more
        code = main(arguments(tmp_path, name, *more))
        said = capsys.readouterr()
        return code, " ".join((said.out + said.err).split())

    command.folder = tmp_path
    command.store = Store(tmp_path / "results", "own")
    return command


def mine(table):
    return [row for row in table.to_pylist() if row["cell"] == "mine"]


def contents(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.suffix in (".json", ".parquet")}


# ---------------------------------------------------------------------- results


def test_a_row_of_ones_own_cell_names_its_code_and_one_of_ours_does_not(after):
    for row in after.store.trials().to_pylist():
        assert (row["code"] or "").startswith("own_cells:Mine ") == (row["cell"] == "mine")
        assert (row["code"] is None) == (row["cell"] != "mine")
    trials, curves = ({r["code"] for r in mine(t)} for t in (after.store.trials(), after.store.curves()))
    assert trials == curves


def test_rows_of_other_code_are_named_and_nothing_is_run_or_written(after):
    before = contents(after.folder)
    code, out = after(FIXED)
    assert code == 2
    assert "2 trials of own_cells:Mine were made by a different version" in out
    assert "--other-code rerun" in out
    assert contents(after.folder) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"# a bug: the cell does not see its own past": "# all is well"},
        {'"""A cell."""': '"""Another\n\n    docstring.\n    """'},
        {"SIGN * x": "(SIGN\n        * x)"},
        {"UNUSED = 1": "UNUSED = 2"},
        {"@dataclasses": "class Another:\n    pass\n\n\n@dataclasses"},
        {'"""Own."""': '"""Own, with more words."""', '"mine": Mine()': '"ours": Mine()'},
    ],
)
def test_an_edit_that_computes_nothing_else_changes_nothing(after, changes):
    code, out = after(changes)
    assert code == 0
    assert "8 of 8" in out
    assert "this run made 0" in out


def test_on_request_they_run_again_and_only_rows_of_the_code_of_now_are_read(after):
    before = mine(after.store.trials())
    points = {(r["trial_id"], r["step"]): r["train_loss"] for r in mine(after.store.curves())}
    parts = contents(after.store.path / "trials")
    code, out = after(FIXED, "sweep", "--other-code", "rerun")
    assert code == 0
    assert "2 trials of own_cells:Mine were made by a different version of the code. They run again" in out
    assert "this run made 2" in out
    now = mine(after.store.trials())
    assert [r["trial_id"] for r in now] == [r["trial_id"] for r in before]
    assert {r["code"] for r in now}.isdisjoint({r["code"] for r in before})
    assert all(a["test_loss"] != b["test_loss"] for a, b in zip(before, now, strict=True))
    again = {(r["trial_id"], r["step"]): r["train_loss"] for r in mine(after.store.curves())}
    assert points.keys() == again.keys()
    assert all(points[key] != again[key] for key in points)
    assert parts.items() <= contents(after.store.path / "trials").items()  # the old rows are still there
    results = load(after.folder / "results", "own")
    assert sorted(results.trials["test_loss"].dropna()) == sorted(
        after.store.trials()["test_loss"].to_pylist()
    )
    assert not any("code" in line for line in told(results))
    assert "this run made 0" in after(FIXED)[1]


def test_kept_on_request_they_count_and_status_and_report_say_so(after):
    before = mine(after.store.trials())
    code, out = after(FIXED, "sweep", "--other-code", "keep")
    assert code == 0
    assert "They count as they are." in out
    assert "this run made 0" in out
    assert mine(after.store.trials()) == before
    assert any(
        "own_cells:Mine come from several versions of its code" in line for line in told(after_load(after))
    )
    assert "own_cells:Mine come from several versions of its code, as requested" in after(FIXED, "status")[1]
    assert after(FIXED)[0] == 2  # asked again: a word holds for one sweep


def after_load(after):
    return load(after.folder / "results", "own")


def told(results):
    return trust(results, Analysed(results).verdicts).warnings


def test_new_trials_beside_kept_ones_are_of_the_code_of_now_and_the_report_counts_both(after):
    code, out = after(FIXED | {"confirm=2": "confirm=3"}, "sweep", "--other-code", "keep")
    assert code == 0, out
    codes = [row["code"] for row in mine(after.store.trials())]
    assert len(codes) == 3
    assert len(set(codes)) == 2
    (line,) = [line for line in told(after_load(after)) if "several versions of its code" in line]
    assert "(2 trials)" in line
    assert "(1 trial)" in line


def test_plan_names_them_and_counts_them_as_to_be_run(after):
    before = contents(after.folder)
    code, out = after(FIXED, "plan", "--workers", "0")
    assert code == 0
    assert "2 trials of own_cells:Mine were made by a different version of the code." in out
    assert "2 trials in 1 cohorts" in out
    assert contents(after.folder) == before


def test_what_was_set_aside_is_asked_about_no_more(after):
    """A rerun that was killed at once: declared, nothing trained."""
    assert after(FIXED, "sweep", "--other-code", "rerun")[0] == 0
    new = {r["code"] for r in mine(after.store.trials())}
    for part in after.store.parts("trials"):
        if holds(part, new):
            part.unlink()
    results = after_load(after)
    assert results.other == 2
    assert "mine" not in set(results.trials["cell"])
    assert any("2 trials left out: made by a different version" in line for line in told(results))
    assert "2 trials have rows from other code only" in after(FIXED, "status")[1]
    code, out = after(FIXED)
    assert code == 0
    assert "this run made 2" in out


def holds(part, codes):
    return bool(codes & set(pq.read_table(part, columns=["code"])["code"].to_pylist()))


def test_code_that_is_put_back_finds_its_rows_again(after):
    before = mine(after.store.trials())
    assert after(FIXED, "sweep", "--other-code", "rerun")[0] == 0
    code, out = after({})
    assert code == 0
    assert "this run made 0" in out
    assert mine(after.store.trials()) == before


def test_rows_from_before_there_were_digests_are_other_code(after):
    rows, curves = (
        [row | {"code": None} for row in table.to_pylist()]
        for table in (after.store.trials(), after.store.curves())
    )
    for path in after.store.path.glob("*/*.parquet"):
        path.unlink()
    after.store.append(rows, curves)
    path = after.store.path / "study.json"
    path.write_text(json.dumps({k: v for k, v in json.loads(path.read_text()).items() if k != "codes"}))
    assert len(mine(after.store.trials())) == 2
    code, out = after({})
    assert code == 2
    assert (
        "2 trials of own_cells:Mine were made by a different version of the code, or before rows recorded it"
        in out
    )
    assert "this run made 0" in after({}, "sweep", "--other-code", "keep")[1]
    assert len(mine(after.store.trials())) == 2
    assert "this run made 2" in after({}, "sweep", "--other-code", "rerun")[1]
    assert all(row["code"] for row in mine(after.store.trials()))


# ---------------------------------------------------------------------- digests


def digest_of(folder, name, module="own_cells"):
    sys.path.insert(0, str(folder))
    forget()
    text = source_of(module, name)
    return None if text is None else digest(text)


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"SIGN * x": "SIGN * x + 0"}, False),
        ({"hidden: int = 3": "hidden: int = 4"}, False),
        ({"UNUSED, signed\n": "UNUSED, signed\n\nnnx.Linear = None\n"}, False),
        ({"UNUSED = 1": "UNUSED = 1\nSIGN += 1"}, False),
        ({"def signed(x)": "def signed(x, y=None)"}, False),
        ({"import UNUSED, signed": "import signed"}, True),
        ({"UNUSED = 1": "UNUSED = 'SIGN'\nprint(UNUSED)"}, True),
        ({"hidden, rngs)\n": 'hidden, rngs)\n\n\nif __name__ == "__main__":\n    print(Mine())\n'}, True),
    ],
)
def test_a_digest_changes_with_what_the_class_needs_and_with_nothing_else(tmp_path, changes, same):
    write(tmp_path, {})
    before = digest_of(tmp_path, "Mine")
    write(tmp_path, changes)
    assert (digest_of(tmp_path, "Mine") == before) is same


def test_modules_that_are_imported_in_any_way_are_read(tmp_path):
    package = tmp_path / "own_package"
    package.mkdir()
    (package / "__init__.py").write_text("from .inner import Inner\n")
    (package / "inner.py").write_text(
        "from . import deep\nfrom own_all import *\n\nclass Inner(Base):\n    x = deep.X\n"
    )
    (package / "deep.py").write_text("X = 1\n")
    (tmp_path / "own_all.py").write_text("class Base:\n    def f(self):\n        import own_late\n")
    (tmp_path / "own_late.py").write_text("Y = 1\n")
    (tmp_path / "own_cells.py").write_text("import own_package\n\nclass Mine(own_package.Inner): ...\n")
    before = digest_of(tmp_path, "Mine")
    for path in (package / "deep.py", tmp_path / "own_late.py", tmp_path / "own_all.py"):
        text = path.read_text()
        path.write_text(text + "\nZ = 2\n")
        assert digest_of(tmp_path, "Mine") != before, path
        path.write_text(text + "\n# Z = 2\n")
        assert digest_of(tmp_path, "Mine") == before, path


def test_a_cell_in_the_studys_own_file_does_not_depend_on_the_study(tmp_path):
    text = CELLS + "\nMARGIN = 0.05\nSTUDY = [Mine(), MARGIN]\n"
    write(tmp_path, {})
    digests = []
    for changed in (text, text.replace("0.05", "0.1").replace("[Mine(),", "[Mine(), Mine(),")):
        (tmp_path / "own_cells.py").write_text(changed)
        digests.append(digest_of(tmp_path, "Mine"))
    assert digests[0] == digests[1]


def test_our_own_cells_and_tasks_have_no_digest():
    trial = Trial(cell=LSTM(hidden=2), task=Adding(length=4), optimizer=Adam(learning_rate=0.01), seed=0)
    assert code_of(trial) is None


def test_a_class_of_an_installed_package_is_known_by_its_version(tmp_path, monkeypatch):
    site = tmp_path / "site-packages"
    (site / "own_dist-1.2.dist-info").mkdir(parents=True)
    (site / "own_dist-1.2.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: own-dist\nVersion: 1.2\n"
    )
    (site / "own_dist-1.2.dist-info" / "top_level.txt").write_text("own_dist\n")
    (site / "own_dist.py").write_text("class Cell: ...\n")
    monkeypatch.syspath_prepend(str(site))
    import own_dist

    assert code_of_class(own_dist.Cell) == "own_dist:Cell own-dist-1.2"


def test_of_a_class_that_was_typed_in_without_a_source_nothing_is_said():
    module = types.ModuleType("own_typed")
    exec("class Mine: ...", vars(module))
    sys.modules["own_typed"] = module
    assert code_of_class(module.Mine) is None


def test_a_class_from_a_notebook_is_known_by_its_methods_and_what_they_name():
    def digest_in(text):
        """As IPython runs a cell: the source is where tracebacks find it, and the module has no file."""
        module = types.ModuleType("own_notebook")
        linecache.cache["<own cell>"] = (len(text), None, text.splitlines(True), "<own cell>")
        exec(compile(text, "<own cell>", "exec"), vars(module))
        sys.modules["own_notebook"] = module
        return code_of_class(module.Mine)

    text = "def f(x):\n    return 2 * x\n\nclass Mine:\n    def build(self, x):\n        return f(x)\n"
    before = digest_in(text)
    assert before.startswith("own_notebook:Mine ")
    assert digest_in(text.replace("2 * x", "2 * x  # twice")) == before
    assert digest_in(text.replace("2 * x", "3 * x")) != before


def test_results_that_come_back_from_wandb_are_of_the_same_code(after, monkeypatch):
    monkeypatch.setenv("HOME", str(after.folder))
    back = after.folder / "back"

    def there_and_back():
        assert main(["mirror", "own", "--wandb", "offline", "--results", str(after.folder / "results")]) == 0
        runs = str(after.folder / "results" / "own" / "wandb")
        assert main(["import-wandb", runs, "--results", str(back)]) == 0
        for table in ("trials", "curves"):
            ours, theirs = (getattr(Store(r, "own"), table)() for r in (after.folder / "results", back))
            columns = ["trial_id", "cell", "code", "train_loss"]
            assert mine_of(ours, columns) == mine_of(theirs, columns)

    there_and_back()
    assert after(FIXED | {'"mine": Mine()': '"ours": Mine()'}, "sweep", "--other-code", "rerun")[0] == 0
    there_and_back()


def mine_of(table, columns):
    return sorted(tuple(map(str, row.values())) for row in table.select(columns).to_pylist())


SYNTAX = """
import a, b.c as d
from . import e
@f(1, -2.5e-300, 1j, None, True, ..., b"\\xff", "é\\n", u"u")
class G(H, metaclass=I):
    x: int = 1
    async def j(self, /, k, *l, m=1, **n) -> "int":
        async with o as p, q: await r
        return [*s, *(t for u in v if w)], {**x, "y": 1}, z[1:2, ::3], lambda: (yield)
    def k(self):
        try: del a.b
        except (A, B) as error: raise C from error
        else: pass
        finally: nonlocal_ = f"{a!r:>{width}.2f} text {b=} {'c'}" "more" f"{{}}"
match a:
    case {"x": 1, **rest} | [1, *_] | D(e=1) | None if b: pass
while (n := 1) < 2 <= 3 and not c or d if e else f: break
"""


def test_a_tree_has_one_text_in_every_version_of_python():
    """The digest below was the same under 3.11, 3.12 and 3.13."""
    assert digest(canonical(Bare().visit(ast.parse(SYNTAX)))) == "d5a87b0fa658"
