/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations of ThingsBoard's REST API, of all editions and versions at once, and which of them a request
 * asks for. The rows and the tree are generated from the specifications (gen/generator/routes.py) and hold no
 * pointers: texts are offsets into operation_texts.
 */
#ifndef TB_PROXY_ROUTE_OPERATION_H
#define TB_PROXY_ROUTE_OPERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tbclient/table.h>

/* One specification: bit INDEX of operation.editions stands for operation_documents[INDEX]. */
struct operation_document {
    char edition[8];  /* "CE", "PE", "PAAS" */
    char version[16]; /* "4.4.0" */
};

/* What has one id, method and path, in all documents where it stands. */
struct operation {
    uint32_t id;      /* "saveDevice" */
    uint32_t tag;     /* "device-controller" */
    uint32_t path;    /* "/api/device/{deviceId}" */
    uint8_t editions; /* a bit for each document that has it */
    uint8_t method;   /* enum tb_method */
    uint8_t retry;    /* enum tb_retry */
    uint8_t flags; /* TB_ANONYMOUS, TB_PAGED, TB_ASYNCHRONOUS, TB_CREDENTIAL, TB_ATTRIBUTE_WRITE, TB_ACTS */
};

/* A place in the tree of path segments. Node 0 is the root, the path before its first slash. */
struct operation_node {
    uint32_t segment;     /* the text that leads here; 0 at the root and where a variable does */
    uint16_t first_child; /* those with a text, sorted by it */
    uint16_t child_count;
    uint16_t variable;        /* the child for any other segment; 0: none */
    uint16_t first_operation; /* those that end here */
    uint16_t operation_count;
};

extern const struct operation_document operation_documents[];
extern const size_t operation_document_count;
extern const struct operation operations[];
extern const size_t operation_count;
extern const struct operation_node operation_nodes[];
extern const char operation_texts[];

static inline const char *operation_id(const struct operation *operation)
{
    return operation_texts + operation->id;
}

static inline const char *operation_tag(const struct operation *operation)
{
    return operation_texts + operation->tag;
}

static inline const char *operation_path(const struct operation *operation)
{
    return operation_texts + operation->path;
}

/*
 * The operation that METHOD asks for at PATH, of LENGTH bytes and canonical; NULL: none that a document
 * knows. As the server looks it up: a segment that stands in a template goes before a variable, and where
 * that leads to nothing, the variable is tried. HEAD asks for what GET does. A slash at the end counts only
 * where a template has it. All editions are looked at, whatever the server's is: no path has operations of
 * different ids.
 */
const struct operation *operation_find(const char *method, const char *path, size_t length);

/* Whether an operation with one of FLAGS is at PATH, whatever its method. */
bool operation_at_path_has(const char *path, size_t length, unsigned flags);

/* What a second execution does, OPERATION (or NULL) being what METHOD at PATH asks for. */
enum tb_retry operation_retry(const struct operation *operation, const char *method, const char *path,
                              size_t length);

/* Whether PATH, of LENGTH bytes and canonical, fits PATTERN, in which "*" stands for one segment and "**" at
 * the end for any rest. A slash at the end of PATH does not count. */
bool path_matches(const char *pattern, const char *path, size_t length);

#endif
