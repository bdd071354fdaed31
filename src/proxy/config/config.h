/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tbproxyd's configuration. Each option is a row in option_table.c; load.h reads the file.
 */
#ifndef TB_PROXY_CONFIG_CONFIG_H
#define TB_PROXY_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

struct policies;

enum tls_version { TLS_VERSION_1_2, TLS_VERSION_1_3 };

enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

enum merge_mode { MERGE_MODE_OFF, MERGE_MODE_PRESSURE, MERGE_MODE_ALWAYS };

enum spool_mode { SPOOL_MODE_OFF, SPOOL_MODE_OUTAGE, SPOOL_MODE_ALWAYS };

enum spool_when_full { SPOOL_REFUSE, SPOOL_DROP_OLDEST };

/* In the order of the enum, ended by NULL. */
extern const char *const log_format_names[];
extern const char *const merge_mode_names[];
extern const char *const spool_mode_names[];
extern const char *const spool_when_full_names[];
extern const char *const tls_version_names[];
extern const char *const http2_mode_names[];

/* Members are named as in the file: section.option. Strings are never NULL. */
struct config {
    char *path; /* of the file */
    struct {
        char *url;
        char *fallback_urls;
        char *api_key_file;
        char *username;
        char *password_file;
        char *token_file;
        char *refresh_token_file;
        char *ca_file;
        char *certificate_file;
        char *key_file;
        int64_t tls_min_version; /* enum tls_version */
        char *proxy;
        char *proxy_password_file;
        int64_t connect_timeout_ms;
        int64_t timeout_ms;
        int64_t max_connections;
        int64_t http2; /* enum http2_mode */
        int64_t max_window_growth;
        int64_t max_requests;
        int64_t check_interval_ms;
        int64_t hold_ms;
    } upstream;
    struct {
        char *address;
        int64_t port;
        char *unix_path;
        char *unix_mode;
        char *unix_group;
        char *hosts;
        char *origins;
        int64_t max_connections;
        int64_t idle_timeout_s;
    } listen;
    struct {
        char *unix_path;
        char *unix_group;
        char *address;
    } admin;
    struct {
        bool on_api;
    } status;
    struct {
        bool retry_on_rate_limit;
        int64_t max_retries;
        int64_t initial_retry_delay_ms;
        int64_t max_retry_delay_ms;
        bool retry_unsafe;
    } retry;
    struct {
        char *limits;
        bool learn;
    } rate;
    struct {
        int64_t max_requests;
        int64_t max_bytes;
        int64_t max_wait_ms;
        char *urgency;
    } queue;
    struct {
        int64_t mode; /* enum merge_mode */
        int64_t max_bytes;
    } merge;
    struct {
        bool reads;
    } join;
    struct {
        int64_t mode; /* enum spool_mode */
        char *directory;
        int64_t after_ms;
        int64_t status;
        int64_t max_body_bytes;
        int64_t max_bytes;
        int64_t max_rows;
        int64_t max_age_hours;
        int64_t when_full; /* enum spool_when_full */
    } spool;
    struct {
        int64_t max_body_bytes;
        int64_t max_kept_body_bytes;
        int64_t max_response_bytes;
        int64_t max_buffered_bytes;
        int64_t session_wait_ms;
        int64_t drain_timeout_ms;
    } limits;
    struct {
        char *request_headers;
        bool fix_content_type;
    } forward;
    struct {
        char *tcp;
        char *unix_socket;
    } policy;
    char **places;             /* "FILE:LINE" where each option is set; NULL: nowhere, or with --set */
    struct policies *policies; /* the section "policies", and who has which */
    struct {
        bool accept_any_login;
    } local;
    struct {
        int64_t level;  /* enum log_level */
        int64_t format; /* enum log_format */
        bool access;
        bool audit;
    } log;
};

#endif
