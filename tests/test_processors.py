from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

import pytest

from appliance.processors import compute_threads
from appliance.settings import Settings


class Machine:
    """With `siblings` for each core, its processors; the process in the group `/ward/appliance`."""

    def __init__(
        self,
        root: Path,
        siblings: Collection[tuple[int, ...]],
        *,
        own: str = "0::/ward/appliance\n",
    ) -> None:
        self._processors, self._groups, self._own = root / "cpu", root / "groups", root / "own"
        self.every = frozenset(number for core in siblings for number in core)
        for core in siblings:
            for number in core:
                folder = self._processors / f"cpu{number}" / "topology"
                folder.mkdir(parents=True)
                (folder / "thread_siblings_list").write_text(",".join(map(str, core)) + "\n")
        (self._groups / "ward" / "appliance").mkdir(parents=True)
        self._own.write_text(own)

    def limit(self, name: str, most: str) -> None:
        (self._groups / name / "cpu.max").write_text(f"{most}\n")

    def limit_old(self, name: str, most: str) -> None:
        folder = self._groups / "cpu" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cpu.cfs_quota_us").write_text(f"{most}\n")
        (folder / "cpu.cfs_period_us").write_text("100000\n")

    def threads(self, allowed: frozenset[int] | None = None) -> int:
        return compute_threads(
            self.every if allowed is None else allowed,
            processors=self._processors,
            own=self._own,
            groups=self._groups,
        )


def cores(count: int, each: int = 1) -> list[tuple[int, ...]]:
    """As Linux numbers them: the second processors of all cores behind the first ones."""
    return [tuple(core + count * number for number in range(each)) for core in range(count)]


@pytest.mark.parametrize(
    ("siblings", "threads"),
    [
        (cores(1), 1),
        (cores(2), 1),
        (cores(8), 7),
        (cores(1, each=2), 1),
        (cores(4, each=2), 4),  # three of the other processors are free anyway
        (cores(64, each=2), 64),
        (cores(2, each=4), 2),
    ],
)
def test_a_thread_for_each_core_and_a_processor_left(
    siblings: list[tuple[int, ...]], threads: int, tmp_path: Path
) -> None:
    assert Machine(tmp_path, siblings).threads() == threads


def test_only_what_the_process_may_run_on_counts(tmp_path: Path) -> None:
    machine = Machine(tmp_path, cores(8, each=2))
    assert machine.threads(frozenset({0, 1, 2, 3})) == 3
    assert machine.threads(frozenset({0, 8, 1, 9})) == 2
    assert machine.threads(frozenset({5})) == 1


@pytest.mark.parametrize(
    ("quota", "threads"),
    [
        ("200000 100000", 1),
        ("400000 100000", 3),
        ("450000 100000", 3),
        ("50000 100000", 1),
        ("6400000 100000", 7),
        ("max 100000", 7),
        ("200000", 7),
        ("0 0", 7),
        ("", 7),
    ],
)
def test_a_container_computes_with_no_more_than_it_is_given(
    quota: str, threads: int, tmp_path: Path
) -> None:
    machine = Machine(tmp_path, cores(8))
    machine.limit("ward/appliance", quota)
    assert machine.threads() == threads


def test_the_narrowest_group_counts(tmp_path: Path) -> None:
    machine = Machine(tmp_path, cores(8))
    machine.limit("ward/appliance", "600000 100000")
    machine.limit("ward", "300000 100000")
    assert machine.threads() == 2


@pytest.mark.parametrize(
    ("name", "quota", "threads"),
    [
        ("docker/one", "300000", 2),
        ("docker", "500000", 4),
        (".", "200000", 1),  # a container that sees its own group as the root
        ("docker/one", "-1", 7),
        ("docker/one", "0", 7),
        ("docker/other", "100000", 7),
    ],
)
def test_groups_of_version_1(name: str, quota: str, threads: int, tmp_path: Path) -> None:
    machine = Machine(tmp_path, cores(8), own="9:memory:/x\n4:cpu,cpuacct:/docker/one\n0::/\n")
    machine.limit_old(name, quota)
    assert machine.threads() == threads


def test_where_nothing_is_told_each_processor_is_a_core(tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    numbers = frozenset(range(6))
    assert compute_threads(numbers, processors=absent, own=absent, groups=absent) == 5


def test_the_setting_says_what_this_machine_has() -> None:
    assert 1 <= Settings().threads == compute_threads() <= (os.cpu_count() or 1)
