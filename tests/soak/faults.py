# SPDX-License-Identifier: Apache-2.0
"""What goes wrong, at random."""
import asyncio
import collections
import os
import pathlib
import signal

from relay import END, HALF, RESET

PAUSE_S = 1.0  # on average, between two faults of a lane
REPEATED = ("slowly", "never", "with 401", "of a gateway", "with a reset", "a part")  # stand_in.py: misbehave()
ANSWER_BYTES = 3000  # of a typical answer; a connection ends within the next few


class Storm:
    """The faults of one lane, until it is cancelled. COUNTS: of each, how many."""

    def __init__(self, lane, random):
        self.lane, self.random = lane, random
        self.counts = collections.Counter()
        self.under_way = set()
        self.failed = []  # faults that could not be injected
        self.kinds = {self.kill: 1.0, self.pause: 1.0, self.revoke: 0.7, self.limit: 0.3, self.bad_answers: 5.0,
                      self.reset: 1.5, self.doom: 4.0, self.stall: 2.0, self.refuse: 1.0, self.reload: 1.0}
        if lane.front:
            self.kinds.update({self.reload_gateway: 1.0, self.kill_gateway: 0.7})

    async def run(self):
        while True:
            await asyncio.sleep(self.random.expovariate(1 / PAUSE_S))
            fault, = self.random.choices(list(self.kinds), list(self.kinds.values()))
            task = asyncio.create_task(self.inject(fault))
            self.under_way.add(task)
            task.add_done_callback(self.finished)

    def finished(self, task):
        self.under_way.discard(task)
        if not task.cancelled() and task.exception():
            self.failed.append(repr(task.exception()))

    async def inject(self, fault):
        """One of a kind at a time."""
        if fault in self.kinds:
            weight = self.kinds.pop(fault)
            await fault()
            self.kinds[fault] = weight

    async def end(self):
        """Waits for those under way, and lets the sun shine."""
        await asyncio.gather(*self.under_way, return_exceptions=True)  # finished() notes them
        self.lane.say({"chance": 0.0, "limit": 0})
        self.counts += self.lane.relay.spoilt

    async def kill(self):
        self.counts["server killed and started again"] += 1
        await self.lane.kill_server(self.random.uniform(0, 2.5))

    async def pause(self):
        self.counts["server stands still"] += 1
        await self.lane.pause_server(self.random.uniform(0.5, 3))

    async def revoke(self):
        self.counts["tokens revoked"] += 1
        names = self.random.choice((["generation"], ["generation", "refresh"]))
        newest = max(self.lane.weather.get(name, 0) for name in ("generation", "refresh")) + 1
        self.lane.say({name: newest for name in names})

    async def limit(self):
        self.lane.say({"limit": self.random.uniform(10, 60)})
        await asyncio.sleep(self.random.uniform(1, 4))
        self.lane.say({"limit": 0})

    async def bad_answers(self):
        """The stand-in counts them."""
        acts = self.random.sample(REPEATED, self.random.randint(1, 3))
        self.lane.say({"chance": self.random.uniform(0.05, 0.5), "acts": acts})
        await asyncio.sleep(self.random.uniform(0.5, 3))
        self.lane.say({"chance": 0.0})

    async def reset(self):
        self.counts["connections reset"] += self.lane.relay.reset_all()

    async def doom(self):
        """The relay counts what comes of it."""
        self.lane.relay.doom(self.random, self.random.choice((RESET, END, HALF)), ANSWER_BYTES)

    async def stall(self):
        self.counts["network stands still"] += 1
        await self.lane.relay.stall(self.random, self.random.uniform(0.2, 3))

    async def refuse(self):
        self.counts["connections refused for a while"] += 1
        self.lane.relay.refuse()
        await asyncio.sleep(self.random.uniform(0.1, 2))
        self.lane.relay.open()

    async def reload(self):
        self.counts["reloads of tbproxyd"] += 1
        options = self.lane.daemon.options
        options["merge.mode"] = self.random.choice(("always", "pressure", "off"))
        self.lane.daemon.write_config()
        self.lane.daemon.signal(signal.SIGHUP)

    async def reload_gateway(self):
        """It says GOAWAY and ends idle connections."""
        self.counts["gateway reloaded (GOAWAY)"] += 1
        self.lane.front.process.send_signal(signal.SIGHUP)

    async def kill_gateway(self):
        self.counts["gateway's worker killed"] += 1
        pid = self.lane.front.process.pid
        for child in pathlib.Path("/proc/%d/task/%d/children" % (pid, pid)).read_text(encoding="ascii").split():
            try:
                os.kill(int(child), signal.SIGKILL)
            except ProcessLookupError:
                pass
