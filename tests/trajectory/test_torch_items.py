"""Run by `make models`, which installs torch."""

from __future__ import annotations

import pytest
from trajectory_values import journal, record_of

from claudebox_rl.errors import ConfigError
from claudebox_rl.trajectory import Dataset, EpisodeRecord, commit, load_dataset

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default::UserWarning:torch.*")]
torch_data = pytest.importorskip("torch.utils.data")
EPISODES = 23


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("dataset")
    for index in range(EPISODES):
        journal(folder, record_of(f"e{index:02}", num_steps=index % 4))
        if index % 9 == 0:
            commit(folder)
    commit(folder)
    return load_dataset(folder)


def items_of(record: EpisodeRecord) -> list[str]:
    """None of some, many of others."""
    return [f"{record.episode.episode_id}/{step.step_index}" for step in record.steps]


ALL = sorted(f"e{index:02}/{step}" for index in range(EPISODES) for step in range(index % 4))


@pytest.mark.parametrize("num_workers", [0, 3])
@pytest.mark.parametrize("num_ranks", [1, 4])
@pytest.mark.parametrize("seed", [None, 7])
def test_each_item_comes_once_over_ranks_and_workers(
    dataset: Dataset, num_workers: int, num_ranks: int, seed: int | None
) -> None:
    seen: list[str] = []
    for rank in range(num_ranks):
        items = dataset.to_torch(items_of, seed=seed, rank=rank, num_ranks=num_ranks)
        seen += torch_data.DataLoader(items, batch_size=None, num_workers=num_workers)
    assert sorted(seen) == ALL


def test_the_order_is_the_seeds_and_the_epochs(dataset: Dataset) -> None:
    def epochs(seed: int) -> list[list[str]]:
        items = dataset.to_torch(items_of, seed=seed)
        return [list(items), list(items)]

    first, second = epochs(1)
    assert sorted(first) == sorted(second) == ALL
    assert first not in (second, ALL)
    assert epochs(1) == [first, second] != epochs(2)
    again = dataset.to_torch(items_of, seed=1)
    again.set_epoch(1)
    assert list(again) == second


@pytest.mark.parametrize("taken", [0, 1, 11, len(ALL) - 1, len(ALL)])
def test_it_goes_on_where_it_stopped(dataset: Dataset, taken: int) -> None:
    whole = list(dataset.to_torch(items_of, seed=3))
    items = dataset.to_torch(items_of, seed=3)
    reading = iter(items)
    first = [next(reading) for _ in range(taken)]
    resumed = dataset.to_torch(items_of, seed=3)
    resumed.load_state_dict(items.state_dict())
    assert first + list(resumed) == whole


@pytest.mark.parametrize("num_workers", [0, 2])
def test_a_stateful_loader_resumes_its_workers(dataset: Dataset, num_workers: int) -> None:
    loaders = pytest.importorskip("torchdata.stateful_dataloader")

    def loader() -> object:
        return loaders.StatefulDataLoader(
            dataset.to_torch(items_of, seed=3), batch_size=4, num_workers=num_workers, collate_fn=list
        )

    whole = list(loader())
    began = loader()
    reading = iter(began)
    first = [next(reading) for _ in range(3)]
    state = began.state_dict()
    resumed = loader()
    resumed.load_state_dict(state)
    assert first + list(resumed) == whole


def test_a_rank_beyond_the_others_is_refused(dataset: Dataset) -> None:
    with pytest.raises(ConfigError, match="rank=2 is none of 2"):
        dataset.to_torch(items_of, rank=2, num_ranks=2)
    with pytest.raises(ConfigError, match="or neither"):
        dataset.to_torch(items_of, rank=0)
