# SPDX-License-Identifier: Apache-2.0
"""A container with the host's own files below a layer that is thrown away, booted by systemd-nspawn, with a network of its
own."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

START_S = 60
COMMAND_S = 60
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
ENTERED = "TB_OWN_MOUNTS"


def enter_own_mounts():
    """Runs the program again where its mounts are seen by nobody else and end with it, if it may."""
    if ENTERED not in os.environ:
        own = ["unshare", "--mount", "--propagation", "private"]
        may = subprocess.run([*own, "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0
        os.environ[ENTERED] = "yes" if may else ""
        os.execvp("env", ["env", *(own if may else []), sys.executable, *sys.argv])


def require_rights():
    """Raises SkipTest if no container can be booted here."""
    if not os.environ[ENTERED] or os.geteuid() != 0:
        raise unittest.SkipTest("no right to boot a container (root has it)")


class Container:
    def __init__(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="tb-container-"))
        self.root = self.base / "root"
        self.log = None
        self.process = None
        self.leader = None

    def boot(self):
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", self.base], check=True)
        for name in ("root", "upper", "work"):
            (self.base / name).mkdir()
        layers = "lowerdir=/,upperdir=%s,workdir=%s" % (self.base / "upper", self.base / "work")
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, self.root], check=True)
        # Not the host's identity, and none of its services.
        for path in (self.root / "etc/machine-id", *(self.root / "etc/systemd/system").glob("*.wants/*")):
            path.unlink(missing_ok=True)
        for name in ("systemd-networkd", "systemd-networkd-wait-online", "systemd-firstboot"):
            (self.root / "etc/systemd/system" / (name + ".service")).unlink(missing_ok=True)
            (self.root / "etc/systemd/system" / (name + ".service")).symlink_to("/dev/null")
        (self.root / "var/lib/man-db/auto-update").unlink(missing_ok=True)  # slow
        (self.root / "usr/sbin/policy-rc.d").unlink(missing_ok=True)  # it would forbid to start services
        (self.root / "etc/machine-id").write_text("uninitialized\n", "ascii")
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            ["systemd-nspawn", "--quiet", "--directory", self.root, "--boot", "--register=no", "--keep-unit",
             "--private-network", "--link-journal=no", "--console=pipe", "systemd.unit=basic.target"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT,
            env={**ENVIRONMENT, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"})
        self.wait_until_booted()

    def output(self):
        self.log.seek(0)
        return self.log.read().decode("utf-8", "replace")

    def wait_until_booted(self):
        children = pathlib.Path("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid))
        end = time.monotonic() + START_S
        while time.monotonic() < end and self.process.poll() is None:
            self.leader = next(iter(children.read_text("ascii").split()), None)
            if self.leader and self.run("systemctl", "is-system-running", "--wait", check=False).stdout.strip() in (
                    "running", "degraded"):
                return
            time.sleep(0.05)
        raise AssertionError("the container has not booted:\n" + self.output())

    def command(self, *command):
        return ["nsenter", "--target", self.leader, "--all", "--", "sh", "-c", 'cd / && exec "$@"', "sh", *command]

    def run(self, *command, check=True):
        """Runs a command in the container."""
        done = subprocess.run(self.command(*command), env=ENVIRONMENT, stdin=subprocess.DEVNULL, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=COMMAND_S)
        if check and done.returncode != 0:
            raise AssertionError("%s: status %d\n%s" % (" ".join(command), done.returncode, done.stdout))
        return done

    def write(self, path, text, mode=0o644):
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        file.chmod(mode)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(START_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for path in (self.root, self.base):
            subprocess.run(["umount", "--lazy", path], stderr=subprocess.DEVNULL, check=False)
        self.base.rmdir()
