"""One study with what is computed from it, each table once and when it is first asked for."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pandas as pd

from analysis.statistics.over_tasks.overall import overall
from analysis.statistics.pairs.seeds import decided
from analysis.study import greff_protocol, raced
from analysis.study.by_measure import by_measure
from analysis.study.flow import flow
from analysis.study.measures import MEASURES
from analysis.study.results import Results
from analysis.study.shares import explained, of_cells
from analysis.study.trust import Trust, trust
from analysis.study.verdicts import compared_with, confirmed, reference_cell, references, verdicts
from sweeps.evidence.race import Standing
from sweeps.store.declaration import Declaration


@dataclass(frozen=True)
class Analysed:
    """What figures, claims and pages are made of.

    confirmed: the scores of the confirm stage. verdicts: every pair on every task, by the declared measure. over_tasks:
    every pair over its tasks. shares: what each factor of the search explains; marginals: the curves behind them.
    flow, flow_curves: how far back confirmed networks look, where that was measured. trust: the stamp. races: the races
    of the seeds. protocol: Greff et al.'s. by(measure), over(measure): as verdicts and over_tasks, by one of MEASURES.
    Whoever is given a table leaves it as it is.
    """

    results: Results
    _by: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)
    _over: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)
    _shares: dict[Any, pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)

    @property
    def declaration(self) -> Declaration:
        return self.results.declaration

    @property
    def reference(self) -> str:
        """The cell that the others are told against."""
        return reference_cell(self.declaration)

    @cached_property
    def confirmed(self) -> pd.DataFrame:
        """One value per seed, by the declared measure."""
        if self.of_seeds:
            return MEASURES[self.declaration.measure].values(self.results)
        return confirmed(self.results.trials, self.declaration)

    @cached_property
    def verdicts(self) -> pd.DataFrame:
        if self.of_seeds:
            return by_measure(self.results, self.declaration.measure)
        return verdicts(self.results.trials, self.declaration)

    @cached_property
    def races(self) -> dict[str, Standing]:
        """By task how the race stands that decided the verdicts; empty where the seeds were not raced."""
        return raced.races(self.confirmed, self.declaration) if self.declaration.race else {}

    @cached_property
    def task_types(self) -> dict[str, str]:
        """Class of each task's spec, by the task's label; of those that have run."""
        trials = self.results.trials
        if "task.type" not in trials:
            return {}
        known = trials.loc[trials["task.type"].notna(), ["task", "task.type"]].drop_duplicates("task")
        return dict(zip(known["task"], known["task.type"], strict=True))

    @cached_property
    def trust(self) -> Trust:
        """Whether the verdicts may be believed."""
        return trust(self.results, self.verdicts)

    @property
    def of_seeds(self) -> bool:
        """Whether the declared measure is another than a column of scores, and there are seeds to take it of."""
        other = self.declaration.score != self.declaration.measure
        return other and not self.results.stage("confirm").empty

    @property
    def over_tasks(self) -> pd.DataFrame:
        return self.over(self.declaration.measure)

    @cached_property
    def explained(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """shares and marginals, of the same forests."""
        return explained(self.results)

    @property
    def shares(self) -> pd.DataFrame:
        return self.explained[0]

    def shares_of(self, cells: tuple[str, ...], *, separately: bool) -> pd.DataFrame:
        """As `study.shares.of_cells`."""
        key = cells, separately
        if key not in self._shares:
            self._shares[key] = of_cells(self.results, cells, separately=separately)
        return self._shares[key]

    @property
    def marginals(self) -> pd.DataFrame:
        return self.explained[1]

    @cached_property
    def _flow(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        return flow(self.results)

    @property
    def flow(self) -> pd.DataFrame:
        """A row a task, cell and moment of training: `study.flow.SUMMARIES`."""
        return self._flow[1]

    @property
    def flow_curves(self) -> pd.DataFrame:
        """The same by lag: `study.flow.CURVES`."""
        return self._flow[0]

    @cached_property
    def protocol(self) -> pd.DataFrame:
        return greff_protocol.protocol(self.results)

    def by(self, measure: str) -> pd.DataFrame:
        if measure == self.declaration.measure or self.results.stage("confirm").empty:
            return self.verdicts
        if measure not in self._by:
            self._by[measure] = by_measure(self.results, measure)
        return self._by[measure]

    def over(self, measure: str) -> pd.DataFrame:
        if measure not in self._over:
            # A race says nothing of a mean over tasks: that rests on the tests of `compare`, as for other measures.
            plain = self.declaration.race and measure == self.declaration.measure
            self._over[measure] = overall(by_measure(self.results, measure) if plain else self.by(measure))
        return self._over[measure]

    def found(self, table: pd.DataFrame, reference: str = "") -> pd.DataFrame:
        """The rows of a table of verdicts that tell a cell against the reference, or another cell, without the
        reference's aliases."""
        rows = compared_with(table, self.declaration, reference or self.reference)
        aliases = {alias for pair in self.declaration.same for alias in pair}
        return rows[~rows["cell"].isin(aliases)]

    @property
    def comparisons(self) -> pd.DataFrame:
        """`found` of the verdicts, against every cell that others are compared with."""
        found = [self.found(self.verdicts, reference) for reference in references(self.declaration)]
        return pd.concat(found, ignore_index=True)

    def among(self, cells: Iterable[str]) -> "Analysed":
        """The study as if it had these cells alone, where others would change what a measure means."""
        kept = [cell for cell in self.declaration.cells if cell in set(cells)]
        declaration = replace(self.declaration, cells=kept, same=[], different=[])
        trials = self.results.trials[self.results.trials["cell"].isin(kept)]
        return Analysed(replace(self.results, declaration=declaration, trials=trials))

    @property
    def measures(self) -> list[str]:
        """Names of the measures that some pair has two values a side of: the declared one first."""
        names = dict.fromkeys([self.declaration.measure, *MEASURES])
        return [name for name in names if len(decided(self.by(name)))]
