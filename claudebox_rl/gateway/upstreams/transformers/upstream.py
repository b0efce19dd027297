"""A causal language model of Hugging Face in this process: token ids and log-probabilities on a laptop and in CI.

Needs the extra `transformers`. The model is loaded when the first request comes, once in a process, and shared by the
process's episodes. It samples one answer at a time; further requests wait for their turn in the order in which they
came. The event loop is never blocked.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Self

from claudebox_rl.errors import ConfigError, GatewayError
from claudebox_rl.gateway.api_errors import error_reply
from claudebox_rl.gateway.options import read_options
from claudebox_rl.gateway.upstream import Reply, TaskFiles, Upstream, once
from claudebox_rl.gateway.upstreams.transformers.options import TransformersOptions, check_options, with_seed

if TYPE_CHECKING:
    from claudebox_rl.gateway.upstreams.transformers.engine import Engine

_ENGINE = "claudebox_rl.gateway.upstreams.transformers.engine"
_LIBRARIES = ("torch", "transformers")
_NOT_AGAIN = {"x-should-retry": "false"}
"""A model that could not be loaded can't be a moment later."""


class TransformersUpstream(Upstream):
    """Samples the answers of one episode from a local model.

    Args:
        options: Its settings.
    """

    def __init__(self, options: TransformersOptions) -> None:
        self._options = options
        self.model = PurePath(options.model).name
        self._opening: asyncio.Task[Engine] | None = None

    @classmethod
    def make(cls, options: Mapping[str, Any], task: TaskFiles) -> Self:
        """See `Upstream.make`.

        Raises:
            ConfigError: The extra is not installed, too.
        """
        read = read_options(TransformersOptions, "transformers", options)
        check_options(read)
        missing = [name for name in _LIBRARIES if find_spec(name) is None]
        if missing:
            raise ConfigError(
                f"model transformers: {' and '.join(missing)} not installed; pip install 'claudebox_rl[transformers]'"
            )
        return cls(with_seed(read, task.seed))

    async def reply(self, request: dict[str, Any], headers: Mapping[str, str], query: str = "") -> Reply:
        """See `Upstream.reply`; a request that the model can't take is refused with status 400."""
        try:
            return await (await self._engine()).reply(request)
        except ValueError as error:
            return error_reply(400, str(error))
        except GatewayError as error:
            return error_reply(500, str(error), _NOT_AGAIN)

    async def count_tokens(self, request: dict[str, Any], headers: Mapping[str, str], query: str = "") -> Reply:
        """See `Upstream.count_tokens`; counted with the model's template and tokenizer."""
        try:
            count = await (await self._engine()).count(request)
        except ValueError as error:
            return error_reply(400, str(error))
        except GatewayError as error:
            return error_reply(500, str(error), _NOT_AGAIN)
        return Reply(200, "application/json", once(json.dumps({"input_tokens": count}).encode()))

    async def _engine(self) -> Engine:
        """Load libraries and model, once; where that failed, the next request tries again."""
        failed = self._opening is not None and self._opening.done() and self._opening.exception() is not None
        if self._opening is None or failed:
            self._opening = asyncio.create_task(_open(self._options))
        return await asyncio.shield(self._opening)


async def _open(options: TransformersOptions) -> Engine:
    # The libraries take seconds to load.
    module = await asyncio.to_thread(import_module, _ENGINE)
    return await module.open_engine(options)
