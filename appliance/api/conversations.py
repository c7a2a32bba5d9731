"""Conversations, branches and messages over REST."""

from __future__ import annotations

from typing import Any

from appliance.api.routing import Call, Handler, Route
from appliance.api.schemas.conversations import (
    AllDeleted,
    ConversationCreate,
    ConversationList,
    ConversationOut,
    ConversationQuery,
    ConversationUpdate,
    Deleted,
    SearchQuery,
    SearchResults,
)
from appliance.api.schemas.messages import (
    BranchCreate,
    BranchCreated,
    BranchList,
    BranchOut,
    MessageList,
    MessageOut,
    MessageQuery,
)
from appliance.services.authorization import Access


async def create(call: Call) -> ConversationOut:
    body = call.body(ConversationCreate)
    conversation = await call.services.conversations.create(
        call.caller, call.origin, title=body.title, folder_id=body.folder_id
    )
    return ConversationOut.of(conversation)


async def find(call: Call) -> ConversationList:
    query = call.query(ConversationQuery)
    found = await call.services.conversation_reads.find(
        call.caller,
        call.origin,
        archived=query.archived,
        folder_id=query.folder_id,
        search=query.search,
        page=query.page,
        page_size=query.page_size,
        cursor=query.cursor,
    )
    return ConversationList.of(found, query)


async def search(call: Call) -> SearchResults:
    query = call.query(SearchQuery)
    found = await call.services.conversation_search.find(
        call.caller, call.origin, query.q, limit=query.limit, cursor=query.cursor
    )
    return SearchResults.of(found)


async def get(call: Call) -> ConversationOut:
    return ConversationOut.of(
        await call.services.conversation_reads.get(
            call.caller, call.origin, call.path["conversation_id"]
        )
    )


async def update(call: Call) -> ConversationOut:
    changes = call.body(ConversationUpdate).changes()
    return ConversationOut.of(
        await call.services.conversations.update(
            call.caller, call.origin, call.path["conversation_id"], changes
        )
    )


async def delete(call: Call) -> Deleted:
    await call.services.conversations.delete(call.caller, call.origin, call.path["conversation_id"])
    return Deleted(message="The conversation was deleted.")


async def delete_all(call: Call) -> AllDeleted:
    count = await call.services.conversations.delete_all(call.caller, call.origin)
    return AllDeleted(message="All your conversations were deleted.", deleted_count=count)


async def create_branch(call: Call) -> BranchCreated:
    body = call.body(BranchCreate)
    branch, message = await call.services.conversations.create_branch(
        call.caller,
        call.origin,
        call.path["conversation_id"],
        parent_message_id=body.parent_message_id,
        initial_message=body.initial_message,
    )
    return BranchCreated(
        branch_id=branch.id,
        conversation_id=branch.conversation_id,
        parent_message_id=body.parent_message_id,
        created_at=branch.created_at,
        message_count=branch.message_count,
        initial_message=None if message is None else MessageOut.of(message),
    )


async def list_branches(call: Call) -> BranchList:
    found = await call.services.conversation_reads.list_branches(
        call.caller, call.origin, call.path["conversation_id"]
    )
    return BranchList(items=[BranchOut.of(branch) for branch in found])


async def list_messages(call: Call) -> MessageList:
    query = call.query(MessageQuery)
    size = query.limit or query.page_size
    found = await call.services.conversation_reads.messages(
        call.caller,
        call.origin,
        call.path["conversation_id"],
        branch_id=query.branch_id,
        page=query.page,
        page_size=size,
        cursor=query.cursor,
    )
    return MessageList.of(found, query, size)


def _route(method: str, rest: str, handler: Handler, summary: str, **more: Any) -> Route:
    """Under `/api/conversations`, and under `/conversations` as the reference writes it."""
    return Route(
        method,
        f"/api/conversations{rest}",
        handler,
        Access.USER,
        "Conversations",
        summary,
        aliases=(f"/conversations{rest}",),
        **more,
    )


_ONE = "/<conversation_id>"

ROUTES: tuple[Route, ...] = (
    _route(
        "GET",
        "",
        find,
        "List conversations, newest activity first",
        query=ConversationQuery,
        response=ConversationList,
    ),
    _route(
        "POST",
        "",
        create,
        "Create a conversation",
        body=ConversationCreate,
        optional_body=True,
        response=ConversationOut,
        status=201,
    ),
    _route(
        "GET",
        "/search",
        search,
        "Search titles and messages: titles first, then messages, the newest first",
        query=SearchQuery,
        response=SearchResults,
    ),
    _route("DELETE", "/all", delete_all, "Delete all conversations", response=AllDeleted),
    _route("GET", _ONE, get, "Get a conversation", response=ConversationOut),
    _route(
        "PUT",
        _ONE,
        update,
        "Rename, archive or file a conversation",
        more_methods=("PATCH",),
        body=ConversationUpdate,
        response=ConversationOut,
    ),
    _route("DELETE", _ONE, delete, "Delete a conversation", response=Deleted),
    _route(
        "POST",
        f"{_ONE}/branches",
        create_branch,
        "Fork a conversation from one of its messages",
        body=BranchCreate,
        response=BranchCreated,
        status=201,
    ),
    _route(
        "GET", f"{_ONE}/branches", list_branches, "List branches, main first", response=BranchList
    ),
    _route(
        "GET",
        f"{_ONE}/messages",
        list_messages,
        "List the messages of a branch, oldest first",
        query=MessageQuery,
        response=MessageList,
    ),
)
