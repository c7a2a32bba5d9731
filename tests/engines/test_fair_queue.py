from __future__ import annotations

import random

import pytest

from appliance.engines.fair_queue import FairQueue


def served(queue: FairQueue[str], count: int, cost: float = 100.0) -> list[str]:
    """Who is taken, one after the other, each costing the same."""
    names = []
    for _ in range(count):
        found = queue.pop()
        if found is None:
            break
        user, item = found
        names.append(item)
        queue.charge(user, cost)
        queue.done(user)
    return names


def test_first_come_first_served_of_those_who_have_had_as_much() -> None:
    queue: FairQueue[str] = FairQueue(limit=10)
    for user in "cab":
        assert queue.push(user, user)
    assert served(queue, 4) == ["c", "a", "b"]


def test_who_asks_much_does_not_hold_up_who_asks_little() -> None:
    queue: FairQueue[str] = FairQueue(limit=100)
    for number in range(20):
        queue.push("greedy", f"greedy {number}")
    assert served(queue, 3) == ["greedy 0", "greedy 1", "greedy 2"]
    queue.push("modest", "modest 0")
    queue.push("modest", "modest 1")
    assert sorted(served(queue, 4)) == ["greedy 3", "greedy 4", "modest 0", "modest 1"]


def test_a_dear_answer_counts_more_than_a_cheap_one() -> None:
    queue: FairQueue[str] = FairQueue(limit=100)
    for number in range(10):
        queue.push("long", f"long {number}")
        queue.push("short", f"short {number}")
    taken = {"long": 0.0, "short": 0.0}
    for _ in range(10):
        found = queue.pop()
        assert found is not None
        user, _ = found
        cost = 300.0 if user == "long" else 100.0
        taken[user] += cost
        queue.charge(user, cost)
        queue.done(user)
    assert abs(taken["long"] - taken["short"]) <= 300.0


def test_nobody_saves_up_by_staying_away() -> None:
    queue: FairQueue[str] = FairQueue(limit=100)
    for number in range(20):
        queue.push("steady", f"steady {number}")
    served(queue, 10)
    for number in range(10):
        queue.push("returned", f"returned {number}")
    turns = served(queue, 10)
    assert 4 <= sum(turn.startswith("returned") for turn in turns) <= 6


def test_coming_back_at_once_wipes_nothing_out() -> None:
    """Whoever has had much, leaves and asks again is behind those who wait."""
    queue: FairQueue[str] = FairQueue(limit=100)
    queue.push("much", "much 0")
    queue.push("other", "other 0")
    assert served(queue, 1, cost=5_000) == ["much 0"]
    queue.push("much", "much 1")
    queue.push("late", "late 0")
    assert served(queue, 3) == ["other 0", "late 0", "much 1"]


def test_the_bound_counts_only_what_waits() -> None:
    queue: FairQueue[str] = FairQueue(limit=2)
    assert queue.push("a", "a0")
    assert queue.pop() == ("a", "a0")
    assert queue.push("b", "b0")
    assert queue.push("c", "c0")
    assert not queue.push("d", "d0")
    assert queue.remove("b", "b0")
    assert queue.push("d", "d0")
    assert len(queue) == 2


@pytest.mark.parametrize("most", [1, 2])
def test_of_each_user_no_more_than_allowed_are_out_at_a_time(most: int) -> None:
    queue: FairQueue[str] = FairQueue(limit=10, per_user=most)
    for number in range(4):
        queue.push("a", f"a{number}")
    out = [queue.pop() for _ in range(3)]
    assert [found for found in out if found] == [("a", f"a{n}") for n in range(most)]
    queue.push("b", "b0")
    assert queue.pop() == ("b", "b0")
    queue.done("a")
    assert queue.pop() == ("a", f"a{most}")


def test_the_order_is_that_in_which_they_are_taken() -> None:
    queue: FairQueue[str] = FairQueue(limit=100)
    for user in "aab":
        queue.push(user, f"{user}{len(queue)}")
    queue.push("c", "c3")
    told = queue.order()
    assert told == served(queue, 4, cost=1_000.0)


def out_of(queue: FairQueue[str], slots: int, pushed: str) -> list[str]:
    """Push an item for each letter, a user each, and take as many as have slots; who is out."""
    for user in pushed:
        queue.push(user, f"{user}{len(queue)}")
    return [found[0] for _ in range(slots) if (found := queue.pop())]


