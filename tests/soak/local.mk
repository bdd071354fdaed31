# SPDX-License-Identifier: Apache-2.0
# Requests of all kinds while everything goes wrong; what the servers executed is compared with what the programs were told.
source_tests += tests/soak/test_ledger.py
fault_tests += tests/soak/test_soak.py
EXTRA_DIST += tests/soak/faults.py tests/soak/history.py tests/soak/lane.py tests/soak/ledger.py tests/soak/listeners.py \
	tests/soak/programs.py tests/soak/relay.py tests/soak/soak.py tests/soak/stand_in.py tests/soak/test_ledger.py \
	tests/soak/test_soak.py tests/soak/tokens.py tests/soak/updates.py tests/soak/wire.py
