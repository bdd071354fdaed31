# SPDX-License-Identifier: Apache-2.0
"""The command line and the configuration: a message names the place of a mistake and what is allowed."""
import os
import re
import subprocess
import tempfile

import build_tree
import tap
from harness import PATIENCE, Case
from tls import make_certificate

BASE = {"upstream.url": "http://127.0.0.1:1", "upstream.api_key_file": "tb_a-key-for-no-server"}
CONFIGURATION_ERROR = 78


class ConfigCase(Case):
    def run_daemon(self, *arguments, options=None, text=None, config=True, modes=(), **environment):
        """Runs tbproxyd until it exits. MODES: {file name: permissions}. Returns (status, stdout, stderr)."""
        daemon = self.make_daemon(self.addCleanup, "http://127.0.0.1:1", {**BASE, **(options or {})}, "none")
        if text is not None:
            daemon.write_config(text)
        self.path = daemon.config_path
        for name, mode in {"tbproxyd.conf": 0o644, **dict(modes)}.items():
            os.chmod(os.path.join(daemon.directory, name), mode)
        command = daemon.command(*arguments)
        if not config:
            command = [word for word in command if word not in ("--config", daemon.config_path)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE,
                              env=daemon.environment(**environment), cwd=daemon.directory, check=False)
        daemon.kill()
        return done.returncode, done.stdout, done.stderr

    def assert_mistake(self, *words, options=None, text=None, arguments=()):
        for extra in ((), ("--check-config",)):
            status, _, errors = self.run_daemon(*arguments, *extra, options=options, text=text)
            self.assertNotEqual(status, 0)
            for word in words:
                self.assertIn(word, errors)


class TestCommandLine(ConfigCase):
    def test_check_config_accepts_a_valid_configuration(self):
        status, output, errors = self.run_daemon("--check-config")
        self.assertEqual((status, output, errors), (0, "Configuration OK\n", ""))

    def test_help_and_version_need_no_configuration(self):
        for argument, word in (("--help", "--check-config"), ("-h", "Usage: tbproxyd"), ("--version", "tbproxyd "),
                               ("--help-config", "upstream = {")):
            status, output, errors = self.run_daemon(argument, config=False)
            self.assertEqual((status, errors), (0, ""))
            self.assertIn(word, output)

    def test_unknown_arguments_are_refused(self):
        for arguments in (("--nonsense",), ("extra",), ("--password", "x")):
            status, _, errors = self.run_daemon(*arguments, "--check-config")
            self.assertEqual(status, 2)
            self.assertIn("--help", errors)

    def test_set_overrides_the_file(self):
        proxy = self.prepare_daemon(self.start_simulator(), {"limits.max_body_bytes": 5})
        proxy.start("--set", "limits.max_body_bytes=6", "--set", "limits.max_body_bytes=7")
        self.assertEqual(proxy.post("/api/device", b"x" * 8).status, 413)
        self.assertNotEqual(proxy.post("/api/device", b"x" * 7).status, 413)

    def test_a_missing_file_is_named(self):
        status, _, errors = self.run_daemon("--config", "/nonexistent/tbproxyd.conf")
        self.assertNotEqual(status, 0)
        self.assertIn("/nonexistent/tbproxyd.conf", errors)

    def test_what_help_config_prints_is_a_configuration(self):
        _, sample, _ = self.run_daemon("--help-config")
        text = re.sub(r"(?m)^    # (\w+ = .*;)$", r"    \1", sample)  # every option, with its default
        self.assertGreater(len(re.findall(r"(?m)^    \w+ = ", text)), 20)
        text = text.replace('url = ""', 'url = "http://127.0.0.1:1"').replace('api_key_file = ""', 'api_key_file = "k"')
        status, _, errors = self.run_daemon("--check-config", text=text)
        self.assertEqual((status, errors), (0, ""))

    def test_every_option_can_be_set(self):
        _, sample, _ = self.run_daemon("--help-config")
        section, arguments = "", []
        for line in sample.split("\n"):
            opens = re.match(r"(\w+) = \{", line)
            option = re.match(r'    # (\w+) = "?(.*?)"?;$', line)
            section = opens.group(1) if opens else section
            if option and option.group(2):
                arguments += ["--set", "%s.%s=%s" % (section, *option.groups())]
        self.assertGreater(len(arguments), 20)
        status, _, errors = self.run_daemon("--check-config", *arguments)
        self.assertEqual((status, errors), (0, ""))


