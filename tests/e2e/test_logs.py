# SPDX-License-Identifier: Apache-2.0
"""What the log says of requests, and in which form: text, JSON, and the fields of the journal."""
import json
import os
import re
import socket
import threading
import unittest

import tap
from harness import Case, answer

ID = "784f394c-42b6-435a-983c-b7beff2784f9"
UID = "uid:%d" % os.getuid()
JSON = [("Content-Type", "application/json")]
TIMES = r"[0-9]+ ms \(queue [0-9]+ ms, upstream [0-9]+ ms\)"


def handle(peer, request):
    if request.target.startswith("/api/images"):
        peer.send(answer(body=b"x" * 1000000))
    elif request.target.startswith("/api/asset"):
        peer.send(answer(503, {"message": "not now"}))
    else:
        peer.send(answer(body=b"{}"))
    return True


class TestRequests(Case):
    def begin(self, options, log_level="info"):
        self.proxy = self.start_daemon(self.start_scripted(handle), {"log.level": log_level, **options})
        self.proxy.log.wait("authenticated")

    def lines(self, label):
        """The lines with LABEL, without the number of the port and the times."""
        text = "\n".join(re.findall(r"^\S+: %s: (.*)$" % label, self.proxy.log.text(), re.MULTILINE))
        return re.sub(r"[0-9]+ ms", "N ms", re.sub(r" port [0-9]+ ", " port N ", text)).split("\n")

    def test_a_unix_socket_lacks_nothing(self):
        """libmicrohttpd would say at the level debug that its options of TCP cannot be set."""
        self.begin({}, "debug")
        self.proxy.get("/api/new", unix=True)
        self.proxy.log.wait("request: .* GET /api/new -> 200")
        self.assertEqual(self.proxy.log.find("TCP_"), [])

    def test_each_request_has_a_line(self):
        self.begin({"log.access": True})
        for method, target, unix in (
                ("POST", "/api/device?accessToken=secret-0815", True), ("GET", "/api/device/" + ID, False),
                ("HEAD", "/api/device/" + ID, True), ("GET", "/api/new", True),
                ("POST", "/api/v1/TOKEN-4711-0815/telemetry", True), ("GET", "/-/live", True)):
            self.proxy.call(method, target, JSON, b"{}" if method == "POST" else None, unix=unix)
        self.proxy.get("/api/device/" + ID, host="evil.example")
        self.proxy.log.wait("access: .* 421")
        times = "N ms (queue N ms, upstream N ms)"
        lines = self.lines("access")
        self.assertEqual(lines[:5], [
            UID + " saveDevice POST /api/device -> 200, 2 bytes, " + times,
            UID + " port N getDeviceById GET /api/device/%s -> 200, 2 bytes, " % ID + times,
            UID + " getDeviceById HEAD /api/device/%s -> 200, 0 bytes, " % ID + times,
            UID + " - GET /api/new -> 200, 2 bytes, " + times,
            UID + " postTelemetry POST /api/v1/ -> 200, 2 bytes, " + times])
        self.assertRegex(lines[5], r"^%s - GET /-/live -> 200, [1-9][0-9]* bytes, N ms$" % UID)
        self.assertRegex(lines[6], r"^%s port N - GET \S+ -> 421, [0-9]+ bytes, N ms: tbproxyd refused the request: " % UID)
        self.assertNotIn("0815", self.proxy.log.text())

    def test_a_download_has_its_line_at_the_end_with_all_its_bytes(self):
        self.begin({"log.access": True})
        self.assertEqual(len(self.proxy.get("/api/images/tenant/x").body), 1000000)
        self.proxy.log.wait(r"access: .* GET /api/images/tenant/x -> 200, 1000000 bytes, " + TIMES)

    def test_a_request_has_one_line_whatever_is_logged(self):
        self.begin({"log.access": True, "log.audit": True}, "debug")
        self.proxy.post("/api/device", b"{}", headers=JSON)
        self.proxy.get("/api/device/" + ID)
        self.proxy.log.wait("GET /api/device/")
        self.assertEqual(len(self.proxy.log.find("/api/device")), 2, self.proxy.log.text())
        self.assertEqual((len(self.lines("audit")), len(self.lines("access"))), (1, 1))

    def test_a_reload_turns_the_lines_on(self):
        self.begin({})
        self.proxy.get("/api/new/1")
        self.proxy.options["log.access"] = True
        self.proxy.write_config()
        self.proxy.signal(1)
        self.proxy.log.wait("was reloaded")
        self.proxy.get("/api/new/2")
        self.proxy.log.wait("access: .* /api/new/2 ")
        self.assertEqual(self.proxy.log.find("/api/new/1"), [])

    def test_the_level_debug_has_reason_duration_and_principal(self):
        self.begin({}, "debug")
        self.proxy.get("/api/device/" + ID)
        self.proxy.log.wait("request: %s port [0-9]+ getDeviceById GET /api/device/%s -> 200, 2 bytes, %s$" % (UID, ID, TIMES))
        self.proxy.post("/api/auth/changePassword", b"{}", headers=JSON)
        self.proxy.log.wait(r"request: %s port [0-9]+ changePassword POST \S+ -> 403, .*: tbproxyd refused changePassword" % UID)


