# SPDX-License-Identifier: Apache-2.0
"""The stand-in checks requests against the specification and answers every operation."""
import tap
from harness import Case
from simulator import Simulator

UUID = "784f394c-42b6-435a-983c-b7beff2784f9"


class TestSchema(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_simulator()

    def send(self, method, target, body=None, headers=(), sim=None):
        """The status, and the violations that were found."""
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

    def test_a_value_that_the_enumeration_of_a_path_does_not_have_is_found(self):
        self.assertEqual(self.send("GET", "/api/images/tenant/a.png/export"), (200, []))
        self.assert_found(self.send("GET", "/api/images/everybody/a.png/export"), 400, "type")

    def send_part(self, name):
        body = ("--mark\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"a.png\"\r\n\r\nx\r\n--mark--\r\n"
                % name)
        return self.send("POST", "/api/image", body.encode(), [("Content-Type", "multipart/form-data; boundary=mark")])

    def test_a_missing_part_is_found(self):
        self.assertEqual(self.send_part("file"), (200, []))
        self.assert_found(self.send_part("picture"), 500, "Required part 'file'")

    def test_strict_mode_refuses_what_is_not_declared(self):
        target = "/api/entityView/" + UUID + "?colour=red"
        self.assertEqual(self.send("GET", target), (200, []))
        self.sim.set(strict=True)
        try:
            self.assert_found(self.send("GET", target), 400, "colour")
            self.assert_found(self.send("POST", "/api/device", {"name": "strict", "type": "default", "colour": "red"}),
                              400, "colour")
        finally:
            self.sim.set(strict=False)

    def test_operations_of_other_editions_and_versions_are_not_there(self):
        pe, older = Simulator(edition="pe"), Simulator(edition="pe", api="4.3.1.2")
        self.addCleanup(pe.stop)
        self.addCleanup(older.stop)
        for target, there, missing in (("/api/customMenu", (pe, older), (self.sim,)),
                                       ("/api/agent/upgrade/latest", (pe,), (self.sim, older))):
            for sim in there:
                self.assertEqual(self.send("GET", target, sim=sim), (200, []), target)
            for sim in missing:
                self.assertEqual(self.send("GET", target, sim=sim)[0], 404, target)


if __name__ == "__main__":
    tap.main()
