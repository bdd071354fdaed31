# SPDX-License-Identifier: Apache-2.0
"""Endings of a connection to the server: how a request fares whose first sending ends as a test says. The server notes
what it executes, the client what it is told; the two must agree. An RPC never runs twice; a read and a telemetry write
(which has a timestamp) may."""
import itertools
import json
import signal
import threading
import uuid

from client import Closed, build
from harness import PATIENCE, Case, wait_until
from listening import shut_down

READ, TELEMETRY, RPC, HEAD = "read", "telemetry", "RPC", "HEAD"
REQUESTS = {READ: ("GET", "/api/device/%s", None),
            TELEMETRY: ("POST", "/api/plugins/telemetry/DEVICE/%s/timeseries/ANY", {"t": 1}),
            RPC: ("POST", "/api/rpc/twoway/%s", {"method": "ping", "params": {}}),
            HEAD: ("HEAD", "/api/device/%s", None)}

WARM_UP = "/api/tenant/devices"  # asked for to have a kept connection
NUMBERS = itertools.count(1)


def content(target, sending):
    """The body of the answer to the SENDING-th sending of a request for TARGET."""
    return json.dumps({"target": target, "sending": sending}).encode()


# When an ending comes.
REQUEST = "request"    # when the server has the request, and has executed it (unless EXECUTES is false)
OPENING = "opening"    # at the beginning of a new connection
IDLE = "idle"          # before the request, on the kept connection; that is closed before the request is made
ASLEEP = "asleep"      # the same, but tbproxyd sees it and the request at the same time
HARMLESS = "harmless"  # before the request; the kept connection can be used


class Ending:
    """ACT(peer, trial) ends the connection, or not, at the time WHEN. VERDICT(test, trial, reply) says whether the client was
    told the truth. GOES_ON: the server answers further requests on the connection, which is not closed before."""

    def __init__(self, name, verdict, act, when=REQUEST, kinds=(READ, TELEMETRY, RPC), executes=True, goes_on=False,
                 status=200, error=None):
        self.name = name
        self.verdict = verdict
        self.act = act
        self.when = when
        self.kinds = kinds
        self.executes = executes
        self.goes_on = goes_on or when == HARMLESS
        self.status = status  # of the answer
        self.error = error  # HTTP/2: the code of the GOAWAY that the server must get
        # Whether the connection has answered another request before.
        self.states = {REQUEST: (False, True), OPENING: (False,)}.get(when, (True,))


class Trial:
    """One request whose first sending meets ENDING. KEPT: on a connection that has answered another one before."""

    def __init__(self, ending, kind, kept):
        self.ending = ending
        self.kind = kind
        self.kept = kept
        self.method, path, self.body = REQUESTS[kind]
        self.target = path % uuid.UUID(int=next(NUMBERS))
        self.sent = self.executed = 0  # as the server saw it
        self.is_idle = threading.Event()  # the client has the answer to the request before it
        self.went_idle = threading.Event()  # and the server has done on the kept connection what it does before this one
        self.on_kept = None  # whether the first sending came on the kept connection
        self.has_opened = False  # the connection that an ending with OPENS meets
        self.closed = threading.Event()  # the connection of the ending is closed on both sides
        self.error = None  # HTTP/2: the code in the daemon's GOAWAY
        self.expected = None  # the body of a whole answer, if it is not content()

    def __str__(self):
        return "%s on a %s connection" % (self.kind, "kept" if self.kept else "new")

    def content(self):
        """The body of the answer to the last sending."""
        return content(self.target, self.sent)

    def contents(self):
        """Those of the answers to all sendings."""
        return [content(self.target, number + 1) for number in range(self.sent)]


# What the client must be told. Each is called with the test case, the trial and the client's reply, whose body is None if it
# was cut off.

def whole(test, trial, reply):
    """The first answer is whole."""
    test.assertEqual((trial.sent, trial.executed), (1, 1))
    test.assertEqual(reply.status, trial.ending.status)
    if trial.method != "HEAD" and reply.status not in (204, 304):
        test.assertEqual(reply.body, trial.expected or content(trial.target, 1))


def answered_again(test, trial, reply):
    """The first sending ended; the answer is that of a later one."""
    test.assertEqual((reply.status, reply.body), (200, trial.content()))
    test.assertGreater(trial.sent, 1)
    test.assertEqual(trial.executed, trial.sent if trial.ending.executes else trial.sent - 1)


def refused(test, trial, reply):
    """The server has certainly not executed it: it is sent again, whatever it is, and executed once."""
    answered_again(test, trial, reply)
    test.assertEqual(trial.executed, 1)


def not_begun(test, trial, reply):
    """The kept connection has ended before the request: it goes on another one, once."""
    test.assertEqual((trial.sent, trial.executed), (1, 1))
    test.assertEqual((reply.status, reply.body), (200, trial.content()))


def maybe_not_begun(test, trial, reply):
    """A new connection has ended at once: the request may have been sent on it, and executed."""
    if trial.kind == RPC and reply.status != 200:
        test.assert_error(reply, 502, 2)
    else:
        test.assertEqual(reply.status, 200)
        test.assertIn(reply.body, trial.contents())  # the server may have counted the second sending first
    if trial.kind == RPC:
        test.assertLess(trial.executed, 2)


