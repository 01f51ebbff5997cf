/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dirty log against the model's own account: a model between the mock and the real one notes each write
 * that goes to memory. In every pass of pre-copy the pages reported must be those, no fewer and no more.
 */
#include "stage.h"

#include <string.h>

#define PAGES  ((uint32_t)(GUEST_RAM_BYTES / SRIOV_VM_PAGE))
#define PASSES 12u

static struct {
    struct sriov_model_host_ops ops; /* the mock's, but for one */
    const struct sriov_model_host_ops *mock;
    uint64_t wrote[PAGES / 64];
} account;

static int noted_write(struct sriov_model_host *host, const struct sriov_site *site, sriov_iova_t iova,
                       const void *bytes, size_t len)
{
    int err = account.mock->dma_write(host, site, iova, bytes, len);

    if (err == 0 && site->function == 1 && len != 0) {
        for (uint64_t page = iova.raw / SRIOV_VM_PAGE; page <= (iova.raw + len - 1) / SRIOV_VM_PAGE; page++) {
            INSIDE_MUST(page < PAGES);
            account.wrote[page / 64] |= UINT64_C(1) << page % 64;
        }
    }
    return err;
}

/* ---- a model whose writes are noted ---- */

static struct sriov_model_ops noted;
static const struct sriov_model_ops *real;

static int create(const struct sriov_model_args *args, struct sriov_model **out)
{
    struct sriov_model_args mine = *args;

    account.mock = args->ops;
    account.ops = *args->ops;
    account.ops.dma_write = noted_write;
    mine.ops = &account.ops;
    return real->create(&mine, out);
}

const struct sriov_model_ops *stage_model(const char *name)
{
    for (uint32_t i = 0; sriov_models[i] != NULL; i++) {
        if (strcmp(sriov_models[i]->name, name) == 0) {
            real = sriov_models[i];
        }
    }
    INSIDE_MUST(real != NULL);
    noted = *real;
    noted.create = create;
    return &noted;
}

struct totals {
    uint32_t written, reported, missed, too_many;
};

static void compare(struct stage *s, struct totals *t)
{
    uint64_t bits[PAGES / 64];

    INSIDE_MUST(sriov_vm_dirty_read(s->vm, 0, GUEST_RAM_BYTES, bits) == 0);
    for (uint32_t i = 0; i < PAGES; i++) {
        bool wrote = (account.wrote[i / 64] >> i % 64 & 1) != 0;
        bool told = (bits[i / 64] >> i % 64 & 1) != 0;

        t->written += wrote;
        t->reported += told;
        t->missed += wrote && !told;
        t->too_many += told && !wrote;
    }
    memset(account.wrote, 0, sizeof(account.wrote));
}

/* The last pass, with the device stopped: what it finished, and nothing afterwards. */
static void last_pass(struct stage *s, struct totals *t)
{
    struct totals after = {0};

    INSIDE_MUST(sriov_mock_set_delay(s->mock, s->vf_name, SRIOV_DELAY_RX, 20 * STAGE_US) == 0);
    stage_peer_send(s, 7);
    INSIDE_MUST(sriov_mig_set_state(s->fn, SRIOV_MIG_STOP) == 0);
    compare(s, t);
    for (uint32_t i = 0; i < 10; i++) {
        uint8_t frame[GUEST_LEN];

        INSIDE_MUST(sriov_mock_wire_send(s->mock, s->pf_name, frame, guest_make_frame(frame, 1)) == 0);
        sriov_mock_advance(s->mock, STAGE_MS);
    }
    compare(s, &after);
    INSIDE_MUST(after.written == 0 && after.reported == 0);
    INSIDE_MUST(sriov_mock_rx_drops(s->mock, s->vf_name) == 10); /* a stopped VF hears nothing */
    INSIDE_MUST(sriov_mig_set_state(s->fn, SRIOV_MIG_RUNNING) == 0);
    (void)sriov_mock_set_delay(s->mock, s->vf_name, SRIOV_DELAY_RX, 0);
    stage_traffic(s, 4);
}

int main(int argc, char **argv)
{
    struct totals t = {0};
    struct stage s;

    stage_ram();
    stage_make(&s, argc == 2 ? argv[1] : "82599");
    guest_enter(s.mock, s.vm);
    guest_boot();
    stage_traffic(&s, 10);
    INSIDE_MUST(sriov_fn_can(s.fn, SRIOV_CAP_DIRTY));
    INSIDE_MUST(sriov_vm_dirty_start(s.vm, SRIOV_VM_DIRTY_BITMAP) == 0);
    INSIDE_MUST(sriov_mig_set_state(s.fn, SRIOV_MIG_PRE_COPY) == 0);
    memset(account.wrote, 0, sizeof(account.wrote));
    for (uint32_t pass = 0; pass < PASSES; pass++) {
        stage_traffic(&s, pass); /* none at all in the first */
        compare(&s, &t);
        INSIDE_MUST(pass == 0 ? t.reported == 0 : t.reported != 0);
    }
    last_pass(&s, &t);
    INSIDE_MUST(sriov_vm_dirty_stop(s.vm) == 0);
    INSIDE_MUST(stage_is_perfect(&s));
    printf("%u pages written by the device in %u passes, %u reported: %u missed, %u that it did not write\n",
           t.written, PASSES + 1, t.reported, t.missed, t.too_many);
    stage_end(&s);
    return t.missed == 0 && t.too_many == 0 && t.written > 50 ? 0 : 1;
}
