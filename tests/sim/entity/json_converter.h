/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server's JsonConverter makes of the values of telemetry and attributes, with
 * JSON_TYPE_CAST_ENABLED, the default:
 * - a whole number, however it is written (1E5, 20.0e-1), is a long; beyond 64 bits it is a string of its
 * digits;
 * - a number with a point and without an exponent, even 1.0, and every other one, is a double if it has at
 * most 16 digits behind the point; else it is a string of its digits;
 * - a string that is a number without an exponent and without a plus is taken as that number;
 * - objects and arrays are kept as they are, with the digits of their numbers; null is refused by the REST
 * API and left out by the device API.
 */
#pragma once

#include "sim/http/servlet_request.h"
#include "sim/http/servlet_response.h"

/* [{"ts":ms,"values":{...}},...] of a body of telemetry. NULL: a refusal is filled in. */
json_t *convert_telemetry(const struct request *rq, struct reply *rp, bool device_api);
/* {"key":value,...} of a body of attributes. NULL: a refusal is filled in. */
json_t *convert_attributes(const struct request *rq, struct reply *rp, bool device_api);
/* The value as Jackson tells it: without the digits that a double does not hold. The value is the caller's.
 */
json_t *convert_told(const json_t *value);