def lost(test, trial, reply):
    """An answer has begun and cannot be used."""
    if trial.method == "HEAD":
        test.assertEqual(reply.status, 502)
    else:
        test.assert_error(reply, 502, 2)
    test.assertEqual((trial.sent, trial.executed), (1, int(trial.ending.executes)))


def cut(test, trial, reply):
    """The same, and the client has the header and a part of it already."""
    test.assertEqual((reply.status, reply.body), (200, None))
    test.assertEqual((trial.sent, trial.executed), (1, 1))


def lost_or_cut(test, trial, reply):
    """The end may have overtaken what was sent before it."""
    if reply.status == 502 and trial.kind == RPC:
        lost(test, trial, reply)
    elif reply.status == 502 or reply.body is not None:
        unsure(test, trial, reply)
    else:
        cut(test, trial, reply)


def unsure(test, trial, reply):
    """No header of an answer has come: nobody but the server knows what was done. Only what may run twice is sent again."""
    if trial.kind != RPC and reply.status == 200:
        answered_again(test, trial, reply)
    else:
        lost(test, trial, reply)


def unanswered(test, trial, reply):
    """The same, and the connection has ended or its end is certain."""
    if trial.kind != RPC and trial.kept:
        answered_again(test, trial, reply)
    else:
        unsure(test, trial, reply)


def whole_or_lost(test, trial, reply):
    """A server should not, but a client may understand it."""
    if reply.status != 502 and trial.sent == 1:
        whole(test, trial, reply)
    else:
        unsure(test, trial, reply)


class Script:
    """What the server does with a request: that of the trial under way, the request before it, and those that tbproxyd makes
    itself, which get what they ask for."""

    def __init__(self):
        self.trial = None
        self.lock = threading.Lock()

    def sending(self, target, on_kept):
        """Counts a sending of a request for TARGET. Returns its number, and the trial if this is the sending that it ends."""
        with self.lock:
            trial = self.trial
            if trial is None or target != trial.target:
                return 1, None
            trial.sent += 1
            if trial.sent > 1 or trial.ending.when != REQUEST:
                trial.executed += 1
                return trial.sent, None
            trial.on_kept = on_kept
            trial.executed += trial.ending.executes
            return 1, trial


class EndingCase(Case):
    """A class has one server (cls.server, with cls.script) and one daemon (cls.proxy)."""

    def ask(self, trial):
        """Makes the request. Returns the response; its body is None if it was cut off."""
        with self.proxy.connect() as connection:
            connection.send(build(trial.method, trial.target, (), trial.body, host=connection.host))
            if trial.ending and trial.ending.when == ASLEEP:
                self.proxy.signal(signal.SIGCONT)
            reply = connection.final_head()
            try:
                connection.read_body(reply, trial.method)
            except Closed:
                reply.body = None
            return reply

    def warm_up(self, trial):
        """Makes a kept connection, on which an ending that comes before the request has come."""
        with self.proxy.connect() as connection:
            self.assertEqual(connection.request("GET", WARM_UP, [("Connection", "close")]).status, 200)
            self.assertEqual(connection.rest(), b"")
            if trial.ending.when == ASLEEP:
                self.stop_while_idle()
        trial.is_idle.set()
        self.assertTrue(trial.went_idle.wait(PATIENCE))
        if trial.ending.when == IDLE:
            self.assert_closed(trial)

    def stop_while_idle(self):
        """Not in the middle of its work, or it would go on with that, and see the request first."""
        self.addCleanup(self.proxy.signal, signal.SIGCONT)
        wait_until(self.proxy.is_waiting, "the end of what tbproxyd does")
        self.proxy.signal(signal.SIGSTOP)

    def assert_closed(self, trial):
        self.assertTrue(trial.closed.wait(PATIENCE), "tbproxyd keeps the connection")

    def try_ending(self, ending, kind, kept):
        trial = Trial(ending, kind, kept)
        self.script.trial = trial
        try:
            self.try_out(trial)
        except BaseException:
            shut_down([peer.sock for peer in list(self.server.peers)])  # the next one does not meet what this one left
            raise

    def try_out(self, trial):
        ending, kind, kept = trial.ending, trial.kind, trial.kept
        if kept:
            self.warm_up(trial)
        reply = self.ask(trial)
        ending.verdict(self, trial, reply)
        if ending.when == REQUEST:
            self.assertEqual(trial.on_kept, kept, "whether it was sent on the kept connection")
        if not ending.goes_on:
            self.assert_closed(trial)
        self.assert_next_is_served(kind)
        self.assert_closed(trial)
        self.assertIn(ending.error, (None, trial.error), "the error code of the GOAWAY")

    def assert_next_is_served(self, kind):
        """The request after it gets its own answer."""
        trial = Trial(None, kind, False)
        self.script.trial = None
        reply = self.ask(trial)
        self.assertEqual(reply.status, 200)
        if trial.method != "HEAD":
            self.assertEqual(reply.body, content(trial.target, 1))


def make_tests(cls, endings):
    """Adds a test case for each of ENDINGS to CLS."""
    for ending in endings:
        def test(self, ending=ending):
            for kind, kept in itertools.product(ending.kinds, ending.states):
                with self.subTest(request=kind, connection="kept" if kept else "new"):
                    self.try_ending(ending, kind, kept)
        name = "test_" + ending.name.replace(" ", "_").replace(".", "_")  # so that it can be run alone
        assert not hasattr(cls, name), name
        setattr(cls, name, test)
