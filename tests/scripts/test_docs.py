# SPDX-License-Identifier: Apache-2.0
"""The documentation names only pages, files, functions and options that exist; comments name only pages and files that do."""
import functools
import os
import pathlib
import re
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS / "unit")]
import include_graph  # noqa: E402
import tap  # noqa: E402
from build_tree import SOURCE  # noqa: E402

FOLDERS = ("docs", "etc", "gen", "include", "scripts", "src", "systemd", "tests")
PAGES = sorted([SOURCE / "README.md", SOURCE / "CONTRIBUTING.md", SOURCE / "SECURITY.md", *(SOURCE / "docs").rglob("*.md"),
                *(SOURCE / "tests").rglob("*.md")])
GENERATED = re.compile(r"^gen/out/")
MANUALS = (".1", ".3", ".8", ".man")
OTHER_HEADERS = {"ce.h", "jansson.h", "paas.h", "pe.h"}  # that comments name


@functools.lru_cache(maxsize=None)
def files():
    return [path for folder in FOLDERS for path in (SOURCE / folder).rglob("*")
            if path.suffix in (".c", ".h", ".cc", ".py", ".md", ".mk", ".json", ".in", *MANUALS)]


@functools.lru_cache(maxsize=None)
def functions():
    """The functions that src and include declare or define; in formatted C, they start a line."""
    texts = [path.read_text("utf-8") for folder in ("src", "include") for path in (SOURCE / folder).rglob("*.[ch]")]
    return {name for text in texts for name in re.findall(r"^[a-z#][\w *]*\b(\w+)\(", text, re.MULTILINE)}


@functools.lru_cache(maxsize=None)
def tests():
    """The names of test cases and of test programs."""
    texts = [path.read_text("utf-8") for path in (SOURCE / "tests").rglob("*.py")]
    lists = [path.read_text("utf-8") for path in (SOURCE / "tests").rglob("local.mk")]
    return {name for text in texts for name in re.findall(r"^    def (test_\w+)\(", text, re.MULTILINE)} | \
           {name for text in lists for name in re.findall(r"\b(test_\w+?)(?:_SOURCES)?\b", text)}


@functools.lru_cache(maxsize=None)
def options():
    """Returns {section: names of its options}, from the sample configuration."""
    found = {}
    for line in (SOURCE / "etc" / "tbproxyd.conf").read_text("utf-8").splitlines():
        if section := re.match(r"(\w+) = \{", line):
            found[section[1]] = names = set()
        elif option := re.match(r"    # (\w+) = ", line):
            names.add(option[1])
    return found


def rows(text):
    """The cells of the tables in a Markdown text, without the lines that divide their heads."""
    return [row.split(" | ") for row in re.findall(r"^\| (.*) \|$", text, re.MULTILINE)]


@functools.lru_cache(maxsize=None)
def arguments():
    """{script: what it can be told to run}"""
    cases = re.findall(r'^    "([\w-]+)": \w+,$', (SOURCE / "scripts" / "bench").read_text("utf-8"), re.MULTILINE)
    stages = re.search(r"^stages=\((.*)\)", (SOURCE / "scripts" / "test").read_text("utf-8"), re.MULTILINE)[1]
    return {"scripts/bench": cases, "scripts/test": stages.split()}


def runs(command):
    """Whether a command of docs/promises.md names a script, and cases of it, that exist, or a program that is built."""
    words = [word for word in command.split() if not re.match(r"--|[A-Z_]+=", word)]
    script, *names = words[1:] if words[0] == "python3" else words
    if script.startswith("build/dev/"):
        program = script.removeprefix("build/dev/")
        return program in (SOURCE / program).with_name("local.mk").read_text("utf-8")
    path = SOURCE / script
    if not path.is_file():
        return False
    if script in arguments():
        return set(names) <= set(arguments()[script])
    listed = script in (path.parent / "local.mk").read_text("utf-8")
    return listed and all(re.search(r"\b%s\(" % part, path.read_text("utf-8")) for name in names for part in name.split("."))


def headings(page):
    """The anchors of its headings, like those of GitHub."""
    return [re.sub(r"[^\w\- ]", "", line.lstrip("#").strip().lower()).replace(" ", "-")
            for line in page.read_text("utf-8").splitlines() if line.startswith("#")]


def named(page):
    """The texts between backticks, outside of indented code."""
    for line in page.read_text("utf-8").splitlines():
        if not line.startswith("    "):
            yield from re.findall(r"`([^`]+)`", line)


