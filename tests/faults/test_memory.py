# SPDX-License-Identifier: Apache-2.0
"""The host gives tbproxyd no more memory while programs send large bodies: it refuses what it cannot take, and goes on."""
import re
import resource

import e2e_modules  # noqa: F401
import tap
from client import Closed
from fault_case import FaultCase
from harness import in_parallel

HOGS, ROUNDS = 40, 3
BODY = b'{"a":"' + b"x" * (200 << 10) + b'"}'
MORE = 1 << 20  # bytes above what it has
NO_MEMORY = "memory|SSL"


class TestMemory(FaultCase):
    def test_none_is_left(self):
        self.begin({"upstream.max_connections": 8})
        self.assertEqual(self.waste_all(), {200})
        self.descriptors = [self.count_descriptors(load.proxy) for load in self.loads]  # with as many connections as they need
        for load in self.loads:
            with open("/proc/%d/status" % load.proxy.process.pid, encoding="ascii") as file:
                size = 1024 * int(re.search(r"VmSize:\s+(\d+)", file.read()).group(1))
            resource.prlimit(load.proxy.process.pid, resource.RLIMIT_AS, (size + MORE, resource.RLIM_INFINITY))
        self.assertIn(503, self.waste_all())
        for load in self.loads:
            resource.prlimit(load.proxy.process.pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
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
