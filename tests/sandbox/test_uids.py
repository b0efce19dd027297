from __future__ import annotations

from pathlib import Path

import pytest

from claudebox_rl.errors import SandboxStartError
from claudebox_rl.sandbox._local import uids
from claudebox_rl.sandbox._local.uids import _first_free, lease_uid


@pytest.mark.parametrize(
    ("table", "first"),
    [
        ("0 0 4294967295\n", 1_900_000_000),
        ("0 100000 65536\n", 65536 - 4096 - 64),
        ("0 1000 1\n1 100000 65536\n", 65537 - 4096 - 64),
    ],
)
def test_numbers_lie_in_the_user_namespace(tmp_path: Path, table: str, first: int) -> None:
    (tmp_path / "uid_map").write_text(table)
    assert _first_free(tmp_path / "uid_map") == first


def test_a_single_mapped_user_is_not_enough(tmp_path: Path) -> None:
    (tmp_path / "uid_map").write_text("0 1000 1\n")
    assert _first_free(tmp_path / "uid_map") < 1000


@pytest.mark.usefixtures("local_sandbox")
def test_leases_are_unique_until_released(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uids, "_NUM_UIDS", 5)
    monkeypatch.setattr(uids, "first_uid", lambda: 1_800_000_000)
    leases = [lease_uid() for _ in range(5)]
    assert len({lease.uid for lease in leases}) == 5
    with pytest.raises(SandboxStartError, match="taken"):
        lease_uid()
    leases[0].release()
    leases.append(lease_uid())
    assert leases[-1].uid == leases[0].uid
    for lease in leases:
        lease.release()
