"""What the admin panel shows at a glance. All of it is counted when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic

from appliance.domain import utc_now
from appliance.services.health import Health
from appliance.services.machine import Machine, MachineLoad
from appliance.services.model_change import ChangeProgress
from appliance.storage import statistics
from appliance.storage.database import Connection, Database
from appliance.storage.statistics import AnswerFigures, DocumentCounts, UserCounts


@dataclass(frozen=True, slots=True)
class Models:
    """Their names; None for a part that is not there. `coming` is to take over from `embedding`."""

    llm: str | None
    speech: str | None
    embedding: str | None
    coming: ChangeProgress | None = None


@dataclass(frozen=True, slots=True)
class Total:
    total: int
    today: int  # since midnight UTC


@dataclass(frozen=True, slots=True)
class Summary:
    users: UserCounts
    conversations: Total
    messages: Total
    documents: DocumentCounts
    models: Models
    status: str  # healthy, degraded or stopping
    uptime_s: int


@dataclass(frozen=True, slots=True)
class DayCount:
    date: date
    count: int


@dataclass(frozen=True, slots=True)
class PeriodFigures:
    """Days are UTC, oldest first, today among them; every one is there."""

    registrations: list[DayCount]
    active_users: list[DayCount]
    conversations: list[DayCount]
    messages: list[DayCount]
    users: UserCounts
    answers: AnswerFigures
    machine: MachineLoad
    uptime_s: int
    at: datetime


class Panel:
    def __init__(
        self,
        db: Database,
        health: Health,
        machine: Machine,
        models: Callable[[], Models],
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._db = db
        self._health = health
        self._machine = machine
        self._models = models
        self._clock = clock
        self._started = monotonic()

    async def summary(self) -> Summary:
        today = _midnight(self._clock().date())

        def work(tx: Connection) -> tuple[UserCounts, DocumentCounts, Total, Total]:
            conversations, messages = (
                Total(statistics.total(tx, table), statistics.since(tx, table, today))
                for table in ("conversations", "messages")
            )
            users, documents = statistics.user_counts(tx), statistics.document_counts(tx)
            return users, documents, conversations, messages

        users, documents, conversations, messages = await self._db.read(work)
        return Summary(
            users=users,
            conversations=conversations,
            messages=messages,
            documents=documents,
            models=self._models(),
            status=await self._status(),
            uptime_s=self._uptime_s,
        )

    async def metrics(self, days: int) -> PeriodFigures:
        """Of the last `days` days, the running one included."""
        now = self._clock()
        dates = [now.date() - timedelta(days=days - 1 - number) for number in range(days)]

        def counted(counts: list[int]) -> list[DayCount]:
            return [DayCount(day, count) for day, count in zip(dates, counts, strict=True)]

        # One snapshot each: none of them is held for longer than it takes to count one thing.
        registrations, conversations, messages = [
            counted(await self._db.read(_daily(table, dates)))
            for table in ("users", "conversations", "messages")
        ]
        active = await self._db.read(lambda tx: statistics.daily_active_users(tx, dates))
        begin = _midnight(dates[0])
        return PeriodFigures(
            registrations=registrations,
            active_users=counted(active),
            conversations=conversations,
            messages=messages,
            users=await self._db.read(statistics.user_counts),
            answers=await self._db.read(lambda tx: statistics.answer_figures(tx, begin)),
            machine=await self._machine.load(),
            uptime_s=self._uptime_s,
            at=now,
        )

    @property
    def _uptime_s(self) -> int:
        return int(monotonic() - self._started)

    async def _status(self) -> str:
        if self._health.stopping:
            return "stopping"
        states = await self._health.states()
        return "healthy" if all(state.ok for state in states) else "degraded"


def _daily(table: str, dates: list[date]) -> Callable[[Connection], list[int]]:
    return lambda tx: statistics.daily(tx, table, dates)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
