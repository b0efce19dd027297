from __future__ import annotations

from dataclasses import replace

import pytest
from call_trees import ACTS, Agent
from exported_episodes import answer, record, text
from hypothesis import given
from hypothesis import strategies as st

from claudebox_rl import training_rows
from claudebox_rl.exports.chat import UnfitError, lessons, main_lesson


def test_a_conversation_becomes_chat_messages_with_tool_calls():
    lesson = main_lesson(record("e", 1.0))
    assert [message["role"] for message in lesson.prompt] == ["system", "user"]
    assert lesson.prompt[0]["content"] == "You mend code."
    said, result, last = lesson.completion
    assert said["reasoning_content"] == "Hm."
    assert said["content"] == "I look."
    assert said["tool_calls"] == [
        {"id": "t1", "type": "function", "function": {"name": "Bash", "arguments": {"command": "ls"}}}
    ]
    assert result == {"role": "tool", "tool_call_id": "t1", "content": "output of ls"}
    assert last == {"role": "assistant", "content": "Done with ls."}
    assert lesson.tools[0]["function"]["name"] == "Bash"
    assert lesson.tools[0]["function"]["parameters"]["required"] == ["command"]


@given(st.lists(st.sampled_from(ACTS), max_size=20), st.integers(0, 2**32))
def test_each_answer_is_in_one_completion_however_the_agent_went(acts, seed):
    agent = Agent(seed)
    for act in acts:
        agent.act(act)
    for call in agent.calls:
        for tool in call.request["tools"]:
            tool["input_schema"] = {"type": "object"}
    answers = {call.call_id: call.response["content"][0]["text"] for call in agent.calls if call.is_answered}
    said = []
    for row in training_rows(agent.record()):
        for lesson in lessons(row):
            assert lesson.prompt[-1]["role"] == "user"
            assert lesson.completion[0]["role"] == lesson.completion[-1]["role"] == "assistant"
            said += [message["content"] for message in lesson.completion if message["role"] == "assistant"]
    assert sorted(said) == sorted(answers[call_id] for call_id in agent.learned)


def test_what_a_chat_can_not_hold_is_said():
    whole = record("e", 1.0)
    one, _ = whole.model_calls
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}}
    asked = {**one.request, "messages": [{"role": "user", "content": [text("see"), image]}]}
    with pytest.raises(UnfitError, match="images"):
        main_lesson(replace(whole, model_calls=(replace(one, request=asked),), call_steps=(0,)))
    strange = replace(one, response=answer({"type": "server_tool_use", "id": "s", "name": "web", "input": {}}))
    with pytest.raises(UnfitError, match="a chat can't hold"):
        main_lesson(replace(whole, model_calls=(strange,), call_steps=(0,)))
    with pytest.raises(UnfitError, match="without an answer"):
        main_lesson(replace(whole, model_calls=(), call_steps=()))
