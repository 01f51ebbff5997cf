/* SPDX-License-Identifier: BSD-3-Clause */
#include "stream_account.h"

#include <limits.h>
#include <stddef.h>

static uint64_t *word_of(struct stream_account *account, uint64_t number)
{
    return &account->seen[number % STREAM_WINDOW / 64];
}

static bool is_seen(struct stream_account *account, uint64_t number)
{
    return (*word_of(account, number) >> (number % 64) & 1) != 0;
}

static void mark(struct stream_account *account, uint64_t number, bool seen)
{
    uint64_t bit = UINT64_C(1) << (number % 64);

    *word_of(account, number) = (*word_of(account, number) & ~bit) | (seen ? bit : 0);
}

/* ---- gaps ---- */

static void note_gap(struct stream_account *account, uint64_t now)
{
    uint64_t gap = account->received != 0 ? now - account->last_ns : 0;

    if (account->received == 0) {
        account->begin_ns = now;
    }
    if (gap > account->longest_gap_ns) {
        account->longest_gap_ns = gap;
        account->longest_gap_at_ns = now;
    }
    account->last_ns = now;
    uint64_t at = (now - account->begin_ns) / STREAM_BUCKET_NS;
    if (at < STREAM_BUCKETS) {
        struct stream_bucket *bucket = &account->buckets[at];
        uint64_t us = gap / 1000 < UINT32_MAX ? gap / 1000 : UINT32_MAX;
        bucket->frames++;
        bucket->gap_us = us > bucket->gap_us ? (uint32_t)us : bucket->gap_us;
    }
}

/* ---- numbers ---- */

static void note_loss(struct stream_account *account, uint64_t first, uint64_t count, uint64_t after_ns)
{
    account->lost += count;
    if (account->num_losses == STREAM_LOSSES_MAX) {
        account->more_losses = true;
        return;
    }
    account->losses[account->num_losses++] = (struct stream_loss){.first = first,
                                                                  .end = first + count,
                                                                  .count = count,
                                                                  .before_ns = account->last_sent_ns,
                                                                  .after_ns = after_ns};
}

/* The numbers between what was the latest and this one have not come yet. */
static void step_to(struct stream_account *account, uint64_t number)
{
    uint64_t from = number - account->next < STREAM_WINDOW ? account->next : number - STREAM_WINDOW + 1;

    for (uint64_t i = from; i < number; i++) {
        mark(account, i, false);
    }
    mark(account, number, true);
    account->next = number + 1;
}

static void take_late(struct stream_account *account, uint64_t number)
{
    if (account->next - number > STREAM_WINDOW) {
        account->stale++;
        account->duplicated++;
        return;
    }
    if (is_seen(account, number)) {
        account->duplicated++;
        return;
    }
    mark(account, number, true);
    account->reordered++;
    account->lost--;
    for (uint32_t i = 0; i < account->num_losses; i++) {
        struct stream_loss *loss = &account->losses[i];
        if (number >= loss->first && number < loss->end) {
            loss->count--;
            return;
        }
    }
}

void stream_account_take(struct stream_account *account, uint64_t number, uint64_t sent_ns, uint64_t now_ns)
{
    note_gap(account, now_ns);
    account->received++;
    if (number < account->next) {
        take_late(account, number);
        return;
    }
    if (number == UINT64_MAX) { /* no stream gets there: a number that would not have a next one */
        account->stale++;
        return;
    }
    if (number > account->next) {
        note_loss(account, account->next, number - account->next, sent_ns);
    }
    step_to(account, number);
    account->last_sent_ns = sent_ns;
}

void stream_account_end(struct stream_account *account, uint64_t sent)
{
    if (sent > account->next) {
        note_loss(account, account->next, sent - account->next, 0);
        account->next = sent;
    }
}
