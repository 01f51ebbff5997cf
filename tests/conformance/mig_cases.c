/* SPDX-License-Identifier: BSD-3-Clause */
/* Migration: states and ways between them, streams that are taken and streams that are not, the dirty log. */
#include "conform.h"

#include <sriov/migrate.h>

#include <errno.h>
#include <string.h>

#define NEED_MIGRATION(c, fn) NEED(c, fn, SRIOV_CAP_MIGRATION, "the shim cannot carry this device's state")
#define NEED_DIRTY(c, fn)     NEED(c, fn, SRIOV_CAP_DIRTY, "the shim cannot tell what the device wrote")

static const uint32_t states[] = {SRIOV_MIG_RUNNING, SRIOV_MIG_STOP, SRIOV_MIG_STOP_COPY, SRIOV_MIG_RESUMING,
                                  SRIOV_MIG_PRE_COPY};
#define STATES ((uint32_t)(sizeof(states) / sizeof(states[0])))

static bool is_in(struct sriov_fn *fn, uint32_t state)
{
    uint32_t now;
    return sriov_mig_get_state(fn, &now) == 0 && now == state;
}

/* Of the table above, those that the device knows: PRE_COPY is the last. */
static uint32_t known_states(struct sriov_fn *fn)
{
    struct sriov_mig_info info = {.size = sizeof(info)};
    if (sriov_mig_get_info(fn, &info) != 0) {
        return 0;
    }
    return (info.flags & SRIOV_MIG_HAS_PRE_COPY) != 0 ? STATES : STATES - 1;
}

static enum conform_verdict runs_at_first(struct conform *c, struct sriov_fn *fn)
{
    struct sriov_mig_info info = {.size = sizeof(info)};
    NEED_MIGRATION(c, fn);
    CHECK(c, is_in(fn, SRIOV_MIG_RUNNING));
    RETURNS(c, sriov_mig_get_info(fn, &info), 0);
    CHECK(c, (info.flags & ~SRIOV_MIG_HAS_PRE_COPY) == 0);
    return CONFORM_PASS;
}

static enum conform_verdict every_way(struct conform *c, struct sriov_fn *fn)
{
    NEED_MIGRATION(c, fn);
    uint32_t known = known_states(fn);
    CHECK(c, known != 0);
    for (uint32_t from = 0; from < known; from++) {
        for (uint32_t to = 0; to < known; to++) {
            RETURNS(c, sriov_mig_set_state(fn, (enum sriov_mig_state)states[from]), 0);
            CHECK(c, is_in(fn, states[from]));
            RETURNS(c, sriov_mig_set_state(fn, (enum sriov_mig_state)states[to]), 0);
            CHECK(c, is_in(fn, states[to]));
        }
    }
    RETURNS(c, sriov_mig_set_state(fn, SRIOV_MIG_RUNNING), 0);
    return CONFORM_PASS;
}

static enum conform_verdict no_such_state(struct conform *c, struct sriov_fn *fn)
{
    NEED_MIGRATION(c, fn);
    RETURNS(c, sriov_mig_set_state(fn, SRIOV_MIG_ERROR), -EINVAL);
    RETURNS(c, sriov_mig_set_state(fn, (enum sriov_mig_state)5), -EINVAL);
    RETURNS(c, sriov_mig_set_state(fn, (enum sriov_mig_state)77), -EINVAL);
    if (known_states(fn) < STATES) {
        RETURNS(c, sriov_mig_set_state(fn, SRIOV_MIG_PRE_COPY), -EOPNOTSUPP);
    }
    CHECK(c, is_in(fn, SRIOV_MIG_RUNNING));
    return CONFORM_PASS;
}