class TestFiles(ConfigCase):
    """--check-config also checks the files."""

    def check(self, *arguments, **options):
        return self.run_daemon("--check-config", *arguments, **options)

    def test_every_mistake_is_reported(self):
        status, output, errors = self.check(
            "--set", "upstream.proxy_password_file=/no/such/file",
            options={"upstream.api_key_file": "", "upstream.ca_file": "", "upstream.url": "http://tb.example"},
            modes={"api_key_file": 0o640, "tbproxyd.conf": 0o666})
        self.assertEqual((status, output), (CONFIGURATION_ERROR, ""))
        for words in ("needs a user in upstream.proxy",
                      "upstream.api_key_file: .*: readable by others; run chmod 0600 /",
                      "upstream.api_key_file: .*: is empty", "upstream.ca_file: .*: is empty",
                      "upstream.proxy_password_file: /no/such/file: ",
                      "tbproxyd.conf: writable by others; run chmod go-w /",
                      "upstream.url: http://tb.example: .* use https"):
            self.assertEqual(len(re.findall("(?m)^tbproxyd: .*" + words, errors)), 1, (words, errors))
        self.assertEqual(errors.count("\n"), 7)

    def test_a_warning_is_not_a_mistake(self):
        status, output, errors = self.check(options={"upstream.url": "http://tb.example",
                                                     "upstream.api_key_file": "\ufeffa-key\r\n"})
        self.assertEqual((status, output), (0, "Configuration OK\n"))
        self.assertIn("use https", errors)
        self.assertIn("byte order mark", errors)

    def test_a_systemd_credential_is_checked_only_in_the_service(self):
        text = 'upstream = {\n  url = "http://127.0.0.1:1";\n  api_key_file = "api-key";\n};\n'
        status, output, errors = self.check(text=text)
        self.assertEqual((status, errors), (0, ""))
        self.assertRegex(output, "^upstream.api_key_file: not checked: .*\nConfiguration OK\n$")
        with tempfile.TemporaryDirectory() as directory:
            status, _, errors = self.check(text=text, CREDENTIALS_DIRECTORY=directory)
            self.assertEqual(status, CONFIGURATION_ERROR)
            self.assertIn("upstream.api_key_file: no systemd credential has this name", errors)
            with open(os.path.join(directory, "api-key"), "w", encoding="utf-8") as file:
                file.write("tb_key\n")
            self.assertEqual(self.check(text=text, CREDENTIALS_DIRECTORY=directory),
                             (0, "Configuration OK\n", ""))

    def test_the_directory_of_the_spool(self):
        with tempfile.TemporaryDirectory() as parent:
            for mode, path, words in (
                    (0o700, parent, None), (0o700, parent + "/made/", None), (0o755, parent, "run chmod 0700 " + parent),
                    (0o700, parent + "/a/b", "No such file"), (0o700, build_tree.program(build_tree.DAEMON), "is not a directory")):
                os.chmod(parent, mode)
                status, _, errors = self.check("--set", "spool.mode=outage", "--set", "spool.directory=" + path)
                self.assertEqual(status, CONFIGURATION_ERROR if words else 0, errors)
                self.assertRegex(errors, "spool.directory: %s: .*%s" % (re.escape(path), words) if words else "^$")
                self.assertEqual(self.check("--set", "spool.directory=" + path)[0], 0)

    def test_files_for_tls_are_checked_before_the_start(self):
        certificate = {"upstream.certificate_file": "-----BEGIN", "upstream.key_file": "-----BEGIN"}
        for options, modes, words in (
                (certificate, {"key_file": 0o640}, "upstream.key_file: .*: readable by others"),
                ({"upstream.ca_file": "x"}, {}, "upstream.ca_file: /no/such/file: ")):
            missing = () if modes else ("--set", "upstream.ca_file=/no/such/file")
            for check in ((), ("--check-config",)):
                status, _, errors = self.run_daemon(*check, *missing, options=options, modes=modes)
                self.assertEqual(status, CONFIGURATION_ERROR)
                self.assertRegex(errors, words)


