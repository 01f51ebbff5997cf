/* SPDX-License-Identifier: BSD-3-Clause */
#include "samples.h"

#include <stdlib.h>

struct samples samples_new(size_t room)
{
    struct samples s = {.value = calloc(room, sizeof(uint64_t)), .room = room};
    if (s.value == NULL) {
        abort();
    }
    return s;
}

void samples_free(struct samples *s)
{
    free(s->value);
    s->value = NULL;
}

void samples_add(struct samples *s, uint64_t value)
{
    if (s->n < s->room) {
        s->value[s->n++] = value;
    }
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

void samples_sort(struct samples *s)
{
    qsort(s->value, s->n, sizeof(uint64_t), ascending);
}

uint64_t samples_quantile(const struct samples *s, double q)
{
    return s->n == 0 ? 0 : s->value[(size_t)(q * (double)(s->n - 1))];
}

double samples_mean(const struct samples *s, double q)
{
    size_t n = (size_t)(q * (double)s->n);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)s->value[i];
    }
    return n == 0 ? 0 : sum / (double)n;
}
