/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls getDeviceById from several threads on one client. Usage: client_calls URL DEVICE_ID THREADS CALLS,
 * with the API key on standard input. Writes {"calls": ..., "cpu_s": ..., "rss_kib": ...}: the CPU time of
 * the calls, without opening the client, and the memory before the client is closed.
 */
#include <tbclient/ce.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS_MAX 64

struct worker {
    pthread_t thread;
    tb_client *client;
    const char *device_id;
    long calls, done;
};

static void *work(void *argument)
{
    struct worker *worker = argument;
    tb_error err = TB_ERROR_INIT;
    tb_device *device;

    for (; worker->done < worker->calls; worker->done++) {
        device = NULL;
        if (tb_get_device_by_id(worker->client, worker->device_id, &device, &err) < 0) {
            fprintf(stderr, "%s\n", err.message);
            tb_error_clear(&err);
            break;
        }
        tb_free(device);
    }
    return NULL;
}

static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static long resident_kib(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    long kib = -1;

    while (file && fgets(line, sizeof(line), file))
        sscanf(line, "VmRSS: %ld kB", &kib);
    if (file)
        fclose(file);
    return kib;
}

static int measure(tb_client *client, const char *device_id, int threads, long calls)
{
    static struct worker workers[THREADS_MAX];
    double start = cpu_seconds();
    long done = 0;
    int i;

    for (i = 0; i < threads; i++) {
        workers[i] = (struct worker){.client = client, .device_id = device_id, .calls = calls};
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            return EXIT_FAILURE;
    }
    for (i = 0; i < threads; i++) {
        pthread_join(workers[i].thread, NULL);
        done += workers[i].done;
    }
    printf("{\"calls\": %ld, \"cpu_s\": %.6f, \"rss_kib\": %ld}\n", done, cpu_seconds() - start,
           resident_kib());
    return done == threads * calls ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    char key[512] = "";
    tb_client_options options = {.url = argc == 5 ? argv[1] : NULL, .api_key = key};
    int threads = argc == 5 ? atoi(argv[3]) : 0;
    tb_client *client = NULL;
    tb_error err = TB_ERROR_INIT;
    int status = EXIT_FAILURE;

    if (threads < 1 || threads > THREADS_MAX || !fgets(key, sizeof(key), stdin))
        return EXIT_FAILURE;
    key[strcspn(key, "\n")] = '\0';
    if (tb_client_open(&options, &client, &err) == 0)
        status = measure(client, argv[2], threads, atol(argv[4]));
    else
        fprintf(stderr, "%s\n", err.message);
    tb_error_clear(&err);
    tb_client_close(client);
    return status;
}
