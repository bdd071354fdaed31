# SPDX-License-Identifier: Apache-2.0
"""Header blocks of HTTP/2 (RFC 7541): written plainly, read with Debian's libnghttp2."""
import ctypes

EMITTED = 2  # NGHTTP2_HD_INFLATE_EMIT


class Line(ctypes.Structure):
    _fields_ = [("name", ctypes.POINTER(ctypes.c_char)), ("value", ctypes.POINTER(ctypes.c_char)),
                ("name_length", ctypes.c_size_t), ("value_length", ctypes.c_size_t), ("flags", ctypes.c_uint8)]


def load():
    library = ctypes.CDLL("libnghttp2.so.14")
    library.nghttp2_hd_inflate_hd2.restype = ctypes.c_ssize_t
    library.nghttp2_hd_inflate_hd2.argtypes = [ctypes.c_void_p, ctypes.POINTER(Line), ctypes.POINTER(ctypes.c_int),
                                               ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int]
    for function in (library.nghttp2_hd_inflate_end_headers, library.nghttp2_hd_inflate_del):
        function.argtypes = [ctypes.c_void_p]
    return library


class Reader:
    """The header blocks of one connection, in their order."""

    library = load()

    def __init__(self):
        self.state = ctypes.c_void_p()
        if self.library.nghttp2_hd_inflate_new(ctypes.byref(self.state)) != 0:
            raise MemoryError

    def __del__(self):
        self.library.nghttp2_hd_inflate_del(self.state)

    def read(self, block):
        """The lines of a whole block: {name: value}."""
        lines = {}
        while True:
            line, flags = Line(), ctypes.c_int()
            used = self.library.nghttp2_hd_inflate_hd2(self.state, line, flags, block, len(block), 1)
            if used < 0:
                raise ValueError("a malformed header block")
            block = block[used:]
            if not flags.value & EMITTED:
                break
            lines[line.name[:line.name_length].decode("latin-1")] = line.value[:line.value_length].decode("latin-1")
        self.library.nghttp2_hd_inflate_end_headers(self.state)
        return lines


def number(value, bits):
    """VALUE with a prefix of BITS (RFC 7541, section 5.1); the bits before it are 0."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([value])
    parts = [most]
    value -= most
    while value >= 128:
        parts.append(value % 128 + 128)
        value //= 128
    return bytes(parts + [value])


def write(*lines):
    """A block of (name, value) pairs, none of which is remembered."""
    return b"".join(b"\0" + number(len(name), 7) + name + number(len(value), 7) + value for name, value in lines)
