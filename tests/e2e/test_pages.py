# SPDX-License-Identifier: Apache-2.0
"""The server's Swagger UI in a browser tab that was opened on tbproxyd, from its first page to a call."""
import functools
import json
import re
import urllib.parse

import tap
from harness import Case, Connection

START = "/swagger-ui/index.html"


class Browser:
    """A browser tab. It sends the headers that a browser sends, and only to its own ORIGIN."""

    def __init__(self, case, origin, address):
        self.case = case
        self.origin = origin
        self.address = address
        self.page = None  # its URL

    def send(self, method, url, kind, headers=(), body=None):
        self.case.assertEqual(url[:len(self.origin) + 1], self.origin + "/", "the page leads to another server")
        always = [("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
                  ("Accept-Language", "en-US,en;q=0.5"), ("Accept-Encoding", "gzip, deflate, br, zstd"),
                  ("Connection", "keep-alive"), ("DNT", "1"), ("Cookie", "left=by-another-server-on-this-host"),
                  ("Sec-Fetch-Dest", kind), ("Priority", "u=1"),
                  ("Sec-Fetch-Site", "same-origin" if self.page else "none")]
        if self.page:
            always.append(("Referer", self.page))
        with Connection(self.address) as connection:
            return connection.request(method, url[len(self.origin):], [*always, *headers], body,
                                      host=self.origin.removeprefix("http://"))

    def open(self, path):
        """Opens PATH as if typed into the tab; follows redirects."""
        self.page, url = None, self.origin + path
        while True:
            reply = self.send("GET", url, "document", [
                ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
                ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-User", "?1"), ("Upgrade-Insecure-Requests", "1")])
            if reply.status not in (301, 302, 303, 307, 308):
                break
            url = urllib.parse.urljoin(url, reply.header("Location"))
        self.page = url
        return reply

    def load(self, reference, kind):
        """Loads a script or a style that the page refers to."""
        accept = "text/css,*/*;q=0.1" if kind == "style" else "*/*"
        return self.send("GET", urllib.parse.urljoin(self.page, reference), kind,
                         [("Accept", accept), ("Sec-Fetch-Mode", "no-cors")])

    def fetch(self, method, url, headers=(), body=None):
        """Sends a request of a script, with Origin if its method could change something."""
        headers = [("Accept", "application/json, */*"), ("Sec-Fetch-Mode", "cors"), *headers]
        if method not in ("GET", "HEAD"):
            headers.append(("Origin", self.origin))
        return self.send(method, urllib.parse.urljoin(self.page, url), "empty", headers, body)


def every_tab(test):
    """Runs a test with a tab, once for each server and each name of the listener."""
    @functools.wraps(test)
    def run(self):
        for proxy in self.proxies:
            for name in ("127.0.0.1", "localhost"):
                with self.subTest(server=proxy.options["upstream.url"], name=name):
                    self.sim.forget()
                    test(self, Browser(self, "http://%s:%d" % (name, proxy.port), proxy.address))
    return run


class TestSwaggerUi(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_simulator()
        front = cls.make_front(cls.addClassCleanup, cls.sim, "h2")
        cls.proxies = [cls.make_daemon(cls.addClassCleanup, server, {}, "password").start() for server in (cls.sim, front)]

    def open_document(self, tab):
        """Opens the document as the page's scripts do: page, script, configuration, document."""
        page = tab.open(START).body.decode()
        references = re.findall(r'<script src="([^"]+)"', page)
        scripts = [tab.load(reference, "script").body.decode() for reference in references]
        configuration, = re.findall(r'"configUrl" : "([^"]+)"', "".join(scripts))
        document, = tab.fetch("GET", configuration).json()["urls"]
        return tab.fetch("GET", document["url"]).json()

    @every_tab
    def test_the_page_and_everything_it_refers_to_is_there(self, tab):
        page = tab.open(START)
        self.assertEqual((page.status, page.header("Content-Type")), (200, "text/html"))
        styles = re.findall(rb'href="([^"]+)"', page.body)
        scripts = re.findall(rb'<script src="([^"]+)"', page.body)
        self.assertEqual((len(styles), len(scripts)), (1, 2))
        for kind, references in (("style", styles), ("script", scripts)):
            for reference in references:
                reply = tab.load(reference.decode(), kind)
                self.assertEqual(reply.status, 200, reference)
                self.assertIn({"style": "css", "script": "javascript"}[kind], reply.header("Content-Type"))

    @every_tab
    def test_the_short_address_leads_to_the_page_on_tbproxyd(self, tab):
        self.assertEqual(tab.open("/swagger-ui.html").status, 200)
        self.assertEqual(tab.page, tab.origin + START)

    @every_tab
    def test_the_document_names_this_listener_as_its_server(self, tab):
        for path in ("/v3/api-docs", "/v3/api-docs/thingsboard"):
            self.assertEqual([server["url"] for server in tab.open(path).json()["servers"]], [tab.origin])
        configuration = tab.open("/v3/api-docs/swagger-config").json()
        self.assertTrue(configuration["oauth2RedirectUrl"].startswith(tab.origin + "/"))

    @every_tab
    def test_a_call_that_is_tried_out_comes_here_and_is_answered(self, tab):
        document = self.open_document(tab)
        server = document["servers"][0]["url"]
        self.assertEqual(document["paths"]["/api/auth/user"]["get"]["operationId"], "getUser")
        self.assertEqual(tab.fetch("GET", server + "/api/auth/user").json()["authority"], "TENANT_ADMIN")
        device = tab.fetch("POST", server + "/api/device", [("Content-Type", "application/json")],
                           json.dumps({"name": "tried out at " + tab.origin, "type": "default"}).encode())
        self.assertEqual(device.status, 200, device)
        target = "/api/device/" + device.json()["id"]["id"]
        for method, status in (("GET", 200), ("DELETE", 200), ("GET", 404)):
            self.assertEqual(tab.fetch(method, server + target).status, status)
        for reply in (device, tab.fetch("GET", server + target)):
            self.assertEqual([name for name, _ in reply.headers if name.lower().startswith("access-control")], [])

    @every_tab
    def test_its_login_form_gets_a_placeholder_that_works(self, tab):
        server = self.open_document(tab)["servers"][0]["url"]
        login = tab.fetch("POST", server + "/api/auth/login", [("Content-Type", "application/json")],
                          b'{"username":"tenant@thingsboard.org","password":"something"}')
        self.assertEqual(login.status, 200)
        headers = [("X-Authorization", "Bearer " + login.json()["token"])]
        self.assertEqual(tab.fetch("GET", server + "/api/auth/user", headers).status, 200)
        self.assertEqual(self.sim.requests("/api/auth/login"), [])

    @every_tab
    def test_a_page_of_another_origin_gets_nothing(self, tab):
        tab.open(START)
        for header in (("Origin", "http://example.org"), ("Sec-Fetch-Site", "cross-site"),
                       ("Referer", "http://example.org/")):
            self.assertIn(tab.fetch("DELETE", "/api/device/x", [header]).status, (400, 403))
        self.assertEqual(self.sim.requests("/api/device/x"), [])


class TestForwarded(Case):
    """Forwarded (RFC 7239) tells the server the name under which a page is seen, and is sent only with pages."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_simulator()
        cls.share_daemon({"forward.request_headers": "Forwarded, X-Forwarded-Host"})

    def forwarded(self, target, headers=(), **options):
        """The values of Forwarded that reach the server."""
        self.sim.forget()
        self.proxy.get(target, headers=headers, **options)
        entry, = self.sim.requests()
        return [value for name, value in entry["headers"] if name == "Forwarded"]

    def test_it_goes_with_pages_only(self):
        own = 'host="127.0.0.1:%d";proto=http' % self.proxy.port
        for target in ("/v3/api-docs", "/v3/api-docs/thingsboard", "/v3/api-docs/swagger-config", "/swagger-ui.html",
                       "/swagger-ui/index.html", "/swagger-resources", "/webjars/x.js"):
            self.assertEqual(self.forwarded(target), [own])
        for target in ("/api/auth/user", "/api/noauth/resetPasswordByEmail", "/api/v1/abc/attributes"):
            self.assertEqual(self.forwarded(target), [])

    def test_the_value_of_tbproxyd_comes_first(self):
        """Also if the configuration forwards the header of a program."""
        self.assertTrue(self.forwarded("/v3/api-docs", [("Forwarded", "host=example.org")])[0].startswith("host=\"127"))

    def test_a_unix_socket_has_no_name(self):
        self.assertEqual(self.forwarded("/v3/api-docs", unix=True), [])

    def test_it_is_not_sent_without_a_host_or_with_the_servers_own_name(self):
        self.assertEqual(self.forwarded("/v3/api-docs", version="HTTP/1.0", host=None), [])
        self.assertEqual(self.forwarded(self.sim.url + "/v3/api-docs"), [])
        reply = self.proxy.get(self.sim.url + "/v3/api-docs")
        self.assertEqual(reply.json()["servers"][0]["url"], self.sim.url)


if __name__ == "__main__":
    tap.main()
