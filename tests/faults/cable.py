# SPDX-License-Identifier: Apache-2.0
"""Two machines and a cable between them that loses, delays, swaps and doubles packets, or is cut. Each machine is a network
namespace with a TUN device; a thread of the test passes the packets on."""
import collections
import fcntl
import heapq
import itertools
import os
import random
import select
import struct
import threading
import time

import e2e_modules  # noqa: F401
from namespaces import Namespace

TUNSETIFF = 0x400454ca
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
NETWORK = "192.0.2.0/24"
MTU = 1500
QUEUE = 1000  # packets on their way, as many as a device keeps; further ones are lost
TCP = 6


def open_device():
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", b"cable", IFF_TUN | IFF_NO_PI))
    return fd


def tcp_flow(packet):
    """The ends of its TCP connection, the same in both directions; None if it is not TCP over IPv4."""
    if packet[0] >> 4 != 4 or packet[9] != TCP:
        return None
    ports = 4 * (packet[0] & 15)
    return frozenset([(packet[12:16], packet[ports:ports + 2]), (packet[16:20], packet[ports + 2:ports + 4])])


class End:
    """One machine: NAMESPACE with ADDRESS; all other addresses of the network are at the other end. Its packets come out of
    FD."""

    def __init__(self, address):
        self.namespace = Namespace()
        self.fd = self.namespace.run(open_device)
        self.namespace.ip("address add %s/32 dev lo" % address)
        self.namespace.ip("link set cable mtu %d up" % MTU)
        self.namespace.ip("route add %s dev cable" % NETWORK)

    def close(self):
        os.close(self.fd)
        self.namespace.close()


class Cable:
    """HERE has the address HERE_ADDRESS, THERE has THERE_ADDRESS. SEED: of the random numbers."""
    HERE_ADDRESS, THERE_ADDRESS = "192.0.2.2", "192.0.2.1"

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.ends = [End(self.HERE_ADDRESS), End(self.THERE_ADDRESS)]
        self.here, self.there = (end.namespace for end in self.ends)
        self.counts = collections.Counter()  # of what happened to packets
        self.flows, self.forgotten = set(), set()
        self.under_way = []  # (when it arrives, number, where, packet)
        self.numbers = itertools.count()
        self.wake_up, self.woken = os.pipe()[::-1]
        self.set()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def add_address_there(self, address):
        self.there.ip("address add %s/32 dev lo" % address)

    def move_there(self, address):
        """THERE has this address from now on, and no longer THERE_ADDRESS, for which nobody answers."""
        self.add_address_there(address)
        self.there.ip("address del %s/32 dev lo" % self.THERE_ADDRESS)
        self.there.ip("route add blackhole %s" % self.THERE_ADDRESS)

    def set(self, loss=0.0, delay_s=0.0, jitter_s=0.0, doubled=0.0, is_cut=False):
        """LOSS, DOUBLED: the share of packets. Each packet takes DELAY_S and up to JITTER_S more, so packets overtake others."""
        self.loss, self.delay_s, self.jitter_s, self.doubled, self.is_cut = loss, delay_s, jitter_s, doubled, is_cut

    def forget_connections(self):
        """From now on all packets of the TCP connections that there are now are dropped, as by a router that has lost its
        table. Neither end notices."""
        self.forgotten = self.forgotten | self.flows

    def run(self):
        poller = select.poll()
        for fd in (self.woken, *(end.fd for end in self.ends)):
            poller.register(fd, select.POLLIN)
        while True:
            left_ms = 1000 * (self.under_way[0][0] - time.monotonic()) if self.under_way else None
            ready = [fd for fd, _ in poller.poll(None if left_ms is None else max(0, left_ms))]
            if self.woken in ready:
                break
            for end, other in (self.ends, self.ends[::-1]):
                if end.fd in ready:
                    self.read(end.fd, other.fd)
            self.deliver()

    def read(self, fd, other):
        try:
            for _ in range(64):
                self.take(os.read(fd, 65536), other)
        except BlockingIOError:
            pass

    def take(self, packet, where):
        flow = tcp_flow(packet)
        self.flows.add(flow)
        if self.is_cut or (flow and flow in self.forgotten) or self.random.random() < self.loss or \
                len(self.under_way) >= QUEUE:
            self.counts["lost"] += 1
            return
        for _ in range(2 if self.random.random() < self.doubled else 1):
            arrives = time.monotonic() + self.delay_s + self.random.random() * self.jitter_s
            heapq.heappush(self.under_way, (arrives, next(self.numbers), where, packet))

    def deliver(self):
        now = time.monotonic()
        while self.under_way and self.under_way[0][0] <= now:
            _, number, where, packet = heapq.heappop(self.under_way)
            if self.is_cut:
                self.counts["lost"] += 1
                continue
            self.counts["passed"] += 1
            try:
                os.write(where, packet)
            except OSError:  # the device's queue is full
                self.counts["lost"] += 1

    def close(self):
        os.write(self.wake_up, b"x")
        self.thread.join()
        for fd in (self.wake_up, self.woken):
            os.close(fd)
        for end in self.ends:
            end.close()
