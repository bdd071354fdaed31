# SPDX-License-Identifier: Apache-2.0
"""Completion of tbproxyctl's command line, in each shell."""
import shlex
import subprocess

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
        self.assertEqual(self.complete("call", "getTenantDevices", "--sort-order", "=", "D"), ["DESC"])
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

    def test_completion_in_bash(self):
        script = ('. "$1"; COMP_WORDS=(%s call saveDevic); COMP_CWORD=2; _tbproxyctl %s; printf "%%s\\n" '
                  '"${COMPREPLY[@]}"') % ((shlex.quote(build_tree.program("src/ctl/tbproxyctl")),) * 2)
        file = build_tree.SOURCE / "src" / "ctl" / "tbproxyctl.bash"
        done = subprocess.run(["bash", "-c", script, "bash", file], capture_output=True, text=True, check=True,
                              timeout=PATIENCE)
        self.assertIn("saveDevice", done.stdout.splitlines())


del CtlCase  # has no tests of its own

if __name__ == "__main__":
    tap.main()
