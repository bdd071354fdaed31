# SPDX-License-Identifier: Apache-2.0
"""Completion of tbproxyctl's command line, in each shell."""
import json
import os
import pty
import select
import shutil
import subprocess
import unittest

import build_tree
import tap
from ctl_case import CtlCase
from harness import PATIENCE


class TestComplete(CtlCase):
    def complete(self, *words):
        return self.good("complete", "--", *words).splitlines()

    def test_completion(self):
        self.assertEqual(self.complete("d"), ["delete", "describe"])
        self.assertIn("saveDevice", self.complete("call", "saveDev"))
        self.assertIn("--page-size", self.complete("call", "getTenantDevices", "--pa"))
        self.assertNotIn("--page-size", self.complete("call", "getTenantDevices", "--page-size", "1", "--p"))
        self.assertEqual(self.complete("call", "getTenantDevices", "--sort-order", ""), ["ASC", "DESC"])
        self.assertEqual(self.complete("call", "getTenantDevices", "--sort-order=D"), ["--sort-order=DESC"])
        self.assertEqual(self.complete("call", "--edition", "p"), ["pe", "paas"])
        self.assertNotIn("saveRole", self.complete("call", "--edition", "ce", "saveR"))
        self.assertIn("saveRole", self.complete("call", "saveR"))
        found = self.complete("describe", "DeviceP")
        self.assertIn("DeviceProfile", found)
        self.assertEqual(sorted(set(found)), found)
        self.assertIn("saveDevice", self.complete("describe", "saveDev"))
        self.assertEqual(self.complete("describe", "--e"), ["--edition"])
        self.assertEqual(self.complete("describe", "Device", "D"), [])
        self.assertEqual(self.complete("operations", "--edition", "c"), ["ce"])
        self.assertEqual(self.complete("help", "op"), ["operations"])
        self.assertEqual(self.complete("l"), ["limits", "log-level"])
        for name in ("limits", "queue"):
            self.assertEqual(self.complete(name, "--"), ["--admin", "--ca-file", "--help", "--json", "--unix-socket",
                                                         "--url"])
            self.assertEqual(self.complete(name, "--url", "x", "--u"), ["--unix-socket"])
            self.assertEqual(self.complete(name, "--url", "-"), [])
            self.assertEqual(self.complete(name, ""), [])

    def test_an_option_with_its_value_in_one_word(self):
        self.assertEqual(self.complete("call", "--edition=ce", "saveRol"), [])
        self.assertEqual(self.complete("call", "--edition=pe", "saveRol"), ["saveRole"])
        self.assertEqual(self.complete("call", "getTenantDevices", "--sort-order=ASC", "--sort-o"), [])
        self.assertEqual(self.complete("call", "--edition=p"), ["--edition=pe", "--edition=paas"])

    def test_words_of_subcommands(self):
        self.assertEqual(self.complete("wait", ""), ["--ready"])
        self.assertEqual(self.complete("call", "getDeviceById", ""), ["--device-id"])
        self.assertEqual(self.complete("describe", "getDeviceById", ""), [])
        self.assertEqual(self.complete("log-level", ""), ["error", "warning", "info", "debug"])
        self.assertEqual(self.complete("policy", "e"), ["explain"])
        self.assertEqual(self.complete("policy", "list", ""), [])
        self.assertEqual(self.complete("session", ""), ["renew"])
        self.assertEqual(self.complete("trace", "--operation", "ackA"), ["ackAlarm"])

    def test_files(self):
        for name in ("body.json", "body one", ".hidden", "body\x1b[31m"):
            self.write(name, "{}")
        os.makedirs(self.path("bodies"), exist_ok=True)
        self.write("bodies/x", "{}")
        self.assertEqual(self.complete("call", "--output", "bod"), ["bodies/", "body one", "body.json"])
        self.assertEqual(self.complete("call", "saveDevice", "--body", "@body."), ["@body.json"])
        self.assertEqual(self.complete("call", "saveDevice", "--body", ""), ["@"])
        self.assertEqual(self.complete("call", "uploadImage", "--part", "file=@bodies/"), ["file=@bodies/x"])
        self.assertEqual(self.complete("call", "--output", ".h"), [".hidden"])
        self.assertEqual(self.complete("call", "--output", self.path("none") + "/"), [])

    def test_tbproxyd(self):
        def complete(*words):
            return self.good("complete", "tbproxyd", "--", *words).splitlines()
        self.write("a.conf", "")
        self.assertEqual(complete("--c"), ["--check-config", "--config"])
        for words, found in ((("--config", "a."), ["a.conf"]), (("-c", "a."), ["a.conf"]), (("--config=a.",), ["--config=a.conf"]),
                             (("--set", "rate.lim"), ["rate.limits="]), (("--set=rate.lim",), ["--set=rate.limits="])):
            self.assertEqual(complete(*words), found)

    def test_a_command_line_without_words(self):
        for words in (("complete",), ("complete", "x"), ("complete", "--"), ("complete", "tbproxyd", "--")):
            self.assertIn("expected --", self.refused(*words))


