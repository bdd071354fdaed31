# SPDX-License-Identifier: Apache-2.0
"""Runs all snippets in all modes of the official client against a URL; prints {"mode snippet": error or null}."""
import json
import os
import sys
import traceback
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import attributes
import devices
import errors
import paging
import queries
import quickstart
import telemetry
from tb_ce_client import ThingsboardClient

SNIPPETS = {"who am i": quickstart.who_am_i, "quickstart": quickstart.run, "devices": devices.run,
            "telemetry": telemetry.run, "attributes": attributes.run, "paging": paging.run, "queries": queries.run,
            "errors": errors.run}


def obtain_tokens(url):
    body = json.dumps({"username": "tenant@thingsboard.org", "password": "any"}).encode()
    request = urllib.request.Request(url + "/api/auth/login", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        pair = json.load(answer)
    return {"token": pair["token"], "refresh_token": pair["refreshToken"]}


MODES = {"no authentication": lambda url: {},
         "API key": lambda url: {"api_key": "tb_of-the-program-itself"},
         "password": lambda url: {"username": "tenant@thingsboard.org", "password": "tenant"},
         "token": obtain_tokens}


def attempt(url, mode, snippet):
    try:
        with ThingsboardClient(url, **MODES[mode](url)) as client:
            SNIPPETS[snippet](client, "%s of %s" % (snippet, mode))
    except Exception:  # the test reports it, whatever it is
        return traceback.format_exc()
    return None


if __name__ == "__main__":
    wanted = sys.argv[2:] or [mode + ": " + snippet for mode in MODES for snippet in SNIPPETS]
    print(json.dumps({name: attempt(sys.argv[1], *name.split(": ")) for name in wanted}))
