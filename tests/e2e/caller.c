/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that uses the library. Its arguments are OPTION=VALUE ..., COMMAND and ARGUMENT .... It prints a
 * line of JSON about each call. Some commands wait for lines from standard input.
 *
 *     caller url=http://127.0.0.1:8080 api_key=K call getDeviceById '{"deviceId":"..."}'
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tbclient/tbclient.h>

#include "../common/small_api.h"

#define THREADS 8

static tb_client *client;

static void print(json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);

    puts(text);
    fflush(stdout);
    free(text);
    json_decref(object);
}

static void print_outcome(int r, tb_error *err, json_t *result)
{
    json_t *body = err->body ? json_string(err->body) : NULL;

    if (r == 0) {
        json_decref(body);
        print(json_pack("{s:i,s:o}", "code", 0, "result", result ? result : json_null()));
    } else {
        json_decref(result);
        print(json_pack("{s:i,s:i,s:s,s:i,s:i,s:s,s:o*}", "code", r, "same", r == err->code, "kind",
                        tb_error_kind_name(err->kind), "status", err->status, "errorCode", err->error_code,
                        "message", err->message, "body", body));
    }
    tb_error_clear(err);
}

static json_t *load(const char *text)
{
    json_t *value = text ? json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;

    if (text && !value) {
        fprintf(stderr, "not JSON: %s\n", text);
        exit(2);
    }
    return value;
}

/* call OPERATION [PARAMETERS [BODY]] */
static void do_call(char **arguments)
{
    tb_error err = TB_ERROR_INIT;
    json_t *parameters = arguments[1] ? load(arguments[1]) : NULL;
    json_t *body = arguments[1] && arguments[2] ? load(arguments[2]) : NULL;
    json_t *result = NULL;
    int r = tb_call(client, small_api(), arguments[0], parameters, body, NULL, &result, &err);

    json_decref(parameters);
    json_decref(body);
    print_outcome(r, &err, result);
}

static int invoke(unsigned operation, const void *const *arguments, const void *params, void *ret,
                  tb_error *err)
{
    return tb_invoke(client, small_api(), small_operation(operation), arguments, params, ret, err);
}

/* save NAME: saves a device, reads, changes and deletes it */
static void do_save(char **arguments)
{
    tb_error err = TB_ERROR_INIT;
    small_device device = {.name = arguments[0], .type = "default"}, *saved = NULL, *read = NULL;
    const void *body[] = {&device}, *id[1] = {NULL};
    json_t *result = NULL;
    int r = invoke(SMALL_SAVE, body, NULL, &saved, &err);

    if (r == 0) {
        id[0] = json_string_value(json_object_get(saved->id, "id"));
        r = invoke(SMALL_DEVICE, id, NULL, &read, &err);
    }
    if (r == 0) { /* unknown members are sent back: without the version, the server refuses */
        saved->name = "changed";
        body[0] = saved;
        tb_free(read);
        read = NULL;
        r = invoke(SMALL_SAVE, body, NULL, &read, &err);
    }
    if (r == 0)
        result = json_pack("{s:s,s:b}", "name", read->name, "timed", read->created_time.set);
    if (r == 0)
        r = invoke(SMALL_DELETE, id, NULL, NULL, &err);
    tb_free(read);
    tb_free(saved);
    print_outcome(r, &err, result);
}

/* rename ID NAME: reads a device and saves it with another name */
static void do_rename(char **arguments)
{
    tb_error err = TB_ERROR_INIT;
    small_device *device = NULL;
    const void *values[] = {arguments[0]};
    int r = invoke(SMALL_DEVICE, values, NULL, &device, &err);

    if (r == 0) {
        device->name = arguments[1];
        values[0] = device;
        r = invoke(SMALL_SAVE, values, NULL, NULL, &err);
    }
    tb_free(device);
    print_outcome(r, &err, NULL);
}

