# SPDX-License-Identifier: Apache-2.0
"""What the server's answers may bring along: documents that a browser would run, and headers that repeat the credential."""
import tap
from harness import Case, answer

KEY = "tb_key-for-a-scripted-server"  # harness.py


class TestDocuments(Case):
    def start(self, respond, **options):
        """A daemon whose server answers with respond(request)."""
        def handle(peer, request):
            peer.send(respond(request))
            return True
        return self.start_daemon(self.start_scripted(handle), **options)

    def protection(self, reply):
        return [value for name, value in reply.headers
                if name.lower() in ("content-security-policy", "x-content-type-options")]

    def test_what_a_browser_would_run_is_sandboxed(self):
        headers = []
        proxy = self.start(lambda request: answer(200, b"<script>alert(1)</script>", headers))
        for types in (["text/html"], ["Text/HTML;charset=UTF-8"], ["image/svg+xml"], ["application/xhtml+xml"],
                      ["application/xml"], ["multipart/x-mixed-replace;boundary=x"], ["*/*"], ["nothing"], [],
                      ["text/plain", "text/html"], ["text/plain, text/html"], ["text/plain", "text/plain"]):
            headers[:] = [("Content-Type", name) for name in types]
            for target in ("/api/images/public/x", "/api/v1/abc/attributes", "/api/device/x"):
                self.assertEqual(self.protection(proxy.get(target)), ["sandbox", "nosniff"], types)
                self.assertEqual(self.protection(proxy.get(target, unix=True)), ["sandbox", "nosniff"], types)

    def test_errors_and_large_documents_are_sandboxed_too(self):
        status, body = [404], [b"<script></script>"]
        proxy = self.start(lambda request: answer(status[0], body[0], [("Content-Type", "text/html")]))
        for status[0], body[0] in ((404, b"<script></script>"), (500, b"x"), (200, b"x" * 1000000)):
            reply = proxy.get("/api/images/public/x")
            self.assertEqual((reply.status, reply.body), (status[0], body[0]))
            self.assertEqual(self.protection(reply), ["sandbox", "nosniff"])

    def test_other_types_and_the_api_browser_are_left_alone(self):
        headers = []
        proxy = self.start(lambda request: answer(200, b"x", headers))
        for name in ("application/json", "application/json;charset=UTF-8", "image/png", "text/plain", "text/csv"):
            headers[:] = [("Content-Type", name)]
            self.assertEqual(self.protection(proxy.get("/api/images/public/x")), [], name)
        headers[:] = [("Content-Type", "text/html")]
        for target in ("/swagger-ui.html", "/swagger-ui/index.html", "/v3/api-docs", "/webjars/x.html"):
            self.assertEqual(self.protection(proxy.get(target)), [], target)

    def test_an_empty_answer_is_left_alone(self):
        proxy = self.start(lambda request: answer(200))
        self.assertEqual(self.protection(proxy.call("DELETE", "/api/device/x")), [])

    def test_the_servers_own_protection_stays(self):
        headers = [("Content-Security-Policy", "default-src 'none'"), ("X-Content-Type-Options", "something"),
                   ("Content-Type", "image/svg+xml")]
        proxy = self.start(lambda request: answer(200, b"<svg/>", headers))
        self.assertEqual(self.protection(proxy.get("/api/images/public/x")), ["default-src 'none'", "sandbox", "nosniff"])
        headers[2] = ("Content-Type", "image/png")
        self.assertEqual(self.protection(proxy.get("/api/images/public/x")), ["default-src 'none'", "something"])

    def test_the_script_of_a_service_worker_is_refused(self):
        proxy = self.start(lambda request: answer(200, b"", [("Content-Type", "text/javascript")]))
        for target in ("/api/images/public/x.js", "/swagger-ui/x.js", "/-/live"):
            refused = proxy.get(target, headers=[("Service-Worker", "script"), ("Sec-Fetch-Site", "same-origin")])
            self.assert_error(refused, 403, 20, "service worker")


class TestEchoes(Case):
    """No header that repeats the credential is passed on (harness.py searches all answers, too)."""

    def check(self, credential, target="/api/device/x", body=b"{}", **more):
        """ECHO: the value of a header, made of the credential."""
        def handle(peer, request):
            secret = request.header("X-Authorization")
            values = (secret, secret.split(" ")[1], "/login?token=%s&a=b" % secret.split(" ")[1], '"%s"' % secret)
            peer.send(answer(200, body, [("Content-Type", "application/json"), *(("X-Echo-%d" % i, value) for i, value
                                                                               in enumerate(values)),
                                         ("Location", values[2]), ("ETag", values[3]), ("X-Other", "kept")]))
            return True
        proxy = self.start_daemon(self.start_scripted(handle), {"upstream.api_key_file": credential})
        for unix in (False, True):
            reply = proxy.get(target, unix=unix, **more)
            self.assertEqual((reply.status, reply.body), (200, body))
            names = [name.lower() for name, _ in reply.headers]
            self.assertEqual([name for name in names if name.startswith("x-")], ["x-other"])
            self.assertFalse({"location", "etag"} & set(names))

    def test_a_header_that_repeats_the_credential_is_dropped(self):
        self.check(KEY)

    def test_so_it_is_with_a_body_that_streams(self):
        self.check(KEY, body=b"1" * 1000000)

    def test_so_it_is_with_a_long_token(self):
        self.check("tb_" + "x1" * 1000)

    def test_what_an_anonymous_request_gets_is_left_alone(self):
        def handle(peer, request):
            peer.send(answer(200, b"", [("X-Echo", str(request.header("X-Authorization")))]))
            return True
        proxy = self.start_daemon(self.start_scripted(handle))
        self.assertEqual(proxy.get("/api/v1/abc/attributes").header("X-Echo"), "None")


if __name__ == "__main__":
    tap.main()
