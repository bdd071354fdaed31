#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""/-/metrics: promtool accepts it, a server of Prometheus reads it, and the documentation, the alerts and the dashboard name
what is there."""
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

import monitoring
import tap
from build_tree import SOURCE
from daemon import end_with_parent
from harness import Case, wait_until

PAGE = "/-/metrics"
OPENMETRICS = "application/openmetrics-text"
# What Prometheus 2.42 sends.
PROMETHEUS_ACCEPTS = OPENMETRICS + ";version=1.0.0," + OPENMETRICS + ";version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
NO_PROMETHEUS = None if shutil.which("prometheus") and shutil.which("promtool") else \
    "prometheus is missing; on Debian: apt-get install prometheus"


class MetricsCase(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_simulator()
        cls.share_daemon({"rate.limits": "1000:1,20000:60", "spool.mode": "outage"})

    def page(self, **options):
        return self.proxy.get(PAGE, **options).body.decode()

    def admin_page(self):
        return self.proxy.ask_admin("GET", PAGE).body.decode()

    def ask(self):
        """A request of each kind that adds series."""
        self.assertEqual(self.proxy.get("/api/device/types").status, 200)
        self.assertEqual(self.proxy.get("/api/nothing").status, 404)
        self.assertEqual(self.proxy.get("/api/device/types", unix=True).status, 200)


class TestPage(MetricsCase):
    def test_every_metric_is_documented_with_its_type_and_labels(self):
        self.ask()
        found = monitoring.families(self.admin_page())
        self.assertEqual(found.keys(), monitoring.documented().keys())
        self.assertEqual(found, monitoring.documented())

    def test_the_alerts_the_dashboard_and_the_documentation_name_metrics_that_are_there(self):
        self.ask()
        there = set(monitoring.families(self.admin_page()))
        for text in ((SOURCE / "etc" / "alerts.yml").read_text("utf-8"), "\n".join(monitoring.questions()),
                     *(path.read_text("utf-8") for path in (SOURCE / "docs").rglob("*.md"))):
            for name in monitoring.names(text):
                if name.startswith("process_") or re.search(r"_(total|seconds|bytes|requests|rows|info|state|up|ready)$", name):
                    self.assertIn(name, there)
        self.assertGreater(len(monitoring.names("\n".join(monitoring.questions()))), 30)

    def test_the_dashboard_shows_every_metric_of_the_spool(self):
        spool = {name for name in monitoring.documented() if name.startswith("tbproxyd_spool_")}
        self.assertGreater(len(spool), 10)
        self.assertEqual(spool - monitoring.names("\n".join(monitoring.questions())), set())
        self.assertRegex("\n".join(monitoring.questions()), r'tbproxyd_refusals_total\{reason=~"spool_')

    def test_every_error_type_of_proxy_status_is_a_reason(self):
        texts = [path.read_text("utf-8") for path in (SOURCE / "src").rglob("*.[ch]")]
        types = {kind for text in texts for kind in re.findall(r'(?:50[24], |#define PROXY_STATUS_\w+ +)"(\w+)"', text)}
        self.assertGreater(len(types), 15)
        page = self.page()
        for kind in types:
            monitoring.value(page, 'tbproxyd_failures_total{reason="%s"}' % kind)

    def test_only_admin_listeners_tell_who_asks(self):
        self.ask()
        own = 'tbproxyd_principal_requests_total{principal="uid:%d",code="2xx"}' % os.getuid()
        self.assertGreaterEqual(monitoring.value(self.admin_page(), own), 2)
        for unix in (False, True):
            self.assertNotIn("principal", self.page(unix=unix))

    def test_requests_are_counted_by_class_listener_and_cause(self):
        before = self.page()
        self.ask()
        self.assertEqual(self.proxy.post("/api/auth/login", {"username": "somebody", "password": "else"}).status, 401)
        self.assertEqual(self.proxy.call("GET", "/api/device/types", [("Origin", "http://evil.example")]).status, 403)
        after = self.page()
        for sample, count in (('tbproxyd_requests_total{operation="getDeviceTypes",code="2xx"}', 2),
                              ('tbproxyd_listener_requests_total{listener="unix",code="2xx"}', 1),
                              ('tbproxyd_failures_total{reason="http_request_denied"}', 2),
                              ('tbproxyd_refusals_total{reason="login"}', 1),
                              ('tbproxyd_refusals_total{reason="browser_guard"}', 1)):
            known = monitoring.value(before, sample) if sample + " " in before else 0
            self.assertEqual(monitoring.value(after, sample) - known, count, sample)

    def test_bytes_are_counted(self):
        before = self.page()
        body = json.dumps({"name": "x" * 1000}).encode()
        reply = self.proxy.post("/api/nothing", body)
        after = self.page()

        def more(name):
            return monitoring.value(after, name) - monitoring.value(before, name)
        self.assertGreaterEqual(more("tbproxyd_local_received_bytes_total"), len(body))
        self.assertGreaterEqual(more("tbproxyd_local_sent_bytes_total"), len(before) + len(reply.body))
        server = '{server="%s"}' % self.sim.url
        self.assertGreater(more("tbproxyd_upstream_sent_bytes_total" + server), len(body))
        self.assertGreater(more("tbproxyd_upstream_received_bytes_total" + server), len(reply.body))

    def test_the_times_of_a_request_are_told_apart(self):
        self.sim.fault("delay", "/api/slow", ms=200)
        before = self.page()
        began = time.monotonic()
        self.proxy.get("/api/slow")
        took = time.monotonic() - began
        after = self.page()
        parts = [monitoring.value(after, name) - monitoring.value(before, name) for name in
                 ("tbproxyd_queue_wait_seconds_sum", "tbproxyd_added_seconds_sum")]
        upstream = monitoring.value(after, 'tbproxyd_upstream_seconds_sum{operation="unknown"}')
        self.assertGreaterEqual(upstream, 0.199)
        self.assertLessEqual(sum(parts), took - 0.199)
        self.assertGreater(parts[1], 0)

    def test_the_format_follows_accept(self):
        for accept, kind in ((None, "text/plain; version=0.0.4; charset=utf-8"),
                             ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
                             ("text/plain;version=0.0.4, %s;q=0.9" % OPENMETRICS, "text/plain; version=0.0.4; charset=utf-8"),
                             (OPENMETRICS + ";version=0.0.1", "text/plain; version=0.0.4; charset=utf-8"),
                             (OPENMETRICS, OPENMETRICS + "; version=1.0.0; charset=utf-8"),
                             (PROMETHEUS_ACCEPTS, OPENMETRICS + "; version=1.0.0; charset=utf-8")):
            reply = self.proxy.call("GET", PAGE, [("Accept", accept)] if accept else [])
            self.assertEqual(reply.header("Content-Type"), kind, accept)
            self.assertEqual(reply.body.endswith(b"\n# EOF\n"), OPENMETRICS in kind)

    @unittest.skipIf(NO_PROMETHEUS, NO_PROMETHEUS)
    def test_promtool_accepts_the_page(self):
        self.ask()
        done = subprocess.run(["promtool", "check", "metrics"], input=self.admin_page(), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""))


class TestState(Case):
    def state(self, proxy):
        return re.findall(r'(?m)^tbproxyd_server_state\{state="(\w+)"\} 1$', proxy.get(PAGE).body.decode())

    def test_a_refused_credential(self):
        proxy = self.start_daemon(self.start_simulator(), {"upstream.password_file": "wrong"})
        self.assertEqual(self.state(proxy), ["refused"])
        page = proxy.get(PAGE).body.decode()
        self.assertEqual(monitoring.value(page, "tbproxyd_server_up"), 0)
        self.assertEqual(monitoring.value(page, 'tbproxyd_session_calls_total{call="login",outcome="refused"}'), 1)

    def test_a_server_that_is_gone(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim, {"upstream.hold_ms": 0})
        self.assertEqual(self.state(proxy), ["ready"])
        sim.stop()
        self.assertEqual(proxy.get("/api/device/types").status, 502)
        wait_until(lambda: self.state(proxy) == ["unreachable"], "the outage")
        self.assertEqual(monitoring.value(proxy.get(PAGE).body.decode(), 'tbproxyd_failures_total{reason="connection_refused"}'), 1)

    def test_a_closed_budget(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim, {"retry.initial_retry_delay_ms": 20000})
        sim.fault("status", "/api/device/types", status=429)
        with proxy.connect() as connection:
            connection.send(b"GET /api/device/types HTTP/1.1\r\nHost: localhost\r\n\r\n")
            wait_until(lambda: self.state(proxy) == ["limited"], "the refusal")
            page = proxy.get(PAGE).body.decode()
            self.assertEqual(monitoring.value(page, "tbproxyd_server_up"), 1)
            self.assertGreaterEqual(monitoring.value(page, "tbproxyd_budget_closed_seconds_total"), 0)
            wait_until(lambda: monitoring.value(proxy.get(PAGE).body.decode(), "tbproxyd_budget_closed_seconds_total") > 0,
                       "time that counts")


@unittest.skipIf(NO_PROMETHEUS, NO_PROMETHEUS)
class TestPrometheus(MetricsCase):
    """A server of Prometheus on loopback, with the alerts."""
    CONFIG = """\
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: ["%s"]
scrape_configs:
  - {job_name: tbproxyd, metrics_path: %s, static_configs: [{targets: ["127.0.0.1:%d"]}]}
