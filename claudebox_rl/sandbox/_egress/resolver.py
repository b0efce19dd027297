"""The host's own name service, asked without holding up anything else."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence

from claudebox_rl.sandbox._egress.addresses import Address

Resolve = Callable[[str], Awaitable[Sequence[Address]]]
_MOST_AT_ONCE = 128
"""Of this process. Not the event loop's own threads: a sandbox that asks for slow names must not take those."""
_slots = threading.BoundedSemaphore(_MOST_AT_ONCE)


async def resolve(name: str) -> tuple[Address, ...]:
    """Return the addresses of a name, best first.

    Raises:
        OSError: It has none, or too many questions are under way.
    """
    if not _slots.acquire(blocking=False):
        raise OSError("too many names are being looked up")
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[tuple[Address, ...]] = loop.create_future()

    def tell(addresses: tuple[Address, ...], error: OSError | None) -> None:
        if answer.done():
            return
        if error is None:
            answer.set_result(addresses)
        else:
            answer.set_exception(error)

    def ask() -> None:
        addresses: tuple[Address, ...] = ()
        problem: OSError | None = None
        try:
            addresses = _ask(name)
        except OSError as error:
            problem = error
        finally:
            _slots.release()
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(tell, addresses, problem)

    # A daemon: the end of the process does not wait for a name server.
    threading.Thread(target=ask, name=f"resolve-{name}", daemon=True).start()
    return await answer


def _ask(name: str) -> tuple[Address, ...]:
    # The dot at the end keeps the host's search domains out of it.
    found = socket.getaddrinfo(f"{name}.", None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return tuple(ipaddress.ip_address(str(place[0]).partition("%")[0]) for *_, place in found)
