"""What was recorded is said again, byte for byte, and a request that differs is reported where it differs."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import httpx
import pytest
from gateway_parts import request

from claudebox_rl.errors import ConfigError
from claudebox_rl.gateway import TaskFiles, make_upstream
from claudebox_rl.gateway.fold import MessageFold
from claudebox_rl.gateway.messages import assistant_message, message_reply, text_block, tool_use_block
from claudebox_rl.gateway.sse import EventReader
from claudebox_rl.gateway.upstream import Sampled, Upstream
from claudebox_rl.types import ModelCall, Usage

SUB_AGENT = "x-claude-code-agent-id"
RICH = [
    {"type": "thinking", "thinking": "hm \u2028 é", "signature": "EqQBCkYIBxgCKkA="},
    {"type": "redacted_thinking", "data": "xyz"},
    text_block("I look."),
    tool_use_block("toolu_1", "Bash", {"command": "ls 'a b'", "n": [1, None]}),
    tool_use_block("toolu_2", "Read", {}),
]


class Rich(Upstream):
    """Says much, in the model's side of the first turns of a conversation, and tells token ids."""

    model = "m"

    @classmethod
    def make(cls, options, task):
        return cls()

    async def reply(self, request, headers, query=""):
        content = RICH if len(request["messages"]) == 1 else [text_block(f"{len(request['messages'])} messages")]
        reply = message_reply(request, assistant_message(request, content, Usage(90, 12, 30)))
        return replace(reply, sampled=Sampled((1, 2), (3,), (-0.5,), "step-7"))


def user(text="hello"):
    return {"role": "user", "content": text}


def talk(num_turns):
    """A conversation in which the user has spoken so many times."""
    said = [user()]
    for turn in range(1, num_turns):
        said += [{"role": "assistant", "content": f"answer {turn}"}, user(f"more {turn}")]
    return said


@pytest.fixture
def replay(enter):
    def open_(calls, **options):
        made = make_upstream("replay", {"dataset": "d", **options}, TaskFiles(recorded_calls=lambda *_: calls))
        return enter(made)

    return open_


def call(index, *messages, status=200, response=None, agent_path="main", **changes):
    asked = request(*messages, **changes)
    answer = response if response is not None or status != 200 else assistant_message(asked, [text_block(f"a{index}")])
    return ModelCall(f"c{index}", "e", asked, answer, status, agent_path=agent_path, started_at=float(index))


async def play(agent, **headers):
    """Ask as an agent does, streamed and whole, on one and another conversation."""
    answers = [await agent.post(request(*talk(n), stream=stream)) for n, stream in ((1, True), (2, False), (3, True))]
    return [(answer.status_code, answer.headers["content-type"], answer.content) for answer in answers]


async def test_every_byte_is_as_it_was(enter, replay):
    recorded = enter(Rich())
    first = await play(recorded)
    again = replay(recorded.episode.calls)
    assert again.episode.upstream.model == "m"
    assert await play(again) == first
    assert b"EqQBCkYIBxgCKkA=" in first[0][2]
    old, new = recorded.episode.calls, again.episode.calls
    for name in (
        "request",
        "response",
        "usage",
        "prompt_token_ids",
        "completion_token_ids",
        "logprobs",
        "weight_version",
    ):
        assert [getattr(each, name) for each in new] == [getattr(each, name) for each in old], name
    assert new[0].completion_token_ids == (3,)


async def test_how_the_answer_is_sent_is_as_is_asked_now(enter, replay):
    recorded = enter(Rich())
    streamed = await recorded.post(request(stream=True))
    again = replay(recorded.episode.calls)
    whole = await again.post(request(stream=False))
    assert whole.headers["content-type"] == "application/json"
    folded = MessageFold()
    for event in EventReader().feed(streamed.content):
        folded.add(event)
    assert whole.json() == folded.result()


async def test_a_lost_answer_is_given_again_and_the_order_goes_on(replay):
    agent = replay([call(0, *talk(1)), call(1, *talk(2))])
    answers = [(await agent.post(request(*talk(n), stream=s))).content for n, s in ((1, False), (1, False), (2, False))]
    assert [json.loads(answer)["content"][0]["text"] for answer in answers] == ["a0", "a0", "a1"]
    assert agent.episode.upstream.divergences == []


@pytest.mark.parametrize("status", [400, 429, 529])
async def test_errors_and_broken_answers_come_again(replay, status):
    error = {"type": "error", "error": {"type": "some_error", "message": "no"}}
    calls = [
        call(0, status=status, response=error),
        call(1, status=0),
        ModelCall("c2", "e", request(), None, 200, started_at=2.0),
        call(3, response=error),
        call(4, response={"not": "the API's"}),
        call(5),
    ]
    agent = replay(calls)
    refused = await agent.post()
    assert (refused.status_code, refused.json()) == (status, error)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await agent.post()
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await agent.post()
    inside = await agent.post(request(stream=True))
    assert (inside.status_code, inside.content.split(b"\n")[0]) == (200, b"event: error")
    assert (await agent.post()).json() == {"not": "the API's"}
    assert (await agent.post()).json()["content"] == [text_block("a5")]
    assert [each.response for each in agent.episode.calls] == [each.response for each in calls]


