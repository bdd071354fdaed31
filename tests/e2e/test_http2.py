# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 with the server: over TLS where the server wants it, without by option."""
import tap
from front import UPSTREAMS
from harness import Case


class TestUpstreams(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_simulator()

    def test_each_upstream_serves(self):
        for name in UPSTREAMS:
            with self.subTest(name=name):
                front = self.start_front(self.sim, name)
                proxy = self.start_daemon(front)
                reply = proxy.post("/api/device", {"name": "by " + name, "type": "default"})
                self.assertEqual(reply.status, 200, front.log())


if __name__ == "__main__":
    tap.main()