static void list(unsigned operation, const void *const *values)
{
    tb_error err = TB_ERROR_INIT;
    json_t *names = json_array();
    tb_iterator *devices = NULL;
    const small_device *device;
    int r = tb_iterate(client, small_api(), small_operation(operation), values, NULL, &devices, &err);

    while (r == 0 && (device = tb_next(devices, &err)))
        json_array_append_new(names, json_string(device->name));
    if (r == 0)
        r = err.code;
    tb_iterator_free(devices);
    print_outcome(r, &err, names);
}

/* devices PAGE_SIZE: lists all devices */
static void do_devices(char **arguments)
{
    int32_t page_size = atoi(arguments[0]);
    const void *values[] = {&page_size, NULL};

    list(SMALL_DEVICES, values);
}

/* find [QUERY]: lists what it finds */
static void do_find(char **arguments)
{
    json_t *query = load(arguments[0]);
    const void *values[] = {query};

    list(SMALL_FIND, values);
    json_decref(query);
}

/* count, text: other types of answers */
static void do_count(char **arguments)
{
    tb_error err = TB_ERROR_INIT;
    int64_t count = -1;
    int r = invoke(SMALL_COUNT, NULL, NULL, &count, &err);

    (void)arguments;
    print_outcome(r, &err, json_integer(count));
}

static void do_text(char **arguments)
{
    tb_error err = TB_ERROR_INIT;
    tb_bytes *bytes = NULL;
    int r = invoke(SMALL_TEXT, NULL, NULL, &bytes, &err);

    (void)arguments;
    print_outcome(r, &err,
                  bytes ? json_pack("{s:s,s:I,s:s}", "data", bytes->data, "length", (json_int_t)bytes->length,
                                    "type", bytes->content_type)
                        : NULL);
    tb_free(bytes);
}

/* download KEY MAX: to memory */
static void do_download(char **arguments)
{
    tb_error err = TB_ERROR_INIT;
    tb_buffer buffer = {.max = (size_t)atol(arguments[1])};
    tb_sink sink = tb_sink_to_buffer(&buffer);
    const void *values[] = {arguments[0]};
    const char *params[] = {NULL};
    int r = invoke(SMALL_DOWNLOAD, values, params, &sink, &err);

    print_outcome(r, &err,
                  json_pack("{s:I,s:s,s:s}", "length", (json_int_t)buffer.length, "type", buffer.content_type,
                            "name", buffer.file_name));
    tb_buffer_free(&buffer);
}

struct slow {
    size_t length;
    unsigned char sum;
    useconds_t pause;
};

static int slow_write(void *context, const void *data, size_t length)
{
    struct slow *slow = context;
    size_t i;

    usleep(slow->pause);
    for (i = 0; i < length; i++)
        slow->sum = (unsigned char)(slow->sum + ((const unsigned char *)data)[i]);
    slow->length += length;
    return 0;
}

/* slow KEY MICROSECONDS: downloads to a slow sink */
static void do_slow(char **arguments)
{
    tb_error err = TB_ERROR_INIT;
    struct slow slow = {.pause = (useconds_t)atol(arguments[1])};
    tb_sink sink = {.write = slow_write, .context = &slow};
    const void *values[] = {arguments[0]};
    int r = invoke(SMALL_DOWNLOAD, values, NULL, &sink, &err);

    print_outcome(r, &err, json_pack("{s:I,s:i}", "length", (json_int_t)slow.length, "sum", slow.sum));
}

static void *close_client(void *arg)
{
    (void)arg;
    tb_client_close(client);
    client = NULL;
    return NULL;
}

/* When so much arrives at once that the transfer must have been paused: works until the client is closed. */
static int last_write(void *context, const void *data, size_t length)
{
    pthread_t *closer = context;

    (void)data;
    if (length > 200000 && !*closer)
        pthread_create(closer, NULL, close_client, NULL);
    usleep(*closer ? 200000 : 2000);
    return 0;
}