class TestEveryMistake(ConfigCase):
    """--check-config reports all, each with its line."""
    TEXT = """upstream = {
  url = "ftp://tb.example";
  username = "a";
  ca_file = "ca.pem";
  connect_timeout_ms = 3000000000;
  colour = "red";
};
listen = {
  port = 65536;
  unix_mode = "0888";
  hosts = "a:80";
};
lisTen = { port = 1; unix_path = ""; };
policies = {
  one = { allow = [ "nonsense" ]; };
  two = { max_requests = 0; };
};
rate = { limits = "x"; };
retry = { initial_retry_delay_ms = 10000; max_retry_delay_ms = 100; repeat_unsafe = true; };
"""
    FOUND = ((2, "upstream.url: "), (3, "upstream.username and upstream.password_file must be set together"),
             (4, 'upstream.ca_file = "ca.pem": must be an absolute path'), (5, "3000000000 is too large without a suffix"),
             (6, "unknown option upstream.colour"), (9, "listen.port"), (10, "listen.unix_mode"), (11, "listen.hosts"),
             (13, "unknown section lisTen"), (15, "nonsense"), (16, "max_requests"), (18, "rate.limits"),
             (19, "it is now retry.retry_unsafe"))

    def test_in_the_file(self):
        status, output, errors = self.run_daemon("--check-config", text=self.TEXT)
        self.assertEqual((status, output), (CONFIGURATION_ERROR, ""))
        for line, words in self.FOUND:
            self.assertRegex(errors, r"(?m)^tbproxyd: %s:%d: .*%s" % (re.escape(self.path), line, re.escape(words)))
        self.assertEqual(errors.count("\n"), len(self.FOUND), errors)

    def test_with_set(self):
        _, _, errors = self.run_daemon("--check-config", "--set", "listen.port=x", "--set", "listen.address=a",
                                       "--set", "queue.max_wait_ms=-1")
        self.assertEqual([bool(re.match("tbproxyd: (--set listen.port=x|--set queue.max_wait_ms=-1|listen.address = )", line))
                          for line in errors.splitlines()], [True] * 3, errors)

    def test_a_start_ends_with_the_first(self):
        status, _, errors = self.run_daemon(text=self.TEXT)
        self.assertEqual((status, errors.count("\n")), (CONFIGURATION_ERROR, 1))

    def test_files_have_the_line_of_their_option(self):
        text = 'upstream = {\n  url = "http://127.0.0.1:1";\n  api_key_file = "/no/such/key";\n' \
               '  ca_file = "%s";\n};\nlisten = { unix_group = "no-such-group"; };\n'
        _, _, errors = self.run_daemon("--check-config", text=text % build_tree.SOURCE.joinpath("README.md"))
        for line, words in ((3, "upstream.api_key_file: /no/such/key: "),
                            (4, "upstream.ca_file: cannot load CA certificates from "), (6, "listen.unix_group")):
            self.assertRegex(errors, r"(?m)^tbproxyd: %s:%d: %s" % (re.escape(self.path), line, re.escape(words)))

    def test_a_certificate_and_its_key(self):
        with tempfile.TemporaryDirectory() as directory:
            for name in ("one", "other"):
                make_certificate(directory, name)
            for certificate, key, words in (("one.pem", "one.key", None), ("one.pem", "other.key", "cannot load the key"),
                                            ("one.key", "one.key", "cannot load a certificate from")):
                status, _, errors = self.run_daemon(
                    "--check-config", "--set", "upstream.certificate_file=%s/%s" % (directory, certificate),
                    "--set", "upstream.key_file=%s/%s" % (directory, key))
                self.assertEqual(status, CONFIGURATION_ERROR if words else 0, errors)
                self.assertIn(words or "", errors)


