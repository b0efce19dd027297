"""A chat completions server over a checkpoint, which tells the tokens in the way of vLLM (`return_token_ids`).

Written against the library alone and not with the upstream `transformers`, so that each can be held against the other.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from transformers import AutoModelForCausalLM, AutoTokenizer

CALL = re.compile(r"\s*<tool_call>(.*?)</tool_call>", re.DOTALL)


class TokenServer:
    """Serves one model, one answer at a time."""

    def __init__(self, folder: Path) -> None:
        self._name = folder.name
        self._model = AutoModelForCausalLM.from_pretrained(folder).eval()
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._turn = asyncio.Lock()

    async def models(self, request: Request) -> Response:
        model = {"id": self._name, "object": "model", "created": 1, "owned_by": "vllm"}
        return JSONResponse({"object": "list", "data": [model]})

    async def tokenize(self, request: Request) -> Response:
        ids = self._prompt(await request.json())
        return JSONResponse({"count": len(ids), "max_model_len": 65536, "tokens": ids})

    async def complete(self, request: Request) -> Response:
        body = await request.json()
        async with self._turn:
            answer = await asyncio.to_thread(self._answer, body)
        if not body.get("stream"):
            return JSONResponse(answer)
        events = [f"data: {json.dumps(chunk)}\n\n" for chunk in self._chunks(answer)]
        return Response("".join(events) + "data: [DONE]\n\n", media_type="text/event-stream")

    def _prompt(self, body: dict[str, Any]) -> list[int]:
        messages = [_with_objects(message) for message in body["messages"]]
        return self._tokenizer.apply_chat_template(
            messages, tools=body.get("tools"), add_generation_prompt=True, return_dict=False
        )

    def _answer(self, body: dict[str, Any]) -> dict[str, Any]:
        prompt = self._prompt(body)
        temperature = body.get("temperature", 1.0)
        chosen = {"do_sample": True, "temperature": temperature, "top_k": 0} if temperature else {"do_sample": False}
        sampled = self._model.generate(
            torch.tensor([prompt]),
            max_new_tokens=min(body["max_tokens"], 600),
            output_logits=True,
            return_dict_in_generate=True,
            **chosen,
        )
        ids = sampled.sequences[0, len(prompt) :].tolist()
        logprobs = [
            {"token": self._tokenizer.decode([each]), "logprob": float(logits[0].log_softmax(-1)[each])}
            for each, logits in zip(ids, sampled.logits, strict=True)
        ]
        ended = ids[-1] in self._model.generation_config.eos_token_id
        message, is_call = _message(self._tokenizer.decode(ids[:-1] if ended else ids))
        choice = {
            "index": 0,
            "message": message,
            "finish_reason": "tool_calls" if is_call else "stop" if ended else "length",
            "logprobs": {"content": logprobs},
            "token_ids": ids,
        }
        usage = {
            "prompt_tokens": len(prompt),
            "completion_tokens": len(ids),
            "total_tokens": len(prompt) + len(ids),
        }
        return {**self._head("chat.completion"), "choices": [choice], "usage": usage, "prompt_token_ids": prompt}

    def _chunks(self, answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Tell the tokens one by one, then what they say."""
        head, (choice,) = self._head("chat.completion.chunk"), answer["choices"]

        def chunk(delta: dict[str, Any], finish: str | None = None, **told: Any) -> dict[str, Any]:
            return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish, **told}]}

        yield chunk({"role": "assistant", "content": ""}) | {"prompt_token_ids": answer["prompt_token_ids"]}
        for token_id, logprob in zip(choice["token_ids"], choice["logprobs"]["content"], strict=True):
            yield chunk({}, token_ids=[token_id], logprobs={"content": [logprob]})
        if content := choice["message"]["content"]:
            yield chunk({"content": content})
        for index, call in enumerate(choice["message"].get("tool_calls", ())):
            yield chunk({"tool_calls": [{"index": index, **call}]})
        yield chunk({}, choice["finish_reason"])
        yield {**head, "choices": [], "usage": answer["usage"]}

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": self._name}


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a checkpoint from a thread of its own; gives the base URL."""
    place = TokenServer(folder)
    routes = [
        Route("/v1/models", place.models),
        Route("/tokenize", place.tokenize, methods=["POST"]),
        Route("/v1/chat/completions", place.complete, methods=["POST"]),
    ]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="error", lifespan="off"))
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    finally:
        server.should_exit = True
        thread.join()


def _with_objects(message: dict[str, Any]) -> dict[str, Any]:
    """Give templates the arguments of calls as objects, as vLLM does."""
    calls = [
        {**call, "function": {**call["function"], "arguments": json.loads(call["function"]["arguments"])}}
        for call in message.get("tool_calls", ())
    ]
    return {**message, **({"tool_calls": calls} if calls else {})}


def _message(text: str) -> tuple[dict[str, Any], bool]:
    calls = [
        {"id": f"call_{index}", "type": "function", "function": _function(json.loads(found))}
        for index, found in enumerate(CALL.findall(text))
    ]
    message: dict[str, Any] = {"role": "assistant", "content": CALL.sub("", text) or None}
    return message | ({"tool_calls": calls} if calls else {}), bool(calls)


def _function(call: dict[str, Any]) -> dict[str, Any]:
    return {"name": call["name"], "arguments": json.dumps(call["arguments"])}
