# SPDX-License-Identifier: Apache-2.0
"""The source tree, and the programs under test. TB_BUILD in the environment names the build folder, as "make check"
sets it. If it is not set, that is build/dev, or else the folder of the latest build."""
import functools
import os
import pathlib
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
DAEMON = "src/proxy/tbproxyd"
CLIENTS = SOURCE / "build" / "clients"  # the official Python clients; scripts/test installs them there
NO_CLIENTS = None if CLIENTS.is_dir() else "%s is missing; scripts/test makes it" % CLIENTS

NO_BUILD = """There is no build to test. To make one:
    mkdir -p build/dev && cd build/dev && ../../configure && make -j2 && make -j2 check TESTS=
To test another one, set TB_BUILD to its folder."""


@functools.lru_cache(maxsize=None)
def folder():
    """The build folder."""
    if given := os.environ.get("TB_BUILD"):
        return pathlib.Path(given).resolve()
    # Programs of a cross build do not run here.
    folders = [path for path in (SOURCE / "build").glob("*") if not path.name.startswith("cross-")]
    built = [path for path in (SOURCE, *folders) if (path / DAEMON).exists()]
    if not built:
        sys.exit(NO_BUILD)
    usual = SOURCE / "build" / "dev"
    found = usual if usual in built else max(built, key=lambda path: (path / DAEMON).stat().st_mtime)
    print("# testing the build in %s" % found, flush=True)
    return found


def program(path):
    """The file name of a program, whose place in the build folder is PATH."""
    found = folder() / path
    if not found.exists():
        raise FileNotFoundError("%s is missing. To build it: make -C %s check TESTS=" % (found, folder()))
    return str(found)
