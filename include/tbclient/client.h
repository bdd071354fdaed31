/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of one ThingsBoard server: session, connections (HTTP/2 or HTTP/1.1), retries. One client is
 * enough for all threads of a program: every function here, and every generated one, may be called from any
 * thread at any time; tb_client_close() must be the last. A call blocks the thread that makes it, and no
 * other. The client has a thread of its own, with all signals blocked, which renews the session before it
 * expires. Do not use a client in a process that was forked after it was opened.
 *
 *     tb_client *client;
 *     tb_client_options options = {.url = "https://thingsboard.cloud", .api_key = key};
 *
 *     if (tb_client_open(&options, &client, &err) < 0) ...
 *     ...
 *     tb_client_close(client);
 *
 * Strings are UTF-8, times are in milliseconds.
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

/* Options that are 0 or NULL have the default that their comment gives. Strings are copied. */
typedef struct {
    const char *url; /* http[s]://host[:port][/prefix]; required */
    /* Path of a Unix socket (tbproxyd's) to connect to instead of the host in URL. */
    const char *unix_socket;

    /* One credential; none for the operations below /api/noauth, and for tbproxyd, which has its own. Two
     * credentials, half of one, and empty strings are refused. The copies are overwritten when the client is
     * closed. */
    const char *api_key;
    const char *username; /* with password */
    const char *password;
    const char *token; /* a JWT; without refresh_token it is used until it expires */
    const char *refresh_token;

    /* Calls that the server refuses with 429 are retried, as in the official clients: first after
     * initial_retry_delay_ms, then after twice the delay each time, plus or minus 20 %. A call that the
     * server may have executed despite the 429 is not retried if that would execute it twice. */
    bool no_retry_on_rate_limit;
    unsigned max_retries;           /* default 3 */
    int64_t initial_retry_delay_ms; /* default 1,000 */
    int64_t max_retry_delay_ms;     /* default 30,000; if Retry-After is longer, the 429 is the result */
    bool retry_unsafe;              /* also retry what may be executed twice: RPC, rule engine, claims, ... */

    int64_t connect_timeout_ms; /* default 10,000 */
    int64_t
        timeout_ms; /* default 60,000: for each attempt, from sending to the end of the answer; for an
                     * upload, a download or an event stream, the time in which nothing is sent or arrives */
    unsigned max_connections; /* default 16; kept open, and shared by all threads */
    bool no_http2; /* HTTP/1.1 only. Otherwise HTTP/2 is offered to https servers, and used if they choose it
                    */
    size_t max_response_bytes; /* default 64 MiB, of an answer in memory; beyond it TB_ERROR_TRANSPORT */

    const char *ca_file;          /* PEM; trust these certificates instead of the system's */
    const char *certificate_file; /* PEM; the client's certificate, with key_file */
    const char *key_file;
    bool no_verify; /* accept any certificate: for tests only */

    /* Called with what does not fit the API's document but is no error, up to 16 times for a call, in the
     * thread that makes it. MESSAGE names the operation and the member: "saveRole: body: permissions:
     * required, but not set". What is sent may lack a required member or exceed a bound: servers accept more
     * than the document says, and refuse the rest themselves. What arrives may have a value of an enumeration
     * that this version does not know. NULL: no warnings. */
    void (*warning)(void *context, const char *message);
    void *warning_context;
    bool no_check; /* send bodies and parameters without a look at the document */
} tb_client_options;

/* Opens a client and authenticates. Close *RET with tb_client_close(). Errors: TB_ERROR_USAGE for invalid
 * options, TB_ERROR_UNAUTHORIZED for a refused credential, TB_ERROR_TRANSPORT, TB_ERROR_TLS or
 * TB_ERROR_TIMEOUT for a server that cannot be reached. */
TB_PUBLIC int tb_client_open(const tb_client_options *options, tb_client **ret, tb_error *err);

/* Cancels the calls in progress (they end with TB_ERROR_TRANSPORT), closes all connections, overwrites the
 * credential and frees the client. It waits for the threads that are inside a call, so it must not be called
 * from a sink; other threads must not begin a call any more. CLIENT may be NULL. */
TB_PUBLIC void tb_client_close(tb_client *client);

/* Receives the bytes of a download or an event stream as they arrive. Its functions are called in the thread
 * that makes the call, and only if the answer is a success. If one of them returns a negative errno, the call
 * ends with TB_ERROR_SYSTEM. */
typedef struct tb_sink {
    /* Called before the first byte; may be NULL. What the server does not say is "", and -1 for LENGTH. */
    int (*begin)(void *context, const char *content_type, const char *file_name, int64_t length);
    int (*write)(void *context, const void *data, size_t length);
    void *context;
} tb_sink;

