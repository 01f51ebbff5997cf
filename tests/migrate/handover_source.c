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

static bool send_pages(struct handover *h, const uint64_t *bits)
{
    for (uint32_t i = 0; i < PAGES; i++) {
        if (bits != NULL && (bits[i / 64] >> i % 64 & 1) == 0) {
            continue;
        }
        h->pages += bits != NULL;
        if (!wire_put(h->fd, WIRE_PAGE, i, GUEST_RAM_VA + (uint64_t)i * SRIOV_VM_PAGE, SRIOV_VM_PAGE)) {
            return false;
        }
    }
    return true;
}

/* What the device wrote is in the log. What the guest's CPU wrote the mock cannot see, since here the CPU is
 * this process: its own pages are compared. */
static bool send_changed(struct handover *h, uint8_t *seen)
{
    uint64_t bits[PAGES / 64];

    INSIDE_MUST(sriov_vm_dirty_read(h->stage->vm, 0, GUEST_RAM_BYTES, bits) == 0);
    for (uint32_t i = 0; i < PAGES; i++) {
        uint8_t *now = GUEST_RAM_VA + (uint64_t)i * SRIOV_VM_PAGE;

        if (memcmp(seen + (uint64_t)i * SRIOV_VM_PAGE, now, SRIOV_VM_PAGE) != 0) {
            bits[i / 64] |= UINT64_C(1) << i % 64;
            memcpy(seen + (uint64_t)i * SRIOV_VM_PAGE, now, SRIOV_VM_PAGE);
        }
    }
    return send_pages(h, bits);
}

/* Frames on their way in every direction when it stops: received, posted, not yet written back. */
static void stop_in_full_flight(struct stage *s)
{
    INSIDE_MUST(sriov_mock_set_delay(s->mock, s->vf_name, SRIOV_DELAY_TX, 30 * STAGE_US) == 0);
    INSIDE_MUST(sriov_mock_set_delay(s->mock, s->vf_name, SRIOV_DELAY_RX, 20 * STAGE_US) == 0);
    stage_peer_send(s, 3);
    guest_post(4);
    sriov_mock_advance(s->mock, 25 * STAGE_US);
    stage_peer_send(s, 2);
    guest_post(3);
}

static bool pre_copy(struct handover *h, uint8_t *seen, struct sriov_mig_blob *pre)
{
    struct stage *s = h->stage;
    uint8_t bytes[256];
    uint64_t len;

    INSIDE_MUST(sriov_vm_dirty_start(s->vm, SRIOV_VM_DIRTY_BITMAP) == 0);
    INSIDE_MUST(sriov_mig_set_state(s->fn, SRIOV_MIG_PRE_COPY) == 0);
    INSIDE_MUST(sriov_mig_read(s->fn, bytes, sizeof(bytes), &len) == 0);
    INSIDE_MUST(len != 0 && len <= sizeof(bytes));
    pre->bytes = malloc(len);
    INSIDE_MUST(pre->bytes != NULL);
    memcpy(pre->bytes, bytes, len);
    pre->len = len;
    step(h, SOURCE_PRE_COPY);
    memcpy(seen, GUEST_RAM_VA, GUEST_RAM_BYTES);
    if (!send_pages(h, NULL)) {
        return false;
    }
    stage_traffic(s, 20); /* it runs on meanwhile */
    return send_changed(h, seen);
}

static bool send_stream(struct handover *h, const struct sriov_mig_blob *stream)
{
    const struct wire_peer peer = {h->stage->peer_sent, h->stage->peer_got, h->stage->peer_lost,
                                   h->stage->peer_again};

    h->bytes = stream->len;
    if (h->spoil) {
        stream->bytes[stream->len / 2] ^= 0x10;
    }
    return wire_put(h->fd, WIRE_PEER, 0, &peer, sizeof(peer)) &&
           wire_put(h->fd, WIRE_STREAM, 0, stream->bytes, stream->len);
}

/* The last word is the destination's: whoever does not hear it goes on. */
static bool wait_for(struct handover *h, uint32_t type)
{
    struct wire_head head;

    if (!wire_get(h->fd, &head) || head.type != type) {
        if (head.type == WIRE_REFUSED && head.len < sizeof(h->why)) {
            (void)wire_bytes(h->fd, h->why, head.len);
        }
        return false;
    }
    return true;
}

static bool move(struct handover *h, uint8_t *seen, const struct sriov_mig_blob *pre)
{
    struct sriov_mig_blob stream = {0};
    bool sent;

    step(h, SOURCE_FIRST_PASS);
    stop_in_full_flight(h->stage);
    INSIDE_MUST(sriov_mig_save_assign(h->stage->assign, pre, &stream) == 0);
    step(h, SOURCE_STOPPED);
    sent = send_changed(h, seen);
    step(h, SOURCE_LAST_PASS);
    sent = sent && send_stream(h, &stream);
    sriov_mig_blob_free(&stream);
    step(h, SOURCE_STREAM_SENT);
    if (!sent || !wait_for(h, WIRE_LOADED)) {
        return false;
    }
    step(h, SOURCE_LOADED);
    if (!wire_put(h->fd, WIRE_GO, 0, NULL, 0)) {
        return false;
    }
    step(h, SOURCE_GO);
    return wait_for(h, WIRE_RUNNING);
}

bool handover_source(struct handover *h)
{
    struct stage *s = h->stage;
    uint8_t *seen = malloc(GUEST_RAM_BYTES);
    struct sriov_mig_blob pre = {0};
    bool was_reset;
    bool gone;

    INSIDE_MUST(seen != NULL);
    step(h, SOURCE_BEGIN);
    gone = pre_copy(h, seen, &pre) && move(h, seen, &pre);
    INSIDE_MUST(sriov_vm_dirty_stop(s->vm) == 0);
    free(seen);
    free(pre.bytes);
    if (!gone) {
        INSIDE_MUST(sriov_mig_abort(s->fn, &was_reset) == 0 && !was_reset);
        (void)sriov_mock_set_delay(s->mock, s->vf_name, SRIOV_DELAY_TX, 0);
        (void)sriov_mock_set_delay(s->mock, s->vf_name, SRIOV_DELAY_RX, 0);
    }
    step(h, SOURCE_DONE);
    return gone;
}
