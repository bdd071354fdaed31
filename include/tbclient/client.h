/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of one ThingsBoard server: session, connections, retries. One client serves all threads of a
 * program: every function here, and every generated one, may be called from any thread at any time, except
 * that tb_client_close() must be the last. Calls block the thread that makes them, and no other. The client
 * has a thread of its own, with all signals blocked, which renews the session ahead of time; do not use a
 * client in a process that was forked after it was opened.
 *
 *     tb_client *client;
 *     tb_client_options options = {.url = "https://thingsboard.cloud", .api_key = key};
 *
 *     if (tb_client_open(&options, &client, &err) < 0) ...
 *     ...
 *     tb_client_close(client);
 *
 * Strings are UTF-8, times are ms. All options at zero mean the default that stands beside them.
 */
#ifndef TBCLIENT_CLIENT_H
#define TBCLIENT_CLIENT_H

#include <tbclient/error.h>
#include <tbclient/table.h>
#include <tbclient/value.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tb_client tb_client;

typedef struct {
    const char *url; /* http[s]://host[:port][/prefix] */
    const char
        *unix_socket; /* path of a socket to connect to instead of the URL's host: tbproxyd's; NULL: none */

    /* One credential, or none: for the operations below /api/noauth, and for tbproxyd, which has its own.
     * Two, half of one, or an empty string are refused. Copied, and overwritten when the client is closed. */
    const char *api_key;
    const char *username; /* with password */
    const char *password;
    const char *token; /* a JWT; without refresh_token it is used until it ends */
    const char *refresh_token;

    /* Retry of 429, as in the official clients: the first after initial_retry_delay_ms, doubling, plus or
     * minus 20 %. What the server may have executed already and would execute twice is not retried. */
    bool no_retry_on_rate_limit;
    unsigned max_retries;           /* 3 */
    int64_t initial_retry_delay_ms; /* 1,000 */
    int64_t max_retry_delay_ms; /* 30,000; longer than the server's Retry-After asks: the 429 is the answer */
    bool retry_unsafe;          /* retry those after a 429, too: RPC, rule engine, claims, ... */

    int64_t connect_timeout_ms; /* 10,000 */
    int64_t timeout_ms; /* 60,000, of one try, from its sending to the end of the answer; of a download or
                         * an event stream: without anything of it arriving */
    unsigned max_connections;  /* 16, kept open and shared by all threads */
    size_t max_response_bytes; /* 64 MiB, of an answer kept in memory; more is TB_ERROR_TRANSPORT */

    const char *ca_file;          /* PEM, instead of the system's certificates */
    const char *certificate_file; /* PEM, the client's own; with key_file */
    const char *key_file;
    bool no_verify; /* believe any certificate: for trials only */
} tb_client_options;

/* Opens a client and authenticates. On success *RET is to be closed with tb_client_close(). Errors:
 * TB_ERROR_USAGE for options that make no sense, TB_ERROR_UNAUTHORIZED for a refused credential,
 * TB_ERROR_TRANSPORT, TB_ERROR_TLS or TB_ERROR_TIMEOUT for a server that cannot be reached. */
TB_PUBLIC int tb_client_open(const tb_client_options *options, tb_client **ret, tb_error *err);

/* Gives up calls that are under way (they end with TB_ERROR_TRANSPORT), closes all connections, overwrites
 * the credential, frees the client; waits for the threads that are inside a call, so it must not be called
 * from a sink. NULL is allowed. */
TB_PUBLIC void tb_client_close(tb_client *client);

/* Where the bytes of a download or of an event stream go, as they arrive. The functions are called in the
 * thread that made the call, and only for an answer that is a success. A negative errno from one of them ends
 * the call with TB_ERROR_SYSTEM. */
typedef struct tb_sink {
    /* Before the first byte; NULL: not wanted. LENGTH is -1 where the server does not say; FILE_NAME is ""
     * then. */
    int (*begin)(void *context, const char *content_type, const char *file_name, int64_t length);
    int (*write)(void *context, const void *data, size_t length);
    void *context;
} tb_sink;