@pytest.mark.parametrize(
    ("slots", "pushed", "told"),
    [
        (1, "abc", "bc"),
        (2, "abcd", "cd"),
        # a has one under way: with both slots taken its end is what lets c in, then a's next is
        # behind d's first, since a has had an answer already.
        (2, "abacd", "cda"),
        # There is a free slot, yet a's own is what a waits for.
        (3, "aab", "a"),
        (1, "aaa", "aa"),
        (1, "aabb", "bab"),
    ],
)
def test_the_order_minds_what_each_user_has_out(slots: int, pushed: str, told: str) -> None:
    """It is the one in which they are taken when those that are out end first come, first gone."""
    queue: FairQueue[str] = FairQueue(limit=100)
    out = out_of(queue, slots, pushed)
    for user in out:
        queue.charge(user, 1_000.0)
    order = queue.order()
    assert "".join(item[0] for item in order) == told
    taken: list[str] = []
    while len(queue):
        queue.done(out.pop(0))
        while len(out) < slots and (found := queue.pop()):
            taken.append(found[1])
            out.append(found[0])
            queue.charge(found[0], 1_000.0)
    assert order == taken


def test_a_slot_that_is_given_away_is_free_for_nobody_else() -> None:
    """The end of a's makes room for c's alone: b, who has had less, is there before a's next."""
    queue: FairQueue[str] = FairQueue(limit=100)
    for user in "ab":
        queue.push(user, f"{user}, running")
        queue.pop()
    queue.charge("a", 900.0)
    queue.charge("b", 400.0)
    for user in "abc":
        queue.push(user, f"{user}, waiting")
    order = queue.order()
    assert order == ["c, waiting", "b, waiting", "a, waiting"]
    taken: list[str] = []
    for ended in "abc":
        queue.done(ended)
        found = queue.pop()
        assert found is not None
        taken.append(found[1])
    assert order == taken


def test_who_has_an_answer_under_way_is_not_told_to_be_next() -> None:
    queue: FairQueue[str] = FairQueue(limit=100)
    for user in "ba":
        queue.push(user, f"{user}, running")
        queue.pop()
    queue.charge("b", 10.0)
    queue.charge("a", 5.0)
    queue.push("a", "a, waiting")
    queue.push("late", "late, waiting")
    assert queue.order() == ["late, waiting", "a, waiting"]


def test_removing_what_does_not_wait() -> None:
    queue: FairQueue[str] = FairQueue(limit=10)
    assert not queue.remove("a", "a0")
    queue.push("a", "a0")
    queue.pop()
    assert not queue.remove("a", "a0")


def test_drained_it_is_empty() -> None:
    queue: FairQueue[str] = FairQueue(limit=10)
    for user in "ab":
        queue.push(user, user)
    assert sorted(queue.drain()) == ["a", "b"]
    assert len(queue) == 0
    assert queue.pop() is None


@pytest.mark.parametrize("seed", range(20))
def test_by_chance_nothing_is_lost_and_nobody_starves(seed: int) -> None:
    chance = random.Random(seed)
    queue: FairQueue[int] = FairQueue(limit=8, per_user=chance.choice((1, 2)))
    waiting: dict[int, str] = {}
    out: list[tuple[str, int]] = []
    ended: list[int] = []
    pushed = 0
    for _ in range(2_000):
        action = chance.random()
        if action < 0.45:
            user = f"user-{chance.randrange(5)}"
            if queue.push(user, pushed):
                waiting[pushed] = user
                pushed += 1
        elif action < 0.7 and (found := queue.pop()):
            assert waiting.pop(found[1]) == found[0]
            out.append(found)
        elif action < 0.75 and waiting:
            item = chance.choice(list(waiting))
            assert queue.remove(waiting.pop(item), item)
            ended.append(item)
        elif out:
            user, item = out.pop(chance.randrange(len(out)))
            queue.charge(user, chance.uniform(1, 500))
            queue.done(user)
            ended.append(item)
        assert len(queue) == len(waiting)
        assert sorted(queue.order()) == sorted(waiting)
    while waiting or out:
        if found := queue.pop():
            del waiting[found[1]]
            out.append(found)
        user, item = out.pop()
        queue.done(user)
        ended.append(item)
    assert sorted(ended) == list(range(pushed))
    assert queue.users <= 5


def test_users_who_have_gone_are_forgotten() -> None:
    queue: FairQueue[str] = FairQueue(limit=10)
    for number in range(1_000):
        queue.push(f"user-{number}", "x")
        queue.push("steady", "y")
        served(queue, 2)
    assert queue.users <= 2
