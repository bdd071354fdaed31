/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all examples share, so that each of them shows only its own subject. Include it after <tbclient/ce.h>
 * or <tbclient/pe.h>. The environment says which server is meant:
 *
 *     TB_URL           its address; by default the tbproxyd of this host
 *     TB_API_KEY_FILE  a file that holds an API key; not needed for tbproxyd, which has its own
 */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXAMPLE_KEY_MAX 512

/* What an example does: returns 0, or a negative errno with *ERR set. */
typedef int (*example_function)(tb_client *client, char **arguments, tb_error *err);

/* The text of an id, or "(no id)": what an answer leaves out is NULL in its structure. */
static inline const char *example_id(const tb_entity_id *id)
{
    return id && id->id ? id->id : "(no id)";
}

/* The same for other texts of an answer. */
static inline const char *example_text(const char *text)
{
    return text ? text : "(none)";
}

/* Servers may answer a success without a body: the call returns 0 then, and its RESULT is NULL. That is an
 * error here. R is what the call has returned. */
static inline int example_value(int r, const void *result, tb_error *err)
{
    if (r < 0 || result)
        return r;
    snprintf(err->message, sizeof(err->message), "the server has answered without a value");
    err->code = -ENODATA;
    return err->code;
}

/* Reads the first line of the file called PATH. */
static inline int example_read_key(const char *path, char key[EXAMPLE_KEY_MAX])
{
    FILE *file = fopen(path, "r");
    char *line = file ? fgets(key, EXAMPLE_KEY_MAX, file) : NULL;

    if (file)
        fclose(file);
    if (!line) {
        fprintf(stderr, "%s: there is no API key in this file\n", path);
        return -1;
    }
    key[strcspn(key, "\r\n")] = '\0';
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

/* Calls RUN with COUNT arguments, which USAGE names, and returns the exit status of the program. */
static inline int example_main(int argc, char **argv, int count, const char *usage, example_function run)
{
    const char *url = getenv("TB_URL");
    const char *key_file = getenv("TB_API_KEY_FILE");
    char key[EXAMPLE_KEY_MAX];
    tb_client_options options = {.url = url ? url : "http://127.0.0.1:8282"};

    if (argc != count + 1) {
        fprintf(stderr, "usage: %s %s\n", argv[0], usage);
        return 2;
    }
    if (key_file && example_read_key(key_file, key) < 0)
        return EXIT_FAILURE;
    if (key_file)
        options.api_key = key;
    return example_run(&options, argv + 1, run);
}

#endif
