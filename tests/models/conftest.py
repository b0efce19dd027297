"""A tiny model on disk, and episodes over it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from model_parts import Client
from tiny_model import make_tiny_model

from claudebox_rl.gateway import Gateway, make_upstream


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """So small a model is slower on many threads than on one."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a random model, which says noise."""
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
async def enter() -> AsyncIterator[Callable[..., Client]]:
    """Opens an episode over the model in a folder, with options."""
    gateway = Gateway()
    await gateway.start()
    opened = 0

    def open_(folder: Path, **options: Any) -> Client:
        nonlocal opened
        opened += 1
        upstream = make_upstream(
            "transformers", {"model": str(folder), "max_new_tokens": 80, "device": "cpu", **options}
        )
        return Client(gateway, gateway.open_episode(f"episode-{opened}", upstream))

    yield open_
    await gateway.stop()
    await asyncio.sleep(0)