class TestFailures(Case):
    def test_the_first_of_a_kind_is_told_at_once_and_the_others_at_the_end(self):
        proxy = self.start_daemon(self.start_scripted(handle), {"log.level": "info"})
        for count in range(3):
            self.assertEqual(proxy.post("/api/asset", b"{}", headers=JSON).status, 503)
            if count == 0:
                proxy.log.wait(r"a request failed: 503 Service Unavailable \(saveAsset of %s\)$" % UID)
        proxy.post("/api/auth/changePassword", b"{}", headers=JSON)
        proxy.log.wait(r"a request failed: 403 http request denied \(changePassword of %s\): tbproxyd refused" % UID)
        self.assertEqual(len(proxy.log.find("request failed")), 2)
        proxy.stop()
        self.assertEqual(len(proxy.log.find("2 requests failed in [0-9]+ s: 503 Service Unavailable$")), 1)
        self.assertEqual(len(proxy.log.find("requests? failed")), 3, proxy.log.text())


class TestJson(Case):
    def test_each_line_is_an_object_with_the_fields_of_the_request(self):
        proxy = self.start_daemon(self.start_scripted(handle), {"log.format": "json", "log.access": True, "log.level": "info"})
        proxy.get("/api/device/" + ID)
        proxy.log.wait("access: ")
        proxy.stop()
        lines = [json.loads(line) for line in proxy.log.lines]
        for line in lines:
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
            self.assertIn(line["level"], ("warning", "info"))
        request, = [line for line in lines if line["message"].startswith("access: ") and "operation" in line]
        self.assertEqual({name: request[name] for name in ("operation", "principal", "method", "status", "bytes", "level")},
                         {"operation": "getDeviceById", "principal": UID, "method": "GET", "status": 200, "bytes": 2,
                          "level": "info"})
        for name in ("queue_ms", "upstream_ms", "total_ms"):
            self.assertIsInstance(request[name], int)


# Runs the command behind a journal whose socket is in the folder $1, and with a standard error that is the journal's.
IN_JOURNAL = """
mount -t tmpfs none /run && mkdir -p /run/systemd/journal && mount --bind "$1" /run/systemd/journal || exit 99
shift
export JOURNAL_STREAM=$(stat -L -c %d:%i /dev/stderr)
exec "$@"
"""


@unittest.skipIf(os.geteuid() != 0, "only root has mounts of its own")
class TestJournal(Case):
    def receive(self, journal):
        """Takes datagrams until an empty one: the messages are the log."""
        while data := journal.recv(65536):
            self.entries.append(dict(line.split("=", 1) for line in data.decode().splitlines()))
            self.proxy.log.add(self.entries[-1]["MESSAGE"])

    def begin(self, options):
        self.entries = []
        self.proxy = self.prepare_daemon(self.start_scripted(handle), options)
        folder = os.path.join(self.proxy.directory, "journal")
        os.mkdir(folder)
        journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        journal.bind(os.path.join(folder, "socket"))
        thread = threading.Thread(target=self.receive, args=(journal,))
        thread.start()
        self.addCleanup(journal.close)
        self.addCleanup(thread.join)
        self.addCleanup(self.end_receiving, os.path.join(folder, "socket"))
        command = self.proxy.command
        self.proxy.command = lambda *arguments: ["unshare", "-m", "bash", "-c", IN_JOURNAL, "journal", folder,
                                                 *command(*arguments)]
        self.proxy.start()

    @staticmethod
    def end_receiving(path):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", path)

    def test_messages_have_the_fields_of_the_journal(self):
        self.begin({"log.level": "info", "log.access": True})
        self.proxy.get("/api/device/" + ID)
        self.proxy.post("/api/asset", b"{}", headers=JSON)
        self.proxy.log.wait("access: .* saveAsset")
        get, = [entry for entry in self.entries if entry.get("OPERATION") == "getDeviceById"]
        self.assertEqual({name: get[name] for name in ("PRIORITY", "SYSLOG_IDENTIFIER", "PRINCIPAL", "METHOD", "STATUS", "BYTES")},
                         {"PRIORITY": "6", "SYSLOG_IDENTIFIER": os.path.basename(self.proxy.command()[-3]), "PRINCIPAL": UID,
                          "METHOD": "GET", "STATUS": "200", "BYTES": "2"})
        for name in ("QUEUE_MS", "UPSTREAM_MS", "TOTAL_MS"):
            self.assertRegex(get[name], "^[0-9]+$")
        failed = [entry for entry in self.entries if entry.get("OPERATION") == "saveAsset"]
        self.assertEqual([(entry["PRIORITY"], entry["STATUS"]) for entry in failed], [("4", "503"), ("6", "503")])


if __name__ == "__main__":
    tap.main()
