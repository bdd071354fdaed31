# SPDX-License-Identifier: Apache-2.0
"""What a gateway needs of a ThingsBoard server's MQTT transport: it accepts every connection (MQTT 3.1.1 and 5), answers
PUBLISH with quality of service 0 and 1, SUBSCRIBE, and the question about limits (none), and keeps telemetry as the server
does: a value with the same device, key and time replaces the one before.
Prints its port and then, for each line on standard input, a line of JSON: for "count" how many clients have asked about
limits, which they do before they send anything, and how many points are stored; for "values" {key: [values]}."""
import asyncio
import json
import struct
import sys

CONNECT, PUBLISH, SUBSCRIBE, UNSUBSCRIBE, PING, DISCONNECT = 1, 3, 8, 10, 12, 14
CONNECTED, PUBLISHED, SUBSCRIBED, UNSUBSCRIBED, PONG = 0x20, 0x40, 0x90, 0xB0, 0xD0
VERSION_5 = 5
LIMITS_ASKED = "v1/devices/me/rpc/request/"
LIMITS_SAID = "v1/devices/me/rpc/response/"
LIMITS = {"maxPayloadSize": 65536, "maxInflightMessages": 100, "rateLimits": {}, "gatewayRateLimits": {}}
TELEMETRY = "v1/gateway/telemetry"


def number_at(data, at):
    """A number of variable length. Returns it and where it ends; None if it is not all there."""
    number = shift = 0
    while at < len(data):
        number |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return number, at
    return None


def number(value):
    """The bytes of a number of variable length."""
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(made) + bytes([value])


def text_at(data, at):
    """A text and where it ends."""
    (length,) = struct.unpack_from(">H", data, at)
    return data[at + 2 : at + 2 + length].decode(), at + 2 + length


class Points:
    """What is stored, and how many clients are ready."""

    def __init__(self):
        self.stored = {}
        self.clients = 0

    def add(self, telemetry):
        for device, rows in telemetry.items():
            for row in rows:
                for key, value in row["values"].items():
                    self.stored[device, key, row["ts"]] = value

    def count(self):
        return {"clients": self.clients, "points": len(self.stored)}

    def values(self):
        values = {}
        for (_, key, _), value in self.stored.items():
            values.setdefault(key, []).append(value)
        return values


class Client(asyncio.Protocol):
    """A connection."""

    def __init__(self, points):
        self.points = points
        self.version = 0
        self.data = bytearray()
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.data += data
        while (length := number_at(self.data, 1)) and len(self.data) >= sum(length):
            first, packet = self.data[0], bytes(self.data[length[1] : sum(length)])
            del self.data[: sum(length)]
            self.packet(first >> 4, first & 0x0F, packet)

    def packet(self, kind, flags, packet):
        if kind == CONNECT:
            self.version = packet[6]
            self.answer(CONNECTED, b"\0\0" + self.no_properties())
        elif kind == PUBLISH:
            self.publish(flags >> 1 & 3, packet)
        elif kind in (SUBSCRIBE, UNSUBSCRIBE):
            self.subscribe(SUBSCRIBED if kind == SUBSCRIBE else UNSUBSCRIBED, packet)
        elif kind == PING:
            self.answer(PONG, b"")
        elif kind == DISCONNECT:
            self.transport.close()

    def answer(self, first, packet):
        self.transport.write(bytes([first]) + number(len(packet)) + packet)

    def no_properties(self):
        return b"\0" if self.version == VERSION_5 else b""

    def after_properties(self, packet, at):
        """Where properties that begin at AT end."""
        return sum(number_at(packet, at)) if self.version == VERSION_5 else at

    def publish(self, quality, packet):
        topic, at = text_at(packet, 0)
        payload = packet[self.after_properties(packet, at + (2 if quality else 0)) :]
        if topic == TELEMETRY:
            self.points.add(json.loads(payload))
        elif topic.startswith(LIMITS_ASKED):
            self.points.clients += 1
            self.say(LIMITS_SAID + topic[len(LIMITS_ASKED) :], LIMITS)
        if quality:
            self.answer(PUBLISHED, packet[at : at + 2])

    def say(self, topic, document):
        text = topic.encode()
        body = json.dumps(document).encode()
        self.answer(PUBLISH << 4, struct.pack(">H", len(text)) + text + self.no_properties() + body)

    def subscribe(self, answer, packet):
        at, results = self.after_properties(packet, 2), b""
        while at < len(packet):
            _, at = text_at(packet, at)
            at += answer == SUBSCRIBED  # its options
            results += b"\0"
        self.answer(answer, packet[:2] + self.no_properties() + results)


async def main():
    points = Points()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Client(points), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    answers = {"count": points.count, "values": points.values}
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(answers[line.strip()]()), flush=True)


asyncio.run(main())
