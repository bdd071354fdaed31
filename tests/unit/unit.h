/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the unit tests share. A test file holds the suite of one module; a program runs the suites of one
 * layer and prints TAP. CK_FORK=no runs all in one process, for valgrind; TB_SEED=N repeats the random tests
 * of a run.
 */
#ifndef TB_UNIT_H
#define TB_UNIT_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

typedef Suite *unit_suite(void);

unit_suite answer_suite, arena_suite, backoff_suite, base64url_suite, budget_pace_suite, budget_ready_suite,
    budget_simulation_suite, budget_suite, buf_suite, call_timeout_suite, check_suite, codec_memory_suite,
    config_check_suite, config_files_suite, config_help_suite, config_mistake_suite, config_suite,
    credential_suite, ctl_names_suite, ctl_value_suite, decode_suite, descriptors_suite, detection_suite,
    edition_suite, encode_suite, error_suite, exact_suite, failover_suite, filter_suite,
    forwarding_faults_suite, forwarding_operation_suite, forwarding_patience_suite, forwarding_repeat_suite,
    forwarding_simulation_suite, forwarding_suite, frame_filter_suite, frame_suite, gate_suite, hash_suite,
    headers_suite, json_read_suite, json_text_suite, jwt_suite, limit_suite, list_suite,
    listening_socket_suite, log_suite, loop_suite, merge_random_suite, merge_suite, metrics_suite,
    number_suite, operation_suite, options_suite, origin_suite, outage_suite, preference_suite,
    queue_operation_suite, queue_random_suite, queue_suite, quota_suite, refusals_suite, route_suite,
    router_suite, secret_suite, server_clock_suite, session_answer_suite, session_failures_suite,
    session_files_suite, session_modes_suite, session_refusal_suite, session_suite, sink_suite, stamp_suite,
    subscription_request_suite, target_suite, timer_suite, transport_suite, update_suite, urgency_suite,
    url_suite, utf8_suite, websocket_suite;

/* Runs COUNT suites; returns what main() returns. */
int unit_run(unit_suite *const *suites, size_t count);

/* A suite of one test case, to which tests are added. */
Suite *unit_suite_create(const char *name, TCase **ret);

/* Writes LENGTH bytes to a file NAME with the permissions MODE in a directory of this run, which is removed
 * at its end. Returns the file's path, which is static memory until the next call with another INDEX; INDEX
 * is 0 to 7. */
const char *unit_file(unsigned index, const char *name, mode_t mode, const void *data, size_t length);

/* The directory itself. */
const char *unit_directory(void);

/* The file PATH of the source tree as a string to be freed. */
char *unit_source(const char *path);

/* A reproducible random number; the seed is printed when the run starts. */
uint32_t unit_random(void);

/* How often something random is tried: ROUNDS times, or where TB_SLOW is set, a tenth of that. */
int unit_rounds(int rounds);

/* Standard error goes to a file from unit_capture() on; unit_captured() ends that and returns the text,
 * static memory. */
void unit_capture(void);
const char *unit_captured(void);

/* A token in the form of a JWT with these claims (JSON, of any kind); to be freed. */
char *unit_jwt(const char *claims);

/* Whether TEXT is UTF-8. */
bool unit_is_utf8(const char *text);

#endif