class NamesCase(CtlCase):
    """A server with entities, and tbproxyd."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_server()
        cls.share_daemon()

    def call(self, *words):
        return json.loads(self.good("call", "--unix-socket", self.proxy.unix_path, *words))

    def create(self, operation, **body):
        return self.call(operation, "--body", json.dumps(body))["id"]["id"]


class TestNames(NamesCase):
    def test_each_kind(self):
        device = self.create("saveDevice", name="Kessel \u00e4", type="default")
        asset = self.create("saveAsset", name="Building 1", type="default")
        customer = self.create("saveCustomer", title="Acme")
        self.assertEqual(self.call("getDeviceById", "--device-id", "@name:Kessel \u00e4")["id"]["id"], device)
        self.assertEqual(self.call("getAssetById", "--asset-id=@name:Building 1")["id"]["id"], asset)
        self.assertEqual(self.call("assignDeviceToCustomer", "--customer-id", "@name:Acme", "--device-id",
                                   "@name:Kessel \u00e4")["customerId"]["id"], customer)

    def test_the_type_may_be_another_parameter(self):
        device = self.create("saveDevice", name="typed", type="default")
        self.assertEqual(self.call("getTimeseriesKeys", "--entity-id", "@name:typed", "--entity-type", "DEVICE"), [])
        self.assertEqual([entry["target"] for entry in self.sim.requests() if "keys/timeseries" in entry["target"]][-1],
                         "/api/plugins/telemetry/DEVICE/%s/keys/timeseries" % device)

    def test_what_has_no_name(self):
        def refused(*words, status):
            return self.refused("call", "--unix-socket", self.proxy.unix_path, *words, status=status)
        self.assertIn("--device-id: no device is called none", refused("getDeviceById", "--device-id", "@name:none", status=3))
        self.assertIn("--user-id: only devices, assets, customers, edges and entity views have @name:NAME",
                      refused("getUserById", "--user-id", "@name:x", status=1))
        self.assertIn("--entity-id: only devices", refused("getTimeseriesKeys", "--entity-type", "TENANT", "--entity-id",
                                                           "@name:x", status=1))

    def test_they_are_completed(self):
        for name in ("pump 1", "pump 2", "a pump"):
            self.create("saveDevice", name=name, type="default")

        def complete(*words):
            return sorted(self.good("complete", "--", "call", "--unix-socket", self.proxy.unix_path, *words).splitlines())
        self.assertEqual(complete("getDeviceById", "--device-id", ""), ["@name:"])
        self.assertEqual(complete("getDeviceById", "--device-id", "@name:pum"), ["@name:pump 1", "@name:pump 2"])
        self.assertEqual(complete("getDeviceById", "--device-id=@name:pump 2"), ["--device-id=@name:pump 2"])
        self.assertEqual(complete("getTimeseriesKeys", "--entity-type", "DEVICE", "--entity-id", "@name:a p"), ["@name:a pump"])
        self.assertEqual(complete("getUserById", "--user-id", ""), [])
        self.assertEqual(self.complete_without_a_server("getDeviceById", "--device-id", "@name:"), "")

    def complete_without_a_server(self, *words):
        return self.good("complete", "--", "call", "--unix-socket", self.path("none"), *words)


class TestShells(NamesCase):
    """Real shells, with keys typed on a terminal."""

    FILES = build_tree.SOURCE / "src" / "ctl"

    def environment(self):
        path = os.path.dirname(build_tree.program("src/ctl/tbproxyctl")) + ":" + os.environ["PATH"]
        return {**super().environment(), "PATH": path, "PS1": "ready> ", "TERM": "dumb", "HOME": self.directory}

    def run_shell(self, command, *lines):
        """What the shell shows for LINES, which may contain tabs. It reads each after its prompt."""
        ours, theirs = pty.openpty()
        terminal = open(ours, "r+b", buffering=0)
        self.addCleanup(terminal.close)
        process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=self.directory,
                                   start_new_session=True, env=self.environment())
        os.close(theirs)
        self.addCleanup(process.wait, PATIENCE)
        self.addCleanup(process.kill)
        shown = b""
        for line in (*lines, "exit"):
            shown += self.read_until(terminal, b"ready> ")
            terminal.write(line.encode() + b"\n")
        return (shown + self.read_until(terminal, None)).decode()

    def read_until(self, terminal, end):
        """What is shown until END, or until the shell has ended, which Linux reports as an error."""
        text = b""
        while end is None or end not in text:
            self.assertTrue(select.select([terminal], [], [], PATIENCE)[0], text)
            try:
                text += terminal.read(4096)
            except OSError:
                break
        return text

    def lines(self, shell):
        """What is typed: a word that becomes one operation, a value after "=", and a name with a blank."""
        self.create("saveDevice", name=shell + " 7", type="default")
        return ("tbproxyctl describe ackAl\t", "tbproxyctl operations --edition=c\t saveRo",
                "tbproxyctl call --unix-socket %s getDeviceById --device-id @name:%s\t --compact"
                % (self.proxy.unix_path, shell))

    def check(self, shell, text):
        self.assertIn("ackAlarm: POST /api/alarm/{alarmId}/ack", text)
        self.assertNotIn("expected ce, pe or paas", text)
        self.assertIn('"name":"%s 7"' % shell, text)

    def test_bash(self):
        setup = ". %s" % (self.FILES / "tbproxyctl.bash")
        self.check("bash", self.run_shell(["bash", "--norc", "--noprofile", "-i"], setup, *self.lines("bash")))

    def test_bash_with_the_options_of_others(self):
        """set -u, another IFS, and the name of the program with a "~"."""
        os.makedirs(self.path("bin"), exist_ok=True)
        os.symlink(build_tree.program("src/ctl/tbproxyctl"), self.path("bin/tbproxyctl"))
        setup = "set -u; IFS=$'\\n'; HOME=%s; . %s" % (self.directory, self.FILES / "tbproxyctl.bash")
        text = self.run_shell(["bash", "--norc", "--noprofile", "-i"], setup, "tbproxyctl none\t",
                              "~/bin/tbproxyctl describe ackAl\t")
        self.assertNotIn("unbound variable", text)
        self.assertIn("ackAlarm: POST /api/alarm/{alarmId}/ack", text)

    @unittest.skipUnless(shutil.which("zsh"), "zsh is missing")
    def test_zsh(self):
        os.makedirs(self.path("functions"))
        shutil.copy(self.FILES / "tbproxyctl.zsh", self.path("functions/_tbproxyctl"))
        setup = "fpath=(%s $fpath); autoload -U compinit; compinit -u -D" % self.path("functions")
        self.check("zsh", self.run_shell(["zsh", "-f", "-i"], setup, *self.lines("zsh")))

    @unittest.skipUnless(shutil.which("fish"), "fish is missing")
    def test_fish(self):
        def complete(line):
            script = "source %s; complete -C '%s'" % (self.FILES / "tbproxyctl.fish", line)
            return subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, check=True,
                                  timeout=PATIENCE, env=self.environment()).stdout.splitlines()
        self.create("saveDevice", name="fish 7", type="default")
        self.assertEqual(complete("tbproxyctl describe ackAl"), ["ackAlarm"])
        self.assertEqual(complete("tbproxyctl operations --edition=c"), ["--edition=ce"])
        self.assertEqual(complete("tbproxyctl call --unix-socket %s getDeviceById --device-id @name:fis"
                                  % self.proxy.unix_path), ["@name:fish 7"])
        self.assertEqual(complete("tbproxyd --check"), ["--check-config"])


del CtlCase, NamesCase  # have no tests of their own

if __name__ == "__main__":
    tap.main()