"""

    def start_prometheus(self):
        directory = tempfile.TemporaryDirectory(prefix="tb-")
        self.addCleanup(directory.cleanup)
        folder = directory.name
        with open(folder + "/prometheus.yml", "w", encoding="utf-8") as file:
            file.write(self.CONFIG % (SOURCE / "etc" / "alerts.yml", PAGE, self.proxy.port))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.api = "http://127.0.0.1:%d/api/v1/" % free.getsockname()[1]
        process = subprocess.Popen(["prometheus", "--config.file", folder + "/prometheus.yml", "--storage.tsdb.path", folder + "/data",
                                    "--web.listen-address", urllib.parse.urlsplit(self.api).netloc],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=end_with_parent)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

    def ask_prometheus(self, path, **parameters):
        try:
            with urllib.request.urlopen(self.api + path + "?" + urllib.parse.urlencode(parameters)) as reply:
                return json.load(reply)["data"]
        except urllib.error.HTTPError as error:
            if error.code == 503:  # it is starting
                return {}
            raise AssertionError("%s: %s" % (parameters, error.read())) from error
        except OSError:
            return {}

    def query(self, text):
        return [float(sample["value"][1]) for sample in self.ask_prometheus("query", query=text).get("result", ())]

    def test_it_reads_the_page_and_answers_the_dashboard(self):
        self.ask()
        self.start_prometheus()
        wait_until(lambda: self.query('up{job="tbproxyd"}') == [1], "a scrape")
        self.assertEqual(self.query('tbproxyd_requests_total{operation="getDeviceTypes",code="2xx"}'), [2])
        self.assertEqual(self.query("tbproxyd_server_up"), [1])
        target, = self.ask_prometheus("targets")["activeTargets"]
        self.assertEqual((target["health"], target["lastError"]), ("up", ""))
        kinds = self.ask_prometheus("metadata")
        self.assertEqual(kinds["tbproxyd_added_seconds"][0]["unit"], "seconds")  # only OpenMetrics says units
        wait_until(lambda: self.query('rate(tbproxyd_upstream_seconds_count{operation="getDeviceTypes"}[1m])'), "another scrape")
        for question in monitoring.questions():
            answered = self.query(question)
            if not re.search(r"> 0$|principal|learned_pace", question):
                self.assertTrue(answered, question)
        alerts = [rule["name"] for group in self.ask_prometheus("rules")["groups"] for rule in group["rules"]]
        self.assertGreater(len(alerts), 10)
        self.assertEqual(self.ask_prometheus("alerts")["alerts"], [])


if __name__ == "__main__":
    tap.main()
