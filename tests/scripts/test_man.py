# SPDX-License-Identifier: Apache-2.0
"""The manual pages: mandoc and man have nothing to say about them, and they name every option."""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import build_tree  # noqa: E402
import tap  # noqa: E402

PAGES = ("libtbclient.3", "tbproxyctl.1", "tbproxyd.8", "tbproxyd.conf.5")
GENERATED = build_tree.folder() / "gen" / "out"


def page(name):
    """Generated pages are in the build folder."""
    for folder in (build_tree.folder(), build_tree.SOURCE):
        if (folder / "docs" / name).exists():
            return folder / "docs" / name
    raise FileNotFoundError(name)


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    return done.stdout, done.stderr


def output_of(program, *arguments):
    return run(build_tree.program(program), *arguments)[0]


class TestPages(unittest.TestCase):
    def test_mandoc_and_man_have_nothing_to_say(self):
        for name in PAGES:
            self.assertEqual(run("mandoc", "-Tlint", "-Wwarning", page(name)), ("", ""))
            text, errors = run("man", "--warnings", "--local-file", page(name))
            self.assertEqual(errors, "")
            self.assertIn("SEE ALSO", text)

    def test_nor_about_those_of_the_library(self):
        pages = sorted(path for folder in (GENERATED / "man3", GENERATED / "4.4.0" / "man3") for path in folder.glob("*.3")
                       if not path.read_text("utf-8").startswith(".so "))
        self.assertGreater(len(pages), 200)
        self.assertEqual(run("mandoc", "-Tlint", "-Wwarning", *pages), ("", ""))
        for name in ("man3/tb_client.3", "4.4.0/man3/tb_ce_structures.3", "4.4.0/man3/tb_pe_role_controller.3"):
            self.assertEqual(run("man", "--warnings", "--local-file", GENERATED / name)[1], "")

    def test_every_function_and_type_of_the_library_is_described(self):
        pages = {path.name: path.read_text("utf-8") for path in (GENERATED / "man3").glob("*.3")}
        for header in sorted((build_tree.SOURCE / "include" / "tbclient").glob("*.h")):
            code = re.sub(r"(?s)/\*.*?\*/", "", header.read_text("utf-8"))
            for function in re.findall(r"(?s)TB_PUBLIC [^;(]*?(tb_\w+)\(|static inline [^;(]*?(tb_\w+)\(", code):
                name = "".join(function)
                self.assertEqual(pages[name + ".3"], ".so man3/tb_%s.3\n" % header.stem)
                self.assertIn(name + "(", pages["tb_%s.3" % header.stem])
            for name in re.findall(r"(?m)^\} (tb_\w+);", code):
                self.assertIn("\n} %s;\n" % name, pages["tb_%s.3" % header.stem])

    def test_a_mistake_is_noticed(self):
        text = page("tbproxyd.8").read_text("utf-8")
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        broken = pathlib.Path(directory.name) / "broken.8"
        broken.write_text(text.replace(".SH OPTIONS", ".SHH OPTIONS"), "utf-8")
        self.assertIn("SHH", run("mandoc", "-Tlint", "-Wwarning", broken)[0])
        self.assertIn("SHH", run("man", "--warnings", "--local-file", broken)[1])

    def test_every_option_of_the_configuration_is_there_in_the_same_order(self):
        section, names = None, []
        for line in output_of(build_tree.DAEMON, "--help-config").splitlines():
            if match := re.match(r"(\w+) = \{", line):
                section = match.group(1)
            elif match := re.match(r"    # (\w+) = .*;$", line):
                names.append("%s.%s" % (section, match.group(1)))
        self.assertGreater(len(names), 40)
        self.assertEqual(re.findall(r'(?m)^\.BR (\S+) " = ', page("tbproxyd.conf.5").read_text("utf-8")), names)

    def test_every_option_of_the_command_line_is_there(self):
        for program, name in ((build_tree.DAEMON, "tbproxyd.8"), ("src/ctl/tbproxyctl", "tbproxyctl.1")):
            text = page(name).read_text("utf-8").replace("\\-", "-")
            options = re.findall(r"(?m)^ .*?(--[a-z-]+)", output_of(program, "--help"))
            self.assertTrue(options)
            for option in options:
                self.assertIn(option, text)


if __name__ == "__main__":
    tap.main()
