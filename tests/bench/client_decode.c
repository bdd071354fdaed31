/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures the CPU time to decode a page of devices, or to parse the same text with jansson. Usage:
 * client_decode FILE ROUNDS tbclient|jansson. Writes {"us": median}. A process measures only one of them,
 * because in one heap each would pay for memory that the other has freed.
 */
#include <tbclient/ce.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS_MAX 1000
#define PAGE_MAX   (16 << 20)

static double now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double time_jansson(const char *text, size_t length)
{
    double start = now_us();
    json_t *page = json_loadb(text, length, 0, NULL);

    if (!page)
        exit(EXIT_FAILURE);
    json_decref(page);
    return now_us() - start;
}

static double time_ours(const char *text, size_t length, unsigned type)
{
    tb_error err = TB_ERROR_INIT;
    double start = now_us();
    void *page = NULL;

    if (tb_decode(&tb_ce, type, text, length, &page, &err) < 0) {
        fprintf(stderr, "%s\n", err.message);
        exit(EXIT_FAILURE);
    }
    tb_free(page);
    return now_us() - start;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof(*values), compare);
    return values[count / 2];
}

int main(int argc, char **argv)
{
    static double values[ROUNDS_MAX];
    int rounds = argc == 4 ? atoi(argv[2]) : 0;
    bool ours = argc == 4 && strcmp(argv[3], "tbclient") == 0;
    FILE *file = argc == 4 ? fopen(argv[1], "r") : NULL;
    char *text = malloc(PAGE_MAX);
    size_t length = file && text ? fread(text, 1, PAGE_MAX, file) : 0;
    unsigned type = tb_type_find(&tb_ce, "PageDataDevice");
    int i;

    if (length == 0 || rounds < 1 || rounds > ROUNDS_MAX || type == 0)
        return EXIT_FAILURE;
    for (i = 0; i < rounds; i++)
        values[i] = ours ? time_ours(text, length, type) : time_jansson(text, length);
    printf("{\"us\": %.1f}\n", median(values, rounds));
    fclose(file);
    free(text);
    return EXIT_SUCCESS;
}
