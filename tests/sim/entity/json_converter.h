/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server's JsonConverter makes of the values of telemetry and attributes, with
 * JSON_TYPE_CAST_ENABLED, the default:
 * - a whole number, however it is written (1E5, 20.0e-1), becomes a long, and a string of its digits beyond
 * 64 bits;
 * - a number with a point and without an exponent, even 1.0, and every other number becomes a double if it
 * has at most 16 digits behind the point, and otherwise a string of its digits;
 * - a string that is a number without an exponent and without a plus sign is read as that number;
 * - objects and arrays are kept as they are, with the digits of their numbers; null is refused by the REST
 * API and left out by the device API.
 */
#ifndef TB_SIM_JSON_CONVERTER_H
#define TB_SIM_JSON_CONVERTER_H

#include "sim/http/servlet_request.h"
#include "sim/http/servlet_response.h"

/* [{"ts":ms,"values":{...}},...] of a body of telemetry. NULL: the reply is a refusal. */
json_t *convert_telemetry(const struct request *rq, struct reply *rp, bool device_api);
/* {"key":value,...} of a body of attributes. NULL: the reply is a refusal. */
json_t *convert_attributes(const struct request *rq, struct reply *rp, bool device_api);
/* The value as Jackson writes it, without the digits that a double does not hold: a new reference. */
json_t *convert_to_jackson(const json_t *value);
/* The value as a string, as time series are sent without useStrictDataTypes: a new reference. */
json_t *convert_to_string(const json_t *value);

#endif
