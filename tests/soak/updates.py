# SPDX-License-Identifier: Apache-2.0
"""The WebSockets of the stand-in: subscriptions to time series, their history, and an echo."""
import asyncio
import base64
import hashlib
import json

from websocket import CLOSE, GUID, PING, PONG, TEXT, close_frame, frame
from wire import Ended

HANDSHAKE = "HTTP/1.1 101 \r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n"


class Session:
    """One WebSocket. What is sent waits in a queue, so that whoever writes a value does not wait for a slow reader."""

    def __init__(self, stream):
        self.stream = stream
        self.queue = asyncio.Queue()
        self.is_known = False
        self.subscriptions = {}  # cmdId: (device, keys; all if it is empty)

    def send(self, opcode, payload):
        self.queue.put_nowait(frame(opcode, payload, masked=False))

    def send_json(self, message):
        self.send(TEXT, json.dumps(message).encode())

    def send_data(self, number, data):
        latest = {key: points[0][0] for key, points in data.items() if points}
        self.send_json({"subscriptionId": number, "errorCode": 0, "errorMsg": None, "data": data, "latestValues": latest})

    async def send_queued(self):
        """Until None comes, or the connection ends."""
        try:
            while (data := await self.queue.get()) is not None:
                await self.stream.send(data)
        except Ended:
            pass


class Updates:
    def __init__(self, history):
        self.history = history
        self.sessions = set()

    def tell(self, device, ts, values):
        for session in self.sessions:
            for number, (watched, keys) in session.subscriptions.items():
                data = {key: [[ts, str(value)]] for key, value in values.items() if not keys or key in keys}
                if watched == device and data:
                    session.send_data(number, data)

    def command(self, session, command):
        number, kind = command["cmdId"], command["type"]
        keys = [key for key in command.get("keys", "").split(",") if key]
        if kind == "ECHO":
            session.send_json({"subscriptionId": number, "mark": command["mark"]})
        elif kind == "TIMESERIES_HISTORY":
            session.send_data(number, self.history.between(command["entityId"], keys, command["startTs"],
                                                           command["endTs"], command["limit"]))
        elif command.get("unsubscribe"):
            session.subscriptions.pop(number, None)
        elif kind == "TIMESERIES":
            session.subscriptions[number] = (command["entityId"], keys)
            session.send_data(number, self.history.latest(command["entityId"], keys))

    def message(self, session, payload, knows):
        """False: the WebSocket is closed."""
        message = json.loads(payload)
        if not session.is_known:
            if not knows(message.get("authCmd", {}).get("token", "")):
                session.queue.put_nowait(close_frame(1007, b"Invalid JWT token", masked=False))
                return False
            session.is_known = True
        for command in message.get("cmds", []):
            self.command(session, command)
        return True

    async def receive(self, session, knows):
        kept = True
        while kept:
            opcode, payload = await session.stream.frame()
            if opcode == PING:
                session.send(PONG, payload)
            elif opcode == CLOSE:
                session.send(CLOSE, payload[:2])
                kept = False
            elif opcode == TEXT:
                kept = self.message(session, payload, knows)

    async def serve(self, stream, request, knows):
        """KNOWS(token): whether it is good."""
        digest = hashlib.sha1((request.headers["sec-websocket-key"] + GUID).encode()).digest()
        await stream.send((HANDSHAKE % base64.b64encode(digest).decode()).encode())
        session = Session(stream)
        self.sessions.add(session)
        sending = asyncio.create_task(session.send_queued())
        try:
            await self.receive(session, knows)
        finally:
            self.sessions.discard(session)
            session.queue.put_nowait(None)
            await sending
