# SPDX-License-Identifier: Apache-2.0
"""The stand-in judges requests by the specification and answers every operation."""
import tap
from harness import Case

UUID = "784f394c-42b6-435a-983c-b7beff2784f9"


class TestSchema(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_simulator()

    def send(self, method, target, body=None, headers=(), sim=None):
        """The status, and what was found wrong."""
        sim = sim or self.sim
        sim.control("DELETE", "/sim/violations")
        answer = sim.call(method, target, [("X-Authorization", "ApiKey " + sim.api_key), *headers], body)
        return answer.status, [row["what"] for row in sim.control("GET", "/sim/violations")]

    def assert_found(self, result, status, word):
        self.assertEqual(result[0], status, result)
        self.assertEqual(len(result[1]), 1, result)
        self.assertIn(word, result[1][0])

    def test_valid_requests_are_not_violations(self):
        for request in (("GET", "/api/tenant/devices?pageSize=10&page=0"),
                        ("POST", "/api/device", {"name": "valid", "type": "default", "label": None}),
                        ("GET", "/api/entityView/" + UUID)):
            self.assertEqual(self.send(*request), (200, []), request)

    def test_a_wrong_type_is_found(self):
        self.assert_found(self.send("GET", "/api/tenant/entityViews?pageSize=many&page=0"), 400, "pageSize")
        self.assertEqual(self.send("POST", "/api/device", {"name": 5})[1],
                         ["JSON parse error: name: a string was expected"])

    def test_a_missing_parameter_is_found(self):
        self.assert_found(self.send("GET", "/api/tenant/entityViews?page=0"), 500, "pageSize")

    def test_an_undeclared_body_is_found(self):
        self.assert_found(self.send("GET", "/api/entityView/" + UUID, b"x"), 400, "body")


if __name__ == "__main__":
    tap.main()
