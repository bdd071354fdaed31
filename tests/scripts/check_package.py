#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What installing, upgrading and removing the package does to the service and to its configuration. Usage:
check_package.py DIRECTORY, the folder of the packages. dpkg itself installs them below a temporary folder, with their own
maintainer scripts, which find a systemctl that only records its calls."""
import gzip
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

PACKAGES = pathlib.Path(sys.argv.pop())

SECRET = re.compile(rb"eyJ[\w-]{12,}\.eyJ[\w-]{8,}|-----BEGIN [A-Z ]*PRIVATE KEY-----\s+\w|password-of-the|tb_(key|of)-[a-z]")

SYSTEMCTL = """#!/bin/sh
# The state of the one service is in files: "active", "enabled".
state={state}
while [ "${{1#--}}" != "$1" ]; do shift; done
echo "$*" >>$state/calls
case $1 in
is-enabled) if [ -e $state/enabled ]; then echo enabled; else echo disabled; exit 1; fi ;;
is-active) [ -e $state/active ] ;;
start | restart) touch $state/active ;;
stop) rm -f $state/active ;;
esac
"""


class TestPackage(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        base = pathlib.Path(directory.name)
        self.root, self.state, self.stubs = base / "root", base / "state", base / "stubs"
        self.config = self.root / "etc" / "tbproxyd" / "tbproxyd.conf"
        for path in (self.root / "var/lib/dpkg/updates", self.root / "var/lib/dpkg/info", self.state, self.stubs,
                     self.root / "run/systemd/system"):
            path.mkdir(parents=True)
        for name in ("status", "available"):
            (self.root / "var/lib/dpkg" / name).touch()
        (self.stubs / "systemctl").write_text(SYSTEMCTL.format(state=self.state), "utf-8")
        (self.stubs / "systemctl").chmod(0o755)
        package, = PACKAGES.glob("tbproxyd_*.deb")
        self.packages = [self.adapt(package, base / "old", None), self.adapt(package, base / "new", "1000")]

    def adapt(self, package, folder, version):
        """Returns the package, changed for a root that is not /, with VERSION if it is not None."""
        subprocess.run(["dpkg-deb", "-R", package, folder], check=True)
        for name in ("preinst", "postinst", "prerm", "postrm"):
            script = folder / "DEBIAN" / name
            if script.exists():
                text = script.read_text("utf-8").replace('[ -z "${DPKG_ROOT:-}" ] && ', "")
                script.write_text(text.replace("/run/systemd/system", "%s/run/systemd/system" % self.root), "utf-8")
        if version:
            control = folder / "DEBIAN" / "control"
            control.write_text(re.sub("(?m)^Version: .*$", "Version: " + version, control.read_text("utf-8")), "utf-8")
        subprocess.run(["dpkg-deb", "--root-owner-group", "-b", folder, str(folder) + ".deb"], check=True,
                       stdout=subprocess.DEVNULL)
        shutil.rmtree(folder)
        return str(folder) + ".deb"

    def dpkg(self, *arguments):
        path = "%s:/usr/sbin:/usr/bin:/sbin:/bin" % self.stubs
        done = subprocess.run(["fakeroot", "dpkg", "--root=%s" % self.root, "--log=/dev/null", "--force-not-root",
                               "--force-script-chrootless", "--force-depends", *arguments], env={"PATH": path},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout.decode())

    def install(self, upgrade=False):
        self.dpkg("-i", self.packages[upgrade])

    def is_active(self):
        return (self.state / "active").exists()

    def calls(self):
        """Returns the calls of systemctl since the last time."""
        path = self.state / "calls"
        text = path.read_text("utf-8") if path.exists() else ""
        path.write_text("", "utf-8")
        return text

    def test_installing_neither_starts_nor_enables_it(self):
        self.install()
        self.assertTrue((self.root / "lib/systemd/system/tbproxyd.service").is_file())
        self.assertRegex(self.calls(), "daemon-reload")
        self.assertFalse(self.is_active())
        self.assertEqual(list(self.root.rglob("*.wants")), [])

    def test_an_upgrade_restarts_what_is_active_once(self):
        for enabled in (False, True):
            with self.subTest(enabled=enabled):
                self.install()
                (self.state / "active").touch()
                if enabled:
                    (self.state / "enabled").touch()
                self.calls()
                self.install(upgrade=True)
                calls = self.calls()
                self.assertTrue(self.is_active())
                self.assertEqual(len(re.findall("restart tbproxyd.service", calls)), 1, calls)
                self.assertNotIn("stop", calls)
                self.assertNotRegex(calls, "restart.*tbproxyd(-admin)?.socket")
                self.dpkg("--purge", "tbproxyd")

    def test_an_upgrade_does_not_start_what_is_not_active(self):
        for enabled in (False, True):
            with self.subTest(enabled=enabled):
                self.install()
                if enabled:
                    (self.state / "enabled").touch()
                self.install(upgrade=True)
                self.assertFalse(self.is_active())
                self.assertNotRegex(self.calls(), "(?m)^(re)?start")
                self.dpkg("--purge", "tbproxyd")

    def test_removing_stops_it(self):
        self.install()
        (self.state / "active").touch()
        self.dpkg("--remove", "tbproxyd")
        self.assertFalse(self.is_active())

    def test_no_file_of_a_package_has_a_secret(self):
        """Tokens, private keys, and what the tests use as passwords and keys."""
        count = 0
        for package in PACKAGES.glob("*.deb"):
            folder = self.root.parent / package.name
            subprocess.run(["dpkg-deb", "-R", package, folder], check=True)
            for path in folder.rglob("*"):
                if path.is_file() and not path.is_symlink():
                    data = path.read_bytes()
                    data = gzip.decompress(data) if path.suffix == ".gz" else data
                    self.assertIsNone(SECRET.search(data), path)
                    count += 1
        self.assertGreater(count, 100)
        self.assertIsNotNone(SECRET.search(b'"token":"eyJhbGciOiJIUzUxMiJ9.eyJzdWIiOiJ4In0.x"'))

    def test_an_edited_configuration_survives_until_it_is_purged(self):
        self.install()
        edited = self.config.read_bytes() + b"# edited\n"
        self.config.write_bytes(edited)
        self.install(upgrade=True)
        self.assertEqual(self.config.read_bytes(), edited)
        self.dpkg("--remove", "tbproxyd")
        self.assertEqual(self.config.read_bytes(), edited)
        self.install()
        self.assertEqual(self.config.read_bytes(), edited)
        key = self.config.parent / "api-key"
        key.write_text("precious", "utf-8")
        self.dpkg("--purge", "tbproxyd")
        self.assertFalse(self.config.exists())
        self.assertEqual(key.read_text("utf-8"), "precious")


if __name__ == "__main__":
    unittest.main()
