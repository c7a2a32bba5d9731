"""Messages over REST: ask, ask again, stop, edit, delete and judge."""

from __future__ import annotations

from typing import Any

from appliance.api.answer_events import EVENT_STREAM, end_of, streamed, wants_events
from appliance.api.routing import Call, Handler, Reply, Route, Stream
from appliance.api.schemas.messages import (
    FeedbackCreate,
    MessageCreate,
    MessageCreateQuery,
    MessageDeleted,
    MessageEdit,
    MessageOut,
    MessageSent,
)
from appliance.domain import MAIN_BRANCH
from appliance.services.authorization import Access


async def send(call: Call) -> Reply | Stream:
    body = call.body(MessageCreate)
    conversation_id = call.path["conversation_id"]
    branch_id = body.branch_id or MAIN_BRANCH
    if not call.query(MessageCreateQuery).answer:
        question, answer, is_new = await call.services.messages.add(
            call.caller,
            call.origin,
            conversation_id,
            body.content,
            branch_id=branch_id,
            parent_message_id=body.parent_message_id,
            client_message_id=body.client_message_id,
        )
        sent = MessageSent.sent(question, answer, is_duplicate=not is_new)
        return Reply(sent, 201 if is_new else 200)
    begun = await call.services.answering.ask(
        call.caller,
        call.origin,
        body.content,
        conversation_id=conversation_id,
        branch_id=branch_id,
        parent_message_id=body.parent_message_id,
        client_message_id=body.client_message_id,
    )
    status = 201 if begun.is_new else 200
    if wants_events(call.request):
        return streamed(call, begun.stream, status)
    answer = await end_of(call, begun.stream)
    return Reply(MessageSent.sent(begun.question, answer, is_duplicate=not begun.is_new), status)


async def regenerate(call: Call) -> MessageOut | Stream:
    begun = await call.services.answering.ask_again(call.caller, call.origin, *_ids(call))
    if wants_events(call.request):
        return streamed(call, begun.stream, 201)
    return MessageOut.of(await end_of(call, begun.stream))


async def stop(call: Call) -> MessageOut:
    return MessageOut.of(await call.services.messages.stop(call.caller, call.origin, *_ids(call)))


async def edit(call: Call) -> MessageOut:
    content = call.body(MessageEdit).content
    return MessageOut.of(
        await call.services.messages.edit(call.caller, call.origin, *_ids(call), content)
    )


async def delete(call: Call) -> MessageDeleted:
    count = await call.services.messages.delete(call.caller, call.origin, *_ids(call))
    return MessageDeleted(
        message="The message was deleted.", deleted_count=count, message_id=call.path["message_id"]
    )


async def rate(call: Call) -> MessageOut:
    body = call.body(FeedbackCreate)
    return MessageOut.of(
        await call.services.messages.rate(
            call.caller, call.origin, *_ids(call), body.rating, body.reason
        )
    )


async def unrate(call: Call) -> MessageOut:
    return MessageOut.of(await call.services.messages.unrate(call.caller, call.origin, *_ids(call)))


def _ids(call: Call) -> tuple[str, str]:
    return call.path["conversation_id"], call.path["message_id"]


def _route(method: str, rest: str, handler: Handler, summary: str, **more: Any) -> Route:
    path = f"/conversations/<conversation_id>/messages{rest}"
    return Route(
        method, f"/api{path}", handler, Access.USER, "Messages", summary, aliases=(path,), **more
    )


_ONE = "/<message_id>"
_AS_EVENTS = "The events are the frames that the WebSocket sends, each under its `type`."

ROUTES: tuple[Route, ...] = (
    _route(
        "POST",
        "",
        send,
        "Ask: store a message and answer it; Accept: text/event-stream streams the answer",
        body=MessageCreate,
        query=MessageCreateQuery,
        response=MessageSent,
        status=201,
        other_statuses=(200,),
        produces=(EVENT_STREAM,),
        description=_AS_EVENTS,
    ),
    _route(
        "PATCH",
        _ONE,
        edit,
        "Reword a message of one's own",
        more_methods=("PUT",),
        body=MessageEdit,
        response=MessageOut,
    ),
    _route(
        "DELETE",
        _ONE,
        delete,
        "Delete a message, its answers and the branches that start from them",
        response=MessageDeleted,
    ),
    _route(
        "POST",
        f"{_ONE}/regenerate",
        regenerate,
        "Answer a question anew, in a branch of its own; Accept: text/event-stream streams it",
        response=MessageOut,
        status=201,
        produces=(EVENT_STREAM,),
        description=_AS_EVENTS,
    ),
    _route("POST", f"{_ONE}/stop", stop, "Stop an answer under way", response=MessageOut),
    _route(
        "POST",
        f"{_ONE}/feedback",
        rate,
        "Say what an answer is worth",
        body=FeedbackCreate,
        response=MessageOut,
    ),
    _route("DELETE", f"{_ONE}/feedback", unrate, "Take feedback back", response=MessageOut),
)
