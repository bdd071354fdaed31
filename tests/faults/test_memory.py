# SPDX-License-Identifier: Apache-2.0
"""The host gives tbproxyd no more memory while programs send large bodies: it refuses what it cannot take, and goes on."""
import re
import resource

import e2e_modules  # noqa: F401
import tap
from client import Closed, Connection
from fault_case import FaultCase
from harness import Case, in_parallel
from scripted import echo

HOGS, ROUNDS = 40, 3
BODY = b'{"a":"' + b"x" * (200 << 10) + b'"}'
MORE = 1 << 20  # bytes above what it has
NO_MEMORY = "memory|SSL"

# A configuration that takes some megabytes while it is read.
POLICIES = "policies = {\n%s};\n" % "".join("p%d = { allow = [ %s ]; };\n" % (i, ", ".join(['"read"'] * 250)) for i in range(60))


def limit_memory(process, more):
    """To what it has, and MORE bytes."""
    with open("/proc/%d/status" % process.pid, encoding="ascii") as file:
        size = 1024 * int(re.search(r"VmSize:\s+(\d+)", file.read()).group(1))
    resource.prlimit(process.pid, resource.RLIMIT_AS, (size + more, resource.RLIM_INFINITY))


def free_memory(process):
    resource.prlimit(process.pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


class TestReload(Case):
    def test_what_cannot_be_read_does_not_end_it(self):
        """libconfig ends or crashes the process that reads."""
        server, statuses = self.start_scripted(echo), []
        for more in range(0, 2 << 20, 150 << 10):
            proxy = self.start_daemon(server)
            with open(proxy.config_path, "a", encoding="utf-8") as file:
                file.write(POLICIES)
            with Connection(proxy.admin_path) as connection:
                self.assertEqual(connection.request("GET", "/-/live").status, 200)  # a new one would need memory
                limit_memory(proxy.process, more)
                reply = connection.request("POST", "/-/reload")
                free_memory(proxy.process)
            statuses.append(reply.status)
            if reply.status != 200:
                self.assert_error(reply, 503, 2, "the configuration was not reloaded: ", "memory")
            self.assertEqual(proxy.get("/api/x").status, 200)
            self.assertEqual(proxy.ask_admin("POST", "/-/reload").json()["reloaded"], True)
        self.assertIn(503, statuses)


class TestMemory(FaultCase):
    def test_none_is_left(self):
        self.begin({"upstream.max_connections": 8})
        self.assertEqual(self.waste_all(), {200})
        self.descriptors = [self.count_descriptors(load.proxy) for load in self.loads]  # with as many connections as they need
        for load in self.loads:
            limit_memory(load.proxy.process, MORE)
        self.assertIn(503, self.waste_all())
        for load in self.loads:
            free_memory(load.proxy.process)
        self.assert_recovers(8)
        self.assertEqual(self.waste_all(), {200})
        self.assert_goes_on()
        self.settle(NO_MEMORY)

    def waste_all(self):
        statuses = [status for load in self.loads for status in self.waste(load)]
        tap.comment("large bodies: %s" % {status: statuses.count(status) for status in sorted(set(statuses))})
        return set(statuses)

    def waste(self, load):
        """The statuses of large writes at the same time; 0: the connection ended."""
        target = "/api/plugins/telemetry/DEVICE/%s/timeseries/ANY" % load.others[0]

        def write(_):
            try:
                return load.proxy.call("POST", target, unix=True, body=BODY).status
            except (OSError, Closed):
                return 0
        return [status for _ in range(ROUNDS) for status in in_parallel(HOGS, write)]


if __name__ == "__main__":
    tap.main()
