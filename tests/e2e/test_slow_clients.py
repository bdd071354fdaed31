#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs that send or read a byte now and then: they are cut off, and nobody else notices."""
import socket
import threading
import time

import tap
from harness import PATIENCE, build
from neighbours import LARGE, MIB, WAITING, NeighboursCase
from users import needs_users


@needs_users
class TestSlowClients(NeighboursCase):
    def test_a_stalled_body_is_cut_off(self):
        self.begin({"listen.idle_timeout_s": 1})
        connection, = self.attack(1)
        connection.send(build("POST", "/api/slow", [("Content-Length", MIB)], host=connection.host))
        reply = self.drip(connection)
        self.assert_error(reply, 408, 2, "listen.idle_timeout_s")

    def drip(self, connection, data=b"x" * 1000, pause_s=0.1):
        """Sends bytes now and then until there is a response."""
        connection.sock.setblocking(True)
        stop = threading.Event()

        def send():
            for index in range(len(data)):
                if stop.wait(pause_s):
                    return
                try:
                    connection.sock.send(data[index:index + 1])
                except OSError:
                    return

        sender = threading.Thread(target=send)
        sender.start()
        try:
            return connection.response()
        finally:
            stop.set()
            sender.join()

    def test_a_header_at_a_byte_a_second(self):
        self.begin()
        began = time.monotonic()
        connection, = self.attack(1)
        connection.send(b"GET /api/x HTTP/1.1\r\n")
        reply = self.drip(connection, b"X: " + b"x" * 1000)
        self.assert_error(reply, 408, 2, "header")
        self.assertTrue(10 <= time.monotonic() - began < PATIENCE)
        self.assert_not_noticed()

    def test_an_upload_at_a_byte_now_and_then_loses_its_place(self):
        self.begin({"listen.idle_timeout_s": 1, "limits.max_kept_body_bytes": 1000})
        connection, = self.attack(1)
        connection.send(build("POST", WAITING, [("Content-Length", MIB)], host=connection.host))
        self.wait_for_in_flight(1)
        self.assert_error(self.drip(connection), 408, 2, "listen.idle_timeout_s")
        self.wait_for_in_flight(0)

    def test_a_download_that_is_read_a_byte_now_and_then_loses_its_place(self):
        self.begin({"listen.idle_timeout_s": 1})
        connection, = self.attack(1)
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.send(build("GET", LARGE, host=connection.host))
        self.wait_for_in_flight(1)
        end = time.monotonic() + PATIENCE
        while self.in_flight() > 0:
            self.assertLess(time.monotonic(), end)
            self.assertEqual(len(connection.sock.recv(1)), 1)
            time.sleep(0.1)

    def test_who_keeps_up_is_left_alone(self):
        """More than 64 KiB in each listen.idle_timeout_s."""
        self.begin({"listen.idle_timeout_s": 1})
        connection, = self.attack(1)
        connection.send(build("POST", "/api/steady", [("Content-Length", MIB)], host=connection.host))
        for _ in range(16):
            time.sleep(0.15)
            connection.send(b"x" * (MIB // 16))
        self.assertEqual(connection.response().status, 200)


if __name__ == "__main__":
    tap.main()
