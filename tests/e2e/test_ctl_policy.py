# SPDX-License-Identifier: Apache-2.0
"""tbproxyctl policy: what the policies of a configuration say to a request."""
import json
import os
import pwd
import re
import subprocess
import tempfile
import unittest

import build_tree
import tap

ID = "784f394c-42b6-435a-983c-b7beff2784f9"
PROGRAM = "src/ctl/tbproxyctl"
CONFIG = """upstream = { url = "http://127.0.0.1:1"; username = "a"; password_file = "/nonexistent"; };
policies = {
    telemetry = { allow = [ "telemetry" ]; max_websockets = 0; max_requests = 4; };
    ops = { allow = [ "read", "write", "account" ];
            deny = [ "rpc" ]; };
};
policy = { unix_socket = "telemetry, uid 0 = ops, gid 4242 = default"; };
"""


class TestPolicy(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, "tbproxyd.conf")
        self.write(CONFIG)

    def write(self, text):
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)

    def run_program(self, *arguments):
        return subprocess.run([build_tree.program(PROGRAM), "policy", *arguments, "--config", self.path], check=False,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)

    def explain(self, *arguments):
        done = self.run_program("explain", *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_list(self):
        done = self.run_program("list")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, """tcp: default
unix_socket: telemetry, uid 0 = ops, gid 4242 = default
default (built in)
  allow read, write
telemetry (%s, line 3)
  allow telemetry
  max_requests 4
  max_websockets 0
ops (%s, line 4)
  allow read, write, account
  deny rpc
""" % (self.path, self.path))

    def test_explain(self):
        self.assertEqual(self.explain("DELETE", "/api/user/" + ID), """deleteUser (DELETE /api/user/{userId}) is in write, account, admin
tcp: refused: the policy "default" does not allow account (built in); policy.tcp gives it to all who have no other
  but allowed if the path names another user than tbproxyd's own
unix_socket: refused: the policy "telemetry" does not allow account (%s, line 3); policy.unix_socket gives it to all who have no other
""" % self.path)
        for user in ("root", "0"):
            text = self.explain("POST", "/api/rpc/oneway/" + ID, "--as", user)
            self.assertIn('unix_socket: refused: the policy "ops" denies rpc (%s, line 5); policy.unix_socket gives it to uid 0\n' % self.path, text)
            self.assertIn('tcp: allowed: the policy "default" allows write (built in); policy.tcp gives it to all who have no other\n', text)
        self.assertIn('unix_socket: refused: the policy "telemetry"', self.explain("GET", "/api/device/" + ID, "--as", "999999"))
        self.assertIn("in no document of the API is in write\n", self.explain("POST", "/api/new"))
        self.assertIn("websocket is in read, telemetry\n", self.explain("GET", "/api/ws"))
        self.assertIn("subscribe is in read, telemetry\n", self.explain("GET", "/-/subscribe/DEVICE/" + ID))
        self.assertIn("is in read, session, admin\n", self.explain("GET", "/api/%75ser/" + ID + "/token?x"))
        self.assertIn("websocket is in", self.explain("GET", "/api/ws/plugins/telemetry"))
        for method, path, text in (("POST", "/api/role", "the body has no id, so that it is new"),
                                   ("DELETE", "/api/entityGroup/" + ID, "it is not a group of users"),
                                   ("POST", "/api/noauth/resetPasswordByEmail", "the e-mail is another than that of"),
                                   ("POST", "/api/user", "the body is a user with less authority than")):
            self.assertIn("  but allowed if " + text, self.explain(method, path))
        self.assertNotIn("but allowed", self.explain("POST", "/api/admin/settings"))
        self.assertEqual(self.explain("GET", "/-/live"), "answered by tbproxyd itself, if only with 404 or 405, whatever the policy\n")

    def test_json(self):
        listed = json.loads(self.run_program("list", "--json").stdout)
        self.assertEqual(listed["unix_socket"], {"policy": "telemetry", "rules": [{"uid": 0, "policy": "ops"},
                                                                                  {"gid": 4242, "policy": "default"}]})
        self.assertEqual(listed["policies"][1], {"name": "telemetry", "file": self.path, "line": 3, "allow": ["telemetry"],
                                                 "deny": [], "bounds": {"max_requests": 4, "max_websockets": 0}})
        told = json.loads(self.explain("DELETE", "/api/user/" + ID, "--json"))
        self.assertEqual((told["request"], told["sets"]), ("deleteUser", "write, account, admin"))
        self.assertEqual((told["tcp"]["allowed"], told["tcp"]["allowed_if"]),
                         (False, "the path names another user than tbproxyd's own"))
        self.assertIn('the policy "telemetry" does not allow account', told["unix_socket"]["reason"])
        self.assertEqual(json.loads(self.explain("GET", "/-/live", "--json")), {"request": None})

    def test_the_groups_of_a_user_count(self):
        user = next((one for one in pwd.getpwall() if one.pw_uid != 0 and one.pw_gid != 0), None)
        if user is None:
            self.skipTest("there is no user but root")
        self.write(CONFIG.replace("gid 4242", "gid %d" % user.pw_gid))
        self.assertIn('unix_socket: allowed: the policy "default" allows read (built in); policy.unix_socket gives it to gid %d\n'
                      % user.pw_gid, self.explain("GET", "/api/device/" + ID, "--as", user.pw_name))

    def test_mistakes(self):
        for arguments, words in ((("explain", "GET"), "expected list, or"), ((), "expected list, or"), (("list", "x"), "expected list"),
                                 (("explain", "GET", "/api/%2f"), "an encoded slash"), (("explain", "TRACE", "/api"), "METHOD must be"),
                                 (("explain", "GET", "/api", "--as", "no such user"), "there is no user")):
            done = self.run_program(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(words, done.stderr)
        self.write(CONFIG.replace('"rpc"', '"rcp"'))
        done = self.run_program("list")
        self.assertEqual(done.returncode, 1)
        self.assertTrue(re.match(r'tbproxyctl: policy: \S+:5: deny: "rcp" is not a set', done.stderr), done.stderr)


if __name__ == "__main__":
    tap.main()