async def test_an_answer_that_was_cut_off_is_cut_off_where_it_was(replay):
    asked = request(stream=True)
    part = {
        **assistant_message(asked, [text_block("whole"), {**tool_use_block("t", "Bash", {}), "partial_json": '{"c'}])
    }
    cut = {**part, "stop_reason": None}
    agent = replay([ModelCall("c0", "e", asked, cut, 200), call(1)])
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await agent.post(asked)
    assert agent.episode.calls[0].response["content"] == part["content"]
    assert agent.episode.calls[0].response["stop_reason"] is None
    assert (await agent.post(asked)).status_code == 200


async def test_the_first_difference_stops_the_replay_for_good(replay):
    calls = [call(0, *talk(1)), call(1, *talk(2)), call(2, *talk(3))]
    agent = replay(calls)
    assert (await agent.post(request(*talk(1)))).status_code == 200
    other = [*talk(2)[:-1], user("quite another question")]
    for asked in (other, talk(1), talk(2)):
        refused = await agent.post(request(*asked))
        assert (refused.status_code, refused.json()["error"]["type"]) == (400, "invalid_request_error")
        assert refused.json()["error"]["message"] == (
            "the replay diverges at call 1 (agent main), $.messages[2].content: "
            'recorded "more 1", asked "quite another question"'
        )
    assert len(agent.episode.upstream.divergences) == 1


async def test_or_it_is_told_and_the_replay_goes_on(replay, caplog):
    agent = replay([call(0, *talk(1)), call(1, *talk(2)), call(2, *talk(3))], on_divergence="go_on")
    with caplog.at_level(logging.WARNING):
        answers = [await agent.post(request(*asked)) for asked in ([user("hi")], talk(2), [user("x")])]
    assert [answer.json()["content"][0]["text"] for answer in answers] == ["a0", "a1", "a2"]
    found = [(each.call_index, each.difference.json_path) for each in agent.episode.upstream.divergences]
    assert found == [(0, "$.messages[0].content"), (2, "$.messages[0].content")]
    assert "the replay diverges at call 2 (agent main)" in caplog.text
    beyond = await agent.post(request(*talk(4)))
    assert beyond.status_code == 400
    assert "agent main asks for more calls than were recorded" in beyond.json()["error"]["message"]


async def test_sub_agents_are_known_by_what_they_ask_first(replay):
    calls = [
        call(0, user("main")),
        call(1, user("count"), agent_path="sub-1"),
        call(2, user("search"), agent_path="sub-2"),
        call(3, *talk(2), agent_path="sub-1"),
        call(4, user("main again")),
    ]
    agent = replay(calls)
    secret = {"x-api-key": agent.episode.secret}
    order = [("main", None), ("search", "new-a"), ("count", "new-b"), ("main again", None)]
    texts = []
    for text, path in order:
        headers = secret | ({SUB_AGENT: path} if path else {})
        texts.append((await agent.post(request(user(text)), headers=headers)).json()["content"][0]["text"])
    assert texts == ["a0", "a2", "a1", "a4"]
    refused = await agent.post(request(user("other")), headers={**secret, SUB_AGENT: "new-b"})
    assert "at call 3 (agent sub-1), $.messages[0].content" in refused.json()["error"]["message"]


async def test_calls_are_played_in_the_order_in_which_they_were_made(replay):
    agent = replay([call(1, *talk(2)), call(0, *talk(1))])
    answers = [(await agent.post(request(*talk(n)))).json()["content"][0]["text"] for n in (1, 2)]
    assert answers == ["a0", "a1"]


async def test_what_was_not_asked_for_is_told_at_the_end(replay, caplog):
    agent = replay([call(0, *talk(1)), call(1, *talk(2))])
    await agent.post(request(*talk(1)))
    with caplog.at_level(logging.WARNING):
        await agent.episode.upstream.aclose()
    assert "recorded calls [1] were not asked for" in caplog.text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "option dataset is missing"),
        ({"dataset": "d", "on_divergence": "stopp"}, "on_divergence must be stop or go_on"),
        ({"dataset": "d", "ignore": ["("]}, "ignore"),
        ({"dataset": "d", "ignore": "x"}, "list of regular expressions"),
        ({"dataset": "d", "ignore": [3]}, "list of regular expressions"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        make_upstream("replay", options, TaskFiles(recorded_calls=lambda *_: [call(0)]))


def test_an_episode_without_calls_can_t_be_replayed():
    with pytest.raises(ConfigError, match="no model calls were recorded"):
        make_upstream("replay", {"dataset": "d"}, TaskFiles(recorded_calls=lambda *_: []))
    with pytest.raises(ConfigError, match="no way to read datasets"):
        make_upstream("replay", {"dataset": "d"})
