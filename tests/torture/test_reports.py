# SPDX-License-Identifier: Apache-2.0
"""What reports.py says of reports of the sanitizer."""
import unittest

import reports
import torture  # noqa: F401  pylint: disable=unused-import

import tap  # torture.py has added the folder of the harness

CRASH = "==7==ERROR: AddressSanitizer: SEGV on unknown address 0x000000000008"
LEAK = "Direct leak of 24 byte(s) in 1 object(s) allocated from:"
INTERCEPTED = "    #%d 0x55550001 in __interceptor_strcpy (/build/tests/torture/tbproxyd+0xeeef0) (BuildId: ec73)"
NAMELESS = "    #%d 0x7fff0001  (/lib/x86_64-linux-gnu/libconfig.so.9+0x369c) (BuildId: 1f9a)"
LIBCONFIG = "    #%d 0x7fff0002 in config_init (/lib/x86_64-linux-gnu/libconfig.so.9+0x3584) (BuildId: 1f9a)"
LIBC = "    #%d 0x7fff0003 in strlen (/lib/x86_64-linux-gnu/libc.so.6+0x1) (BuildId: 1f9a)"
STRCPY = "    #%d 0x7fff0005 in __strcpy_evex string/../sysdeps/x86_64/multiarch/strcpy-evex.S:634"
CURL = "    #%d 0x7fff0004 in curl_easy_init (/lib/x86_64-linux-gnu/libcurl.so.4+0x1) (BuildId: 1f9a)"
OURS = "    #%d 0x55550002 in read_file /source/src/proxy/config/load.c:149:5"


def report(first, *frames):
    return [first, *(frame % index for index, frame in enumerate(frames))]


class TestReports(unittest.TestCase):
    def test_a_crash_inside_libconfig_is_listed(self):
        for frames in ((LIBCONFIG, OURS), (NAMELESS, LIBCONFIG, OURS), (INTERCEPTED, NAMELESS, OURS), (LIBC, LIBCONFIG, OURS),
                       (STRCPY, NAMELESS, OURS)):
            self.assertTrue(reports.all_listed(report(CRASH, *frames)), frames)

    def test_another_crash_is_not(self):
        for frames in ((OURS,), (OURS, LIBCONFIG, OURS), (INTERCEPTED, OURS, LIBCONFIG), (CURL, OURS), (LIBC, CURL, LIBCONFIG), (STRCPY, OURS), ()):
            self.assertFalse(reports.all_listed(report(CRASH, *frames)), frames)

    def test_no_leak_and_no_undefined_behaviour_is(self):
        self.assertFalse(reports.all_listed(report(LEAK, LIBCONFIG, OURS)))
        self.assertFalse(reports.all_listed(report("load.c:1:2: runtime error: signed integer overflow", LIBCONFIG)))

    def test_each_report_counts(self):
        self.assertFalse(reports.all_listed(report(CRASH, LIBCONFIG) + report(CRASH, OURS)))
        self.assertFalse(reports.all_listed(report(CRASH, OURS) + report(CRASH, LIBCONFIG)))
        self.assertTrue(reports.all_listed(report(CRASH, LIBCONFIG) + report(CRASH, LIBCONFIG)))
        self.assertFalse(reports.all_listed(["tbproxyd: out of memory"]))


if __name__ == "__main__":
    tap.main()
