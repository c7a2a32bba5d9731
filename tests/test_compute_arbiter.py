from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from appliance.compute_arbiter import (
    HOLD_S,
    PATIENCE,
    ComputeArbiter,
    Priority,
    Turn,
    TurnOrder,
)

DICTATION, ANSWER, PROMPT, INGEST = Priority


class Cores:
    """A turn order with a clock that only `run` moves, and who had the cores."""

    def __init__(self) -> None:
        self.order = TurnOrder()
        self.now = 100.0
        self.log: list[Priority] = []

    def ask(self, priority: Priority, give_way: Callable[[], None] | None = None) -> Turn:
        turn = Turn(priority, give_way)
        self.order.ask(turn)
        return turn

    def start(self) -> Priority | None:
        turn = self.order.start(self.now)
        return None if turn is None else turn.priority

    def run(self, seconds: float) -> Priority | None:
        """Start the next turn and end it so much later."""
        priority = self.start()
        if priority is not None:
            self.now += seconds
            self.order.end(self.now)
            self.log.append(priority)
        return priority

    def idle(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def cores() -> Cores:
    """Everything has had a turn lately, so that nothing is due."""
    cores = Cores()
    for priority in (ANSWER, DICTATION, INGEST, PROMPT):
        cores.ask(priority)
        assert cores.run(1.0) == priority
    cores.log.clear()
    return cores


def test_the_most_urgent_goes_first(cores: Cores) -> None:
    for priority in (PROMPT, ANSWER, DICTATION):
        cores.ask(priority)
    assert [cores.run(0.01) for _ in range(2)] == [DICTATION, ANSWER]


def test_equals_take_turns_in_the_order_of_their_coming(cores: Cores) -> None:
    turns = [cores.ask(ANSWER) for _ in range(3)]
    for turn in turns:
        assert cores.order.start(cores.now) is turn
        assert cores.order.start(cores.now) is None  # one at a time
        cores.order.end(cores.now)


def test_a_question_waits_for_no_more_than_the_step_under_way(cores: Cores) -> None:
    cores.idle(PATIENCE[PROMPT])  # a second since the last
    cores.ask(ANSWER)
    assert cores.start() == ANSWER
    cores.ask(PROMPT)
    cores.ask(ANSWER)
    cores.order.end(cores.now)
    assert cores.start() == PROMPT


def test_the_less_urgent_does_not_slip_in_between_two_steps(cores: Cores) -> None:
    cores.idle(HOLD_S)
    cores.ask(ANSWER)
    assert cores.run(0.03) == ANSWER
    cores.ask(INGEST)
    cores.idle(HOLD_S / 2)  # the next token is being chosen
    assert cores.start() is None
    assert cores.order.wait_s(cores.now) == pytest.approx(HOLD_S / 2)
    cores.idle(HOLD_S)  # no further step came
    assert cores.start() == INGEST


def test_nothing_is_held_back_on_idle_cores() -> None:
    for priority in Priority:
        cores = Cores()
        cores.ask(priority)
        assert cores.start() == priority


@pytest.mark.parametrize("priority", [PROMPT, INGEST])
def test_steps_without_end_leave_the_less_urgent_its_share(
    cores: Cores, priority: Priority
) -> None:
    cores.idle(1e3)
    cores.ask(priority)
    turns = 0
    while turns < 50:
        cores.ask(ANSWER)
        while (ran := cores.run(0.05)) != ANSWER:
            assert ran == priority
            turns += 1
            cores.ask(priority)
    share = cores.log.count(priority) / len(cores.log)  # turns are all of the same length
    assert share == pytest.approx(1 / (PATIENCE[priority] + 1), rel=0.2)


def test_all_at_once_without_end_starves_nobody(cores: Cores) -> None:
    for priority in Priority:
        cores.ask(priority)
    while len(cores.log) < 2000:
        ran = cores.run(0.05)
        assert ran is not None
        cores.ask(ran)
    ingest, prompts = cores.log.count(INGEST), cores.log.count(PROMPT)
    assert 60 < ingest < 130
    assert 500 < prompts < 1100
    # Strict between those two: words that are being spoken do not wait for what is written.
    assert cores.log.count(ANSWER) == 0


def test_what_computes_on_idle_cores_gives_way_once_to_the_more_urgent(cores: Cores) -> None:
    told: list[str] = []
    cores.idle(HOLD_S)
    cores.ask(INGEST, lambda: told.append("ingest"))
    assert cores.start() == INGEST
    cores.ask(INGEST)
    assert told == []  # not to its like
    cores.ask(PROMPT)
    cores.ask(ANSWER)
    assert told == ["ingest"]


def test_what_is_due_gives_way_to_nobody() -> None:
    cores = Cores()
    told: list[str] = []
    cores.ask(INGEST, lambda: told.append("ingest"))
    assert cores.start() == INGEST  # its first turn is due
    cores.ask(DICTATION)
    assert told == []


def test_an_ingest_that_always_gives_way_is_due_in_the_end(cores: Cores) -> None:
    began, dropped = cores.now, 0
    while True:
        cores.ask(INGEST, lambda: None)
        cores.idle(HOLD_S)
        turn = cores.order.start(cores.now)
        assert turn is not None and turn.priority == INGEST
        cores.idle(0.02)
        cores.ask(PROMPT)
        if not turn.gave_way:
            break
        dropped += 1
        cores.order.end(cores.now)
        cores.run(0.005)
    # Its last whole turn took a second, and then a question's; what was dropped did not count.
    assert dropped > 100
    assert cores.now - began == pytest.approx(PATIENCE[INGEST] - 1, abs=0.1)


def test_whoever_withdraws_holds_up_nobody(cores: Cores) -> None:
    waiting = cores.ask(ANSWER)
    running = cores.ask(DICTATION)
    assert cores.order.start(cores.now) is running
    cores.order.withdraw(waiting)
    cores.order.withdraw(running)
    assert cores.order.wait_s(cores.now) is None
    cores.ask(ANSWER)
    assert cores.order.start(cores.now) not in (None, waiting)


def test_threads_compute_one_at_a_time_and_all_of_them() -> None:
    arbiter = ComputeArbiter()
    inside = 0
    done: list[Priority] = []

    def work(priority: Priority) -> None:
        nonlocal inside
        for _ in range(200):
            with arbiter.turn(priority):
                inside += 1
                assert inside == 1
                done.append(priority)
                inside -= 1

    threads = [threading.Thread(target=work, args=(p,)) for p in Priority for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert {p: done.count(p) for p in Priority} == dict.fromkeys(Priority, 400)


def test_a_thread_that_waits_goes_on_when_the_turn_ends() -> None:
    arbiter = ComputeArbiter()
    asking, log = threading.Event(), []

    def ask() -> None:
        asking.set()
        with arbiter.turn(INGEST):
            log.append("ingest")

    thread = threading.Thread(target=ask)
    with arbiter.turn(ANSWER):
        thread.start()
        asking.wait(10)
        log.append("answer")
    thread.join(10)
    assert log == ["answer", "ingest"]


def test_a_turn_is_told_to_give_way_while_it_computes() -> None:
    now = 0.0
    arbiter = ComputeArbiter(lambda: now)
    with arbiter.turn(INGEST):
        now = 1.0  # the next is not due before 20
    told = threading.Event()

    def ask() -> None:
        with arbiter.turn(ANSWER):
            pass

    urgent = threading.Thread(target=ask)
    with arbiter.turn(INGEST, give_way=told.set):
        urgent.start()
        assert told.wait(10)
    urgent.join(10)
    assert not urgent.is_alive()


def test_a_failed_turn_is_over() -> None:
    arbiter = ComputeArbiter()
    with pytest.raises(ZeroDivisionError), arbiter.turn(ANSWER):
        raise ZeroDivisionError
    with arbiter.turn(ANSWER):
        pass
