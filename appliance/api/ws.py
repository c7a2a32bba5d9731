"""The life of a WebSocket: who it belongs to, what it listens to, how it ends."""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Iterator

from sanic.exceptions import WebsocketClosed
from sanic.request import Request
from sanic.server.websockets.frame import WebsocketFrameAssembler
from sanic.server.websockets.impl import WebsocketImplProtocol
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame

from appliance.api import ws_frames
from appliance.api.ws_frames import (
    AudioEnd,
    AudioStart,
    Auth,
    BadFrame,
    Cancel,
    MessageSend,
    Outgoing,
    Ping,
    Resume,
    Typing,
)
from appliance.domain import MAIN_BRANCH, Principal, RequestOrigin
from appliance.errors import ApplianceError, Invalid, Unauthorized
from appliance.services.answer_streams import AnswerStream, Done, Failed, Listener
from appliance.services.registry import Services

WS_PATHS = ("/ws", "/api/ws")

AUTH_S = 10.0
SEND_S = 10.0  # how long one frame may wait for a client to read
CLOSE_S = 0.5
MAX_WAITING = 64  # frames of our own that wait to be sent; answers wait in their streams

GOING = frozenset({1000, 1001, 1005})  # how a client closes that does not mean to come back
GOING_AWAY = 1001
INVALID_TEXT = 1007
POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013

_ENDS = (WebsocketClosed, ConnectionClosed, asyncio.CancelledError)


async def serve_socket(
    services: Services,
    request: Request,
    ws: WebsocketImplProtocol,
    principal: Principal | None,
    origin: RequestOrigin,
    *,
    failure: ApplianceError | None = None,
) -> None:
    """Serve one client until either side goes.

    `principal` was authenticated before the upgrade, or `failure` says why not; with neither the
    first frame must be `auth`, within 10 s.
    """
    assembler = ws.assembler = _StrictAssembler(ws)
    try:
        await _serve(services, ws, principal, origin, failure)
    finally:
        assembler.end()


async def _serve(
    services: Services,
    ws: WebsocketImplProtocol,
    principal: Principal | None,
    origin: RequestOrigin,
    failure: ApplianceError | None,
) -> None:
    try:
        if failure is not None:
            raise failure
        if principal is None:
            principal = await services.sessions.authenticate(await _token_of_first_frame(ws))
    except ApplianceError as error:
        await _refuse(ws, error)
        return
    except _ENDS:
        return
    await _Connection(services, ws, principal, origin).serve()


