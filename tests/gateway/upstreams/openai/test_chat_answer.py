from __future__ import annotations

import json

import pytest
from chat_side import chunk, chunks_of, completion
from gateway_parts import request

from claudebox_rl.errors import GatewayError
from claudebox_rl.gateway.fold import MessageFold
from claudebox_rl.gateway.upstream import Sampled
from claudebox_rl.gateway.upstreams.openai.answer import Answer, whole_message
from claudebox_rl.gateway.upstreams.openai.samples import Samples, asking

BASH = {"id": "call_1", "type": "function", "function": {"name": "Bash", "arguments": '{"command": "ls"}'}}
BASH_BLOCK = {"type": "tool_use", "id": "call_1", "name": "Bash", "input": {"command": "ls"}}
PROMPT = {"input_tokens": 10, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}


def answering(*messages, sampled=None, required=False, **changes):
    samples = Samples(Sampled() if sampled is None else sampled, required=required)
    return Answer(request(*messages, **changes), samples)


def events_of(chunks, **asked):
    answer = answering(**asked)
    events = [event for each in chunks for event in answer.feed(each)]
    return [*events, *answer.end()]


def streamed(chunks, **asked):
    fold = MessageFold()
    for event in events_of(chunks, **asked):
        fold.add(event)
    assert fold.complete
    return fold.result()


def called(*pieces):
    """A stream whose deltas are these lists of pieces of tool calls."""
    return [chunk({"role": "assistant"}), *({**_delta(each)} for each in pieces), chunk({}, "tool_calls")]


def _delta(calls):
    return {"choices": [{"index": 0, "delta": {"tool_calls": calls}, "finish_reason": None}]}


def piece(arguments, name=None, **fields):
    return {**fields, "function": {"arguments": arguments, **({"name": name} if name else {})}}


def test_a_stream_becomes_events_in_the_api_s_order():
    message = {"reasoning_content": "Let me see.", "content": "I look.", "tool_calls": [BASH]}
    events = events_of(chunks_of(message, "tool_calls", size=8))
    assert [(event["type"], event.get("index")) for event in events] == [
        ("message_start", None),
        ("content_block_start", 0),
        *[("content_block_delta", 0)] * 3,  # two pieces and the signature
        ("content_block_stop", 0),
        ("content_block_start", 1),
        ("content_block_delta", 1),
        ("content_block_stop", 1),
        ("content_block_start", 2),
        *[("content_block_delta", 2)] * 3,
        ("content_block_stop", 2),
        ("message_delta", None),
        ("message_stop", None),
    ]
    assert events[-2]["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}
    assert events[-2]["usage"] == {**PROMPT, "output_tokens": 4}


def test_streamed_or_whole_it_is_the_same_message():
    message = {"reasoning_content": "Let me see.", "content": "I look.", "tool_calls": [BASH]}
    whole = whole_message(completion(message, "tool_calls"), answering())
    assert whole == streamed(chunks_of(message, "tool_calls"))
    assert whole["content"] == [
        {"type": "thinking", "thinking": "Let me see.", "signature": "reasoning_content"},
        {"type": "text", "text": "I look."},
        BASH_BLOCK,
    ]
    assert (whole["model"], whole["stop_reason"]) == ("m", "tool_use")
    assert whole["usage"] == {**PROMPT, "output_tokens": 4}


@pytest.mark.parametrize(
    ("finish", "message", "reason"),
    [
        ("stop", {"content": "x"}, "end_turn"),
        ("length", {"content": "x"}, "max_tokens"),
        ("content_filter", {"content": "x"}, "refusal"),
        ("stop", {"content": "", "refusal": "I won't."}, "refusal"),
        ("stop", {"content": None, "tool_calls": [BASH]}, "tool_use"),
        ("length", {"content": None, "tool_calls": [BASH]}, "max_tokens"),
        ("tool_calls", {"content": "none came"}, "end_turn"),
    ],
)
def test_stop_reasons(finish, message, reason):
    assert whole_message(completion(message, finish), answering())["stop_reason"] == reason


@pytest.mark.parametrize("name", ["stop_reason", "matched_stop"])
@pytest.mark.parametrize(
    ("met", "expected"),
    [("END", ("stop_sequence", "END")), (151645, ("end_turn", None)), (None, ("end_turn", None))],
)
def test_a_stop_sequence_that_the_server_names(name, met, expected):
    body = completion({"content": "x"}, "stop")
    body["choices"][0][name] = met
    message = whole_message(body, answering(stop_sequences=["END"]))
    assert (message["stop_reason"], message["stop_sequence"]) == expected


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens_details": {"cached_tokens": 7}}, (3, 7)),
        ({"prompt_tokens_details": None}, (10, 0)),
        ({"prompt_cache_hit_tokens": 6}, (4, 6)),
    ],
)
def test_cached_tokens_are_counted_apart(usage, expected):
    told = {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14, **usage}
    counted = whole_message(completion({"content": "x"}, "stop", usage=told), answering())["usage"]
    assert (counted["input_tokens"], counted["cache_read_input_tokens"]) == expected