/* A sink that appends to *BYTES, which begins as zeros; free its data with tb_buffer_free(). */
typedef struct {
    char *data; /* followed by a NUL that does not count; NULL while nothing came */
    size_t length;
    size_t capacity;
    size_t max; /* 0: 64 MiB; more ends the call with -EMSGSIZE */
    char content_type[128];
    char file_name[256];
} tb_buffer;

TB_PUBLIC tb_sink tb_sink_to_buffer(tb_buffer *buffer);
TB_PUBLIC void tb_buffer_free(tb_buffer *buffer);

/* A sink that writes to the open file FD, which stays open. */
TB_PUBLIC tb_sink tb_sink_to_file(int *fd);

/* A sink that takes text/event-stream apart (the WHATWG's HTML standard, section 9.2): EVENT is called for
 * each event with its name ("message" where it has none), its data and its id ("" where it has none). A
 * negative errno from it ends the call. Begin with zeros but for the two; free with tb_events_free(). */
typedef struct {
    int (*event)(void *context, const char *name, const char *data, const char *id);
    void *context;
    struct tb_event_state *state;
} tb_events;

TB_PUBLIC tb_sink tb_sink_to_events(tb_events *events);
TB_PUBLIC void tb_events_free(tb_events *events);

/*
 * Any operation of API by its id, with JSON in and out. PARAMETERS is an object with a member for each
 * parameter of path, query and header (numbers, booleans, strings, arrays of them; NULL: none); BODY the
 * body: JSON as the schema says; for a text body a JSON string, whose content is sent, or any other JSON,
 * which is sent as its text; for a multipart one an object of parts (a string, {"file": PATH}, or JSON). Both
 * are borrowed and checked against the tables before anything is sent: TB_ERROR_USAGE names what does not
 * fit. The answer goes to *RET, a new reference to be freed with json_decref(); text and bytes that are no
 * JSON as a string; NULL where the operation answers nothing. Downloads and event streams go to SINK (NULL:
 * into *RET). The answer is not checked: it is what the server said. Numbers and texts that jansson cannot
 * hold are in it, and may be in BODY, verbatim (tbclient/value.h).
 */
TB_PUBLIC int tb_call(tb_client *client, const tb_api *api, const char *operation, json_t *parameters,
                      json_t *body, const tb_sink *sink, json_t **ret, tb_error *err);

/*
 * What the generated functions are made of: OPERATION is an index in API. ARGUMENTS has argument_count
 * entries: strings, free JSON and objects as they are; lists and maps by address; numbers and booleans by the
 * address of a plain int32_t, int64_t, double or bool. PARAMS is the operation's structure of optional
 * parameters, or NULL. RET is the address of the result: of a pointer, or of a plain number or boolean; or
 * the tb_sink. NULL: the result is thrown away. A pointer becomes NULL where the server answers null, or a
 * success without a body.
 */
TB_PUBLIC int tb_invoke(tb_client *client, const tb_api *api, unsigned operation,
                        const void *const *arguments, const void *params, void *ret, tb_error *err);

/*
 * Every element of all pages. The generated tb_OPERATION_iterate() makes the iterator; nothing is sent before
 * the first tb_next().
 *
 *     while ((device = tb_next(devices, &err)))
 *         ...
 *     if (err.code < 0) ...
 *     tb_iterator_free(devices);
 *
 * An iterator belongs to one thread at a time; the client must stay open as long.
 */
typedef struct tb_iterator tb_iterator;

/* What the generated functions are made of: as tb_invoke(); of ARGUMENTS, page is ignored. */
TB_PUBLIC int tb_iterate(tb_client *client, const tb_api *api, unsigned operation,
                         const void *const *arguments, const void *params, tb_iterator **ret, tb_error *err);

/* The next element, valid until the next call; NULL at the end, and where ERR says what went wrong. */
TB_PUBLIC const void *tb_next(tb_iterator *iterator, tb_error *err);

/* NULL is allowed. */
TB_PUBLIC void tb_iterator_free(tb_iterator *iterator);

/* The version of the library, "0.1.0". */
TB_PUBLIC const char *tb_version(void);

#ifdef __cplusplus
}
#endif

#endif
