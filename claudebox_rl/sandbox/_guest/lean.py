"""Names of the standard library without the modules that have them, which took a quarter of a local sandbox's start.

`signal`, `socket`, `json` and `contextlib` import `enum`, `re` and `collections`; what CPython builds them on does not.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as signal
    import socket as socket
    from collections.abc import Callable as Callable
    from collections.abc import Generator as Generator
    from collections.abc import Iterable as Iterable
    from collections.abc import Iterator as Iterator
    from types import FrameType as FrameType
    from typing import Any as Any
    from typing import NoReturn as NoReturn
    from typing import cast as cast
else:
    import _collections_abc
    import _signal
    import _socket

    signal, socket = _signal, _socket
    Callable, Iterable = _collections_abc.Callable, _collections_abc.Iterable
    Generator, Iterator = _collections_abc.Generator, _collections_abc.Iterator
    Any = NoReturn = FrameType = object

    def cast(kind: object, value: object) -> object:
        """Return the value as it is."""
        return value
