from __future__ import annotations

from dataclasses import dataclass

import pytest

from appliance.engines.protocols import QueuePlace
from appliance.engines.queue_places import QueuePlaces


@dataclass
class Asker:
    position: int = 0


def test_a_place_is_told_when_it_changes() -> None:
    places = QueuePlaces(slots=2)
    first, second = Asker(), Asker()
    assert [waiting for waiting, _ in places.moved([first, second], running=2)] == [first, second]
    assert list(places.moved([first, second], running=2)) == []
    assert [place.position for _, place in places.moved([second], running=2)] == [1]


@pytest.mark.parametrize(("running", "expected"), [(0, 10.0), (1, 10.0), (2, 5.0), (9, 5.0)])
def test_the_wait_is_what_an_answer_takes_by_how_many_are_written_at_once(
    running: int, expected: float
) -> None:
    (told,) = QueuePlaces(slots=2).moved([Asker()], running)  # before any answer was seen
    assert told[1] == QueuePlace(1, expected)


def test_longer_answers_make_for_longer_waits() -> None:
    places = QueuePlaces(slots=2)
    assert places.full().retry_after == 5
    places.answered(20.0)
    assert places.full().retry_after == 7


def test_who_finds_no_place_comes_back_after_a_second_at_least() -> None:
    places = QueuePlaces(slots=16)
    for _ in range(100):
        places.answered(0.0)
    assert places.full().retry_after == 1
