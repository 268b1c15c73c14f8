"""The runs of a study that are no trials: those of its arms, and its own."""

from dataclasses import replace

from sweeps.mirror.account import one_line
from sweeps.mirror.arms import arms
from sweeps.mirror.batches import Tally, given
from sweeps.mirror.deliver import ByWandb, Place, Way
from sweeps.mirror.design import written
from sweeps.mirror.ledger import Ledger
from sweeps.mirror.reported import Reported
from sweeps.mirror.sent import Sent
from sweeps.mirror.study_run import filled, study_run
from sweeps.mirror.which import Which
from sweeps.store.store import Store


def give_whole(store: Store, which: Which, place: Place, way: Way, ledger: Ledger, tally: Tally) -> None:
    """Give W&B these runs, where it does not have them as they are now. What goes wrong is in the tally."""
    if not (store.path / "study.json").exists():
        return
    try:
        declared, reported = store.declaration(), Reported.of(store)
        design = written(declared, place.folder)
        verdicts = reported.verdicts(declared)
        every = arms(store, declared, verdicts, design) if which != "study" else ()
        made = [run for run in every if not ledger.has(run)]
        own = study_run(declared, reported)
    except Exception as error:
        tally.errors.append(one_line(error))
        tally.refused += 1
        return
    if not ledger.has(own):  # first: what arms give, since it is not there, has no maker
        fill = filled(store, declared, reported, design, place.scratch)
        give([own], ByWandb(place, fill), ledger, tally)
    give(made, way, ledger, tally)


def give(runs: list[Sent], way: Way, ledger: Ledger, tally: Tally) -> None:
    named = [replace(run, run_id=ledger.runs.get(run.id, run.run_id)) for run in runs]
    for run, url, error in given(way, named):
        if error:
            tally.note(error)
            tally.refused += 1
        else:
            ledger.add(run, url, trial=False)