class _Connection:
    """One authenticated socket: a reader that handles frames in order, and the only writer."""

    def __init__(
        self,
        services: Services,
        ws: WebsocketImplProtocol,
        principal: Principal,
        origin: RequestOrigin,
    ) -> None:
        self._services = services
        self._ws = ws
        self._principal = principal
        self._origin = origin
        self._id = str(uuid.uuid4())
        self._waiting: deque[Outgoing] = deque()
        self._listeners: dict[str, Listener] = {}  # by message id
        self._wake = asyncio.Event()
        self._has_room = asyncio.Event()
        self._ended = asyncio.Event()  # the session's right
        self._goes_away = False
        self._cut_off: asyncio.TimerHandle | None = None

    async def serve(self) -> None:
        user_id = self._principal.user.id
        # The watch also tells of a right that was lost since the check at the door.
        unwatch = self._services.sessions.watch(self._principal.session_id, self._revoked)
        leave = self._services.sockets.add(
            self._principal, self._origin, self._id, self._tell, self._go_away
        )
        self._tell(ws_frames.connected(self._id, user_id))
        tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._write())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if not task.cancelled() and (error := task.exception()) is not None:
                    raise error
        except (WebsocketClosed, ConnectionClosed):
            pass
        finally:
            unwatch()
            leave()
            if self._cut_off is not None:
                self._cut_off.cancel()
            for task in tasks:
                task.cancel()
            self._stop_listening()

    # Reading

    async def _read(self) -> None:
        while True:
            while len(self._waiting) >= MAX_WAITING:
                self._has_room.clear()
                await self._has_room.wait()
            raw = await self._ws.recv()
            if raw is None:
                return
            try:
                await self._handle(raw)
            except BadFrame as error:
                self._tell(ws_frames.failed(error, error.about))

    async def _handle(self, raw: str | bytes) -> None:
        frame = ws_frames.parse(raw)
        about: Outgoing = {}
        try:
            match frame:
                case MessageSend():
                    about = {"client_message_id": frame.client_message_id}
                    await self._ask(frame)
                case Cancel(message_id=None):
                    for listener in self._listeners.values():
                        listener.stream.cancel()
                case Cancel(message_id=str(message_id)):
                    about = {"message_id": message_id}
                    await self._services.answering.cancel(self._principal, message_id)
                case Resume():
                    about = {"message_id": frame.message_id}
                    stream = await self._services.answering.resume(
                        self._principal, self._origin, frame.message_id
                    )
                    self._listen(stream, after_seq=frame.after_seq)
                case Typing():
                    await self._relay(frame)
                case Ping():
                    self._tell({"type": "pong"})
                case Auth():
                    await self._authenticated_again(frame)
                case AudioStart():
                    await self._services.voice.open_session(self._principal, conversation_id=None)
                case AudioEnd():
                    raise Invalid("No dictation is under way.", field="type")
        except ApplianceError as error:
            self._tell(ws_frames.failed(error, about))

    async def _ask(self, frame: MessageSend) -> None:
        stream = await self._services.answering.reply(
            self._principal,
            self._origin,
            frame.content,
            conversation_id=frame.conversation_id,
            branch_id=frame.branch_id or MAIN_BRANCH,
            parent_message_id=frame.parent_message_id,
            client_message_id=frame.client_message_id,
        )
        if stream.message_id not in self._listeners:
            self._listen(stream)

    async def _relay(self, frame: Typing) -> None:
        conversation = await self._services.conversations.get(
            self._principal, frame.conversation_id
        )
        user_id = self._principal.user.id
        active = frame.type == "typing_start"
        self._services.sockets.tell_others(
            user_id, self._id, ws_frames.typing(user_id, conversation.id, active=active)
        )

    async def _authenticated_again(self, frame: Auth) -> None:
        principal = await self._services.sessions.authenticate(frame.token)
        if principal.user.id != self._principal.user.id:
            raise Unauthorized("This socket belongs to somebody else.")

    def _listen(self, stream: AnswerStream, *, after_seq: int = 0) -> None:
        earlier = self._listeners.pop(stream.message_id, None)
        self._listeners[stream.message_id] = stream.listen(self._wake.set, after_seq=after_seq)
        if earlier is not None:
            earlier.leave(may_return=True)
        self._wake.set()

    def _stop_listening(self) -> None:
        """A client that closed properly wants no more; one that was cut off may come back."""
        closed = self._ws.ws_proto.close_rcvd
        left = closed is not None and closed.code in GOING
        for listener in self._listeners.values():
            listener.leave(may_return=not left and not self._ended.is_set())
        self._listeners.clear()

    # Writing

    def _tell(self, frame: Outgoing) -> None:
        """Queue a frame. A client that reads nothing loses what others had to say."""
        if len(self._waiting) < 2 * MAX_WAITING:
            self._waiting.append(frame)
        self._wake.set()

    def _revoked(self, reason: str) -> None:
        self._ended.set()
        for listener in self._listeners.values():
            listener.stream.cancel()
        self._wake.set()
        # A client that reads nothing would keep the writer from getting to it.
        self._cut_off = asyncio.get_running_loop().call_later(
            CLOSE_S, self._ws.fail_connection, POLICY_VIOLATION, "session ended"
        )

    def _go_away(self) -> None:
        """What is waiting is still sent."""
        self._goes_away = True
        self._wake.set()

    async def _write(self) -> None:
        while not self._ended.is_set():
            await self._wake.wait()
            self._wake.clear()
            for frame in self._frames():
                if self._ended.is_set():
                    break
                try:
                    async with asyncio.timeout(SEND_S):
                        await self._ws.send(ws_frames.to_text(frame))
                except TimeoutError:
                    self._ws.fail_connection(TRY_AGAIN_LATER, "reads too slowly")
                    return
            if self._goes_away and not self._ended.is_set():
                await self._ws.close(GOING_AWAY, "shutting down")
                return
        await _refuse(self._ws, Unauthorized("Your session has ended. Sign in again."))

    def _frames(self) -> Iterator[Outgoing]:
        """What there is to send, each answer in its turn."""
        more = True
        while more:
            more = False
            while self._waiting:
                yield self._waiting.popleft()
            self._has_room.set()
            for message_id, listener in tuple(self._listeners.items()):
                event = listener.take()
                if event is None:
                    continue
                more = True
                if isinstance(event, Done | Failed):
                    if self._listeners.get(message_id) is listener:
                        del self._listeners[message_id]
                    listener.leave(may_return=True)
                yield ws_frames.of_event(listener.stream, event)


class _StrictAssembler(WebsocketFrameAssembler):
    """Closes the connection over text that is no UTF-8 (RFC 6455, 8.1); Sanic lets the error
    escape. Once nobody reads any more it lets those go who wait to hand over what came last.
    """

    def __init__(self, ws: WebsocketImplProtocol) -> None:
        super().__init__(ws)
        self._over = False
        self._putting: set[asyncio.Task[None]] = set()

    def end(self) -> None:
        self._over = True
        for task in self._putting:
            task.cancel()

    async def put(self, frame: Frame) -> None:
        task = asyncio.current_task()
        if self._over or task is None:
            return
        self._putting.add(task)
        try:
            await super().put(frame)
        except UnicodeDecodeError:
            self.protocol.fail_connection(INVALID_TEXT)
        finally:
            self._putting.discard(task)


async def _token_of_first_frame(ws: WebsocketImplProtocol) -> str:
    raw = await ws.recv(AUTH_S)
    try:
        frame = ws_frames.parse(raw) if raw is not None else None
    except BadFrame:
        frame = None
    if not isinstance(frame, Auth):
        raise Unauthorized("The first frame must be auth, with an access token.")
    return frame.token


async def _refuse(ws: WebsocketImplProtocol, error: ApplianceError) -> None:
    """Say why, and close; without waiting for a client that does not read."""
    try:
        async with asyncio.timeout(CLOSE_S):
            await ws.send(ws_frames.to_text(ws_frames.failed(error, {})))
            await ws.close(POLICY_VIOLATION, error.code)
    except TimeoutError:
        ws.fail_connection(POLICY_VIOLATION, error.code)
    except _ENDS:
        return
