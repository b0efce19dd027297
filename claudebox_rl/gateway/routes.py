"""The paths that an agent may call, and what each of them refuses."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from claudebox_rl.gateway.api_errors import error_object
from claudebox_rl.gateway.call import Call
from claudebox_rl.gateway.doors import Doors
from claudebox_rl.gateway.episode import GatewayEpisode
from claudebox_rl.gateway.exchange import Exchange
from claudebox_rl.gateway.redaction import Redactor

BODY_CAP_BYTES = 32 << 20
_CREDENTIALS = frozenset({"x-api-key", "authorization", "proxy-authorization", "cookie"})
_DRAIN_RETRY_AFTER_S = 1


def application(doors: Doors, *, body_cap_bytes: int) -> Starlette:
    """Build the ASGI application over the open episodes.

    Args:
        doors: Who may call; asked at each request.
        body_cap_bytes: Largest request body that is read.
    """

    async def hello(request: Request) -> Response:
        return Response(status_code=200 if request.path_params["episode_id"] in doors else 401)

    async def messages(request: Request) -> ASGIApp:
        episode, asked, headers = await _admitted(doors, request, body_cap_bytes)
        query, upstream = request.url.query, episode.upstream
        call = episode.begin_call(asked, headers)
        return Exchange(episode, call, lambda: upstream.reply(asked, headers, query), request.state.cut)

    async def count_tokens(request: Request) -> ASGIApp:
        episode, asked, headers = await _admitted(doors, request, body_cap_bytes)
        query, upstream = request.url.query, episode.upstream
        return Exchange(episode, Call(), lambda: upstream.count_tokens(asked, headers, query), request.state.cut)

    routes = [
        Route("/e/{episode_id}/api/hello", hello, methods=["GET"]),
        Route("/e/{episode_id}/v1/messages", _endpoint(messages), methods=["POST"]),
        Route("/e/{episode_id}/v1/messages/count_tokens", _endpoint(count_tokens), methods=["POST"]),
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _refuse, ClientDisconnect: _unheard})
    app.router.redirect_slashes = False
    return app


def _endpoint(function: Callable[[Request], Awaitable[ASGIApp]]) -> Callable[[Request], Awaitable[Response]]:
    # Starlette calls whatever ASGI application an endpoint returns; its annotation is narrower.
    return cast("Callable[[Request], Awaitable[Response]]", function)


async def _admitted(doors: Doors, request: Request, cap: int) -> tuple[GatewayEpisode, dict[str, Any], dict[str, str]]:
    """Return whose request it is, its body without secrets, and its headers without credentials."""
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    episode = doors.admit(request.path_params["episode_id"], request.headers.get("x-api-key") or bearer)
    if episode is None:
        raise HTTPException(401, "invalid x-api-key")
    if doors.draining:
        raise HTTPException(529, "the gateway is about to stop", {"retry-after": str(_DRAIN_RETRY_AFTER_S)})
    asked = _parse(await _read(request, cap), episode.redactor)
    return episode, asked, {name: value for name, value in request.headers.items() if name not in _CREDENTIALS}


async def _read(request: Request, cap: int) -> bytes:
    told = request.headers.get("content-length", "0")
    body = bytearray()
    if told.isdecimal() and int(told) <= cap:
        async for chunk in request.stream():
            body += chunk
            if len(body) > cap:
                break
        else:
            return bytes(body)
    raise HTTPException(413, f"request exceeds the maximum size of {cap} bytes", {"connection": "close"})


def _parse(body: bytes, redactor: Redactor) -> dict[str, Any]:
    """Read a request's body; a secret of the host or the episode in it goes no further."""
    try:
        request: Any = redactor.value(json.loads(body, parse_constant=_no_constant))
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, f"the request body is not valid JSON: {error}") from error
    if not isinstance(request, dict):
        raise HTTPException(400, "the request body is not a JSON object")
    fields = cast("dict[str, Any]", request)
    messages: Any = fields.get("messages")
    if not isinstance(messages, list) or not all(isinstance(each, dict) for each in cast("list[Any]", messages)):
        raise HTTPException(400, "messages: a list of objects is required")
    return fields


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


async def _refuse(request: Request, error: Exception) -> Response:
    """Answer in the API's own error shape."""
    if not isinstance(error, HTTPException):
        raise error
    message = f"{request.method} is not served here" if error.status_code in (404, 405) else error.detail
    status = 404 if error.status_code == 405 else error.status_code
    return JSONResponse(error_object(status, message), status, error.headers)


async def _unheard(request: Request, error: Exception) -> Response:
    """Answer a client that went away while it was sending: nobody reads this."""
    return Response(status_code=400)
