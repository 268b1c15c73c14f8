"""The same trainings by Ray Tune with its defaults: a function trainable, one CPU a trial.

    python -m sweeps.bench.tune '{"rates": [...], "sizes": {...}, "keep": true, "workers": 2}'

keep: the function keeps what it compiled in its process, which Tune uses again for the next trial. Writes JSON.
"""

import json
import os
import sys
import tempfile
from typing import Any

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import ray
from ray import tune


def main(rates: list[float], sizes: dict[str, int], keep: bool, workers: int) -> None:
    """Run the trainings that the request on the command line asks for, and print their test errors."""
    environment = {"NPROC": "1", "JAX_PLATFORMS": "cpu"}
    ray.init(
        address="local", num_cpus=workers, include_dashboard=False, runtime_env={"env_vars": environment}
    )

    def trainable(config: dict[str, Any]) -> dict[str, float]:
        from sweeps.bench.plain import train

        return train(seed=config["seed"], learning_rate=rates[config["seed"]], keep=keep, **sizes)

    with tempfile.TemporaryDirectory() as folder:
        tuner = tune.Tuner(
            tune.with_resources(trainable, {"cpu": 1}),
            param_space={"seed": tune.grid_search(list(range(len(rates))))},
            run_config=tune.RunConfig(storage_path=folder, verbose=0),
        )
        results = tuner.fit()
        found = [(results[k].metrics or {})["test_error"] for k in range(len(results))]
    ray.shutdown()
    print(json.dumps(found))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
