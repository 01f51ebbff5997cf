/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Migration streams from a hostile source: bytes as they come, and good streams of which bytes were changed
 * and all sums made right again, so that what lies behind the sums is reached: the device's state and the
 * driver's. What is refused changes nothing; what is taken must be survived, whatever the device does with
 * it.
 */
#include "bed.h"
#include "fuzz.h"

#include <sriov/migrate.h>

#include <errno.h>

#define DEVS SRIOV_MIG_TAG('D', 'E', 'V', 'S')

static const uint32_t net_tags[] = {SRIOV_MIG_TAG('N', 'E', 'T', 'C'), SRIOV_MIG_TAG('D', 'R', 'V', 'R'),
                                    SRIOV_MIG_TAG('R', 'X', 'F', 'R'), SRIOV_MIG_TAG('T', 'X', 'F', 'R')};
#define NET_TAGS 4u

static void free_rx(void *arg, uint16_t queue, struct sriov_buf *buf)
{
    (void)arg;
    (void)queue;
    sriov_buf_free(buf);
}

static const struct sriov_mig_net_opts net_opts = {
    .size = sizeof(net_opts), .timeout_ns = 10 * BED_MS, .rx = free_rx};

static bool runs(struct sriov_fn *fn)
{
    uint32_t state;

    return sriov_mig_get_state(fn, &state) == 0 && state == SRIOV_MIG_RUNNING;
}

/* Frames for it, time, and an end. */
static void live(struct bed *bed)
{
    uint8_t frame[80];

    memset(frame, 0xff, sizeof(frame));
    frame[12] = 0x88;
    frame[13] = 0xb5;
    for (uint32_t i = 0; i < 4; i++) {
        (void)sriov_mock_wire_send(bed->mock, bed->pf_name, frame, sizeof(frame));
        sriov_mock_advance(bed->mock, BED_MS);
    }
}

static void load_fn(struct bed *bed, const uint8_t *bytes, uint64_t len)
{
    struct sriov_mig_fault fault = {.size = sizeof(fault)};
    struct sriov_fn *fn = bed->vf[1].fn;
    int rc = sriov_mig_load_fn(fn, bytes, len, &fault);

    if (rc != 0) {
        FUZZ_MUST(rc == -EPROTO || rc == -ENXIO || rc == -ENOSPC || rc == -E2BIG);
        FUZZ_MUST(fault.text[0] != '\0' && runs(fn));
        return;
    }
    FUZZ_MUST(sriov_mig_set_state(fn, SRIOV_MIG_RUNNING) == 0);
    live(bed);
    FUZZ_MUST(sriov_fn_reset(fn) == 0);
}

/* A section's bytes with some changed, and perhaps cut. */
static void put_bent(struct sriov_mig_writer *w, const struct sriov_mig_section *s, struct fuzz_input *in)
{
    uint8_t *copy = malloc(s->len + 1);
    uint32_t edits = fuzz_u8(in) % 16u;
    uint64_t len = s->len;

    FUZZ_MUST(copy != NULL);
    memcpy(copy, s->bytes, s->len);
    for (uint32_t i = 0; i < edits && len != 0; i++) {
        uint32_t at = fuzz_u32(in);

        copy[at % len] = fuzz_u8(in);
    }
    if (fuzz_u8(in) == 0xee) {
        len = fuzz_u32(in) % (len + 1);
    }
    FUZZ_MUST(sriov_mig_put(w, s->tag, s->has_version, copy, len) == 0);
    free(copy);
}

static void bend_fn(struct bed *bed, struct fuzz_input *in)
{
    struct sriov_mig_section devs = {.tag = DEVS, .version = 1, .required = true};
    struct sriov_mig_blob good = {0};
    struct sriov_mig_blob bent = {0};
    struct sriov_mig_writer w;

    FUZZ_MUST(sriov_mig_save_fn(bed->vf[0].fn, NULL, &good) == 0);
    FUZZ_MUST(sriov_mig_parse(good.bytes, good.len, NULL, SRIOV_MIG_KIND_FN, &devs, 1, NULL) == 0);
    FUZZ_MUST(sriov_mig_writer_begin(&w, bed->vf[0].fn, SRIOV_MIG_KIND_FN) == 0);
    put_bent(&w, &devs, in);
    FUZZ_MUST(sriov_mig_writer_end(&w, &bent) == 0);
    load_fn(bed, bent.bytes, bent.len);
    FUZZ_MUST(sriov_mig_abort(bed->vf[0].fn, NULL) == 0);
    sriov_mig_blob_free(&good);
    sriov_mig_blob_free(&bent);
}

