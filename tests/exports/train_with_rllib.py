"""Trains an algorithm of RLlib on an export, in a process of its own, and prints what came of it as JSON.

python tests/exports/train_with_rllib.py BC|MARWIL EXPORT ITERATIONS
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from claudebox_rl.distributed.cluster import ensure_ray
from claudebox_rl.exports.rllib import EPISODES, load_spaces


def configured(name: str, exported: Path) -> Any:
    from ray.rllib.algorithms.bc import BCConfig
    from ray.rllib.algorithms.marwil import MARWILConfig

    spaces = load_spaces(exported)
    return (
        {"BC": BCConfig, "MARWIL": MARWILConfig}[name]()
        .environment(observation_space=spaces.observation_space, action_space=spaces.action_space)
        .env_runners(num_env_runners=0)
        .learners(num_learners=0)
        .offline_data(
            input_=[str(exported / EPISODES)],
            input_read_episodes=True,
            input_read_batch_size=8,
            map_batches_kwargs={"concurrency": 1, "num_cpus": 0},
            iter_batches_kwargs={"prefetch_batches": 0},
            dataset_num_iters_per_learner=4,
        )
        .training(train_batch_size_per_learner=16, lr=1e-2)
    )


def main(name: str, exported: Path, iterations: int) -> None:
    import msgpack
    import msgpack_numpy
    import numpy as np
    import pyarrow.parquet as pq
    import torch

    item = pq.read_table(exported / EPISODES)["item"][0].as_py()
    seen = msgpack.unpackb(item, object_hook=msgpack_numpy.decode)["observations"]["data"][:2]
    ensure_ray()
    algorithm = configured(name, exported).build_algo()
    results = [algorithm.train()["learners"]["default_policy"] for _ in range(iterations)]
    module = algorithm.learner_group.foreach_learner(lambda learner: learner.module["default_policy"])
    batch = {"obs": torch.from_numpy(np.stack(seen))}
    chosen = [each.get().forward_inference(batch)["action_dist_inputs"].argmax(dim=1).tolist() for each in module]
    print(json.dumps({"loss": [float(result["total_loss"]) for result in results], "chosen": chosen[0]}), flush=True)
    algorithm.stop()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
