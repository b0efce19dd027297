from __future__ import annotations

import json

import pytest
from chat_side import check_request
from gateway_parts import request

from claudebox_rl.errors import ConfigError
from claudebox_rl.gateway.upstreams.openai.blocks import UntranslatableError
from claudebox_rl.gateway.upstreams.openai.options import OpenAIOptions
from claudebox_rl.gateway.upstreams.openai.request import chat_request

PIXEL = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
PIXEL_PART = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def translated(asked, **options):
    body = chat_request(asked, OpenAIOptions("served", **options))
    check_request(body)
    return body


def chat(*messages, **options):
    return translated(request(*messages), **options)["messages"]


def user(*blocks):
    return {"role": "user", "content": list(blocks)}


def said(text):
    return {"type": "text", "text": text}


def model(*blocks):
    return {"role": "assistant", "content": list(blocks)}


def call(call_id, **tool_input):
    return {"type": "tool_use", "id": call_id, "name": "Bash", "input": tool_input}


def result(call_id, content, **fields):
    return {"type": "tool_result", "tool_use_id": call_id, "content": content, **fields}


def chat_call(call_id, arguments):
    return {"id": call_id, "type": "function", "function": {"name": "Bash", "arguments": arguments}}


def test_a_request_of_the_cli_becomes_a_chat_request():
    asked = request(
        user({**said("look"), "cache_control": {"type": "ephemeral"}}, said("and tell")),
        {"role": "system", "content": "# Environment"},
        model(said("I look."), call("toolu_1", command="ls é"), call("toolu_2", command="pwd")),
        user(result("toolu_1", "a\nb", is_error=False), result("toolu_2", [said("no"), said("way")], is_error=True)),
        system=[said("You are"), said("an agent.")],
        max_tokens=100,
        temperature=0.5,
        top_p=0.9,
        top_k=7,
        stop_sequences=["END"],
        metadata={"user_id": "u"},
        thinking={"type": "adaptive"},
        context_management={"edits": []},
        output_config={"effort": "high"},
        stream=True,
    )
    assert translated(asked) == {
        "model": "served",
        "messages": [
            {"role": "system", "content": "You are\n\nan agent."},
            {"role": "user", "content": "look\n\nand tell\n\n<system-reminder>\n# Environment\n</system-reminder>"},
            {
                "role": "assistant",
                "content": "I look.",
                "tool_calls": [
                    chat_call("toolu_1", '{"command": "ls é"}'),
                    chat_call("toolu_2", '{"command": "pwd"}'),
                ],
            },
            {"role": "tool", "tool_call_id": "toolu_1", "content": "a\nb"},
            {"role": "tool", "tool_call_id": "toolu_2", "content": "<tool_use_error>no\n\nway</tool_use_error>"},
        ],
        "tools": [
            {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}
            for name in ("Bash", "Read", "Write", "Edit")
        ],
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 7,
        "stop": ["END"],
        "max_tokens": 100,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_results_follow_their_calls_at_once_whatever_else_is_said():
    messages = [
        user(said("go")),
        model(call("toolu_1")),
        {"role": "system", "content": "The date changed."},
        user(said("by the way"), result("toolu_1", None)),
        user(said("go on")),
    ]
    assert [(each["role"], each["content"]) for each in chat(*messages)[2:]] == [
        ("tool", ""),
        ("user", "<system-reminder>\nThe date changed.\n</system-reminder>\n\nby the way\n\ngo on"),
    ]
    kept = chat(*messages, system_entries="system")[2:]
    assert [(each["role"], each["content"]) for each in kept] == [
        ("tool", ""),
        ("system", "The date changed."),
        ("user", "by the way\n\ngo on"),
    ]


def test_what_the_model_said_in_two_messages_is_one_and_joined_as_it_came():
    messages = [user(said("go")), model(said("one ")), model(said("two"), call("toolu_1")), user(result("toolu_1", ""))]
    assert chat(*messages)[1] == {
        "role": "assistant",
        "content": "one two",
        "tool_calls": [chat_call("toolu_1", "{}")],
    }


def test_images_of_a_result_are_shown_by_the_user():
    messages = [user(said("look"), PIXEL), model(call("toolu_1")), user(result("toolu_1", [said("a.png"), PIXEL]))]
    first, _, tool, shown = chat(*messages)
    assert first["content"] == [said("look"), PIXEL_PART]
    assert tool["content"] == "a.png"
    assert shown == {"role": "user", "content": [said("What the tool call toolu_1 shows:"), PIXEL_PART]}
    assert chat(user(said("x")), model(call("t")), user(result("t", [PIXEL])))[2]["content"] == "(shown by the user)"


def test_images_and_documents_by_their_sources():
    image = {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}}
    pdf = {
        "type": "document",
        "title": "a.pdf",
        "source": {"type": "base64", "media_type": "application/pdf", "data": "BB"},
    }
    text = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "plain"}}
    (message,) = chat(user(image, pdf, text))
    assert message["content"] == [
        {"type": "image_url", "image_url": {"url": "https://x/y.png"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,BB"}},
        said("plain"),
    ]


def test_a_thought_goes_back_under_the_name_that_it_came_with_and_another_api_s_does_not():
    thoughts = [
        {"type": "thinking", "thinking": "hm", "signature": "reasoning"},
        {"type": "thinking", "thinking": "foreign", "signature": "EqQB"},
        {"type": "redacted_thinking", "data": "xx"},
    ]
    spoken = chat(user(said("x")), model(*thoughts, said("y")), user(said("z")))[1]
    assert spoken == {"role": "assistant", "content": "y", "reasoning": "hm"}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"type": "auto"}, {"tool_choice": "auto"}),
        ({"type": "any"}, {"tool_choice": "required"}),
        ({"type": "none"}, {"tool_choice": "none"}),
        (
            {"type": "tool", "name": "Bash", "disable_parallel_tool_use": True},
            {"tool_choice": {"type": "function", "function": {"name": "Bash"}}, "parallel_tool_calls": False},
        ),
        ({"type": "auto", "disable_parallel_tool_use": True}, {"tool_choice": "auto", "parallel_tool_calls": False}),
    ],
)
def test_the_choice_among_tools(choice, expected):
    body = translated(request(tool_choice=choice))
    assert {name: body[name] for name in ("tool_choice", "parallel_tool_calls") if name in body} == expected