static void load_net(struct bed *bed, const uint8_t *bytes, uint64_t len)
{
    struct sriov_mig_fault fault = {.size = sizeof(fault)};
    struct sriov_net *net = bed->vf[1].net;
    int rc;

    FUZZ_MUST(sriov_net_stop(net) == 0);
    rc = sriov_mig_load_net(net, &net_opts, bytes, len, &fault);
    FUZZ_MUST(rc != -EINVAL && rc != -EBUSY);
    live(bed);
    FUZZ_MUST(rc != 0 || sriov_net_poll(net) != UINT32_MAX);
    FUZZ_MUST(sriov_net_start(net) == 0);
}

static void bend_net(struct bed *bed, struct fuzz_input *in)
{
    struct sriov_mig_section s[NET_TAGS];
    struct sriov_mig_blob good = {0};
    struct sriov_mig_blob bent = {0};
    struct sriov_mig_writer w;
    uint32_t which = fuzz_u8(in) % NET_TAGS;

    memset(s, 0, sizeof(s));
    for (uint32_t i = 0; i < NET_TAGS; i++) {
        s[i] = (struct sriov_mig_section){.tag = net_tags[i], .version = 1, .required = true};
    }
    FUZZ_MUST(sriov_mig_save_net(bed->vf[0].net, &net_opts, &good, NULL) == 0);
    FUZZ_MUST(sriov_mig_parse(good.bytes, good.len, NULL, SRIOV_MIG_KIND_NET, s, NET_TAGS, NULL) == 0);
    FUZZ_MUST(sriov_mig_writer_begin(&w, bed->vf[0].fn, SRIOV_MIG_KIND_NET) == 0);
    for (uint32_t i = 0; i < NET_TAGS; i++) {
        if (i == which) {
            put_bent(&w, &s[i], in);
        } else {
            FUZZ_MUST(sriov_mig_put(&w, s[i].tag, 1, s[i].bytes, s[i].len) == 0);
        }
    }
    FUZZ_MUST(sriov_mig_writer_end(&w, &bent) == 0);
    load_net(bed, bent.bytes, bent.len);
    FUZZ_MUST(sriov_mig_abort_net(bed->vf[0].net, &net_opts, &good) == 0);
    sriov_mig_blob_free(&good);
    sriov_mig_blob_free(&bent);
}

static void begin(struct bed *bed, const char *model)
{
    FUZZ_MUST(bed_create(bed, model) == 0);
    FUZZ_MUST(bed_pf_up(bed) == 0);
    for (uint32_t i = 0; i < BED_VFS; i++) {
        FUZZ_MUST(bed_vf_up(bed, i, 0) == 0);
        FUZZ_MUST(bed_settle(bed, i, 5000 * BED_MS) == 0);
    }
}

/* A world lives for many inputs: making one is most of the work. */
#define LIVES 64u

struct world {
    const char *model;
    struct bed bed;
    uint32_t lives;
};

static struct bed *world_of(struct world *w)
{
    if (w->lives == 0) {
        begin(&w->bed, w->model);
        w->lives = LIVES;
    }
    return &w->bed;
}

/* Back to where the next input expects it: both drivers up. What hostile state has broken for good, goes. */
static void settle(struct world *w)
{
    bool well = bed_settle(&w->bed, 0, 5000 * BED_MS) == 0 && bed_settle(&w->bed, 1, 5000 * BED_MS) == 0;

    w->lives = well ? w->lives - 1 : 0;
    if (w->lives == 0) {
        (void)bed_destroy(
            &w->bed); /* a hostile state may make the device do anything within its own memory */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world worlds[2] = {{.model = "82599"}, {.model = "82576"}};
    struct fuzz_input in = {data, size};
    uint8_t mode = fuzz_u8(&in);
    struct world *w = &worlds[(mode & 4u) != 0];
    struct bed *bed = world_of(w);

    switch (mode & 3u) {
    case 0:
        load_fn(bed, in.at, in.left);
        break;
    case 1:
        load_net(bed, in.at, in.left);
        break;
    case 2:
        bend_fn(bed, &in);
        break;
    default:
        bend_net(bed, &in);
        break;
    }
    settle(w);
    return 0;
}
