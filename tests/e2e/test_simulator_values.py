# SPDX-License-Identifier: Apache-2.0
"""The stand-in converts values of telemetry and attributes as a real server's JsonConverter does."""
import tap
from harness import Case

LONG_MAX = str(2**63 - 1)
LONG_MIN = str(-(2**63))

# {what is sent: (what is returned with and without useStrictDataTypes, as JSON)}
VALUES = {
    # whole numbers are longs, however they are written
    "0": ("0", '"0"'), "-0": ("0", '"0"'), "7": ("7", '"7"'), "-7": ("-7", '"-7"'),
    LONG_MAX: (LONG_MAX, '"%s"' % LONG_MAX), LONG_MIN: (LONG_MIN, '"%s"' % LONG_MIN),
    "1E5": ("100000", '"100000"'), "1e+1": ("10", '"10"'), "1.5E1": ("15", '"15"'), "20.0e-1": ("2", '"2"'),
    "100e-2": ("1", '"1"'), "0e-400": ("0", '"0"'), "9.223372036854775807E18": (LONG_MAX, '"%s"' % LONG_MAX),
    # beyond 64 bits they are strings
    str(2**63): ('"%d"' % 2**63, '"%d"' % 2**63),
    str(-(2**63) - 1): ('"%d"' % (-(2**63) - 1), '"%d"' % (-(2**63) - 1)),
    "89010303310033979663": ('"89010303310033979663"', '"89010303310033979663"'),
    "9.9701010061400066E19": ('"99701010061400066000"', '"99701010061400066000"'),
    "1E19": ('"10000000000000000000"', '"10000000000000000000"'),
    "1e400": ('"1%s"' % ("0" * 400), '"1%s"' % ("0" * 400)),
    "-100.0e+20": ('"-10000000000000000000000"', '"-10000000000000000000000"'),
    # a point and no exponent: a double
    "1.0": ("1.0", '"1.0"'), "0.0": ("0.0", '"0.0"'), "-0.0": ("0.0", '"0.0"'), "42.50": ("42.5", '"42.5"'),
    "101E-1": ("10.1", '"10.1"'), "9999999.0": ("9999999.0", '"9999999.0"'), "10000000.0": ("1.0E7", '"1.0E7"'),
    "0.001": ("0.001", '"0.001"'), "0.0001": ("1.0E-4", '"1.0E-4"'), "12345678.9": ("1.23456789E7", '"1.23456789E7"'),
    "0.1234567890123456": ("0.1234567890123456", '"0.1234567890123456"'),
    "123456789012345678901234567890.5": ("1.2345678901234568E29", '"1.2345678901234568E29"'),
    "1e-16": ("1.0E-16", '"1.0E-16"'), "1%s.5" % ("0" * 400): ('"Infinity"', '"Infinity"'),
    # more than 16 digits after the point: a string
    "0.12345678901234567": ('"0.12345678901234567"', '"0.12345678901234567"'),
    "1e-17": ('"0.00000000000000001"', '"0.00000000000000001"'),
    "-1.25e-20": ('"-0.0000000000000000000125"', '"-0.0000000000000000000125"'),
    "0.00000000000000000": ('"0.00000000000000000"', '"0.00000000000000000"'),
    # strings that look like numbers become numbers
    '"5"': ("5", '"5"'), '"007"': ("7", '"7"'), '"-2.50"': ("-2.5", '"-2.5"'), '".5"': ("0.5", '"0.5"'),
    '"%d"' % 2**63: ('"%d"' % 2**63, '"%d"' % 2**63), '"1."': ('"1."', '"1."'), '"+1"': ('"+1"', '"+1"'),
    '"1e5"': ('"1e5"', '"1e5"'), '"1.2.3"': ('"1.2.3"', '"1.2.3"'), '"-"': ('"-"', '"-"'), '""': ('""', '""'),
    # words without quotes are strings, as Gson reads them
    "NaN": ('"NaN"', '"NaN"'), "-Infinity": ('"-Infinity"', '"-Infinity"'), "01": ("1", '"1"'), "'x'": ('"x"', '"x"'),
    "TRUE": ("true", '"true"'), "false": ("false", '"false"'),
    # JSON keeps its digits as text, not as a value
    '{"a": 1.10, "b": [1E400, 36893488147419103232, "5"]}':
        ('{"a":1.1,"b":[1E400,36893488147419103232,"5"]}',
         r'"{\"a\":1.10,\"b\":[1E400,36893488147419103232,\"5\"]}"'),
}


