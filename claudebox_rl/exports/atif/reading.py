"""From a trajectory of the format to an episode: one that claudebox_rl wrote, or anybody's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from claudebox_rl.errors import SchemaVersionError, TrajectoryError, boundary
from claudebox_rl.exports.atif.facts import env_step, known_calls
from claudebox_rl.exports.atif.foreign import episode_from, steps_from
from claudebox_rl.exports.atif.parts import Json, items, own_of, results_in
from claudebox_rl.exports.atif.speech import Speech
from claudebox_rl.trajectory import EpisodeRecord
from claudebox_rl.trajectory.rows import dump, episode_of
from claudebox_rl.types import Outcome

_MAJOR = "ATIF-v1."


def from_atif(
    document: Mapping[str, Any],
    files: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    task_id: str = "",
    outcome: Outcome = Outcome.COMPLETED,
    episode_return: float | None = None,
) -> EpisodeRecord:
    """Return the episode of a document of ATIF, version 1.0 to 1.8.

    What `to_atif` wrote comes back as it was. In a document of anybody else a prompt of the user is a step, what the
    agent did until the next one belongs to it, and each model call's request is what the document says before it.

    Args:
        document: The trajectory.
        files: Documents that it refers to (`trajectory_path`, `continued_trajectory_ref`), by the path as it stands
            there; what is not among them is left out.
        task_id: Of a document of anybody else: the format does not say it.
        outcome: Likewise.
        episode_return: Likewise; it becomes the reward of the last step.

    Raises:
        TrajectoryError: It is no document of the format.
        SchemaVersionError: It is of a later major version.
    """
    version = document.get("schema_version")
    if not isinstance(version, str) or not version.startswith("ATIF-v"):
        raise TrajectoryError(f"no document of ATIF: its schema_version is {version!r}")
    if not version.startswith(_MAJOR):
        raise SchemaVersionError(
            f"ATIF of version {version!r} is not known here: upgrade claudebox_rl", version=version
        )
    with boundary(TrajectoryError, "no document of ATIF, or a damaged one"):
        main = _copy(document)
        known = own_of(main)
        is_ours = "episode" in known
        speeches = list(_speeches(main, _copy(files or {}), "main", is_ours))
        if is_ours:
            return _restored(known, speeches)
        episode = episode_from(main, _name(main), task_id, outcome, episode_return)
        return steps_from(episode, speeches, episode_return)


def _copy(value: Any) -> Any:
    return json.loads(dump(value))


def _name(document: Json) -> str:
    digest = hashlib.blake2b(dump(document).encode(), digest_size=8).hexdigest()
    return str(document.get("trajectory_id") or document.get("session_id") or f"atif-{digest}")


def _speeches(
    document: Json, files: Mapping[str, Json], path: str, is_ours: bool, started_by: str | None = None
) -> Iterator[Speech]:
    """Yield what each agent said and was told, parents before those they started; each document once."""
    document = _continued(document, files)
    speech = Speech(document, str(own_of(document).get("agent_path", path)), is_ours, started_by)
    yield speech
    embedded = {str(one["trajectory_id"]): one for one in items(document, "subagent_trajectories")}
    for ref, call_id in _refs(document["steps"], speech):
        key, where = str(ref.get("trajectory_id")), str(ref.get("trajectory_path"))
        helper = embedded.pop(key, None) or files.get(where)
        if helper is not None:
            rest = {name: one for name, one in files.items() if name != where}
            yield from _speeches(helper, rest, str(ref.get("trajectory_id") or where), is_ours, call_id)
    for name, helper in embedded.items():  # nobody refers to them
        yield from _speeches(helper, files, name, is_ours)


def _refs(steps: list[Json], speech: Speech) -> Iterator[tuple[Json, str | None]]:
    for index, step in enumerate(steps):
        for result in results_in(step):
            for ref in items(result, "subagent_trajectory_ref"):
                yield ref, speech.call_at(index)


def _continued(document: Json, files: Mapping[str, Json]) -> Json:
    """Return a trajectory with the segments that it is continued in; what a segment copied is there already."""
    steps, seen, last = items(document, "steps"), set[str](), document
    while (where := str(last.get("continued_trajectory_ref"))) in files and where not in seen:
        seen.add(where)
        last = files[where]
        steps = [*steps, *(step for step in items(last, "steps") if not step.get("is_copied_context"))]
    return document | {"steps": steps}


def _restored(known: Json, speeches: list[Speech]) -> EpisodeRecord:
    placed = sorted((one for speech in speeches for one in speech.calls), key=lambda one: one[0])
    said = known_calls([step for speech in speeches for step in speech.steps])
    row: Json = known["episode"]
    row |= {"rewards": [{"name": one["name"], "value": float(one["value"])} for one in row["rewards"]]}
    row |= {} if row["episode_return"] is None else {"episode_return": float(row["episode_return"])}
    return EpisodeRecord(
        episode=episode_of(row),
        steps=tuple(env_step(facts, said) for facts in known["steps"]),
        model_calls=tuple(call for _, call, _ in placed),
        call_steps=tuple(step for _, _, step in placed),
    )
