/* SPDX-License-Identifier: BSD-3-Clause */
#include "session.h"

/* Shifts of the payload, copies of another request's and swapped bytes all show. */
static uint8_t pattern(uint64_t number, uint32_t at)
{
    return (uint8_t)(number * 7 + (number >> 8) + at * 31 + (at >> 8) + 1);
}

void payload_fill(uint8_t *payload, uint32_t from, uint32_t len, uint64_t number)
{
    for (uint32_t i = from; i < len; i++) {
        payload[i] = pattern(number, i);
    }
}

bool payload_matches(const uint8_t *payload, uint32_t from, uint32_t len, uint64_t number)
{
    for (uint32_t i = from; i < len; i++) {
        if (payload[i] != pattern(number, i)) {
            return false;
        }
    }
    return true;
}

uint32_t payload_size(const struct echo_plan *plan, uint64_t number)
{
    uint32_t span = plan->size_max - plan->size_min + 1;

    if (number < 2) {
        return number == 0 ? plan->size_min : plan->size_max;
    }
    /* A prime stride: all sizes come, neighbours differ. */
    return plan->size_min + (uint32_t)(number * 7919 % span);
}
