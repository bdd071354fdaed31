#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_seeds.py RECORD BUILD: makes inputs for the fuzzers in BUILD of what the end-to-end tests have recorded in the folder
RECORD (tests/e2e/wiretap.py), and adds those to tests/fuzz/corpus that reach code which no input there reaches."""
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

import fuzz_inputs

HERE = os.path.dirname(os.path.abspath(__file__))
INPUT_MAX = 4096
INPUTS_MAX = 500  # of a fuzzer, so that it takes minutes
METHODS = [b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE"]
POLICY_ROWS = [b"/api/user", b"/api/noauth/resetPasswordByEmail", b"/api/entityGroup/", b"/api/role"]
MACHINE = [path.encode() for path in (os.path.dirname(os.path.dirname(HERE)), os.path.expanduser("~") + "/",
                                      os.path.join(tempfile.gettempdir(), "tb-"))]

inputs = {}  # fuzzer: {bytes}


def add(fuzzer, data):
    """Nothing of this machine is kept."""
    if 0 < len(data) <= INPUT_MAX and not any(path in data for path in MACHINE):
        inputs.setdefault(fuzzer, set()).add(data)


def read_records(folder, kind):
    path = os.path.join(folder, kind)
    for name in sorted(os.listdir(path) if os.path.isdir(path) else []):
        with open(os.path.join(path, name), encoding="ascii") as file:
            yield [re.sub(rb"127\.0\.0\.1:\d+", b"127.0.0.1:8282", part.encode("latin-1", "replace")) for part in json.load(file)]


def add_json(body):
    if body[:1] in (b"{", b"["):
        add("json", body)
        add("decode", body)


def add_request(line, headers, body):
    method, target = (line.split(b" ") + [b""])[:2]
    path, _, query = target.partition(b"?")
    add("target", target)
    add("query", query)
    if path.startswith(b"/-/subscribe/"):
        add("query", target[len("/-/subscribe/"):])
    if method in METHODS:
        add("router", bytes([METHODS.index(method)]) + path)
    for header in headers:
        add("header", header)
        add("header", header.partition(b":")[2].strip())
    named = {header.partition(b":")[0].lower(): header.partition(b":")[2].strip() for header in headers}
    add("origin", b"\n".join(named.get(name, b"") for name in (b"host", b"origin", b"referer", b"sec-fetch-site")))
    add_json(body)
    if b"/telemetry/" in path:
        add("stamp", body)
        add("merge_body", bytes([b"SCOPE" in path]) + body + b"\xff" + body)
    for row, begin in enumerate(POLICY_ROWS):
        if path.startswith(begin):
            add("policy", bytes([row]) + body)


def add_client(said, heard):
    for line, headers, body in fuzz_inputs.requests(said):
        add_request(line, headers, body)
    for _, headers, body in fuzz_inputs.messages(heard):
        if b"text/event-stream" in headers:
            add("events", body)
        elif b'"listeners"' in body or b'"queue"' in body:
            for kind in range(5):
                add("ctl_status", bytes([kind]) + body)
    if b"websocket" in said.lower():
        add("frames", b"\0" + said.partition(b"\r\n\r\n")[2])
        add("frames", b"\1" + said.partition(b"\r\n\r\n")[2])
    for kind in (0, 1):
        add("exchange", fuzz_inputs.exchange_of_client(kind, said))


def add_answers(asked, answered):
    methods = [line.split(b" ")[0] for line, _, _ in fuzz_inputs.requests(asked)]
    for index, (text, headers, body) in enumerate(fuzz_inputs.messages(answered)):
        is_head = methods[index:index + 1] == [b"HEAD"]
        add("http1", bytes([is_head, index % 256]) + text)
        add("server_version", b"\0" + body)
        add("session", b"\0" + body)
        add_json(body)
        for token in re.findall(rb'"token":"([^"]+)"', body):
            add("jwt", token)
        if b" 101 " in text[:14]:
            add_websocket(text, headers, body)


def add_websocket(text, headers, frames):
    accept = re.sub(rb"(?i)(sec-websocket-accept:\s*)\S+", rb"\1s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", headers)
    add("handshake", b"\1" + accept[len("HTTP/1.1 101 "):] + b"\r\n\r\n" + frames)
    add("handshake", b"\x80" + frames)
    add("subscription", b"\1" + frames)
    messages = fuzz_inputs.websocket_messages(frames)
    add("subscription", b"\0" + b"\n".join(message.replace(b"\n", b" ") for message in messages))
    for message in messages:
        add("update", message)


def add_server(asked, answered):
    is_http2 = asked.startswith(b"PRI ")
    if is_http2:
        add("http2", fuzz_inputs.http2_of_server(asked, answered))
    else:
        add_answers(asked, answered)
    add("exchange", fuzz_inputs.exchange_of_server(is_http2, answered))


def add_config(text):
    add("config", text)


def merge(fuzzer, build):
    """Into the corpus. Returns how many inputs were added."""
    corpus = os.path.join(HERE, "corpus", fuzzer)
    os.makedirs(corpus, exist_ok=True)
    before = len(os.listdir(corpus))
    with tempfile.TemporaryDirectory() as folder:
        for name, data in sorted((hashlib.sha1(data).hexdigest(), data) for data in inputs[fuzzer])[:INPUTS_MAX]:
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
        subprocess.run([os.path.join(build, "tests/fuzz/fuzz_" + fuzzer), "-merge=1", "-use_counters=0", corpus, folder],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, cwd=folder)
    return len(os.listdir(corpus)) - before


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    for kind, add_record in (("client", add_client), ("server", add_server), ("config", add_config)):
        for parts in read_records(sys.argv[1], kind):
            add_record(*parts)
    for fuzzer in sorted(inputs):
        print("%-16s %6d inputs, %d new" % (fuzzer, len(inputs[fuzzer]), merge(fuzzer, os.path.abspath(sys.argv[2]))))


if __name__ == "__main__":
    main()