@pytest.mark.parametrize(
    "pieces",
    [
        [[piece('{"a": 1}', "A", index=0, id="i"), piece('{"b": 2}', "B", index=1, id="j")]],
        [[piece('{"a": 1}', "A", index=0, id="i")], [piece('{"b": 2}', "B", index=1, id="j")]],
        [[piece('{"a": 1}', "A", index=0, id="i")], [piece('{"b": 2}', "B", index=0, id="j")]],
        [[piece('{"a": 1}', "A", id="i"), piece('{"b": 2}', "B", id="j")]],
        [[piece('{"a": 1}', "A")], [piece('{"b": 2}', "B")]],
        [[piece({"a": 1}, "A", index=0), piece({"b": 2}, "B", index=1)]],
        [
            [piece("", "A", index=0, id="i")],
            [piece('{"a"', "A", index=0, id="i")],
            [piece(": 1}", index=0)],
            [piece('{"b": 2}', "B", index=1, id="j")],
        ],
    ],
    ids=["one chunk", "chunks", "always index 0", "no index", "neither", "objects", "repeated"],
)
def test_calls_of_servers_of_all_kinds(pieces):
    blocks = streamed(called(*pieces))["content"]
    assert [(block["name"], block["input"]) for block in blocks] == [("A", {"a": 1}), ("B", {"b": 2})]
    assert len({block["id"] for block in blocks}) == 2


def test_ids_are_the_server_s_where_the_api_takes_them():
    spoken = {"role": "assistant", "content": [{**BASH_BLOCK, "id": "call_0"}]}
    results = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_0"}]}
    pieces = [piece("", "A", index=0, id="call_0"), piece("", "B", index=1, id="call_1"), piece("", "C", index=2)]
    answer = answering({"role": "user", "content": "x"}, spoken, results)
    blocks = [event["content_block"] for event in answer.feed(_delta(pieces)) if event["type"] == "content_block_start"]
    again, kept, made = (block["id"] for block in blocks)
    assert kept == "call_1"
    assert again.startswith("toolu_")
    assert made.startswith("toolu_")
    assert len({again, kept, made, "call_0"}) == 4


def test_arguments_that_are_no_json_go_on_as_they_came_and_are_named_in_a_whole_message():
    broken = {**BASH, "function": {"name": "Bash", "arguments": '{"command": "ls'}}
    deltas = [event["delta"] for event in events_of(chunks_of({"tool_calls": [broken]}, "tool_calls", size=99))[2:3]]
    assert deltas == [{"type": "input_json_delta", "partial_json": '{"command": "ls'}]
    for arguments in ('{"command": "ls', '["ls"]'):
        call = {**BASH, "function": {"name": "Bash", "arguments": arguments}}
        (block,) = whole_message(completion({"tool_calls": [call]}, "tool_calls"), answering())["content"]
        assert block["input"] == {"INVALID_JSON": arguments}


def test_no_arguments_are_an_empty_input():
    call = {**BASH, "function": {"name": "Bash", "arguments": ""}}
    assert streamed(chunks_of({"tool_calls": [call]}, "tool_calls"))["content"][0]["input"] == {}


def test_a_thought_under_both_names_is_told_once():
    delta = {"reasoning": "hm", "reasoning_content": "hm", "content": None}
    (block,) = streamed([chunk(delta), chunk({}, "stop")])["content"]
    assert block == {"type": "thinking", "thinking": "hm", "signature": "reasoning"}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"error": {"message": "engine died", "type": "x", "code": 500}}, (500, "api_error", "engine died")),
        ({"error": {"message": "slow down", "code": 429}}, (429, "rate_limit_error", "slow down")),
        ({"error": {"message": "full", "code": 503}}, (529, "overloaded_error", "full")),
        ({"error": "gone", "code": "x"}, (500, "api_error", "gone")),
        ({"object": "error", "message": "bad", "code": 400}, (400, "invalid_request_error", "bad")),
    ],
)
def test_an_error_amid_a_stream_ends_it_in_the_api_s_words(error, expected):
    answer = answering()
    answer.feed(chunk({"content": "so far"}))
    (event,) = answer.feed(error)
    assert answer.failed
    assert (answer.status, event["error"]["type"], event["error"]["message"]) == expected


