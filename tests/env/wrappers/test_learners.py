"""Learners of others, unchanged, on a real environment: PPO of Stable-Baselines3 and of RLlib. Run by `make models`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

import claudebox_rl
from claudebox_rl import SUBMIT
from claudebox_rl.env.wrappers import DiscreteActions, FeatureObservation

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.filterwarnings("ignore")]
SOLUTION = Path(claudebox_rl.__file__).parents[1] / "envs/quickstart/fix-bug/solution/solve.sh"


@pytest.fixture
def env(local_sandbox: str) -> Any:
    """The shell's seat with three actions: the fix, nothing, and handing in. Fixing first is worth 1."""
    made = make_env({})
    yield made
    made.close()


def make_env(config: dict[str, Any]) -> gym.Env[Any, Any]:
    env = gym.make(
        "claudebox_rl:ClaudeBoxShell-v0", task="quickstart/fix-bug", sandbox="local", actor=False, max_steps=4
    )
    return FeatureObservation(DiscreteActions(env, [SOLUTION.read_text(), "true", SUBMIT]))


def test_ppo_of_stable_baselines3_learns_to_fix_before_it_submits(env):
    from stable_baselines3 import PPO
    from stable_baselines3.common.env_checker import check_env

    check_env(env)
    model = PPO("MlpPolicy", env, n_steps=64, batch_size=32, n_epochs=8, learning_rate=3e-3, seed=0, device="cpu")
    model.learn(256)
    returns = [episode["r"] for episode in model.ep_info_buffer]
    first, last = returns[:16], returns[-16:]
    assert len(returns) > 32
    assert sum(last) > sum(first)
    observation, _ = env.reset(seed=1)
    action, _ = model.predict(observation, deterministic=True)
    assert int(action) == 0


def test_ppo_of_rllib_trains(local_sandbox):
    from claudebox_rl.distributed.cluster import ensure_ray, ray

    ensure_ray()
    from ray.rllib.algorithms.ppo import PPOConfig
    from ray.tune.registry import register_env

    register_env("claudebox-shell", make_env)
    config = PPOConfig().environment("claudebox-shell").env_runners(num_env_runners=0)
    algorithm = config.training(train_batch_size=32, minibatch_size=16, num_epochs=2).build_algo()
    try:
        result = algorithm.train()
    finally:
        algorithm.stop()
        ray.shutdown()
    assert result["env_runners"]["num_episodes"] > 0
    assert 0 <= result["env_runners"]["episode_return_mean"] <= 1
    assert result["learners"]["default_policy"]["num_module_steps_trained"] >= 32
