# SPDX-License-Identifier: Apache-2.0
"""The units as files: systemd accepts them, the sandbox is as tight as it can be, and their limits are above those of the
options. tests/scripts/check_booted.py runs them."""
import fractions
import pathlib
import re
import resource
import shutil
import subprocess
import tempfile

import build_tree
import tap
from daemon import end_with_parent
from harness import Case
from scripted import echo

# What is left is explained in docs/service.md.
EXPOSURE_MAX = 13  # tenths

UNITS = {"tbproxyd.service": "tbproxyd.service", "tbproxyd@x.service": "tbproxyd@.service",
         "tbproxyd.socket": "tbproxyd.socket", "tbproxyd@x.socket": "tbproxyd@.socket",
         "tbproxyd-admin.socket": "tbproxyd-admin.socket", "tbproxyd-admin@x.socket": "tbproxyd-admin@.socket"}
USERS = fractions.Fraction(4, 3)  # all together may have a third more than one (base/quota.h)

# Bytes, from src: each is a #define, and how often there may be as much, by the options.
MEMORY = (
    ("bodies", (USERS, "limits.max_buffered_bytes"), ()),
    ("the beginning of each response", (USERS, "upstream.max_requests"), ("HTTP2_WINDOW_BYTES",)),
    ("windows that have grown", ("upstream.max_window_growth",), ()),
    ("connections: what libmicrohttpd holds, the copy of the header, the header of the response",
     (USERS, "listen.max_connections"), ("CONNECTION_MEMORY_BYTES", "CONNECTION_MEMORY_BYTES", "HEADERS_MAX_BYTES")),
    ("WebSockets", (USERS, "listen.max_connections"),
     ("FRAME_FILTER_RAW_BYTES", "FRAME_FILTER_RAW_BYTES", "FRAME_FILTER_MESSAGE_BYTES", "FRAME_FILTER_ADD_BYTES",
      "TUNNEL_CHUNK_BYTES", "WEBSOCKET_SEND_BYTES", "HANDSHAKE_REQUEST_BYTES", "WEBSOCKET_REFUSAL_BYTES")),
    ("streams of updates", (USERS, 100), ("SSE_BYTES", "SUBSCRIPTION_LATEST_BYTES")),
    ("/-/events, on two admin listeners", (16,), ("STATUS_EVENT_BYTES",)),
    ("/-/trace", (4,), ("TRACE_STREAM_BYTES",)),
    ("the WebSocket of the streams", (1,), ("SUBSCRIPTION_SOCKET_MESSAGE_BYTES", "SUBSCRIPTION_SOCKET_OUT_BYTES")),
    ("connections to a server", (USERS, "upstream.max_connections"),
     ("HTTP1_HEAD_BYTES", "CONNECTION_UNREAD_BYTES", "CONNECTION_UNREAD_BYTES")),
    ("/-/metrics", (1,), ("METRICS_PAGE_MAX_BYTES",)),
    ("the configuration", (1,), ("FILE_TEXT_MAX_BYTES",)),
)


def unit(name):
    """The text of a unit file."""
    for folder in (build_tree.folder(), build_tree.SOURCE):
        path = folder / "systemd" / name
        if path.exists():
            return path.read_text("utf-8")
    raise FileNotFoundError(name)


def setting(name, text):
    return re.search(r"(?m)^%s=(.*)$" % name, text).group(1)


def constants():
    """The values of all #defines that are products of numbers and other such names."""
    texts = {}
    for path in (build_tree.SOURCE / "src").rglob("*.[ch]"):
        for name, value in re.findall(r"(?m)^#define (\w+_BYTES) +([^/\n]+)", path.read_text("utf-8")):
            texts.setdefault(name, value.strip())

    def evaluate(text):
        text = re.sub(r"INT64_C\((\d+)\)|(\d)U?L\b", r"\1\2", text)
        text = re.sub(r"\b[A-Z]\w+", lambda match: str(evaluate(texts[match.group()])), text)
        return eval(text, {"__builtins__": {}})  # pylint: disable=eval-used
    return lambda name: evaluate(texts[name])