@pytest.mark.parametrize(
    "chunks",
    [
        [chunk({"content": "cut"})],
        [{"hello": "world"}],
        [chunk({}, "stop") | {"choices": [{"index": 0, "delta": {}, "finish_reason": "magic"}]}],
        [{"choices": [{"index": 1, "delta": {"content": "x"}}]}],
        called([piece("{}", index=0, id="i")]),
        called([piece("{", "A", index=0)], [piece("{", "B", index=1)], [piece("}", "A", index=0)]),
        [{"choices": ["x"]}],
        [{"choices": [{"delta": {"content": ["x"]}}]}],
    ],
    ids=["cut", "another object", "finish", "second choice", "no name", "mixed calls", "no choice", "content"],
)
def test_what_is_no_chat_completion_breaks_the_answer_off(chunks):
    with pytest.raises(GatewayError):
        events_of(chunks)


def vllm(*ids, finish=None, **fields):
    entries = [{"token": "x", "logprob": -each / 10, "bytes": [], "top_logprobs": []} for each in ids]
    choice = {"index": 0, "delta": {"content": "x"}, "logprobs": {"content": entries}, "token_ids": list(ids)}
    return {"choices": [{**choice, "finish_reason": finish}], **fields}


LAST = {"choices": [], "usage": {"prompt_tokens": 2, "completion_tokens": 3}, "system_fingerprint": "vllm-1"}


def test_token_ids_of_vllm_are_taken_as_they_come():
    sampled = Sampled()
    answer = answering(sampled=sampled, required=True)
    for each in (vllm(prompt_token_ids=[7, 8]), vllm(1, 2), vllm(3, finish="stop"), LAST):
        answer.feed(each)
    assert sampled == Sampled()
    answer.end()
    assert sampled == Sampled((7, 8), (1, 2, 3), (-0.1, -0.2, -0.3), "vllm-1")


def test_token_ids_and_weights_of_sglang_are_taken_as_they_come():
    sampled = Sampled()
    body = completion({"content": "x"}, "stop", usage={"prompt_tokens": 2, "completion_tokens": 1, "total_tokens": 3})
    entry = {"token": "x", "logprob": -0.5, "bytes": [], "top_logprobs": []}
    body["choices"][0]["logprobs"] = {"content": [entry]}
    body |= {"sglext": {"input_ids": [7, 8], "output_ids": [[5]]}, "metadata": {"weight_version": "step-3"}}
    whole_message(body, answering(sampled=sampled, required=True))
    assert sampled == Sampled((7, 8), (5,), (-0.5,), "step-3")


@pytest.mark.parametrize("missing", ["ids", "prompt", "logprobs"])
def test_ids_that_are_not_whole_are_not_taken(missing):
    first = vllm(1, 2, 3, finish="stop", prompt_token_ids=[7, 8])
    if missing == "ids":
        first["choices"][0]["token_ids"] = [1, 2]
    if missing == "prompt":
        del first["prompt_token_ids"]
    if missing == "logprobs":
        first["choices"][0]["logprobs"] = None
    sampled = Sampled()
    for required in (False, True):
        answer = answering(sampled=sampled, required=required)
        answer.feed(first)
        answer.feed(LAST)
        assert (answer.end()[-1]["type"], answer.failed) == ("error" if required else "message_stop", required)
    fields = {"ids": sampled.completion_token_ids, "prompt": sampled.prompt_token_ids, "logprobs": sampled.logprobs}
    assert {name for name, value in fields.items() if value is None} == {missing}


def test_each_server_is_asked_in_its_own_way():
    assert asking("vllm", always=False) == {"logprobs": True, "return_token_ids": True}
    assert "return_token_ids" not in asking("sglang", always=True)  # a stream with it is refused there
    assert asking("system", always=False) == {}
    assert asking("", always=True) == asking("vllm", always=False)


def test_the_message_s_id_follows_from_the_conversation():
    first, again, other = (
        whole_message(completion({"content": "x"}, "stop"), answering({"role": "user", "content": text}))["id"]
        for text in ("a", "a", "b")
    )
    assert first == again != other
    assert json.dumps(first)
