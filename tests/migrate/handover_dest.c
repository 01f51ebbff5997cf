/* SPDX-License-Identifier: BSD-3-Clause */
#include "handover.h"
#include "wire.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#define PAGES (GUEST_RAM_BYTES / SRIOV_VM_PAGE)

static void step(const struct handover *h, int n)
{
    if (n == h->die_at) {
        (void)kill(getpid(), SIGKILL);
    }
}

static bool take_page(const struct handover *h, const struct wire_head *head)
{
    return head->number < PAGES && head->len == SRIOV_VM_PAGE &&
           wire_bytes(h->fd, GUEST_RAM_VA + (uint64_t)head->number * SRIOV_VM_PAGE, SRIOV_VM_PAGE);
}

static bool take_peer(struct handover *h, const struct wire_head *head)
{
    struct wire_peer peer;

    if (head->len != sizeof(peer) || !wire_bytes(h->fd, &peer, sizeof(peer))) {
        return false;
    }
    h->stage->peer_sent = peer.sent;
    h->stage->peer_got = peer.got;
    h->stage->peer_lost = peer.lost;
    h->stage->peer_again = peer.again;
    return true;
}

/* NULL: the source is gone, or talks nonsense. Freed by the caller. */
static uint8_t *take_stream(struct handover *h, uint64_t *len)
{
    struct wire_head head;
    bool ok = true;
    bool first = true;

    while (ok && wire_get(h->fd, &head)) {
        uint8_t *bytes;

        if (first) {
            step(h, DEST_PAGES);
        }
        first = false;
        if (head.type == WIRE_PAGE || head.type == WIRE_PEER) {
            ok = head.type == WIRE_PAGE ? take_page(h, &head) : take_peer(h, &head);
            continue;
        }
        if (head.type != WIRE_STREAM || head.len > SRIOV_MIG_STREAM_MAX) {
            return NULL;
        }
        bytes = malloc(head.len);
        if (bytes != NULL && wire_bytes(h->fd, bytes, head.len)) {
            *len = head.len;
            return bytes;
        }
        free(bytes);
        return NULL;
    }
    return NULL;
}

static void refused(struct handover *h, const uint8_t *bytes, uint64_t len)
{
    struct sriov_mig_fault fault = {.size = sizeof(fault)};
    uint32_t state;

    INSIDE_MUST(sriov_mig_load_assign(h->stage->assign, bytes, len, &fault) < 0);
    INSIDE_MUST(fault.text[0] != '\0');
    INSIDE_MUST(sriov_mig_get_state(h->stage->fn, &state) == 0 && state == SRIOV_MIG_RUNNING);
    h->wrong++;
}

/* Cut at every byte, and every byte flipped: by all bits, and by one. */
static void try_wrong(struct handover *h, uint8_t *bytes, uint64_t len)
{
    for (uint64_t i = 0; i < len; i++) {
        uint8_t was = bytes[i];

        refused(h, bytes, i);
        bytes[i] = (uint8_t)~was;
        refused(h, bytes, len);
        bytes[i] = (uint8_t)(was ^ 1u << i % 8);
        refused(h, bytes, len);
        bytes[i] = was;
    }
}

static bool load(struct handover *h)
{
    struct sriov_mig_fault fault = {.size = sizeof(fault)};
    uint64_t len = 0;
    uint8_t *bytes = take_stream(h, &len);
    int rc;

    if (bytes == NULL) {
        return false;
    }
    step(h, DEST_STREAM);
    if (h->try_wrong) {
        try_wrong(h, bytes, len);
    }
    rc = sriov_mig_load_assign(h->stage->assign, bytes, len, &fault);
    free(bytes);
    if (rc != 0) {
        (void)wire_put(h->fd, WIRE_REFUSED, 0, fault.text, strlen(fault.text) + 1);
        return false;
    }
    step(h, DEST_LOADED);
    return true;
}

bool handover_dest(struct handover *h)
{
    struct wire_head head;
    bool alive;

    step(h, DEST_BEGIN);
    if (!load(h)) {
        return false;
    }
    alive = wire_put(h->fd, WIRE_LOADED, 0, NULL, 0) && wire_get(h->fd, &head);
    step(h, DEST_GO);
    /* A source that is dead does not run either, and all of it is here. */
    if (alive && head.type != WIRE_GO) {
        return false;
    }
    guest_enter(h->stage->mock, h->stage->vm);
    INSIDE_MUST(sriov_mig_set_state(h->stage->fn, SRIOV_MIG_RUNNING) == 0);
    step(h, DEST_STARTED);
    if (alive) {
        (void)wire_put(h->fd, WIRE_RUNNING, 0, NULL, 0);
    }
    step(h, DEST_RUNNING);
    return true;
}
