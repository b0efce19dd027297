"""Errors in the shape of the Messages API, so that the agent's own error handling applies.

Types by status: https://docs.claude.com/en/api/errors
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from claudebox_rl.gateway.upstream import Reply, once

ERROR_TYPES: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


def error_object(status: int, message: str) -> dict[str, Any]:
    """Build the API's error object; statuses that the API does not list are an `api_error`."""
    return {"type": "error", "error": {"type": ERROR_TYPES.get(status, "api_error"), "message": message}}


def error_object_bytes(status: int, message: str) -> bytes:
    """Build the body that carries the API's error object."""
    return json.dumps(error_object(status, message)).encode()


def error_reply(status: int, message: str, headers: Mapping[str, str] | None = None) -> Reply:
    """Build the reply that carries the API's error object."""
    return Reply(status, "application/json", once(error_object_bytes(status, message)), headers or {})