class TestValues(Case):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_simulator()

    def setUp(self):
        device = self.call("POST", "/api/device", {"name": self.id(), "type": "default"}).json()
        self.base = "/api/plugins/telemetry/DEVICE/%s/" % device["id"]["id"]
        credentials = self.call("GET", "/api/device/%s/credentials" % device["id"]["id"]).json()
        self.device_api = "/api/v1/%s/" % credentials["credentialsId"]

    def call(self, method, target, body=None):
        return self.sim.call(method, target, [("X-Authorization", "ApiKey " + self.sim.api_key)], body)

    def save(self, target, body):
        answer = self.call("POST", target, body.encode())
        self.assertEqual((answer.status, answer.body), (200, b""))

    def latest(self, query):
        """The latest value of one key, as text."""
        answer = self.call("GET", self.base + "values/timeseries?keys=" + query).body.decode()
        return answer.split('"value":', 1)[1][:-3]

    def refusal(self, target, body):
        answer = self.call("POST", target, body.encode())
        return answer.status, answer.body.decode()

    def test_telemetry(self):
        got = {}
        for text in VALUES:
            for key, target, body in (("a", self.base + "timeseries/ANY", '{"a": %s}'),
                                      ("b", self.base + "timeseries/ANY", '[{"ts": 1000, "values": {"b": %s}}]'),
                                      ("c", self.device_api + "telemetry", '{"ts": "1000", "values": {"c": %s}}')):
                self.save(target, body % text)
                got.setdefault(text, set()).add((self.latest(key + "&useStrictDataTypes=true"), self.latest(key)))
        self.assertEqual(got, {text: {both} for text, both in VALUES.items()})

    def test_attributes(self):
        got = {}
        for text in VALUES:
            self.save(self.base + "attributes/SHARED_SCOPE", '{"a": %s}' % text)
            self.save(self.device_api + "attributes", '{"a": %s}' % text)
            for scope in "SHARED_SCOPE", "CLIENT_SCOPE":
                answer = self.call("GET", self.base + "values/attributes/%s?keys=a" % scope).body.decode()
                got.setdefault(text, set()).add(answer.split('"value":', 1)[1][:-2])
        self.assertEqual(got, {text: {strict} for text, (strict, _) in VALUES.items()})

    def test_times(self):
        for ts, wanted in (("1700000000000", 1700000000000), ('"1700000000001"', 1700000000001),
                           ("1.7000000000029e12", 1700000000002)):
            self.save(self.base + "timeseries/ANY", '{"ts": %s, "values": {"a": 1}}' % ts)
            self.assertEqual(self.call("GET", self.base + "values/timeseries?keys=a").json()["a"][0]["ts"], wanted)

    def test_what_is_no_value(self):
        begin = "Unable to parse time series payload. Invalid JSON body: "
        for body, reason in (('{"a": null}', "Can't parse value: null"), ('[{"a": 1}, 5]', "Can't parse value: 5"),
                             ("null", "Can't parse value: null"),
                             ('{"ts": 1, "values": 1.50}', "Not a JSON Object: 1.50"),
                             ('{"ts": "x", "values": {"a": 1}}', 'For input string: "x"'),
                             ('{"a": 1e99999999999}', "Exponent overflow.")):
            self.assertEqual(self.refusal(self.base + "timeseries/ANY", body), (400, begin + reason), body)
        for body in "{}", "[]", '{"ts": 1, "values": {}}':
            self.assertEqual(self.refusal(self.base + "timeseries/ANY", body),
                             (400, "No time series data found in request body!"), body)
        for body in '{"a":', '{"a": 1} x', "{a b}":
            self.assertEqual(self.refusal(self.base + "timeseries/ANY", body),
                             (400, "Unable to parse time series payload: Invalid JSON body!"), body)

    def test_what_is_no_attribute(self):
        target = self.base + "attributes/SERVER_SCOPE"
        for body, text in (("[1]", "Request is not a JSON object"), ("word", "Request is not a JSON object"),
                           ("{", "Invalid JSON"), ("{}", "No attributes data found in request body!"),
                           ('{" ": 1}', "Key cannot be blank")):
            self.assertEqual(self.refusal(target, body), (400, text), body)
        status, body = self.refusal(target, '{"a": null}')
        self.assertEqual((status, "Can't parse value: null" in body, '"errorCode":2' in body), (500, True, True))

    def test_a_device_is_told_of_its_mistakes_with_500(self):
        self.assertEqual(self.refusal(self.device_api + "telemetry", "nope"), (500, "Can't parse value: \"nope\""))
        self.assertEqual(self.refusal(self.device_api + "attributes", "[1]"), (500, "Can't parse value: [1]"))
        self.assertEqual(self.refusal(self.device_api + "telemetry", "{")[0], 500)
        self.assertEqual(self.refusal(self.device_api + "telemetry", '{"a": null, "b": 2}'), (200, ""))
        self.assertEqual(self.call("GET", self.base + "keys/timeseries").json(), ["b"])

    def test_a_body_is_read_before_its_entity_is_looked_for(self):
        target = "/api/plugins/telemetry/DEVICE/a30fa29d-505c-4c47-b786-dbc0a2ca1ee6/"
        for rest in "timeseries/ANY", "SERVER_SCOPE":
            self.assertEqual(self.refusal(target + rest, "{")[0], 400)
            self.assertEqual(self.refusal(target + rest, '{"a": 1}')[0], 404)

    def test_additional_info_keeps_numbers_that_fit_nowhere(self):
        info = r'"additionalInfo":{"iccid":89010303310033979663,"x":1E400,"z":"\u0000"}'
        body = '{"name": "%s big", "type": "default", %s}' % (self.id(), info)
        headers = [("X-Authorization", "ApiKey " + self.sim.api_key), ("Content-Type", "application/json")]
        self.assertIn(info.encode(), self.sim.call("POST", "/api/device", headers, body.encode()).body)


