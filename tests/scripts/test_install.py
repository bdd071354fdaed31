# SPDX-License-Identifier: Apache-2.0
"""make install does not overwrite what the administrator may have changed, and make uninstall removes only what was
installed. What it installs can be used with CMake."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import build_tree  # noqa: E402
import tap  # noqa: E402

BUILD = build_tree.folder()
SHIPPED = (build_tree.SOURCE / "etc" / "tbproxyd.conf").read_bytes()


class TestInstall(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name).resolve()
        # The configured folders, below a folder of the test.
        names = dict(re.findall(r"(?m)^(sysconfdir|includedir|exec_prefix|libdir|mandir|docdir|datarootdir|datadir|PACKAGE_TARNAME|"
                                r"prefix|CC|CFLAGS|VERSION) = (.*)$", (BUILD / "Makefile").read_text("utf-8")))
        expand = lambda text: (  # noqa: E731
            text if "$" not in text else expand(re.sub(r"\$\{(\w+)\}", lambda match: names[match[1]], text)))
        self.config = self.below(expand(names["sysconfdir"])) / "tbproxyd" / "tbproxyd.conf"
        self.headers = self.below(expand(names["includedir"])) / "tbclient"
        self.libraries = self.below(expand(names["libdir"]))
        self.manual, self.docs = self.below(expand(names["mandir"])), self.below(expand(names["docdir"]))
        self.names = names

    def below(self, path):
        return self.root / path.lstrip("/")

    def make(self, target):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        subprocess.run(["make", "-s", target, "DESTDIR=%s" % self.root], cwd=BUILD, env=environment, check=True,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def test_a_configuration_is_installed_if_there_is_none(self):
        self.make("install")
        self.assertEqual(self.config.read_bytes(), SHIPPED)
        self.assertEqual(self.config.stat().st_mode & 0o777, 0o644)

    def test_an_edited_configuration_survives_install_and_uninstall(self):
        self.make("install")
        edited = SHIPPED + b"# edited\n"
        self.config.write_bytes(edited)
        self.config.chmod(0o600)
        self.make("install")
        self.assertEqual(self.config.read_bytes(), edited)
        self.assertEqual(self.config.stat().st_mode & 0o777, 0o600)
        self.make("uninstall")
        self.assertEqual(self.config.read_bytes(), edited)

    def test_a_symbolic_link_stays_one(self):
        self.config.parent.mkdir(parents=True)
        self.config.symlink_to("/nonexistent/elsewhere.conf")
        self.make("install")
        self.assertEqual(os.readlink(self.config), "/nonexistent/elsewhere.conf")

    def test_uninstall_removes_what_was_installed_and_nothing_else(self):
        self.make("install")
        self.assertTrue((self.headers / "ce.h").is_file())
        self.assertEqual((self.manual / "man3" / "tb_free.3").read_text("utf-8"), ".so man3/tb_value.3\n")
        self.assertTrue(list((self.manual / "man3").glob("tb_pe_role_controller.3")))
        self.assertEqual(len(list(self.docs.glob("reference-*.md"))), 3)
        others = [self.config.parent / "api-key", self.headers / "mine.h", self.headers / "ce" / "mine.h"]
        for path in others:
            path.write_text("precious", "utf-8")
        self.make("uninstall")
        self.assertEqual(sorted(path for path in self.root.rglob("*") if not path.is_dir()), sorted(others))

    def cmake(self, *arguments):
        compiler = self.names["CC"].removeprefix("ccache ")
        done = subprocess.run(["cmake", *arguments], env={**os.environ, "CC": compiler, "CFLAGS": self.names["CFLAGS"]},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        return done.returncode, done.stdout

    def configure(self, find):
        source = self.root / "project"
        source.mkdir(exist_ok=True)
        (source / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.18)\nproject(user C)\nfind_package(%s)\nadd_executable(user user.c)\n"
            "target_link_libraries(user PRIVATE tbclient::pe)\n" % find, "utf-8")
        (source / "user.c").write_text(
            "#include <stdio.h>\n#include <tbclient/pe.h>\nint main(void) {\n  tb_role role = {.name = \"r\"};\n"
            "  puts(tb_version());\n  return !role.name || !tb_operation_find(&tb_pe, \"saveRole\");\n}\n", "utf-8")
        return self.cmake("-S", source, "-B", self.root / "user", "-DCMAKE_PREFIX_PATH=%s" % self.libraries.parent)

    def test_cmake_finds_it(self):
        self.make("install")
        version = self.names["VERSION"]
        for find, message in (("tbclient 99 REQUIRED", "compatible with requested version"),
                              ("tbclient REQUIRED COMPONENTS xe", "there is no component xe")):
            status, said = self.configure(find)
            self.assertNotEqual(status, 0)
            self.assertIn(message, " ".join(said.split()))
        status, said = self.configure("tbclient %s REQUIRED COMPONENTS pe" % version)
        self.assertEqual(status, 0, said)
        status, said = self.cmake("--build", self.root / "user")
        self.assertEqual(status, 0, said)
        done = subprocess.run([self.root / "user" / "user"], stdout=subprocess.PIPE, text=True, check=True)
        self.assertEqual(done.stdout, version + "\n")


if __name__ == "__main__":
    tap.main()
