"""Calls of all environments of a vector at the same time, begun now and collected later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from gymnasium.error import AlreadyPendingCallError, ClosedEnvironmentError, NoAsyncCallError

from claudebox_rl.errors import ConfigError, TaskError, VectorEnvError


class Calls:
    """At most one kind of call is at work, each environment's in a thread of its own.

    Args:
        num_envs: Threads.
    """

    def __init__(self, num_envs: int) -> None:
        self._pool = ThreadPoolExecutor(num_envs, thread_name_prefix="claudebox-env")
        self._what: str | None = None
        self._futures: dict[int, Future[Any]] = {}
        self._closed = False

    def check_idle(self, what: str) -> None:
        """Refuse `what` while another call is at work.

        Raises:
            AlreadyPendingCallError: One is.
            ClosedEnvironmentError: After `close`.
        """
        if self._closed:
            raise ClosedEnvironmentError(f"{what} after close()")
        if self._what is not None:
            raise AlreadyPendingCallError(f"{what} while a {self._what} is at work: {self._what}_wait() first", what)

    def begin(self, what: str, work: Mapping[int, Callable[[], Any]]) -> None:
        """Begin `work`, by the environments' indices."""
        self.check_idle(what)
        self._what, self._futures = what, {i: self._pool.submit(call) for i, call in work.items()}

    def wait(self, what: str, timeout: float | None = None) -> tuple[dict[int, Any], dict[int, Exception]]:
        """Return what the calls gave, and the errors, by index.

        Args:
            what: Which call is meant.
            timeout: Seconds.

        Raises:
            NoAsyncCallError: No such call is at work.
            TimeoutError: It is not done; it goes on.
        """
        if self._what != what:
            raise NoAsyncCallError(f"{what}_wait() without {what}_async()", what)
        futures = self._futures
        if wait(futures.values(), timeout).not_done:
            raise TimeoutError(f"{what} is not done after {timeout} s; it goes on")
        self._what, self._futures = None, {}
        errors = {i: error for i, future in futures.items() if isinstance(error := future.exception(), Exception)}
        return {i: future.result() for i, future in futures.items() if i not in errors}, errors

    def close(self) -> None:
        """Wait for what is at work, and end the threads. Idempotent."""
        self._closed = True
        self._pool.shutdown()


def raise_errors(what: str, errors: Mapping[int, Exception], results: Callable[[], Any]) -> None:
    """Raise, where there are errors; one that the caller can mend is raised as it is.

    Args:
        what: Opens the message.
        errors: By index.
        results: Gives what the call would have returned of the other environments.
    """
    if not errors:
        return
    if wrong := next((error for error in errors.values() if isinstance(error, ConfigError | TaskError)), None):
        raise wrong
    said = "; ".join(f"[{i}] {type(error).__name__}: {error}" for i, error in errors.items())
    raise VectorEnvError(f"{what} failed in {len(errors)} environments: {said}", errors=errors, results=results())
