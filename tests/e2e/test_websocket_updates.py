# SPDX-License-Identifier: Apache-2.0
"""A program without any token subscribes at /api/ws through tbproxyd and gets an update from the stand-in."""
import tap
from harness import Case
from sim_websocket import WebSocket

OLD = "/api/ws/plugins/telemetry"


class TestUpdates(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_simulator()
        cls.proxies = [cls.make_daemon(cls.addClassCleanup, cls.sim, {}, kind).start()
                       for kind in ("password", "api_key", "token")]

    def write(self, proxy, device, values):
        target = "/api/plugins/telemetry/DEVICE/%s/timeseries/ANY" % device
        self.assertEqual(proxy.post(target, values).status, 200)

    def assert_updates(self, socket, proxy, device):
        self.assertEqual(socket.receive()["data"]["a"][0][1], "1")
        for value in (2, 3):
            self.write(proxy, device, {"a": value})
            update = socket.receive()
            self.assertEqual((update["subscriptionId"], update["data"]["a"][0][1]), (7, str(value)))

    def subscribe(self, target, message):
        """MESSAGE(device): what a program sends."""
        for proxy, address in [(proxy, address) for proxy in self.proxies
                               for address in (proxy.address, proxy.unix_path)]:
            device = proxy.post("/api/device", {"name": "%s %s" % (self.id(), address), "type": "default"})
            device = device.json()["id"]["id"]
            self.write(proxy, device, {"a": 1})
            socket = WebSocket(address, target)
            self.addCleanup(socket.close)
            self.assertEqual((socket.answer.status, socket.verified), (101, True))
            socket.send(message(device))
            self.assert_updates(socket, proxy, device)

    def command(self, device):
        return {"cmdId": 7, "type": "TIMESERIES", "entityType": "DEVICE", "entityId": device,
                "scope": "LATEST_TELEMETRY", "keys": "a"}

    def test_without_a_token(self):
        self.subscribe("/api/ws", lambda device: {"cmds": [self.command(device)]})

    def test_with_a_wrong_token(self):
        self.subscribe("/api/ws", lambda device: {"authCmd": {"cmdId": 0, "token": "wrong"},
                                                  "cmds": [self.command(device)]})

    def test_at_the_old_endpoint(self):
        self.subscribe(OLD + "?token=wrong", lambda device: {"tsSubCmds": [
            {"cmdId": 7, "entityType": "DEVICE", "entityId": device, "scope": "LATEST_TELEMETRY", "keys": "a"}]})


if __name__ == "__main__":
    tap.main()
