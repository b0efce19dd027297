"""A session that is about to be opened again: to be awaited, or entered."""

from __future__ import annotations

from collections.abc import Generator
from types import TracebackType
from typing import Any, Generic, TypeVar, cast

Box = TypeVar("Box")


class Reconnecting(Generic[Box]):
    """`await` opens the session and returns it, to be closed by whoever did; `async with` closes it as well.

    Args:
        box: A `ClaudeBox`, not open.
    """

    def __init__(self, box: Box) -> None:
        self._box = box
        self._session = cast("Any", box)

    def __await__(self) -> Generator[Any, Any, Box]:
        return self._open().__await__()

    async def _open(self) -> Box:
        await self._session.open()
        return self._box

    async def __aenter__(self) -> Box:
        return await self._session.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self._session.__aexit__(kind, error, tb)
