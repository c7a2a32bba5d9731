"""The admin panel on the wire."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from appliance.api.fields import Instant, Output, Query
from appliance.services.answering import Load
from appliance.services.panel import DayCount, Models, PeriodFigures, Summary
from appliance.services.sockets import OpenSocket, SocketType

MAX_RECENT = 50


class MetricsQuery(Query):
    days: Annotated[int, Field(ge=1, le=90)] = 30


class UserCountsOut(Output):
    total: int
    active: int
    admins: int


class TotalOut(Output):
    total: int
    today: int = Field(description="Since midnight UTC.")


class SystemOut(Output):
    status: str
    uptime: int = Field(description="Seconds.")


class DocumentCountsOut(Output):
    total: int
    indexed: int
    failed: int
    chunks: int


class ModelChangeOut(Output):
    model: str
    embedded: int = Field(description="Chunks that it has embedded so far.")
    chunks: int


class ModelsOut(Output):
    llm: str | None
    speech: str | None
    embedding: str | None = Field(description="Finds the passages.")
    embedding_change: ModelChangeOut | None = Field(
        description="The model of the settings, while it embeds everything in order to take over."
    )

    @classmethod
    def of(cls, models: Models) -> ModelsOut:
        change = None
        if (coming := models.coming) is not None:
            change = ModelChangeOut(
                model=coming.model, embedded=coming.embedded, chunks=coming.chunks
            )
        return cls(
            llm=models.llm,
            speech=models.speech,
            embedding=models.embedding,
            embedding_change=change,
        )


class SummaryOut(Output):
    users: UserCountsOut
    conversations: TotalOut
    system: SystemOut
    documents: DocumentCountsOut
    messages: TotalOut
    models: ModelsOut

    @classmethod
    def of(cls, summary: Summary) -> SummaryOut:
        users, documents = summary.users, summary.documents
        conversations, messages = summary.conversations, summary.messages
        return cls(
            users=UserCountsOut(total=users.total, active=users.active, admins=users.admins),
            conversations=TotalOut(total=conversations.total, today=conversations.today),
            system=SystemOut(status=summary.status, uptime=summary.uptime_s),
            documents=DocumentCountsOut(
                total=documents.total,
                indexed=documents.indexed,
                failed=documents.failed,
                chunks=documents.chunks,
            ),
            messages=TotalOut(total=messages.total, today=messages.today),
            models=ModelsOut.of(summary.models),
        )


class ConnectionOut(Output):
    session_id: str = Field(description="Of the sign-in that it belongs to.")
    user_id: str
    type: SocketType
    connected_at: Instant
    ip: str

    @classmethod
    def of(cls, socket: OpenSocket) -> ConnectionOut:
        return cls(
            session_id=socket.session_id,
            user_id=socket.user_id,
            type=socket.type,
            connected_at=socket.connected_at,
            ip=socket.ip,
        )


class ConnectionsByType(Output):
    chat: int
    voice: int


class QueueOut(Output):
    waiting: int = Field(description="Questions whose answer has not begun to come.")
    running: int = Field(description="Answers that are coming.")
    slots: int = Field(description="How many of both there may be.")


class WebSocketStatusOut(Output):
    active_connections: int
    connections_by_type: ConnectionsByType
    recent_connections: list[ConnectionOut]
    queue: QueueOut
    timestamp: Instant

    @classmethod
    def of(
        cls,
        by_type: dict[SocketType, int],
        newest: Sequence[OpenSocket],
        load: Load,
        at: datetime.datetime,
    ) -> WebSocketStatusOut:
        return cls(
            active_connections=sum(by_type.values()),
            connections_by_type=ConnectionsByType(
                chat=by_type[SocketType.CHAT], voice=by_type[SocketType.VOICE]
            ),
            recent_connections=[ConnectionOut.of(socket) for socket in newest],
            queue=QueueOut(waiting=load.waiting, running=load.running, slots=load.slots),
            timestamp=at,
        )


class DayOut(Output):
    date: datetime.date
    count: int


class UserDistribution(Output):
    total: int
    active: int
    inactive: int
    admins: int
    regular: int


class AnswersOut(Output):
    """Null where there is nothing to reckon with; rates are 0..1."""

    p50_first_token_ms: int | None
    p95_first_token_ms: int | None
    tokens_per_second: float | None
    no_evidence_rate: float | None
    helpful_rate: float | None


class MemoryOut(Output):
    total: int
    used: int
    percent: float
    process: int = Field(description="Resident bytes of the appliance.")


class DiskOut(Output):
    total: int
    used: int
    free: int
    percent: float


class MachineOut(Output):
    cpu_percent: float
    memory: MemoryOut
    disk: DiskOut
    uptime: int


class MetricsOut(Output):
    daily_registrations: list[DayOut]
    daily_active_users: list[DayOut]
    daily_conversations: list[DayOut]
    daily_messages: list[DayOut]
    user_distribution: UserDistribution
    answers: AnswersOut
    system: MachineOut
    period_days: int
    timestamp: Instant

    @classmethod
    def of(cls, figures: PeriodFigures) -> MetricsOut:
        users, answers, machine = figures.users, figures.answers, figures.machine
        memory, disk = machine.memory, machine.disk
        return cls(
            daily_registrations=_days(figures.registrations),
            daily_active_users=_days(figures.active_users),
            daily_conversations=_days(figures.conversations),
            daily_messages=_days(figures.messages),
            user_distribution=UserDistribution(
                total=users.total,
                active=users.active,
                inactive=users.total - users.active,
                admins=users.admins,
                regular=users.total - users.admins,
            ),
            answers=AnswersOut(
                p50_first_token_ms=answers.p50_first_token_ms,
                p95_first_token_ms=answers.p95_first_token_ms,
                tokens_per_second=_rounded(answers.tokens_per_second),
                no_evidence_rate=_rounded(answers.no_evidence_rate),
                helpful_rate=_rounded(answers.helpful_rate),
            ),
            system=MachineOut(
                cpu_percent=machine.cpu_percent,
                memory=MemoryOut(
                    total=memory.total,
                    used=memory.used,
                    percent=memory.percent,
                    process=memory.process,
                ),
                disk=DiskOut(
                    total=disk.total, used=disk.used, free=disk.free, percent=disk.percent
                ),
                uptime=figures.uptime_s,
            ),
            period_days=len(figures.messages),
            timestamp=figures.at,
        )


def _days(counts: Sequence[DayCount]) -> list[DayOut]:
    return [DayOut(date=each.date, count=each.count) for each in counts]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