/* outlive KEY: downloads to a sink that still works when the client cancels the call */
static void do_outlive(char **arguments)
{
    tb_error err = TB_ERROR_INIT;
    pthread_t closer = 0;
    tb_sink sink = {.write = last_write, .context = &closer};
    const void *values[] = {arguments[0]};
    int r = invoke(SMALL_DOWNLOAD, values, NULL, &sink, &err);

    if (closer)
        pthread_join(closer, NULL);
    print_outcome(r, &err, NULL);
}

/* file KEY PATH [ETAG] */
static void do_file(char **arguments)
{
    tb_error err = TB_ERROR_INIT;
    int fd = open(arguments[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    tb_sink sink = tb_sink_to_file(&fd);
    const void *values[] = {arguments[0]};
    const char *params[] = {arguments[2]};

    print_outcome(invoke(SMALL_DOWNLOAD, values, params, &sink, &err), &err, NULL);
    close(fd);
}

static int one_event(void *context, const char *name, const char *data, const char *id)
{
    json_array_append_new(context, json_pack("[s,s,s]", name, data, id));
    return strcmp(data, "stop") == 0 ? -EPIPE : 0;
}

/* events */
static void do_events(char **arguments)
{
    tb_error err = TB_ERROR_INIT;
    json_t *seen = json_array();
    tb_events events = {.event = one_event, .context = seen};
    tb_sink sink = tb_sink_to_events(&events);
    const void *values[] = {"{\"question\":\"?\"}"};
    int r = invoke(SMALL_CHAT, values, NULL, &sink, &err);

    (void)arguments;
    tb_events_free(&events);
    print(json_deep_copy(seen));
    print_outcome(r, &err, NULL);
    json_decref(seen);
}

/* upload PATH TITLE */
static void do_upload(char **arguments)
{
    tb_error err = TB_ERROR_INIT;
    small_parts parts = {.file = {.file = arguments[0], .content_type = "image/png"}, .title = arguments[1]};
    const void *values[] = {&parts};
    json_t *result = NULL;
    int r = invoke(SMALL_UPLOAD, values, NULL, &result, &err);

    print_outcome(r, &err, result);
}

struct worker {
    pthread_t thread;
    char **arguments; /* OPERATION PARAMETERS BODY */
    long calls;       /* 0: until a call fails */
    long done;
    int r;
    tb_error err;
};

static void *work(void *arg)
{
    struct worker *worker = arg;
    json_t *parameters = worker->arguments[1] ? load(worker->arguments[1]) : NULL;
    json_t *body = worker->arguments[1] && worker->arguments[2] ? load(worker->arguments[2]) : NULL;

    while (worker->r == 0 && (worker->calls == 0 || worker->done < worker->calls)) {
        json_t *result = NULL;

        worker->r =
            tb_call(client, small_api(), worker->arguments[0], parameters, body, NULL, &result, &worker->err);
        worker->done += worker->r == 0;
        json_decref(result);
    }
    json_decref(parameters);
    json_decref(body);
    return NULL;
}

static void start(struct worker *workers, char **arguments, long calls)
{
    size_t i;

    for (i = 0; i < THREADS; i++) {
        workers[i].arguments = arguments;
        workers[i].calls = calls;
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
}

static void end(struct worker *workers)
{
    size_t i;

    for (i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        print_outcome(workers[i].r, &workers[i].err, json_integer(workers[i].done));
    }
}

/* threads CALLS OPERATION ...: eight threads make CALLS calls each; 0: each until one fails */
static void do_threads(char **arguments)
{
    struct worker workers[THREADS] = {0};

    start(workers, arguments + 1, atol(arguments[0]));
    end(workers);
}

/* close OPERATION ...: eight threads make calls; a line of input closes the client while they are in progress
 */
static void do_close(char **arguments)
{
    struct worker workers[THREADS] = {0};
    char line[10];

    start(workers, arguments, 0);
    if (!fgets(line, sizeof(line), stdin))
        exit(2);
    tb_client_close(client);
    client = NULL;
    end(workers);
}

/* repeat OPERATION ...: makes a call for each line of input */
static void do_repeat(char **arguments)
{
    char line[10];

    while (fgets(line, sizeof(line), stdin))
        do_call(arguments);
}

static void do_nothing(char **arguments)
{
    (void)arguments;
    print(json_pack("{s:i}", "code", 0));
}

static const struct {
    const char *name;
    void (*run)(char **arguments);
} commands[] = {
    {"call", do_call},         {"save", do_save},     {"devices", do_devices}, {"count", do_count},
    {"find", do_find},         {"rename", do_rename}, {"text", do_text},       {"file", do_file},
    {"download", do_download}, {"slow", do_slow},     {"events", do_events},   {"upload", do_upload},
    {"threads", do_threads},   {"close", do_close},   {"outlive", do_outlive}, {"repeat", do_repeat},
    {"open", do_nothing},
};

#define STRING_OPTION(option)                                                                                \
    {                                                                                                        \
#option, offsetof(tb_client_options, option), 's'                                                    \
    }
#define NUMBER_OPTION(option)                                                                                \
    {                                                                                                        \
#option, offsetof(tb_client_options, option), 'n'                                                    \
    }
#define COUNT_OPTION(option)                                                                                 \
    {                                                                                                        \
#option, offsetof(tb_client_options, option), 'u'                                                    \
    }
#define FLAG_OPTION(option)                                                                                  \
    {                                                                                                        \
#option, offsetof(tb_client_options, option), 'f'                                                    \
    }

static const struct {
    const char *name;
    size_t offset;
    char kind;
} options[] = {
    STRING_OPTION(url),
    STRING_OPTION(unix_socket),
    STRING_OPTION(api_key),
    STRING_OPTION(username),
    STRING_OPTION(password),
    STRING_OPTION(token),
    STRING_OPTION(refresh_token),
    STRING_OPTION(ca_file),
    STRING_OPTION(certificate_file),
    STRING_OPTION(key_file),
    NUMBER_OPTION(initial_retry_delay_ms),
    NUMBER_OPTION(max_retry_delay_ms),
    NUMBER_OPTION(connect_timeout_ms),
    NUMBER_OPTION(timeout_ms),
    COUNT_OPTION(max_retries),
    COUNT_OPTION(max_connections),
    FLAG_OPTION(no_retry_on_rate_limit),
    FLAG_OPTION(retry_unsafe),
    FLAG_OPTION(no_verify),
    FLAG_OPTION(no_check),
    FLAG_OPTION(no_http2),
};

static void set_option(tb_client_options *all, char *argument, char *equals)
{
    size_t i;

    *equals = '\0';
    for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        char *place = (char *)all + options[i].offset;

        if (strcmp(options[i].name, argument) != 0)
            continue;
        if (options[i].kind == 's')
            *(const char **)(void *)place = equals + 1;
        else if (options[i].kind == 'n')
            *(int64_t *)(void *)place = atoll(equals + 1);
        else if (options[i].kind == 'u')
            *(unsigned *)(void *)place = (unsigned)atol(equals + 1);
        else
            *(bool *)(void *)place = true;
    }
    if (strcmp(argument, "max_response_bytes") == 0)
        all->max_response_bytes = (size_t)atol(equals + 1);
}

static void print_warning(void *context, const char *message)
{
    (void)context;
    print(json_pack("{s:s}", "warning", message));
}

int main(int argc, char **argv)
{
    tb_client_options all = {.warning = print_warning};
    tb_error err = TB_ERROR_INIT;
    int i = 1, r;
    size_t j;

    small_api();
    for (; i < argc && strchr(argv[i], '='); i++)
        set_option(&all, argv[i], strchr(argv[i], '='));
    r = tb_client_open(&all, &client, &err);
    if (r < 0) {
        print_outcome(r, &err, NULL);
        return 1;
    }
    for (j = 0; i < argc && j < sizeof(commands) / sizeof(commands[0]); j++)
        if (strcmp(commands[j].name, argv[i]) == 0)
            commands[j].run(argv + i + 1);
    tb_client_close(client);
    return 0;
}
