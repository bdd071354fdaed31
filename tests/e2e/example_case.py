# SPDX-License-Identifier: Apache-2.0
"""Shared by the tests of the programs and of the scripts of docs/examples."""
import os
import tempfile

from harness import Case

# Some examples change roles and users, which the default policy does not allow.
POLICIES = 'policies = { examples = { allow = [ "read", "write", "account" ]; }; };\n'


def clean_environment():
    """That of this process, without proxies and what examples read."""
    return {name: value for name, value in os.environ.items()
            if not name.lower().endswith("_proxy") and not name.startswith("TB_")}


class ExampleCase(Case):
    edition = None

    @classmethod
    def share_proxy(cls, options=None):
        """A tbproxyd in front of the simulator, with POLICIES."""
        cls.proxy = cls.make_daemon(cls.addClassCleanup, cls.sim, {"policy.tcp": "examples", **(options or {})}, "api_key")
        with open(cls.proxy.config_path, "a", encoding="utf-8") as config:
            config.write(POLICIES)
        cls.proxy.start()

    @classmethod
    def secret_file(cls, secret):
        file = tempfile.NamedTemporaryFile("w", prefix="tb-secret-")  # mode 0600
        cls.addClassCleanup(file.close)
        file.write(secret + "\n")
        file.flush()
        return file.name
