"""One trial as a run that `wandb agent` has asked for: plain `wandb.init`, so that it belongs to the agent's sweep.

Settings and login are the user's own. The trial's spec stands under `trial` in the config: a sweep puts the parameters
that it sets at the top level, and drops silently what a program writes over them.
"""

from collections.abc import Sequence

import wandb

from sweeps.mirror.account import MirrorError, explained, one_line
from sweeps.mirror.names import key
from sweeps.mirror.run import CURVE, Row, config_of
from sweeps.mirror.through_wandb import define_metrics
from sweeps.mirror.trial import without_nulls

OUTCOME = (
    "status",
    "valid_score",
    "valid_loss",
    "test_score",
    "test_error",
    "solved",
    "solved_step",
    "parameters",
)


def log_trial(row: Row, curve: Sequence[Row]) -> str:
    """Make the run of a trial that has ended; returns its address, empty offline. Raises MirrorError where W&B does not
    take it."""
    told, task = without_nulls(row), str(row["task"])
    config = {"trial": config_of(row["spec"]), "cell_label": row["cell"], "task_label": task}
    try:
        run = wandb.init(config=config)
        define_metrics(run)
        for point in curve:
            line = without_nulls({name: point.get(name) for name in CURVE})
            run.log(line | ({key("curve", task): line["valid_score"]} if "valid_score" in line else {}))
        run.summary.update({name: told[name] for name in OUTCOME if name in told})
        address = run.url or ""
        run.finish(exit_code=int(row["status"] == "failed"))
    except Exception as error:  # of wandb, of its settings, of the connection
        raise MirrorError(explained(one_line(error))) from None
    return address