class TestDocs(unittest.TestCase):
    maxDiff = None

    def check(self, problems):
        self.assertEqual(sorted(set(problems)), [])

    def test_every_link_leads_to_a_file(self):
        self.check("%s: %s" % (page.relative_to(SOURCE), target) for page in PAGES
                   for target in re.findall(r"\]\(([^)\s#]+)", page.read_text("utf-8"))
                   if "://" not in target and not (page.parent / target).exists())

    def test_every_link_leads_to_a_heading(self):
        self.check("%s: %s#%s" % (page.relative_to(SOURCE), target, anchor) for page in PAGES
                   for target, anchor in re.findall(r"\]\(([^)\s#]*)#([^)\s]+)\)", page.read_text("utf-8"))
                   if "://" not in target and anchor not in headings(page.parent / target if target else page))

    def test_every_path_exists(self):
        begins = tuple(folder + "/" for folder in FOLDERS)
        self.check("%s: %s" % (page.relative_to(SOURCE), name) for page in PAGES for name in named(page)
                   if name.startswith(begins) and re.fullmatch(r"[\w./-]+", name) and not GENERATED.match(name)
                   and not (SOURCE / name).exists())

    def test_every_file_exists(self):
        paths = ["/%s" % path.relative_to(SOURCE) for path in files()]
        self.check("%s: %s" % (page.relative_to(SOURCE), name) for page in PAGES for name in named(page)
                   if re.fullmatch(r"(\w+/)*\w+\.(c|h|py)", name)
                   and not any(path.endswith("/" + name) for path in paths))

    def test_every_function_exists(self):
        self.check("%s: %s" % (page.relative_to(SOURCE), name) for page in PAGES for name in named(page)
                   if re.fullmatch(r"\w+\(\)", name) and name[:-2] not in functions() and not name.startswith("MHD_"))

    def test_every_test_exists(self):
        self.check("%s: %s" % (page.relative_to(SOURCE), name) for page in PAGES for name in named(page)
                   if re.fullmatch(r"test_\w+", name) and name not in tests())

    def test_every_promise_has_a_test(self):
        """Of the threat model: each row of a table whose last column is called "tests"."""
        promises = re.search(r"\n## Promises\n(.*?)\n## ", (SOURCE / "docs" / "threat-model.md").read_text("utf-8"), re.DOTALL)[1]
        found = [row for row in rows(promises) if row != ["promise", "tests"]]
        self.assertGreater(len(found), 20)
        self.check(str(row) for row in found if not re.search(r"`test_\w+`|`tests/[\w/.]+`|limits", row[-1]))

    def test_every_promise_has_a_command_and_a_figure(self):
        """Of docs/promises.md. What has no figure has a dash."""
        found = rows((SOURCE / "docs" / "promises.md").read_text("utf-8"))
        promises = [row for row in found if row != ["promise", "command", "last figure"]]
        self.assertGreater(len(promises), 25)
        self.check(str(row) for row in promises
                   if len(row) != 3 or not row[2].strip() or not re.fullmatch(r"`[^`]+`(, `[^`]+`)*", row[1]))

    def test_every_command_of_a_promise_exists(self):
        text = "".join(row[1] for row in rows((SOURCE / "docs" / "promises.md").read_text("utf-8")))
        self.check(command for command in re.findall(r"`([^`]+)`", text) if not runs(command))

    def test_every_option_exists(self):
        self.check("%s: %s.%s" % (page.relative_to(SOURCE), section, name) for page in PAGES for text in named(page)
                   for section, name in re.findall(r"\b(\w+)\.(\w+)\b(?![./(])", text)
                   if section in options() and name not in ("c", "db", "h", "mk", "reserve", "sock", "socket") and name not in options()[section])

    def test_sources_name_pages_that_exist(self):
        self.check("%s: %s" % (path.relative_to(SOURCE), name) for path in files()
                   for name in re.findall(r"\bdocs/[\w/-]+\.md\b", path.read_text("utf-8")) if not (SOURCE / name).exists())

    def test_comments_name_files_that_exist(self):
        sources = [path for folder in ("src", "include") for path in (SOURCE / folder).rglob("*.[ch]")]
        names = {path.name for path in sources} | OTHER_HEADERS
        self.check("%s: %s" % (path.relative_to(SOURCE), name) for path in sources
                   for line in path.read_text("utf-8").splitlines() if not line.lstrip().startswith("#")
                   for name in re.findall(r"\b[a-z]\w*\.[ch]\b", line) if name not in names)

    def test_every_page_of_the_architecture_is_on_the_tour(self):
        tour = (SOURCE / "docs" / "architecture.md").read_text("utf-8")
        self.check(page.name for page in (SOURCE / "docs" / "architecture").glob("*.md")
                   if "(architecture/%s)" % page.name not in tour)

    def test_the_tour_has_the_rooms_in_the_order_of_their_includes(self):
        tour = (SOURCE / "docs" / "architecture.md").read_text("utf-8")
        lines = re.findall(r"^    ( *)(\w+)/ .*\S", tour, re.MULTILINE)
        rooms = ["proxy/" + room if inner else room for inner, room in lines if room != "proxy"]
        self.assertEqual(rooms, list(include_graph.ROOMS))

    def test_readme_leads_to_every_page(self):
        readme = (SOURCE / "README.md").read_text("utf-8")
        self.check(page.name for page in (SOURCE / "docs").glob("*.md") if not re.search(r"\(docs/%s[#)]" % page.name, readme))

    def test_manuals_name_options_that_exist(self):
        self.check("%s: %s.%s" % (path.relative_to(SOURCE), section, name) for path in files() if path.suffix in MANUALS
                   for section, name in re.findall(r"^\.[BIR]+ \"?(\w+)\.(\w+)", path.read_text("utf-8").replace("\\", ""), re.MULTILINE)
                   if section in options() and name not in options()[section])

    def test_every_link_leads_to_an_installed_file(self):
        lists = "".join((SOURCE / name).read_text("utf-8") for name in ("docs/local.mk", "docs/examples/local.mk"))
        installed = set(re.findall(r"[\w./-]+", lists))
        self.check("%s: %s" % (page.relative_to(SOURCE), target) for page in PAGES if "tests" not in page.parts
                   for target in re.findall(r"\]\(([^)\s#]+)", page.read_text("utf-8")) if "://" not in target
                   if not {name := os.path.normpath(str(page.parent.relative_to(SOURCE) / target)), name.removesuffix(".c")} & installed)

    def test_every_page_is_distributed(self):
        lists = "".join((SOURCE / name).read_text("utf-8") for name in ("docs/local.mk", "docs/examples/local.mk"))
        self.check(name for page in (SOURCE / "docs").rglob("*.md")
                   if (name := str(page.relative_to(SOURCE))) not in lists)


if __name__ == "__main__":
    tap.main()