class TestReadme(ConfigCase):
    """The configuration in README.md, added to the file that is installed."""

    def setUp(self):
        with open(build_tree.SOURCE / "README.md", encoding="utf-8") as file:
            blocks = re.findall(r"(?m)^    upstream = \{\n(?:    .*\n)+?    \};\n", file.read())
        self.assertEqual(len(blocks), 1)
        self.block = re.sub(r"(?m)^    ", "", blocks[0])
        with open(build_tree.SOURCE / "etc" / "tbproxyd.conf", encoding="utf-8") as file:
            self.shipped = file.read()

    def assert_right(self, text):
        status, output, errors = self.run_daemon("--check-config", text=text)
        self.assertEqual((status, errors), (0, ""))
        self.assertTrue(output.endswith("Configuration OK\n"), output)

    def test_its_block_can_be_added_at_the_start_or_the_end(self):
        self.assert_right(self.shipped + "\n" + self.block)
        self.assert_right(self.block + self.shipped)

    def test_its_options_can_be_set_in_place(self):
        text = self.shipped
        for name, value in re.findall(r"(\w+) = (\".*\");", self.block):
            text, count = re.subn(r"(?m)^    # %s = .*;$" % name, "    %s = %s;" % (name, value), text)
            self.assertEqual(count, 1)
        self.assert_right(text)

    def test_an_option_that_is_set_in_both_places_is_named_with_both_lines(self):
        text = self.shipped.replace('    # url = "";', '    url = "https://another.example";') + self.block
        first = text[:text.index("another.example")].count("\n") + 1
        second = self.shipped.count("\n") + 2
        status, _, errors = self.run_daemon("--check-config", text=text)
        self.assertNotEqual(status, 0)
        self.assertIn("%s:%d: upstream.url " % (self.path, second), errors)
        self.assertIn("%s, line %d" % (self.path, first), errors)