def test_without_tools_there_is_no_choice():
    assert translated(request(tools=[], tool_choice={"type": "auto"})).keys() == {"model", "messages", "max_tokens"}


def test_deferred_tools_are_on_offer_once_they_are_loaded_and_no_more_once_they_are_withdrawn():
    tools = [
        {"name": name, "input_schema": {}, "description": f"does {name}", "defer_loading": True} for name in "ABCD"
    ]
    change = {"tool": {"type": "tool_reference", "name": "C"}}
    added = {"role": "system", "content": [{"type": "tool_addition", **change}]}
    removed = {"role": "system", "content": [{"type": "tool_removal", **change}]}
    loaded = user(result("t", [{"type": "tool_reference", "tool_name": "B"}]))
    talk = [user(said("x")), model(call("t")), loaded]

    def offered(*messages):
        return [tool["function"]["name"] for tool in translated(request(*messages, tools=tools)).get("tools", [])]

    assert offered(user(said("x"))) == []
    assert offered(*talk) == ["B"]
    assert offered(*talk, added) == ["B", "C"]
    assert offered(*talk, added, removed) == ["B"]
    assert chat(*talk)[2]["content"] == "Tool loaded: B"
    assert len(chat(*talk, added)) == 3


def test_a_schema_for_the_answer():
    schema = {"type": "object", "properties": {}}
    body = translated(request(output_config={"format": {"type": "json_schema", "schema": schema}}))
    assert body["response_format"]["json_schema"] == {"name": "answer", "schema": schema, "strict": True}


def test_the_longest_answer_and_its_field():
    assert translated(request(), max_output_tokens=50)["max_tokens"] == 50
    assert translated(request(max_tokens=5), max_output_tokens=50)["max_tokens"] == 5
    body = translated(request(), max_tokens_field="max_completion_tokens")
    assert (body["max_completion_tokens"], "max_tokens" in body) == (32000, False)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (request(model(said("x"))), "must end with a user message"),
        (request(user({"type": "container_upload"})), r"messages.0.content.0: .*'container_upload'"),
        (request(user(said("x")), model({"type": "server_tool_use"}), user(said("y"))), "'server_tool_use'"),
        (request(user({"type": "image", "source": {"type": "file", "file_id": "f"}})), "source of type 'file'"),
        (request(user({"type": "document", "source": {"type": "url", "url": "u"}})), "source of type 'url'"),
        (request(user({"type": "text"})), r"messages.0.content.0.text: a str is required"),
        (request({"role": "tool", "content": "x"}), "role: must be user, assistant or system"),
        (request({"role": "user", "content": 3}), "a text or a list of content blocks"),
        (request(system=[PIXEL]), "only texts"),
        (request(tools=[{"type": "web_search_20250305", "name": "web_search"}]), "Anthropic's own servers"),
        (request(tools=[{"name": "x"}]), r"tools.0.input_schema: a dict is required"),
        (request(tool_choice={"type": "some"}), "tool_choice.type"),
        (request(mcp_servers=[], container="c"), "container, mcp_servers: the model's server has no such field"),
        (request(output_config={"format": {"type": "grammar"}}), "only json_schema"),
        (request(max_tokens="many"), "max_tokens: a int is required"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_chat_can_t_say_is_refused_by_name(asked, message):
    with pytest.raises(UntranslatableError, match=message):
        chat_request(asked, OpenAIOptions("served"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "option model is missing"),
        ({"model": "m", "capture_tokens": "on"}, "must be one of auto, always, never"),
        ({"model": "m", "capture_tokens": True}, "must be one of auto, always, never"),
        ({"model": "m", "extra_body": "seed=1"}, "extra_body must be a mapping"),
        ({"model": "m", "extra_body": {"stream": True, "messages": []}}, "messages, stream"),
    ],
)
def test_bad_options_are_refused(given, message):
    with pytest.raises(ConfigError, match=message):
        OpenAIOptions.read(given)


def test_what_json_can_hold_survives_as_arguments():
    tool_input = {"a": [1, 2.5, None, True], "b": {"c": "\ud800 \u2028 é"}}
    spoken = chat(user(said("x")), model(call("t", **tool_input)), user(result("t", "")))[1]
    assert json.loads(spoken["tool_calls"][0]["function"]["arguments"]) == tool_input
