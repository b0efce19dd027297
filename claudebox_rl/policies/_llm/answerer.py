"""An upstream of the gateway, asked directly and from synchronous code."""

from __future__ import annotations

import json
from typing import Any, cast

from claudebox_rl.env.loop import shared_loop
from claudebox_rl.errors import GatewayError
from claudebox_rl.gateway import Upstream

Message = dict[str, Any]


class Answerer:
    """Asks one upstream for whole messages.

    Args:
        upstream: Belongs to the answerer.
    """

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def ask(self, request: Message) -> Message:
        """Return the assistant message that answers a request of the Messages API.

        Raises:
            GatewayError: The model gave no answer; the message has its status and reason.
        """
        return shared_loop().run(self._ask({**request, "model": self._upstream.model, "stream": False}))

    def close(self) -> None:
        """Release the upstream's connections. Idempotent."""
        shared_loop().run(self._upstream.aclose())

    async def _ask(self, request: Message) -> Message:
        reply = await self._upstream.reply(request, {})
        try:
            body = b"".join([chunk async for chunk in reply.body])
        finally:
            await reply.aclose()
        try:
            message: Any = json.loads(body)
        except ValueError:
            message = None
        if reply.status != 200 or not isinstance(message, dict) or "content" not in message:
            raise GatewayError(f"the policy's model answered {reply.status}: {body[:300].decode(errors='replace')}")
        return cast("Message", message)
