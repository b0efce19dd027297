from __future__ import annotations

import asyncio
import pickle

import pytest

from claudebox_rl import errors
from claudebox_rl.errors import AgentError, ClaudeBoxError, SandboxError, boundary

ALL = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, ClaudeBoxError)]


def test_the_list_is_whole() -> None:
    assert len(ALL) >= 20


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.__name__)
def test_errors_survive_pickling(cls: type[ClaudeBoxError]) -> None:
    error = cls("it broke: fix it so", task_id="a/b", number=3)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is cls
    assert str(again) == str(error) == "it broke: fix it so"
    assert again.context == {"task_id": "a/b", "number": 3}


def test_standard_bases() -> None:
    assert issubclass(errors.ConfigError, ValueError)
    assert issubclass(errors.TaskError, ValueError)
    assert issubclass(errors.PolicyViolationError, PermissionError)
    assert issubclass(errors.SandboxTimeoutError, TimeoutError)


def test_boundary_translates_foreign_errors() -> None:
    with (
        pytest.raises(SandboxError, match="starting it: no such thing") as caught,
        boundary(SandboxError, "starting it", n=1),
    ):
        raise OSError("no such thing")
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.context == {"n": 1}


def test_boundary_lets_our_own_pass() -> None:
    with pytest.raises(AgentError), boundary(SandboxError, "x"):
        raise AgentError("as it was")


def test_boundary_lets_cancellation_pass() -> None:
    with pytest.raises(asyncio.CancelledError), boundary(SandboxError, "x"):
        raise asyncio.CancelledError