/* A download in memory. Initialize it with zeros, and MAX if needed; free it with tb_buffer_free(). */
typedef struct {
    char *data; /* followed by a NUL that is not counted; NULL if nothing has arrived */
    size_t length;
    size_t capacity;
    size_t max; /* in bytes, 0: 64 MiB; beyond it the call ends with -EMSGSIZE */
    char content_type[128];
    char file_name[256];
} tb_buffer;

/* A sink that appends to BUFFER, which must live until the call returns. */
TB_PUBLIC tb_sink tb_sink_to_buffer(tb_buffer *buffer);
TB_PUBLIC void tb_buffer_free(tb_buffer *buffer);

/* A sink that writes to the file descriptor *FD, which stays open. */
TB_PUBLIC tb_sink tb_sink_to_file(int *fd);

/* A parser of text/event-stream (WHATWG HTML standard, section 9.2). EVENT is called for each event with its
 * name (default "message"), its data, and its id (default ""); a negative errno from it ends the call. Set
 * EVENT and CONTEXT, and the rest to zeros; free it with tb_events_free(). */
typedef struct {
    int (*event)(void *context, const char *name, const char *data, const char *id);
    void *context;
    struct tb_event_state *state;
} tb_events;

/* A sink that parses into EVENTS, which must live until the call returns. */
TB_PUBLIC tb_sink tb_sink_to_events(tb_events *events);
TB_PUBLIC void tb_events_free(tb_events *events);

/*
 * Calls any operation of API by its id, with JSON in and out.
 *
 * PARAMETERS is an object with a member for each parameter in the path, query and headers (a number, boolean
 * or string, or an array of them), or NULL. BODY is JSON that fits the schema; for a text body, a JSON
 * string, whose content is sent, or any other JSON, which is sent as its text; for a multipart body, an
 * object of parts (a string, {"file": PATH}, or JSON). Both are borrowed, and checked against the tables
 * before anything is sent: TB_ERROR_USAGE names what no server can read; the rest is a warning.
 *
 * *RET is the answer, a new reference to free with json_decref(). An answer that is not JSON becomes a
 * string; an empty one NULL. Downloads and event streams go to SINK, or to *RET if SINK is NULL. The answer
 * is not checked against the schema. Numbers and texts that jansson cannot hold are in it verbatim, and may
 * be in BODY (tbclient/value.h).
 */
TB_PUBLIC int tb_call(tb_client *client, const tb_api *api, const char *operation, json_t *parameters,
                      json_t *body, const tb_sink *sink, json_t **ret, tb_error *err);

/*
 * Used by the generated functions. OPERATION is an index into API's operations. ARGUMENTS has argument_count
 * entries: strings, free JSON and objects as they are; lists and maps by address; numbers and booleans by the
 * address of a plain int32_t, int64_t, double or bool. PARAMS is the operation's structure of optional
 * parameters, or NULL. RET is the address of the result (a pointer, or a plain number or boolean), or the
 * tb_sink; NULL discards the result. A pointer becomes NULL if the server answers null, or a success without
 * a body.
 */
TB_PUBLIC int tb_invoke(tb_client *client, const tb_api *api, unsigned operation,
                        const void *const *arguments, const void *params, void *ret, tb_error *err);

/*
 * Iterates over the elements of all pages. The generated tb_OPERATION_iterate() creates the iterator; nothing
 * is sent before the first tb_next().
 *
 *     while ((device = tb_next(devices, &err)))
 *         ...
 *     if (err.code < 0) ...
 *     tb_iterator_free(devices);
 *
 * If the page is a member of the body (an entity data query), the body's pageLink.page is ignored, and
 * pageSize is 100 unless it is set. Only one thread at a time may use an iterator, and the client must stay
 * open until it is freed. What the arguments point to may be freed before.
 */
typedef struct tb_iterator tb_iterator;

/* Used by the generated functions. Arguments as for tb_invoke(); the page in them is ignored. */
TB_PUBLIC int tb_iterate(tb_client *client, const tb_api *api, unsigned operation,
                         const void *const *arguments, const void *params, tb_iterator **ret, tb_error *err);

/* Returns the next element, valid until the next call. Returns NULL at the end, and on error, with ERR set.
 */
TB_PUBLIC const void *tb_next(tb_iterator *iterator, tb_error *err);

/* ITERATOR may be NULL. */
TB_PUBLIC void tb_iterator_free(tb_iterator *iterator);

/* The version of the library, "0.1.0". */
TB_PUBLIC const char *tb_version(void);

#ifdef __cplusplus
}
#endif

#endif
