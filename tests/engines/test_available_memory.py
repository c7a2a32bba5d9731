from __future__ import annotations

from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from appliance.engines.available_memory import available_memory


class Groups:
    """A tree of control groups with the process in `/ward/appliance`."""

    def __init__(self, root: Path, *, own: str = "0::/ward/appliance\n") -> None:
        self.root, self.own = root / "groups", root / "own"
        (self.root / "ward" / "appliance").mkdir(parents=True)
        self.own.write_text(own)

    def limit(self, name: str, limit: str, *, used: int = 0, stat: str = "anon 5\n") -> None:
        folder = self.root / name
        (folder / "memory.max").write_text(f"{limit}\n")
        (folder / "memory.current").write_text(f"{used}\n")
        (folder / "memory.stat").write_text(stat)

    @property
    def available(self) -> int:
        return available_memory(self.own, self.root)


@pytest.fixture
def groups(tmp_path: Path) -> Groups:
    return Groups(tmp_path)


def test_without_a_limit_it_is_the_machines(groups: Groups, tmp_path: Path) -> None:
    total = psutil.virtual_memory().total
    assert 0 < groups.available <= total
    groups.limit("ward/appliance", "max", used=1000)
    assert groups.available > 1000
    assert 0 < available_memory(tmp_path / "absent", tmp_path / "absent") <= total
    assert 0 < available_memory() <= total


def test_the_narrowest_group_counts(groups: Groups) -> None:
    groups.limit("ward/appliance", "5000", used=1000)
    assert groups.available == 4000
    groups.limit("ward", "3000", used=1500)
    assert groups.available == 1500
    groups.limit(".", "1000", used=2000)
    assert groups.available == 0


def test_cached_files_can_be_given_back(groups: Groups) -> None:
    stat = "anon 600\nfile 500\ninactive_file 300\nactive_file 100\nslab 7\n"
    groups.limit("ward/appliance", "5000", used=1000, stat=stat)
    assert groups.available == 4400


@pytest.mark.parametrize("own", ["", "12:memory:/old\n", "0::/../../etc\n", "0::/elsewhere\n"])
def test_a_group_that_cannot_be_found_limits_nothing(own: str, tmp_path: Path) -> None:
    groups = Groups(tmp_path, own=own)
    groups.limit("ward/appliance", "10")
    assert groups.available > 10


def test_a_container_sees_its_own_group_as_the_root(tmp_path: Path) -> None:
    groups = Groups(tmp_path, own="0::/\n")
    groups.limit(".", "700", used=100)
    assert groups.available == 600