static enum conform_verdict bytes_have_their_states(struct conform *c, struct sriov_fn *fn)
{
    uint8_t byte = 0;
    uint64_t len = 7;
    NEED_MIGRATION(c, fn);
    REFUSES(c, sriov_mig_read(fn, &byte, 1, &len));
    CHECK(c, len == 0);
    REFUSES(c, sriov_mig_write(fn, &byte, 1));
    RETURNS(c, sriov_mig_set_state(fn, SRIOV_MIG_STOP_COPY), 0);
    REFUSES(c, sriov_mig_write(fn, &byte, 1));
    RETURNS(c, sriov_mig_read(fn, &byte, 1, &len), 0);
    CHECK(c, len == 1);
    RETURNS(c, sriov_mig_set_state(fn, SRIOV_MIG_RESUMING), 0);
    REFUSES(c, sriov_mig_read(fn, &byte, 1, &len));
    RETURNS(c, sriov_mig_abort(fn, NULL), 0);
    CHECK(c, is_in(fn, SRIOV_MIG_RUNNING));
    return CONFORM_PASS;
}

static enum conform_verdict abort_from_each(struct conform *c, struct sriov_fn *fn)
{
    NEED_MIGRATION(c, fn);
    uint32_t known = known_states(fn);
    for (uint32_t i = 0; i < known; i++) {
        RETURNS(c, sriov_mig_set_state(fn, (enum sriov_mig_state)states[i]), 0);
        RETURNS(c, sriov_mig_abort(fn, NULL), 0);
        CHECK(c, is_in(fn, SRIOV_MIG_RUNNING));
    }
    return CONFORM_PASS;
}

static enum conform_verdict reset_ends_it(struct conform *c, struct sriov_fn *fn)
{
    NEED_MIGRATION(c, fn);
    NEED(c, fn, SRIOV_CAP_RESET, "no function level reset");
    for (uint32_t i = 1; i < known_states(fn); i++) {
        RETURNS(c, sriov_mig_set_state(fn, (enum sriov_mig_state)states[i]), 0);
        RETURNS(c, sriov_fn_reset(fn), 0);
        CHECK(c, is_in(fn, SRIOV_MIG_RUNNING));
    }
    return CONFORM_PASS;
}

static enum conform_verdict state_comes_back(struct conform *c, struct sriov_fn *fn)
{
    struct sriov_mig_blob stream = {0};
    struct sriov_mig_fault fault = {.size = sizeof(fault)};
    NEED_MIGRATION(c, fn);
    RETURNS(c, sriov_mig_save_fn(fn, NULL, &stream), 0);
    bool stopped = is_in(fn, SRIOV_MIG_STOP_COPY);
    bool whole = sriov_mig_stream_length(stream.bytes, stream.len) == (int64_t)stream.len;
    int rc = sriov_mig_set_state(fn, SRIOV_MIG_RUNNING);
    rc = rc == 0 ? sriov_mig_load_fn(fn, stream.bytes, stream.len, &fault) : rc;
    sriov_mig_blob_free(&stream);
    RETURNS(c, rc, 0);
    CHECK(c, stopped && whole);
    CHECK(c, is_in(fn, SRIOV_MIG_STOP));
    RETURNS(c, sriov_mig_set_state(fn, SRIOV_MIG_RUNNING), 0);
    return CONFORM_PASS;
}

/* How many of them were refused, with a reason, leaving the device as it was. */
static uint64_t count_refused(struct sriov_fn *fn, struct sriov_mig_blob *stream, uint64_t step, bool cut)
{
    uint64_t refused = 0;
    for (uint64_t i = 0; i < stream->len; i += step) {
        struct sriov_mig_fault fault = {.size = sizeof(fault)};
        uint8_t was = stream->bytes[i];
        stream->bytes[i] = cut ? was : (uint8_t)(was ^ 0x5a);
        bool no = sriov_mig_load_fn(fn, stream->bytes, cut ? i : stream->len, &fault) < 0;
        stream->bytes[i] = was;
        refused += no && fault.text[0] != '\0' && is_in(fn, SRIOV_MIG_RUNNING);
    }
    return refused;
}

