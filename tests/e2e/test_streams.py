# SPDX-License-Identifier: Apache-2.0
"""Bodies that are passed on as they come: constant memory, backpressure, and when a request is sent again."""
import hashlib
import os
import queue
import signal
import signal
import threading

import tap
from harness import PATIENCE, SLOW, Case, Closed, answer, build, wait_until

KIB, MIB = 1 << 10, 1 << 20
WINDOW = 256 * KIB
KEPT = 1 * MIB  # limits.max_kept_body_bytes
LARGE = (1 << 30) if "TB_LONG" in os.environ and not SLOW else 8 * MIB
GROWTH_KIB = 2 * KIB

BLOCK = bytes((i * 7 + i // 256) % 251 for i in range(64 * KIB))


def blocks(length):
    while length > 0:
        yield BLOCK[:length]
        length -= len(BLOCK)


def digest(parts):
    sha = hashlib.sha1()
    for part in parts:
        sha.update(part)
    return sha.hexdigest()


def received(read, length):
    """The digest of LENGTH bytes that READ(most) returns."""
    sha = hashlib.sha1()
    while length > 0:
        part = read(min(length, MIB))
        if not part:
            raise Closed("%d bytes are missing" % length)
        sha.update(part)
        length -= len(part)
    return sha.hexdigest()


class StreamCase(Case):
    """HANDLERS: one for each path of the scripted server, which does not read bodies itself."""

    def setUp(self):
        self.handlers = {}
        self.server = self.start_scripted(lambda peer, request: self.handlers[request.target](peer, request),
                                          reads_bodies=False)

    def begin(self, **options):
        self.proxy = self.start_daemon(self.server, {name.replace("__", "."): value for name, value in options.items()})

    def ask(self, target, method="GET", headers=(), unix=False, version="HTTP/1.1"):
        connection = self.proxy.connect(unix)
        self.addCleanup(connection.close)
        connection.send(build(method, target, headers, version=version, host=connection.host))
        return connection


class TestDownloads(StreamCase):
    def serve_large(self, length):
        def handle(peer, request):
            peer.send(b"HTTP/1.1 200 \r\nContent-Type: a/b\r\nContent-Length: %d\r\n\r\n" % length)
            for block in blocks(length):
                peer.send(block)
            return True
        self.handlers["/api/large"] = handle

    def assert_downloads(self, length, unix, growth_kib):
        before = self.proxy.memory_kib()
        connection = self.ask("/api/large", unix=unix)
        head = connection.head()
        self.assertEqual((head.status, int(head.header("Content-Length"))), (200, length))
        first, connection.data = connection.data, b""
        sha = hashlib.sha1(first)
        left = length - len(first)
        while left > 0:
            part = connection.sock.recv(MIB)
            self.assertTrue(part)
            sha.update(part)
            left -= len(part)
        self.assertEqual(sha.hexdigest(), digest(blocks(length)))
        growth = self.proxy.memory_kib() - before
        tap.figure("download of %d MiB: memory grew by %d KiB" % (length // MIB, growth))
        if not SLOW:
            self.assertLess(growth, growth_kib)

    def test_a_download_of_any_size_takes_no_memory(self):
        self.begin()
        self.proxy.get("/-/live")
        for length, unix in ((LARGE, False), (LARGE // 8, True)):
            self.serve_large(length)
            self.assert_downloads(length, unix, GROWTH_KIB)

    def test_a_download_over_http_2_takes_no_memory(self):
        self.serve_large(LARGE // 8)
        for name in ("h2", "h2c"):
            self.proxy = self.start_daemon(self.make_front(self.addCleanup, self.server, name), credential="api_key")
            self.assertEqual(self.proxy.get("/api/auth/user").status, 200)
            for unix in (False, True):
                self.assert_downloads(LARGE // 8, unix, GROWTH_KIB)

    def test_an_answer_of_unknown_length_streams_and_ends(self):
        length = 3 * WINDOW + 1

        def handle(peer, request):
            peer.send(b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n")
            for block in blocks(length):
                peer.send(b"%x\r\n%s\r\n" % (len(block), block))
            peer.send(b"0\r\n\r\n")
            return True
        self.handlers["/api/x"] = handle
        self.begin()
        for version in ("HTTP/1.1", "HTTP/1.0"):
            for unix in (False, True):
                got = self.proxy.call("GET", "/api/x", unix=unix, version=version)
                self.assertEqual(got.header("Transfer-Encoding"), "chunked" if version == "HTTP/1.1" else None)
                self.assertTrue(got.body == b"".join(blocks(length)))

    def test_a_client_of_http_1_0_sees_that_an_answer_of_unknown_length_is_cut_off(self):
        """Over TCP, where a connection can be reset."""
        def handle(peer, request):
            peer.send(b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n")
            for block in blocks(3 * WINDOW):
                peer.send(b"%x\r\n%s\r\n" % (len(block), block))
            return False
        self.handlers["/api/x"] = handle
        self.begin()
        connection = self.ask("/api/x", version="HTTP/1.0")
        with self.assertRaises(ConnectionResetError):
            while connection.sock.recv(64 * KIB):
                pass
        with self.assertRaises(Closed):
            self.proxy.call("GET", "/api/x")

    def test_answers_around_the_window_pass(self):
        for length in (WINDOW - 1, WINDOW, WINDOW + 1, 2 * WINDOW + 1):
            body = b"".join(blocks(length))
            self.handlers["/api/%d" % length] = lambda peer, request, body=body: peer.send(answer(body=body)) or True
        self.begin()
        for target in self.handlers:
            got = self.proxy.get(target)
            self.assertEqual(len(got.body), int(target.rsplit("/", 1)[1]))
            self.assertEqual(int(got.header("Content-Length")), len(got.body))

    def test_the_server_stops_for_a_client_that_does_not_read(self):
        sent = [0]

        def handle(peer, request):
            peer.send(b"HTTP/1.1 200 \r\nContent-Length: %d\r\n\r\n" % (64 * MIB))
            for block in blocks(64 * MIB):
                peer.send(block)
                sent[0] += len(block)
            return True
        self.handlers["/api/large"] = handle
        self.begin()
        connection = self.ask("/api/large", unix=True)
        head = connection.head()
        self.assertEqual(head.status, 200)
        last = [-1]

        def stands_still():
            before, last[0] = last[0], sent[0]
            return before == last[0] > 0 and self.proxy.get("/-/live").status == 200 and before == sent[0]
        wait_until(stands_still, "a server that waits")
        self.assertLess(sent[0], 32 * MIB)
        self.assertEqual(received(connection.take, 64 * MIB), digest(blocks(64 * MIB)))

    def test_a_client_that_hangs_up_ends_the_download(self):
        ended = threading.Event()

        def handle(peer, request):
            peer.send(b"HTTP/1.1 200 \r\nContent-Length: %d\r\n\r\n" % (1 << 40))
            try:
                while True:
                    peer.send(BLOCK)
            finally:
                ended.set()
        self.handlers["/api/large"] = handle
        self.begin()
        for unix in (False, True):
            ended.clear()
            connection = self.ask("/api/large", unix=unix)
            connection.head()
            connection.reset()
            self.assertTrue(ended.wait(PATIENCE))
        self.assert_serves(self.proxy)

    def test_an_answer_that_breaks_off_has_no_good_end(self):
        for framing in (b"Content-Length: %d" % MIB, b"Transfer-Encoding: chunked"):
            def handle(peer, request, framing=framing):
                peer.send(b"HTTP/1.1 200 \r\n%s\r\n\r\n" % framing)
                for block in blocks(MIB // 2):
                    peer.send(b"%x\r\n%s\r\n" % (len(block), block) if b"chunked" in framing else block)
                return False
            self.handlers["/api/x"] = handle
            if not hasattr(self, "proxy"):
                self.begin()
            with self.assertRaises((Closed, ValueError)):
                self.proxy.get("/api/x")
            self.assert_serves(self.proxy)

    def test_an_answer_that_stands_still_is_cut_off(self):
        def handle(peer, request):
            peer.send(b"HTTP/1.1 200 \r\nContent-Length: %d\r\n\r\n%s" % (MIB, BLOCK * 8))
            peer.wait_for_close()
        self.handlers["/api/x"] = handle
        self.begin(upstream__timeout_ms=300)
        with self.assertRaises(Closed):
            self.proxy.get("/api/x")
        self.assert_serves(self.proxy)

    def test_a_download_goes_on_when_there_is_less_memory(self):
        self.serve_large(32 * MIB)
        self.begin(limits__max_kept_body_bytes=1000)
        connection = self.ask("/api/large", unix=True)
        connection.head()
        self.proxy.options["limits.max_buffered_bytes"] = 65536  # less than a window
        self.proxy.write_config()
        self.proxy.signal(signal.SIGHUP)
        self.proxy.log.wait("limits.max_buffered_bytes has changed and is in effect")
        self.assertEqual(received(connection.take, 32 * MIB), digest(blocks(32 * MIB)))

    def test_stopping_cuts_off_what_the_drain_has_left(self):
        def handle(peer, request):
            peer.send(b"HTTP/1.1 200 \r\nContent-Length: %d\r\n\r\n%s" % (MIB, BLOCK * 8))
            peer.wait_for_close()
        self.handlers["/api/x"] = handle
        self.begin(limits__drain_timeout_ms=100)
        connection = self.ask("/api/x")
        connection.head()
        self.proxy.stop()
        with self.assertRaises(Closed):
            connection.take(MIB)


    def test_stopping_ends_a_download_whose_reader_has_caught_up(self):
        def handle(peer, request):
            peer.send(b"HTTP/1.1 200 \r\nContent-Length: %d\r\n\r\n" % (2 * MIB))
            for block in blocks(MIB):
                peer.send(block)
            peer.wait_for_close()
        self.handlers["/api/x"] = handle
        self.begin(limits__drain_timeout_ms=0)
        connection = self.ask("/api/x", unix=True)
        connection.head()
        self.proxy.get("/-/live")
        self.proxy.signal(signal.SIGTERM)
        self.proxy.log.wait("stopping:")
        self.assertLess(len(connection.rest()), 2 * MIB)
        self.assertEqual(self.proxy.ended(), 0)

    def test_what_a_client_has_left_unread_reaches_no_other(self):
        length = 640 * KIB  # more than is kept, less than the windows hold
        sent = []

        def serve(byte):
            def handle(peer, request):
                peer.send(b"HTTP/1.1 200 \r\nContent-Length: %d\r\n\r\n" % length)
                for _ in range(length // len(BLOCK)):
                    peer.send(byte * len(BLOCK))
                sent.append(byte)
                return True
            return handle
        self.handlers["/api/held"] = lambda peer, request: self.server.release.wait(PATIENCE) and False
        self.handlers["/api/a"], self.handlers["/api/b"] = serve(b"a"), serve(b"b")
        self.proxy = self.start_daemon(self.start_front(self.server, "h2"))
        self.assertEqual(self.proxy.get("/api/auth/user").status, 200)
        self.ask("/api/held")  # keeps the connection in use
        first = self.ask("/api/a", unix=True)
        self.assertEqual(first.head().status, 200)
        wait_until(lambda: sent == [b"a"], "an answer that waits in the daemon")
        first.close()
        second = self.ask("/api/b", unix=True)
        self.assertEqual(second.head().status, 200)
        wait_until(lambda: sent == [b"a", b"b"], "an answer that waits in the daemon")
        self.assertEqual(second.take(length).count(b"b"), length)


class TestEventStreams(StreamCase):
    def begin_events(self, **options):
        self.go = queue.Queue()
        for _ in range(20):  # before the server is stopped
            self.addCleanup(self.go.put, False)

        def handle(peer, request):
            peer.send(b"HTTP/1.1 200 \r\nContent-Type: text/event-stream;charset=UTF-8\r\n"
                      b"Transfer-Encoding: chunked\r\n\r\n")
            for number in range(3):
                if not self.go.get():
                    return False
                event = b"data: %d\n\n" % number
                peer.send(b"%x\r\n%s\r\n" % (len(event), event))
            peer.send(b"0\r\n\r\n")
            return True
        self.handlers["/api/events"] = handle
        self.begin(**options)

    def chunk(self, connection):
        part = connection.take(int(connection.line(), 16))
        self.assertEqual(connection.line(), "")
        return part

    def test_each_event_passes_when_it_comes(self):
        self.begin_events()
        for unix in (False, True):
            connection = self.ask("/api/events", unix=unix)
            head = connection.head()  # before any event
            self.assertEqual(head.header("Content-Type"), "text/event-stream;charset=UTF-8")
            for number in range(3):
                self.go.put(True)
                self.assertEqual(self.chunk(connection), b"data: %d\n\n" % number)
            self.assertEqual(self.chunk(connection), b"")

    def test_a_quiet_stream_is_not_idle(self):
        self.begin_events(upstream__timeout_ms=500, listen__idle_timeout_s=1)
        connection = self.ask("/api/events")
        connection.head()
        late = self.proxy.connect()
        self.addCleanup(late.close)
        self.assertEqual(late.rest(), b"")  # an idle connection has been closed meanwhile
        self.go.put(True)
        self.assertEqual(self.chunk(connection), b"data: 0\n\n")

    def test_a_client_that_hangs_up_ends_a_quiet_stream(self):
        ended = threading.Event()

        def handle(peer, request):
            peer.send(b"HTTP/1.1 200 \r\nContent-Type: text/event-stream\r\n\r\n")
            peer.wait_for_close()
            ended.set()
        self.handlers["/api/events"] = handle
        self.begin()
        for unix in (False, True):
            ended.clear()
            connection = self.ask("/api/events", unix=unix)
            connection.head()
            connection.close()
            self.assertTrue(ended.wait(PATIENCE))

    def test_stopping_ends_streams_of_events_at_once(self):
        self.begin_events(limits__drain_timeout_ms=3600000)
        connection = self.ask("/api/events")
        connection.head()
        self.proxy.stop()
        self.assertEqual(connection.rest(), b"")

    def test_what_only_looks_like_a_stream_of_events_times_out(self):
        events = b"\r\nContent-Type: text/event-stream\r\n\r\n"
        self.begin(upstream__timeout_ms=1000)
        for head in (b"HTTP/1.1 103 " + events, b"HTTP/1.1 100 " + events, b"HTTP/1.1 400 " + events):
            with self.subTest(head=head):
                self.handlers["/api/upload"] = lambda peer, request, head=head: (peer.send(head), peer.wait_for_close())
                self.assert_error(self.proxy.call("POST", "/api/upload", body=bytes(2 * MIB)), 504, 2)

    def test_a_merged_write_has_no_stream_of_events(self):
        target = "/api/plugins/telemetry/DEVICE/11111111-1111-1111-1111-111111111111/timeseries/any"
        first = threading.Event()
        arrived = []

        def handle(peer, request):
            received(peer.file.read, int(request.header("Content-Length")))
            arrived.append(request)
            if len(arrived) == 1:
                first.wait(PATIENCE)
                peer.send(answer())
                return True
            peer.send(b"HTTP/1.1 200 \r\nContent-Type: text/event-stream\r\n\r\n")
            peer.wait_for_close()
            return False
        self.handlers[target] = handle
        self.begin(upstream__timeout_ms=1000, merge__mode="always")
        replies = []
        writers = [threading.Thread(target=lambda: replies.append(self.proxy.call("POST", target, body=b'{"a":1}')))
                   for _ in range(4)]
        writers[0].start()
        wait_until(lambda: arrived, "the first write")
        for writer in writers[1:]:
            writer.start()
        wait_until(lambda: self.proxy.get("/-/status").json()["queue"]["requests"] == 3, "the others to wait")
        first.set()
        for writer in writers:
            writer.join()
        self.assertEqual(sorted(reply.status for reply in replies), [200, 504, 504, 504])

    def test_joined_reads_of_a_stream_get_one_each(self):
        self.begin_events()
        arrived, first = threading.Event(), threading.Event()
        events = self.handlers["/api/events"]

        def handle(peer, request):
            if not arrived.is_set():
                arrived.set()
                first.wait(PATIENCE)
            return events(peer, request)
        self.handlers["/api/device/types"] = handle
        streams = [self.ask("/api/device/types")]
        self.assertTrue(arrived.wait(PATIENCE))
        streams += [self.ask("/api/device/types") for _ in range(2)]
        wait_until(lambda: b'tbproxyd_calls_saved_total{by="join"} 2' in self.proxy.get("/-/metrics").body, "the joining")
        first.set()
        for stream in streams:
            self.assertEqual(stream.head().status, 200)
        self.assertEqual(len(self.server.requests), 3)

    def test_streams_leave_the_budget_its_tokens(self):
        self.begin_events(rate__limits="2:1", rate__learn=False)
        self.handlers["/api/x"] = lambda peer, request: peer.send(answer(body=b"x")) or True
        streams = [self.ask("/api/events") for _ in range(2)]
        for stream in streams:
            stream.head()
        for _ in range(3):
            self.assertEqual(self.proxy.get("/api/x").status, 200)


class TestUploads(StreamCase):
    def store(self, key="/api/upload", continues=True, status=200):
        """A handler that reads the body and answers with its digest."""
        self.uploads = []

        def handle(peer, request):
            if request.header("Expect") and continues:
                peer.send(b"HTTP/1.1 100 \r\n\r\n")
            length = request.header("Content-Length")
            sha = received(peer.file.read, int(length)) if length else digest(self.chunks(peer.file))
            self.uploads.append(request)
            peer.send(answer(status, sha.encode()))
            return True
        self.handlers[key] = handle

    @staticmethod
    def chunks(file):
        while True:
            length = int(file.readline(), 16)
            yield file.read(length)
            file.readline()
            if length == 0:
                return

    def upload(self, length, chunked=False, expect=False, unix=False, method="POST"):
        headers = [("Transfer-Encoding", "chunked") if chunked else ("Content-Length", length)]
        connection = self.ask("/api/upload", method, headers + ([("Expect", "100-continue")] if expect else []), unix)
        if expect:
            head = connection.head()
            if head.status != 100:
                return connection, head
        for block in blocks(length):
            connection.send(b"%x\r\n%s\r\n" % (len(block), block) if chunked else block)
        if chunked:
            connection.send(b"0\r\n\r\n")
        return connection, None

    def assert_stored(self, length, **options):
        connection, _ = self.upload(length, **options)
        got = connection.response()
        self.assertEqual((got.status, got.body.decode()), (200, digest(blocks(length))))
        connection.close()

    def test_an_upload_of_any_size_takes_no_memory(self):
        self.store()
        self.begin()
        self.proxy.get("/-/live")
        for length, unix in ((LARGE, False), (LARGE // 8, True)):
            before = self.proxy.memory_kib()
            self.assert_stored(length, unix=unix)
            growth = self.proxy.memory_kib() - before
            tap.figure("upload of %d MiB: memory grew by %d KiB" % (length // MIB, growth))
            if not SLOW:
                self.assertLess(growth, GROWTH_KIB)

    def test_an_upload_over_http_2_takes_no_memory(self):
        self.store()
        for name in ("h2", "h2c"):
            self.proxy = self.start_daemon(self.make_front(self.addCleanup, self.server, name), credential="api_key")
            self.assertEqual(self.proxy.get("/api/auth/user").status, 200)
            for chunked in (False, True):
                before = self.proxy.memory_kib()
                self.assert_stored(LARGE // 8, chunked=chunked, unix=chunked)
                if not SLOW:
                    self.assertLess(self.proxy.memory_kib() - before, GROWTH_KIB)

    def test_a_chunked_upload_of_any_size_takes_no_memory(self):
        self.store()
        self.begin()
        before = self.proxy.memory_kib()
        self.assert_stored(16 * MIB, chunked=True)
        if not SLOW:
            self.assertLess(self.proxy.memory_kib() - before, GROWTH_KIB)

    def test_uploads_around_what_is_kept_pass(self):
        self.store()
        self.begin()
        for method in ("POST", "PUT", "PATCH"):
            for length in (KEPT, KEPT + 1, KEPT + WINDOW, 3 * KEPT):
                for chunked in (False, True):
                    self.assert_stored(length, chunked=chunked, method=method, unix=chunked)
                    request = self.uploads.pop()
                    streams = length > KEPT
                    self.assertEqual(request.header("Transfer-Encoding"), "chunked" if streams and chunked else None)

    def test_a_large_body_is_announced_and_the_client_asked_for_it_later(self):
        order = []

        def handle(peer, request):
            order.append(request.header("Expect"))
            peer.send(b"HTTP/1.1 100 \r\n\r\n")
            peer.file.read(2 * MIB)
            peer.send(answer(body=b"good"))
            return True
        self.handlers["/api/upload"] = handle
        self.begin()
        connection, _ = self.upload(2 * MIB, expect=True)
        self.assertEqual(connection.response().body, b"good")
        self.assertEqual(order, ["100-continue"])

    def test_a_server_that_does_not_continue_gets_the_body_all_the_same(self):
        self.store(continues=False)
        self.begin()
        self.assert_stored(2 * MIB)

    def test_a_refusal_comes_before_the_body(self):
        self.handlers["/api/upload"] = lambda peer, request: peer.send(answer(403, b"no")) and False
        self.begin()
        connection, head = self.upload(2 * MIB, expect=True)
        self.assertEqual(head.status, 403)
        self.assertEqual(connection.take(2), b"no")

    def test_a_refusal_reaches_a_client_that_only_sends(self):
        self.handlers["/api/upload"] = lambda peer, request: peer.send(answer(403, b"no")) and False
        self.begin()
        for chunked in (False, True):
            connection, _ = self.upload(8 * MIB, chunked=chunked)
            got = connection.response()
            self.assertEqual((got.status, got.body), (403, b"no"))

    def test_a_server_that_answers_early_gets_all_of_the_body(self):
        got = []

        def handle(peer, request):
            peer.send(b"HTTP/1.1 100 \r\n\r\n")
            length = request.header("Content-Length")
            parts = self.chunks(peer.file) if not length else (peer.file.read(KIB) for _ in range(4 * MIB // KIB))
            first = next(parts)
            peer.send(answer(body=b"".join(blocks(2 * WINDOW))))
            got.append(digest([first, *parts]))
            return True
        self.handlers["/api/upload"] = handle
        self.begin()
        for chunked in (False, True):
            for expect in (False, True):
                connection, _ = self.upload(4 * MIB, chunked, expect)
                self.assertEqual(digest([connection.response().body]), digest(blocks(2 * WINDOW)))
                wait_until(lambda: got, "the end of the body")
                self.assertEqual(got.pop(), digest(blocks(4 * MIB)))

    def test_events_that_begin_during_the_body_pass_after_it(self):
        def handle(peer, request):
            peer.send(b"HTTP/1.1 100 \r\n\r\nHTTP/1.1 200 \r\nContent-Type: text/event-stream\r\n\r\n")
            received(peer.file.read, 2 * MIB)
            peer.wait_for_close()
        self.handlers["/api/upload"] = handle
        self.begin()
        connection, _ = self.upload(2 * MIB)
        self.assertEqual(connection.head().header("Content-Type"), "text/event-stream")
        connection.close()

    def test_what_streams_is_not_merged(self):
        target = "/api/plugins/telemetry/DEVICE/11111111-1111-1111-1111-111111111111/attributes/SERVER_SCOPE"
        hold = threading.Event()
        self.addCleanup(hold.set)
        stored = []

        def handle(peer, request):
            length = request.header("Content-Length")
            stored.append((peer.file.read(int(length)) if length else b"".join(self.chunks(peer.file))).strip())
            peer.send(answer())
            return True
        self.handlers[target] = handle
        self.handlers["/api/hold"] = lambda peer, request: hold.wait(PATIENCE) and peer.send(answer()) or True
        self.begin(limits__max_kept_body_bytes=1000, upstream__max_connections=1, merge__mode="always")
        self.ask("/api/hold")
        wait_until(lambda: self.server.requests, "the held request")
        chunked = self.ask(target, "POST", [("Transfer-Encoding", "chunked"), ("Content-Type", "application/json")])
        chunked.send(b"7\r\n{\"a\":1}\r\n")
        self.proxy.get("/-/live")
        chunked.send(b"800\r\n" + b" " * 0x800 + b"\r\n")
        other = self.proxy.connect()
        self.addCleanup(other.close)
        other.send(build("POST", target, body={"b": 2}, host=other.host))
        wait_until(lambda: b"tbproxyd_queue_requests 2" in self.proxy.get("/-/metrics").body, "two that wait")
        hold.set()
        chunked.send(b"0\r\n\r\n")
        self.assertEqual([chunked.response().status, other.response().status], [200, 200])
        self.assertEqual(sorted(stored), [b'{"a":1}', b'{"b": 2}'])

    def refuse_first(self, status, reads=0, headers=()):
        """Refuses the first upload after READS bytes of it."""
        self.store()
        good = self.handlers["/api/upload"]
        self.refused = []

        def handle(peer, request):
            if self.refused:
                return good(peer, request)
            if reads:
                peer.send(b"HTTP/1.1 100 \r\n\r\n")
                peer.file.read(reads)
            self.refused.append(request)
            peer.send(answer(status, b"", headers))
            if reads:
                peer.wait_for_close()  # closing with bytes unread would be a reset
            return False
        self.handlers["/api/upload"] = handle

    def test_after_a_429_before_the_body_it_is_sent_again(self):
        for method in ("PUT", "POST"):
            self.refuse_first(429)
            self.begin()
            self.assert_stored(2 * MIB, method=method)
            self.assertEqual((len(self.refused), len(self.uploads)), (1, 1))

    def test_after_a_401_before_the_body_it_is_sent_again(self):
        self.sim = self.start_simulator()
        self.refuse_first(401)
        self.server.authenticates = False
        logins = []

        def login(peer, request):
            peer.file.read(int(request.header("Content-Length")))
            logins.append(request)
            peer.send(answer(body=self.sim.login()))
            return True
        self.handlers["/api/auth/login"] = self.handlers["/api/auth/token"] = login
        self.server.password = "a password"
        self.proxy = self.start_daemon(self.server, credential="password")
        self.assert_stored(2 * MIB)
        self.assertEqual((len(self.refused), len(self.uploads), len(logins)), (1, 1, 2))

    def test_a_429_after_a_part_of_the_body_is_not_retried(self):
        self.refuse_first(429, reads=MIB)
        self.begin()
        connection, _ = self.upload(8 * MIB)
        got = connection.response()
        self.assertEqual(got.status, 429)
        self.assertIn("limits.max_kept_body_bytes", got.header("Proxy-Status"))
        self.assertEqual(self.uploads, [])

    def test_a_401_after_a_part_of_the_body_asks_for_it_again(self):
        self.sim = self.start_simulator()
        self.refuse_first(401, reads=MIB)
        self.server.authenticates = False

        def login(peer, request):
            peer.file.read(int(request.header("Content-Length")))
            peer.send(answer(body=self.sim.login()))
            return True
        self.handlers["/api/auth/login"] = self.handlers["/api/auth/token"] = login
        self.server.password = "a password"
        self.proxy = self.start_daemon(self.server, credential="password")
        connection, _ = self.upload(8 * MIB)
        got = connection.response()
        self.assert_error(got, 503, 2, "send it again")
        self.assertEqual(got.header("Retry-After"), "1")
        self.assert_stored(8 * MIB)

    def test_the_client_stops_for_a_server_that_does_not_read(self):
        go = threading.Event()

        def handle(peer, request):
            peer.send(b"HTTP/1.1 100 \r\n\r\n")
            go.wait(PATIENCE)
            peer.send(answer(body=received(peer.file.read, 64 * MIB).encode()))
            return True
        self.handlers["/api/upload"] = handle
        self.begin()
        connection = self.ask("/api/upload", "POST", [("Content-Length", 64 * MIB)], unix=True)
        sent = [0]

        def send():
            for block in blocks(64 * MIB):
                connection.send(block)
                sent[0] += len(block)
        sender = threading.Thread(target=send)
        sender.start()
        last = [-1]

        def stands_still():
            before, last[0] = last[0], sent[0]
            return before == last[0] > 0 and self.proxy.get("/-/live").status == 200 and before == sent[0]
        wait_until(stands_still, "a client that waits")
        self.assertLess(sent[0], 32 * MIB)
        go.set()
        sender.join()
        self.assertEqual(connection.response().body.decode(), digest(blocks(64 * MIB)))

    def test_a_client_that_hangs_up_ends_the_upload(self):
        ended = threading.Event()

        def handle(peer, request):
            peer.send(b"HTTP/1.1 100 \r\n\r\n")
            while peer.file.read(KIB):
                pass
            ended.set()
        self.handlers["/api/upload"] = handle
        self.begin()
        for unix in (False, True):
            ended.clear()
            connection = self.ask("/api/upload", "POST", [("Content-Length", 1 << 30)], unix)
            for block in blocks(2 * MIB):
                connection.send(block)
            connection.close()
            self.assertTrue(ended.wait(PATIENCE))
        self.assert_serves(self.proxy)

    def test_a_server_that_dies_in_the_middle_is_told(self):
        def handle(peer, request):
            peer.send(b"HTTP/1.1 100 \r\n\r\n")
            peer.file.read(MIB)
            peer.reset()
            return False
        self.handlers["/api/upload"] = handle
        self.begin()
        connection, _ = self.upload(8 * MIB)
        self.assert_error(connection.response(), 502, 2)
        self.assert_serves(self.proxy)

    def test_a_server_that_stands_still_is_given_up(self):
        def handle(peer, request):
            peer.send(b"HTTP/1.1 100 \r\n\r\n")
            peer.wait_for_close()
        self.handlers["/api/upload"] = handle
        self.begin(upstream__timeout_ms=300)
        connection, _ = self.upload(2 * MIB)
        self.assertEqual(connection.response().status, 504)

    def test_the_limit_counts_for_streams(self):
        self.store()
        self.begin(limits__max_body_bytes=3 * MIB)
        for chunked in (False, True):
            self.assert_stored(3 * MIB, chunked=chunked)
        connection, _ = self.upload(3 * MIB + 1, chunked=True)
        self.assert_error(connection.response(), 413, 31, "limits.max_body_bytes")
        connection, head = self.upload(3 * MIB + 1, expect=True)
        self.assertEqual(head.status, 413)

    def test_a_full_queue_answers_before_the_body(self):
        self.store()
        self.begin(upstream__max_connections=1, queue__max_wait_ms=0)
        hold = threading.Event()
        self.addCleanup(hold.set)
        self.handlers["/api/hold"] = lambda peer, request: hold.wait(PATIENCE) and peer.send(answer()) or True
        self.ask("/api/hold")
        wait_until(lambda: [r for r in self.server.requests if r.target == "/api/hold"], "the held request")
        connection, head = self.upload(2 * MIB, expect=True)
        self.assertEqual(head.status, 503)
        connection, _ = self.upload(8 * MIB)
        self.assertEqual(connection.response().status, 503)

    def test_small_bodies_are_kept_as_configured(self):
        self.store()
        self.begin(limits__max_kept_body_bytes=1000)
        for length in (999, 1000, 1001, 5000):
            for chunked in (False, True):
                self.assert_stored(length, chunked=chunked)

    def test_the_connection_is_used_again(self):
        """Unless the answer overtakes the end of the body within tbproxyd: then it says that it closes."""
        self.store()
        self.begin()
        for _ in range(10):
            with self.proxy.connect() as connection:
                if self.upload_on(connection).header("Connection") != "close":
                    self.upload_on(connection)
                    return
        self.fail("no connection was used again")

    def upload_on(self, connection):
        connection.send(build("POST", "/api/upload", [("Content-Length", 2 * MIB)], host=connection.host))
        for block in blocks(2 * MIB):
            connection.send(block)
        reply = connection.response()
        self.assertEqual(reply.body.decode(), digest(blocks(2 * MIB)))
        return reply


if __name__ == "__main__":
    tap.main()
