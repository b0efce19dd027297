"""What a process keeps loaded."""

from __future__ import annotations

import gc
import shutil
import weakref
from pathlib import Path

import pytest

from claudebox_rl.errors import GatewayError
from claudebox_rl.gateway.upstreams.transformers.checkpoint import Source, load

pytestmark = pytest.mark.slow


@pytest.fixture
def sources(tiny: Path, tmp_path: Path) -> list[Source]:
    """The same model in three folders."""
    return [Source(str(shutil.copytree(tiny, tmp_path / name)), device="cpu") for name in "abc"]


def test_a_model_is_loaded_once_however_often_it_is_asked_for(sources):
    at_once = [load(sources[0]) for _ in range(3)]
    assert len({id(each.result(60)) for each in at_once}) == 1
    assert load(sources[0]).result() is at_once[0].result()


def test_the_two_models_that_were_asked_for_last_are_kept(sources):
    first, second, third = sources
    gone = weakref.ref(load(first).result(60).model)
    kept = load(second).result(60)
    newest = load(third).result(60)
    gc.collect()
    assert gone() is None
    assert load(second).result() is kept
    assert load(third).result() is newest


def test_a_load_that_failed_is_tried_again(tiny: Path, tmp_path: Path):
    source = Source(str(tmp_path / "late"), device="cpu")
    with pytest.raises(GatewayError, match="can't load the model"):
        load(source).result(60)
    shutil.copytree(tiny, tmp_path / "late")
    assert load(source).result(60).context_tokens == 65536


def test_a_model_without_a_chat_template_is_refused(sources):
    (Path(sources[0].model) / "chat_template.jinja").unlink()
    with pytest.raises(GatewayError, match="has no chat template"):
        load(sources[0]).result(60)


def test_equal_weights_have_equal_versions(sources):
    assert load(sources[0]).result(60).weight_version == load(sources[1]).result(60).weight_version
