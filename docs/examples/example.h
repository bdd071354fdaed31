/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the examples share, so that each shows only its own subject. Include it after <tbclient/ce.h> or
 * <tbclient/pe.h>. The environment names the server:
 *
 *     TB_URL           its URL; default: the tbproxyd on this host
 *     TB_API_KEY_FILE  a file with an API key; not needed for tbproxyd, which has its own credential
 */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXAMPLE_SECRET_MAX 8192 /* a token of a user with many rights is long */

/* An example: returns 0, or a negative errno with *ERR set. */
typedef int (*example_function)(tb_client *client, char **arguments, tb_error *err);

/* Returns the text of an id, or "(no id)": what is missing in an answer is NULL in its structure. */
static inline const char *example_id(const tb_entity_id *id)
{
    return id && id->id ? id->id : "(no id)";
}

/* The same for other texts of an answer. */
static inline const char *example_text(const char *text)
{
    return text ? text : "(none)";
}

/* A server may answer a success without a body: then the call returns 0, and RESULT is NULL. The examples
 * treat that as an error. R is the return value of the call. */
static inline int example_value(int r, const void *result, tb_error *err)
{
    if (r < 0 || result)
        return r;
    snprintf(err->message, sizeof(err->message), "the server answered without a value");
    err->code = -ENODATA;
    return err->code;
}

/* Reads the first line of the file called PATH. */
static inline int example_read_secret(const char *path, char secret[EXAMPLE_SECRET_MAX])
{
    FILE *file = fopen(path, "r");
    char *line = file ? fgets(secret, EXAMPLE_SECRET_MAX, file) : NULL;

    if (file)
        fclose(file);
    if (!line) {
        fprintf(stderr, "%s: no secret in this file\n", path);
        return -1;
    }
    secret[strcspn(secret, "\r\n")] = '\0';
    return 0;
}

static inline int example_run(const tb_client_options *options, char **arguments, example_function run)
{
    tb_error err = TB_ERROR_INIT;
    tb_client *client = NULL;
    int r = tb_client_open(options, &client, &err);

    if (r == 0)
        r = run(client, arguments, &err);
    if (r < 0)
        fprintf(stderr, "%s\n", err.message);
    tb_error_clear(&err);
    tb_client_close(client);
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Calls RUN with COUNT arguments, which USAGE names. Returns the exit status. */
static inline int example_main(int argc, char **argv, int count, const char *usage, example_function run)
{
    const char *url = getenv("TB_URL");
    const char *key_file = getenv("TB_API_KEY_FILE");
    char key[EXAMPLE_SECRET_MAX];
    tb_client_options options = {.url = url ? url : "http://127.0.0.1:8282"};

    if (argc != count + 1) {
        fprintf(stderr, "usage: %s %s\n", argv[0], usage);
        return 2;
    }
    if (key_file && example_read_secret(key_file, key) < 0)
        return EXIT_FAILURE;
    if (key_file)
        options.api_key = key;
    return example_run(&options, argv + 1, run);
}

#endif
