/* SPDX-License-Identifier: BSD-3-Clause */
/* A row of measurements and what one says of it. */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

struct samples {
    uint64_t *value;
    size_t n;
    size_t room;
};

struct samples samples_new(size_t room); /* ends the program when there is no memory */
void samples_free(struct samples *s);
void samples_add(struct samples *s, uint64_t value); /* beyond room: dropped */
void samples_sort(struct samples *s);
uint64_t samples_quantile(const struct samples *s, double q); /* sorted; q from 0 to 1 */
double samples_mean(const struct samples *s, double q);       /* sorted; of the least q of them */

#endif
