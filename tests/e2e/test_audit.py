# SPDX-License-Identifier: Apache-2.0
"""The audit log: a line for each request that writes."""
import os
import re

import tap
from harness import Case, answer

ID = "784f394c-42b6-435a-983c-b7beff2784f9"
JSON = [("Content-Type", "application/json")]


class TestAudit(Case):
    def begin(self, options):
        server = self.start_scripted(lambda peer, request: peer.send(answer(404 if "/asset" in request.target else 200)) or True)
        self.proxy = self.start_daemon(server, options)

    def lines(self):
        return [re.sub(" port [0-9]+ ", " port N ", line)
                for line in re.findall(r"audit: (.* -> [0-9]+), [0-9]+ bytes, [0-9]+ ms", self.proxy.log.text(), re.MULTILINE)]

    def test_writes_have_a_line_and_reads_have_none(self):
        self.begin({"log.audit": True, "log.level": "info"})
        uid = "uid:%d" % os.getuid()
        self.proxy.log.wait("authenticated")
        for method, target, unix in (
                ("POST", "/api/device?accessToken=secret-0815", True), ("POST", "/api/asset", True), ("DELETE", "/api/device/" + ID, False),
                ("GET", "/api/device/" + ID, True), ("HEAD", "/api/device/" + ID, True), ("POST", "/api/entitiesQuery/find", True),
                ("GET", "/api/user/dashboards/%s/visit" % ID, True), ("PUT", "/api/new", True), ("GET", "/api/new", True),
                ("POST", "/api/v1/TOKEN-4711-0815/telemetry", True), ("POST", "/api/auth/changePassword", True),
                ("GET", "/-/status", True)):
            self.proxy.call(method, target, JSON, b"{}" if method in ("POST", "PUT") else None, unix=unix)
        self.proxy.log.wait("audit: .* changePassword")
        self.assertEqual(self.lines(), [
            uid + " saveDevice POST /api/device -> 200", uid + " saveAsset POST /api/asset -> 404",
            uid + " port N deleteDevice DELETE /api/device/%s -> 200" % ID,
            uid + " reportUserDashboardAction GET /api/user/dashboards/%s/visit -> 200" % ID, uid + " - PUT /api/new -> 200",
            uid + " postTelemetry POST /api/v1/ -> 200", uid + " changePassword POST /api/auth/changePassword -> 403"])
        self.assertNotIn("0815", self.proxy.log.text())

    def test_without_the_option_there_is_no_line(self):
        self.begin({})
        self.proxy.post("/api/device", b"{}")
        self.proxy.log.wait("POST /api/device -> 200")
        self.assertEqual(self.lines(), [])


if __name__ == "__main__":
    tap.main()
