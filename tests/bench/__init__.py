# SPDX-License-Identifier: Apache-2.0
"""The cases of scripts/bench, one module each, and what they share.

A case is a module with `TOOLS`, the programs it needs (see harness.PACKAGES),
and `run(quick)`, which returns rows (see harness.Row). Cases are listed at the
top of scripts/bench.
"""
