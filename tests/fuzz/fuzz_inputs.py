# SPDX-License-Identifier: Apache-2.0
"""Finds messages in bytes that were on the wire, and writes inputs of the fuzzers that have a form of their own."""
import re

PIECE = 255  # most bytes in an action
PIECES = 12

# Actions of fuzz_exchange.c; each is followed by what it needs.
ASK, CLIENT_SAYS, ANSWER, SERVER_SAYS, WAIT = 0, 2, 7, 9, 20
# Of fuzz_http2.c.
RECEIVE, START = 0, 4


def dechunked(data):
    body = b""
    while match := re.match(rb"([0-9A-Fa-f]{1,8})[^\r]*\r\n", data):
        length = int(match.group(1), 16)
        body += data[match.end():match.end() + length]
        data = data[match.end() + length + 2:]
        if length == 0:
            break
    return body


def messages(data):
    """Of HTTP/1.1: (all bytes, header, body) of each answer."""
    begins = [match.start() for match in re.finditer(rb"HTTP/1\.[01] \d\d\d", data)]
    for begin, end in zip(begins, begins[1:] + [len(data)]):
        text = data[begin:end]
        header, _, body = text.partition(b"\r\n\r\n")
        yield text, header, dechunked(body) if b"chunked" in header else body


def requests(data):
    """Of HTTP/1.1: (request line, header lines, body) of each."""
    while b"\r\n\r\n" in data:
        header, _, data = data.partition(b"\r\n\r\n")
        line, *headers = header.split(b"\r\n")
        match = re.search(rb"(?i)\ncontent-length: *(\d{1,8})", header)
        length = int(match.group(1)) if match else 0
        yield line, headers, data[:length]
        data = data[length:]


def websocket_messages(frames):
    """The payloads of a server's frames."""
    found = []
    while len(frames) >= 2:
        length, at = frames[1] & 0x7f, 2
        if length >= 126:
            size = 2 if length == 126 else 8
            length, at = int.from_bytes(frames[2:2 + size], "big"), 2 + size
        if frames[0] & 15 == 1:
            found.append(frames[at:at + length])
        frames = frames[at + length:]
    return found


def pieces(action, who, data):
    return b"".join(bytes([action, *who, len(data[at:at + PIECE])]) + data[at:at + PIECE]
                    for at in range(0, min(len(data), PIECE * PIECES), PIECE))


def http2_of_server(asked, answered):
    """As many requests as there were, then what the server said."""
    streams = asked.count(b"\1\5\0\0\0") + asked.count(b"\1\4\0\0\0")  # HEADERS frames
    return bytes([START, 2]) * min(max(streams, 1), 8) + pieces(RECEIVE, (), answered)


def exchange_of_client(kind, said):
    """A program says it, and each of some requests is answered."""
    return bytes([kind, 0, WAIT, 10]) + pieces(CLIENT_SAYS, (0,), said) + bytes([WAIT, 10, ANSWER, 0, 0, 0]) * 3


def exchange_of_server(is_http2, answered):
    """The server says it to whoever asks first."""
    begin = bytes([int(is_http2), 0, WAIT, 10]) + bytes([ASK, 0, 0, 0, ASK, 1, 5, 1, WAIT, 10])
    return begin + pieces(SERVER_SAYS, (0,), answered) + bytes([WAIT, 10])
