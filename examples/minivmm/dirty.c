/* SPDX-License-Identifier: BSD-3-Clause */
#include "dirty.h"

#include "orders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ETH_HEADER 14u
#define WORD_BITS  64u

/* Payload of the known frame: bytes that are nowhere else in the guest. */
static void known_payload(uint8_t payload[ORDERS_FRAME_LEN - ETH_HEADER])
{
    for (uint32_t i = 0; i < ORDERS_FRAME_LEN - ETH_HEADER; i++) {
        payload[i] = (uint8_t)(0xa5u + 7u * i);
    }
}

int dirty_begin(struct guest_host *host, struct guest *guest)
{
    uint8_t payload[ORDERS_FRAME_LEN - ETH_HEADER];
    int rc = sriov_vm_dirty_start(guest->vm, guest->ring ? SRIOV_VM_DIRTY_RING : SRIOV_VM_DIRTY_BITMAP);

    known_payload(payload);
    return rc == 0 ? net_send(host->net, guest->index, ORDERS_FRAME_TYPE, payload, sizeof(payload)) : rc;
}

/* ---- what is compared ---- */

static bool has(const uint64_t *bitmap, uint64_t page)
{
    return (bitmap[page / WORD_BITS] >> page % WORD_BITS & 1) != 0;
}

/* How many pages of the set are in the log too; those leave it. */
static uint32_t take(uint64_t *listed, uint64_t pages, const struct guest_pages *from)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < from->n; i++) {
        uint64_t page = from->page[i];
        if (page < pages && has(listed, page)) {
            listed[page / WORD_BITS] &= ~(UINT64_C(1) << page % WORD_BITS);
            n++;
        }
    }
    return n;
}

/* How many pages are new to the set. */
static uint32_t add(uint64_t *bitmap, uint64_t pages, const struct guest_pages *from)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < from->n; i++) {
        uint64_t page = from->page[i];
        if (page < pages && !has(bitmap, page)) {
            bitmap[page / WORD_BITS] |= UINT64_C(1) << page % WORD_BITS;
            n++;
        }
    }
    return n;
}

static bool frame_arrived(const struct guest *guest)
{
    const struct machine *m = &guest->machine;
    const struct guest_pages *from = &guest->device_pages;
    uint8_t payload[ORDERS_FRAME_LEN - ETH_HEADER];
    bool found = false;

    known_payload(payload);
    for (uint32_t i = 0; i < from->n && !found; i++) {
        uint64_t gpa = from->page[i] * SRIOV_VM_PAGE;
        found = gpa < m->ram_size && memmem(m->ram + gpa, SRIOV_VM_PAGE, payload, sizeof(payload)) != NULL;
    }
    return found;
}

static void compare(const uint64_t *want, const uint64_t *listed, uint64_t words, struct dirty_result *r)
{
    for (uint64_t i = 0; i < words; i++) {
        r->listed += (uint32_t)__builtin_popcountll(listed[i]);
        r->missing += (uint32_t)__builtin_popcountll(want[i] & ~listed[i]);
        r->extra += (uint32_t)__builtin_popcountll(listed[i] & ~want[i]);
    }
}

int dirty_end(struct guest *guest, struct dirty_result *result)
{
    uint64_t pages = guest->machine.ram_size / SRIOV_VM_PAGE;
    uint64_t words = (pages + WORD_BITS - 1) / WORD_BITS;
    uint64_t *want = calloc(2 * words, sizeof(*want));

    *result = (struct dirty_result){0};
    if (want == NULL) {
        return -ENOMEM;
    }
    uint64_t *listed = want + words;
    int rc = sriov_vm_dirty_read(guest->vm, 0, guest->machine.ram_size, listed);
    int stopped = sriov_vm_dirty_stop(guest->vm);
    result->cpu = add(want, pages, &guest->cpu_pages);
    result->device = add(want, pages, &guest->device_pages);
    result->arrived = frame_arrived(guest);
    result->tables = take(listed, pages, &guest->table_pages);
    compare(want, listed, words, result);
    result->listed += result->tables;
    free(want);
    return rc != 0 ? rc : stopped;
}

/* At least the descriptor's page and the buffer's. */
bool dirty_is_good(const struct dirty_result *result)
{
    return result->arrived && result->cpu != 0 && result->device >= 2 && result->missing == 0 &&
           result->extra == 0 && result->listed == result->cpu + result->device + result->tables;
}