class TestMistakes(ConfigCase):
    GOOD = 'upstream = {\n  url = "http://127.0.0.1:1";\n  api_key_file = "k";\n};\n'

    def assert_at(self, line, rest, *words):
        """Checks that a mistake is reported in line LINE of a file of four valid lines and REST."""
        for extra in ((), ("--check-config",)):
            status, _, errors = self.run_daemon(*extra, text=self.GOOD + rest)
            self.assertNotEqual(status, 0)
            self.assertIn("%s:%d: " % (self.path, line), errors)
            for word in words:
                self.assertIn(word, errors)

    def test_a_syntax_error_names_file_and_line(self):
        self.assert_at(6, "listen = {\n  port 80;\n};\n", "syntax error")

    def test_an_unknown_option_lists_the_options(self):
        self.assert_at(6, "listen = {\n  colour = 1;\n};\n", "listen.colour", "address", "unix_path")

    def test_an_unknown_section_lists_the_sections(self):
        self.assert_at(5, "lisTen = {\n  port = 1;\n};\n", "lisTen", "upstream", "listen", "limits")

    def test_an_option_outside_of_a_section_is_named(self):
        self.assert_at(5, "port = 1;\n", "port")

    def test_a_value_of_the_wrong_type_or_out_of_bounds_names_what_is_allowed(self):
        for line, words in (('port = "x"', ("listen.port", "0 to 65535")), ("port = 65536", ("0 to 65535",)),
                            ("port = -1", ("0 to 65535",)), ("port = true", ("0 to 65535",)),
                            ("address = 5", ("listen.address", "string")), ("port = 1.5", ("0 to 65535",)),
                            ("max_connections = 0", ("1 to 65536",)), ("port = [1]", ("0 to 65535",)),
                            ("port = 99999999999L", ("0 to 65535",))):
            with self.subTest(line=line):
                self.assert_at(6, "listen = {\n  %s;\n};\n" % line, *words)
        self.assert_at(5, 'retry = { retry_on_rate_limit = "no"; };\n', "retry.retry_on_rate_limit", "true or false")
        self.assert_at(5, 'log = { level = "loud"; };\n', "log.level", "error", "warning", "info", "debug")

    def test_a_mistake_in_set_names_it(self):
        for setting, words in (("listen.port=x", ("0 to 65535",)), ("listen.port", ("section.option=value",)),
                               ("port=1", ("section.option=value",)), ("listen.colour=1", ("listen.colour", "address")),
                               ("listen.port=1 ", ("0 to 65535",)), ("listen.port=", ("0 to 65535",)),
                               ("retry.retry_unsafe=yes", ("true or false",)), ("a.b=1", ("upstream",)),
                               ("retry.repeat_unsafe=true", ("it is now retry.retry_unsafe",))):
            with self.subTest(setting=setting):
                self.assert_mistake("--set " + setting, *words, arguments=("--set", setting))

    def test_only_loopback_addresses_are_accepted(self):
        for address in ("0.0.0.0", "192.168.1.1", "::", "localhost", "10.0.0.1", "8.8.8.8", "127.0.0.1:80",
                        "127.1.2.3"):
            self.assert_mistake("listen.address", "loopback", options={"listen.address": address})
        for address in ("127.0.0.1", "::1"):
            self.assertEqual(self.run_daemon("--check-config", options={"listen.address": address})[0], 0)

    def test_a_listener_is_required(self):
        self.assert_mistake("listen.address", "listen.unix_path",
                            options={"listen.address": "", "listen.unix_path": ""})

    def test_the_path_and_mode_of_the_unix_socket_are_checked(self):
        self.assert_mistake("listen.unix_path", "absolute", options={"listen.unix_path": "relative"})
        self.assert_mistake("listen.unix_path", "107", options={"listen.unix_path": "/" + "x" * 107})
        for mode in ("", "abc", "1777", "0o600", "888", "-1"):
            self.assert_mistake("listen.unix_mode", "octal", options={"listen.unix_mode": mode})

    def test_the_url_is_checked(self):
        for url in ("ftp://host", "host:8080", "http://", "http://user@host", "http://u:p@host", "http://host/?a",
                    "http://host/#a", "//host", "http://ho st", "file:///etc/passwd"):
            self.assert_mistake("upstream.url", options={"upstream.url": url})
        self.assert_mistake("upstream.url", "not set", options={"upstream.url": ""})
        for url in ("https://thingsboard.cloud", "http://host:8080/", "http://[::1]:8080/prefix", "http://127.0.0.1"):
            self.assertEqual(self.run_daemon("--check-config", options={"upstream.url": url})[0], 0, url)

    def test_exactly_one_credential_must_be_given(self):
        for options, word in (({"upstream.api_key_file": ""}, "no credential"),
                              ({"upstream.username": "u", "upstream.password_file": "p" * 20}, "more than one"),
                              ({"upstream.api_key_file": "", "upstream.username": "u"}, "must be set together"),
                              ({"upstream.token_file": "t" * 20}, "more than one")):
            daemon_options = {**BASE, **options}
            text = "upstream = {\n%s};\n" % "".join('  %s = "%s";\n' % (name.split(".")[1], value)
                                                    for name, value in daemon_options.items())
            self.assert_mistake(word, "upstream.username", text=text)

    def test_limits_must_fit_each_other(self):
        self.assert_mistake("limits.max_buffered_bytes", options={"limits.max_buffered_bytes": 100000})
        self.assert_mistake("retry.max_retry_delay_ms", options={"retry.max_retry_delay_ms": 10})


del ConfigCase  # has no tests of its own

if __name__ == "__main__":
    tap.main()
