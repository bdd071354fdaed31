# SPDX-License-Identifier: Apache-2.0
"""The stand-in's WebSockets: what a real server does, and what tests can see and order."""
import json
import zlib

import tap
from client import Closed
from harness import Case, Simulator
from waiting import wait_until
from sim_websocket import CLOSE, PING, PONG, TEXT, WebSocket

UNKNOWN = "784f394c-42b6-435a-983c-b7beff2784f9"
PARSE_ERROR = {"subscriptionId": 1, "errorCode": 2, "errorMsg": "Failed to parse the payload", "data": None,
               "latestValues": {}}


class WebSocketCase(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_simulator()

    def forgotten(self):
        """Forgets those that have ended. Returns whether that was all of them."""
        self.sim.control("DELETE", "/sim/websockets")
        return not self.seen()

    def setUp(self):
        wait_until(self.forgotten, "the end of earlier WebSockets")
        self.token = self.sim.login()["token"]
        self.device = self.call("POST", "/api/device", {"name": self.id(), "type": "default"}).json()["id"]["id"]

    def call(self, method, target, body=None):
        return self.sim.call(method, target, [("X-Authorization", "Bearer " + self.token)], body)

    def write(self, body, scope="timeseries/ANY"):
        target = "/api/plugins/telemetry/DEVICE/%s/%s" % (self.device, scope)
        self.assertEqual(self.call("POST", target, json.dumps(body).encode()).status, 200)

    def open(self, target="/api/ws", headers=()):
        websocket = WebSocket(self.sim.address, target, headers, record=False)
        self.addCleanup(websocket.close)
        self.assertEqual(websocket.answer.status, 101)
        self.assertTrue(websocket.verified)
        return websocket

    def authenticated(self):
        websocket = self.open()
        websocket.send({"authCmd": {"cmdId": 0, "token": self.token}})
        return websocket

    def command(self, number=1, type="TIMESERIES", **more):
        return {"cmdId": number, "type": type, "entityType": "DEVICE", "entityId": self.device, **more}

    def assert_data(self, message, number, data):
        latest = {key: points[-1][0] for key, points in data.items()}
        self.assertEqual(message, {"subscriptionId": number, "errorCode": 0, "errorMsg": None, "data": data,
                                   "latestValues": latest})

    def seen(self):
        return self.sim.control("GET", "/sim/websockets")


class TestAuthentication(WebSocketCase):
    def test_the_first_message_authenticates(self):
        for first, closed in (
                ('{"authCmd":{"cmdId":0,"token":"nope"}}', (1007, "Invalid JWT token: ")),
                ('{"authCmd":{"cmdId":0,"token":"%s"}}' % self.sim.api_key, (1007, "Invalid JWT token: ")),
                ('{"cmds":[]}', (1008, "Auth cmd is missing")),
                ('nope', (1007, "The given string value cannot be transformed to Json object: nope"))):
            websocket = self.open(headers=[("X-Authorization", "Bearer " + self.token)])
            websocket.send(first)
            self.assertEqual(websocket.closed(), closed)

    def test_a_token_that_is_over_is_told(self):
        self.sim.set(outdateTokens=True)
        websocket = self.authenticated()
        self.assertEqual(websocket.closed(), (1007, "JWT Token expired"))

    def test_the_old_endpoint_takes_the_token_from_the_query(self):
        websocket = self.open("/api/ws/plugins/telemetry?token=nope")
        self.assertEqual(websocket.closed(), (1011, "Invalid JWT token: "))
        websocket = self.open("/api/ws/plugins/telemetry?token=" + self.token)
        websocket.send({"tsSubCmds": [self.command(10, keys="a")]})
        self.assertEqual(websocket.receive()["subscriptionId"], 10)
        websocket = self.open("/api/ws/plugins/nope")
        self.assertEqual(websocket.closed(), (1007, "Unknown session type"))

    def test_commands_may_come_with_the_token(self):
        websocket = self.open()
        websocket.send({"authCmd": {"cmdId": 0, "token": self.token}, "cmds": [self.command(keys="a")]})
        self.assertEqual(websocket.receive()["subscriptionId"], 1)

    def test_without_upgrade_it_is_refused(self):
        self.assertEqual((self.sim.call("GET", "/api/ws").status, self.sim.call("GET", "/api/ws").body),
                         (400, b'Can "Upgrade" only to "WebSocket".'))


class TestSubscriptions(WebSocketCase):
    def test_first_values_then_updates(self):
        self.write({"ts": 1000, "values": {"a": 1, "c": "x"}})
        websocket = self.authenticated()
        websocket.send({"cmds": [self.command(7, keys="a,b", scope="LATEST_TELEMETRY")]})
        first = websocket.receive()
        now = first["data"]["b"][0][0]
        self.assert_data(first, 7, {"a": [[1000, "1"]], "b": [[now, None]]})
        self.write({"ts": 2000, "values": {"c": 5}})
        self.write([{"ts": 2000, "values": {"a": 2.5, "c": 5}}, {"ts": 3000, "values": {"a": True}}])
        self.assert_data(websocket.receive(), 7, {"a": [[2000, "2.5"], [3000, "true"]]})

    def test_all_keys(self):
        self.write({"ts": 1000, "values": {"a": 1}})
        websocket = self.authenticated()
        websocket.send({"cmds": [self.command()]})
        self.assert_data(websocket.receive(), 1, {"a": [[1000, "1"]]})
        self.write({"ts": 2000, "values": {"new": 1}})
        self.assert_data(websocket.receive(), 1, {"new": [[2000, "1"]]})

    def test_attributes_of_a_scope(self):
        websocket = self.authenticated()
        websocket.send({"cmds": [self.command(3, "ATTRIBUTES", scope="SERVER_SCOPE", keys="a")]})
        self.assert_data(websocket.receive(), 3, {})
        self.write({"a": 1}, "attributes/SHARED_SCOPE")
        self.write({"a": 5, "b": 6}, "attributes/SERVER_SCOPE")
        update = websocket.receive()
        self.assert_data(update, 3, {"a": [[update["latestValues"]["a"], "5"]]})

    def test_history(self):
        self.write([{"ts": ts, "values": {"a": ts}} for ts in (1000, 2000, 3000, 4000)])
        websocket = self.authenticated()
        websocket.send({"cmds": [self.command(4, "TIMESERIES_HISTORY", keys="a,b", startTs=1000, endTs=4000, limit=2)]})
        self.assert_data(websocket.receive(), 4, {"a": [[3000, "3000"], [2000, "2000"]]})
        websocket.send({"cmds": [self.command(5, keys="a", startTs=3000, timeWindow=1001)]})
        self.assert_data(websocket.receive(), 5, {"a": [[4000, "4000"], [3000, "3000"]]})

    def test_unsubscribe(self):
        websocket = self.authenticated()
        websocket.send({"cmds": [self.command(1, keys="a"), self.command(2, keys="a")]})
        self.assertEqual([websocket.receive()["subscriptionId"] for _ in range(2)], [1, 2])
        websocket.send({"cmds": [self.command(1, unsubscribe=True)]})
        wait_until(lambda: [row["cmdId"] for row in self.seen()[0]["subscriptions"]] == [2], "the end of a subscription")
        self.write({"a": 1})
        self.assertEqual(websocket.receive()["subscriptionId"], 2)

    def test_what_is_not_understood_is_answered(self):
        websocket = self.authenticated()
        for message in ("not json", {"cmds": [self.command(17, "NOPE")]}):
            websocket.send(message)
            self.assertEqual(websocket.receive(), PARSE_ERROR)
        websocket.send({"cmds": [self.command(16, entityId=UNKNOWN)]})
        self.assertEqual(websocket.receive(), {"subscriptionId": 16, "errorCode": 1,
                                               "errorMsg": "Failed to fetch data!", "data": None, "latestValues": {}})


class TestFrames(WebSocketCase):
    def test_a_message_of_32768_bytes_is_the_longest(self):
        websocket = self.authenticated()
        websocket.send("x" * 32768)
        self.assertEqual(websocket.receive(), PARSE_ERROR)
        websocket.send("x" * 32769)
        self.assertEqual(websocket.closed()[0], 1009)

    def test_fragments_count_together(self):
        websocket = self.authenticated()
        websocket.send_frame(TEXT, b"x" * 30000, first=0)
        websocket.send_frame(0, b"x" * 30000)
        self.assertEqual(websocket.closed()[0], 1009)

    def test_control_frames(self):
        websocket = self.authenticated()
        websocket.send_frame(PING, b"hi")
        self.assertEqual(websocket.frame(), (PONG, b"hi"))
        websocket.send_frame(CLOSE, b"\x03\xe8bye")
        self.assertEqual(websocket.closed(), (1000, "bye"))
        wait_until(lambda: not self.seen()[0]["open"], "the end of a WebSocket")
        self.assertEqual(self.seen()[0]["closed"], 1000)

    def test_who_does_not_answer_pings_is_closed(self):
        sim = Simulator(websocket_ping_ms=50)
        self.addCleanup(sim.stop)
        websocket = WebSocket(sim.address, record=False)
        self.addCleanup(websocket.close)
        websocket.send({"authCmd": {"cmdId": 0, "token": sim.login()["token"]}})
        for _ in range(4):
            self.assertEqual(websocket.frame(), (PING, b""))
            websocket.send_frame(PONG)
        wait_until(lambda: sim.control("GET", "/sim/websockets")[0]["pongs"] == 4, "four pongs")
        websocket.send("nothing that counts")
        frames = []
        while not frames or frames[-1][0] != CLOSE:
            frames.append(websocket.frame())
        self.assertEqual(frames.pop()[1], b"\x11\x94Failed to send message within the configured send limit")
        self.assertIn([opcode for opcode, _ in frames if opcode != TEXT], ([PING] * 2, [PING] * 3))

    def test_messages_are_compressed_if_the_client_offers_it(self):
        for offer, answer, forgets in (
                ("permessage-deflate; client_max_window_bits", "permessage-deflate;client_max_window_bits=15", False),
                ("permessage-deflate", "permessage-deflate", False),
                ("permessage-deflate; server_max_window_bits=10", None, False),
                ("permessage-deflate; server_no_context_takeover",
                 "permessage-deflate;server_no_context_takeover", True)):
            websocket = self.open(headers=[("Sec-WebSocket-Extensions", offer)])
            self.assertEqual(websocket.answer.header("Sec-WebSocket-Extensions"), answer)
            if not answer:
                continue
            out, into = zlib.compressobj(wbits=-15), zlib.decompressobj(-15)
            for message in {"authCmd": {"cmdId": 0, "token": self.token}}, "not json", "not json":
                text = (message if isinstance(message, str) else json.dumps(message)).encode()
                websocket.send_frame(TEXT, (out.compress(text) + out.flush(zlib.Z_SYNC_FLUSH))[:-4], first=0xc0)
            lengths = []
            for _ in range(2):
                data = websocket.frame()[1]
                self.assertEqual(json.loads(into.decompress(data + b"\0\0\xff\xff")), PARSE_ERROR)
                lengths.append(len(data))
                into = zlib.decompressobj(-15) if forgets else into
            self.assertEqual(lengths[0] == lengths[1], forgets)  # else it was seen before
            websocket.send_frame(TEXT, (out.compress(b"x" * 40000) + out.flush(zlib.Z_SYNC_FLUSH))[:-4], first=0xc0)
            self.assertEqual(websocket.closed()[0], 1009)

    def test_orders(self):
        one, other = self.authenticated(), self.authenticated()
        wait_until(lambda: [row["user"] for row in self.seen()] == ["tenant@thingsboard.org"] * 2, "two sessions")
        number = self.seen()[1]["number"]
        self.sim.control("POST", "/sim/websockets", {"ping": True, "send": "hello"})
        for websocket in one, other:
            self.assertEqual([websocket.frame(), websocket.frame()], [(PING, b""), (TEXT, b"hello")])
        other.send_frame(PONG)
        wait_until(lambda: self.seen()[1]["pongs"] == 1, "a pong")
        self.sim.control("POST", "/sim/websockets", {"number": number, "close": 4500, "reason": "slow"})
        self.assertEqual(other.closed(), (4500, "slow"))
        self.sim.control("POST", "/sim/websockets", {"number": number - 1, "reset": True})
        with self.assertRaises(Closed):
            one.frame()
        self.assertIn(self.token, self.seen()[0]["received"][0])
        other.close()
        wait_until(self.forgotten, "their end")


if __name__ == "__main__":
    tap.main()