static enum conform_verdict damage_is_refused(struct conform *c, struct sriov_fn *fn)
{
    struct sriov_mig_blob stream = {0};
    NEED_MIGRATION(c, fn);
    RETURNS(c, sriov_mig_save_fn(fn, NULL, &stream), 0);
    int rc = sriov_mig_set_state(fn, SRIOV_MIG_RUNNING);
    uint64_t step = stream.len > 4096 ? stream.len / 4096 : 1;
    uint64_t tries = (stream.len - 1) / step + 1;
    uint64_t cut = rc == 0 ? count_refused(fn, &stream, step, true) : 0;
    uint64_t bent = rc == 0 ? count_refused(fn, &stream, step, false) : 0;
    sriov_mig_blob_free(&stream);
    RETURNS(c, rc, 0);
    CHECK(c, cut == tries);
    CHECK(c, bent == tries);
    return CONFORM_PASS;
}

/* Bytes that no sum protects: the device itself must see that half of them are missing. */
static enum conform_verdict half_a_state_is_refused(struct conform *c, struct sriov_fn *fn)
{
    uint8_t bytes[512];
    uint64_t len = 0;
    uint64_t rest = 0;
    NEED_MIGRATION(c, fn);
    RETURNS(c, sriov_mig_set_state(fn, SRIOV_MIG_STOP_COPY), 0);
    RETURNS(c, sriov_mig_read(fn, bytes, sizeof(bytes), &len), 0);
    CHECK(c, len != 0);
    uint8_t more;
    RETURNS(c, sriov_mig_read(fn, &more, 1, &rest), 0);
    RETURNS(c, sriov_mig_set_state(fn, SRIOV_MIG_RESUMING), 0);
    RETURNS(c, sriov_mig_write(fn, bytes, rest != 0 ? len : len / 2), 0);
    REFUSES(c, sriov_mig_set_state(fn, SRIOV_MIG_STOP));
    RETURNS(c, sriov_mig_abort(fn, NULL), 0);
    CHECK(c, is_in(fn, SRIOV_MIG_RUNNING));
    return CONFORM_PASS;
}

static enum conform_verdict log_has_its_states(struct conform *c, struct sriov_fn *fn)
{
    uint64_t bits[1] = {UINT64_MAX};
    struct sriov_dma dma;
    bool exact = false;
    NEED_DIRTY(c, fn);
    RETURNS(c, sriov_dma_alloc(fn, "conform", 16 * SRIOV_VM_PAGE, SRIOV_VM_PAGE, SRIOV_DMA_BOTH, &dma), 0);
    int rc = sriov_mig_dirty_start(fn, &exact);
    int again = sriov_mig_dirty_start(fn, NULL);
    int read = sriov_mig_dirty_read(fn, dma.iova, dma.length, bits);
    int odd = sriov_mig_dirty_read(fn, dma.iova, 1, bits + 0);
    int stop = sriov_mig_dirty_stop(fn);
    int twice = sriov_mig_dirty_stop(fn);
    int off = sriov_mig_dirty_read(fn, dma.iova, dma.length, bits);
    RETURNS(c, sriov_dma_free(fn, &dma), 0);
    RETURNS(c, rc, 0);
    CHECK(c, exact);
    RETURNS(c, again, -EBUSY);
    RETURNS(c, read, 0);
    CHECK(c, bits[0] == 0); /* a device that was told nothing wrote nothing */
    RETURNS(c, odd, -EINVAL);
    RETURNS(c, stop, 0);
    RETURNS(c, twice, -EINVAL);
    RETURNS(c, off, -EINVAL);
    return CONFORM_PASS;
}

const struct conform_case conform_mig_cases[] = {
    {"mig.runs-at-first", runs_at_first, false},
    {"mig.every-way-between-states", every_way, false},
    {"mig.no-such-state", no_such_state, false},
    {"mig.bytes-have-their-states", bytes_have_their_states, false},
    {"mig.abort-from-each-state", abort_from_each, false},
    {"mig.reset-ends-it", reset_ends_it, false},
    {"mig.state-comes-back", state_comes_back, false},
    {"mig.damaged-stream-is-refused", damage_is_refused, false},
    {"mig.half-a-state-is-refused", half_a_state_is_refused, false},
    {"mig.dirty-log-has-its-states", log_has_its_states, false},
    {NULL, NULL, false},
};