class TestUnits(Case):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.folder = pathlib.Path(directory.name)
        program = build_tree.program(build_tree.DAEMON)
        for name, file in UNITS.items():
            (self.folder / name).write_text(re.sub(r"(?m)^(Exec\w+=(?:env \S+ )?)/\S*tbproxyd\b", r"\1" + program, unit(file)), "utf-8")

    def analyze(self, *arguments):
        return subprocess.run(["systemd-analyze", *arguments], cwd=self.folder, check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def test_systemd_has_nothing_to_say_about_them(self):
        done = self.analyze("verify", "--man=no", "--recursive-errors=one", *("./" + name for name in UNITS))
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        broken = self.folder / "tbproxyd.service"
        broken.write_text(broken.read_text("utf-8").replace("RestartSec", "RestartSecs"), "utf-8")
        self.assertIn("RestartSecs", self.analyze("verify", "--man=no", "./tbproxyd.service").stdout)

    def test_the_exposure_is_low(self):
        for name in UNITS:
            if name.endswith(".service"):
                done = self.analyze("security", "--offline=yes", "--threshold=%d" % EXPOSURE_MAX, "./" + name)
                self.assertEqual(done.returncode, 0, done.stdout)

    def test_each_setting_of_the_sandbox_is_explained(self):
        page = (build_tree.SOURCE / "docs" / "service.md").read_text("utf-8")
        for file in set(UNITS.values()):
            for name in re.findall(r"(?m)^(\w+)=", unit(file)):
                if name not in ("Description", "Documentation"):
                    self.assertIn("`%s=" % name, page, file)

    def test_both_services_have_the_same_sandbox(self):
        sandboxes = []
        for name in ("tbproxyd.service", "tbproxyd@.service"):
            lines = unit(name).partition("DynamicUser=")[2].partition("[Install]")[0].splitlines()
            sandboxes.append([line for line in lines if not line.startswith(("SupplementaryGroups=", "ReadWritePaths=", "User=",
                                                                              "StateDirectory="))])
        self.assertEqual(*sandboxes)


class TestLimits(Case):
    def options(self):
        done = subprocess.run([build_tree.program(build_tree.DAEMON), "--help-config"], check=True, text=True,
                              stdout=subprocess.PIPE)
        found, section = {}, None
        for line in done.stdout.splitlines():
            if match := re.match(r"(\w+) = \{", line):
                section = match.group(1)
            elif match := re.match(r"    # (\w+) = (\d+);$", line):
                found["%s.%s" % (section, match.group(1))] = int(match.group(2))
        return found

    def test_memory_max_is_above_the_sum_of_all_limits(self):
        options, constant, total = self.options(), constants(), 0
        for what, factors, names in MEMORY:
            size = sum(constant(name) for name in names) or 1
            for factor in factors:
                size *= options[factor] if isinstance(factor, str) else factor
            self.assertGreater(size, 100000, what)
            print("# %4d MiB: %s" % (int(size) >> 20, what))
            total += size
        print("# %4d MiB together" % (int(total) >> 20))
        for name in ("tbproxyd.service", "tbproxyd@.service"):
            memory = int(setting("MemoryMax", unit(name)).rstrip("G")) << 30
            self.assertGreater(memory, total)
            self.assertLess(memory, 2 * total)

    def test_the_limit_of_files_is_enough_for_all_connections_and_eight_servers(self):
        limit = int(setting("LimitNOFILE", unit("tbproxyd.service")))

        def in_child():
            end_with_parent()
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        more = ", ".join("http://127.0.0.1:%d" % port for port in range(1, 8))
        proxy = self.prepare_daemon(self.start_scripted(echo), {"upstream.fallback_urls": more})
        proxy.in_child = in_child
        proxy.start()
        self.assertEqual(proxy.log.find("max_connections is lowered"), [])


if __name__ == "__main__":
    if not shutil.which("systemd-analyze"):
        raise SystemExit("systemd-analyze is missing; scripts/install-deps test installs it")
    tap.main()
