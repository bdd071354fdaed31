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

/* Begins the function that makes the suite NAME; the program that it is linked into runs it. */
#define UNIT_SUITE(name)                                                                                     \
    static Suite *name##_suite(void);                                                                        \
    __attribute__((constructor)) static void name##_register(void)                                           \
    {                                                                                                        \
        unit_register(name##_suite);                                                                         \
    }                                                                                                        \
    static Suite *name##_suite(void)

void unit_register(unit_suite *suite);

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