class TestHistory(Case):
    def setUp(self):
        self.sim = self.start_simulator()
        self.sim.set(history=True)
        self.key = [("X-Authorization", "ApiKey " + self.sim.api_key)]
        device = self.call("POST", "/api/device", {"name": "of the history", "type": "default"}).json()
        self.device = device["id"]["id"]
        self.base = "/api/plugins/telemetry/DEVICE/%s/" % self.device

    def call(self, method, target, body=None):
        return self.sim.call(method, target, self.key, body)

    def test_what_was_stored_and_deleted_in_order(self):
        for value in (1, 2, 2):
            self.call("POST", self.base + "timeseries/ANY", {"ts": 5, "values": {"a": value}})
        self.call("POST", self.base + "SERVER_SCOPE", {"b": "x"})
        self.call("DELETE", self.base + "SERVER_SCOPE?keys=b")
        history = self.sim.history()
        self.assertEqual(history[:3], [[self.device, "TIMESERIES", "a", 5, value] for value in (1, 2, 2)])
        self.assertEqual([entry[:3] + entry[4:] for entry in history[3:]],
                         [[self.device, "SERVER_SCOPE", "b", "x"], [self.device, "SERVER_SCOPE", "b"]])
        self.assertEqual(self.sim.history(4), history[4:])

    def test_faults_by_chance_and_by_the_body(self):
        def statuses(value, count):
            return [self.call("POST", self.base + "SERVER_SCOPE", {"b": value}).status for _ in range(count)]
        self.sim.fault("status", self.base, status=400, count=0, has='"bad"')
        self.assertEqual(statuses("bad", 1) + statuses("good", 1), [400, 200])
        self.sim.fault("status", self.base, status=503, count=0, chance=50)
        self.assertEqual(set(statuses("good", 40)), {200, 503})


if __name__ == "__main__":
    tap.main()
