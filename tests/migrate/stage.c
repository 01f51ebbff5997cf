/* SPDX-License-Identifier: BSD-3-Clause */
#include "stage.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define PF_TURN_NS 200000u

static void on_violation(void *arg, const struct sriov_violation *violation)
{
    struct stage *s = arg;

    s->findings++;
    fprintf(stderr, "finding: %s\n", violation->text);
}

static void pf_turn(void *arg)
{
    struct stage *s = arg;

    if (s->pf != NULL) {
        (void)sriov_pf_poll(s->pf);
    }
}

/* The peer's judgement of what the guest sent. */
static void on_wire(void *arg, const void *frame, size_t len)
{
    struct stage *s = arg;
    struct guest_payload p;

    if (len < 14 + sizeof(p)) {
        return;
    }
    memcpy(&p, (const uint8_t *)frame + 14, sizeof(p));
    if (p.magic != GUEST_MAGIC) {
        return;
    }
    s->peer_lost += p.seq > s->peer_got ? p.seq - s->peer_got : 0;
    s->peer_again += p.seq < s->peer_got;
    s->peer_got = p.seq >= s->peer_got ? p.seq + 1 : s->peer_got;
}

void stage_ram(void)
{
    static bool mapped;

    if (!mapped) {
        void *at = mmap(GUEST_RAM_VA, GUEST_RAM_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

        INSIDE_MUST(at == GUEST_RAM_VA);
        mapped = true;
    }
    memset(GUEST_RAM_VA, 0, GUEST_RAM_BYTES);
}

static void make_port(struct stage *s, const char *model)
{
    struct sriov_mock_opts opts = {.size = sizeof(opts),
                                   .flags = SRIOV_MOCK_QUIET,
                                   .iova_last = (UINT64_C(1) << 39) - 1,
                                   .on_violation = on_violation,
                                   .arg = s};
    struct sriov_pf_opts pf = {.size = sizeof(pf)};

    INSIDE_MUST(sriov_mock_create(&opts, &s->mock) == 0);
    s->vmm = sriov_mock_vmm(s->mock);
    sriov_log_set_level(s->vmm, SRIOV_LOG_ERROR);
    if (stage_model(model) != NULL) {
        INSIDE_MUST(sriov_mock_add_model(s->mock, stage_model(model), NULL, s->pf_name) == 0);
    } else {
        INSIDE_MUST(sriov_mock_add_pf(s->mock, model, NULL, s->pf_name) == 0);
    }
    INSIDE_MUST(sriov_fn_open(s->vmm, s->pf_name, NULL, &s->pf_fn) == 0);
    INSIDE_MUST(sriov_pf_open(s->pf_fn, sriov_pf_drivers, &pf, &s->pf) == 0);
    INSIDE_MUST(sriov_pf_enable_vfs(s->pf, 2) == 0);
    s->task = sriov_mock_task(s->mock, PF_TURN_NS, pf_turn, s);
    INSIDE_MUST(sriov_mock_wire_sink(s->mock, s->pf_name, on_wire, s) == 0);
    sriov_mock_advance(s->mock, 1000 * STAGE_MS);
}

void stage_make(struct stage *s, const char *model)
{
    struct sriov_vm_mem mem = {.size = sizeof(mem), .length = GUEST_RAM_BYTES, .va = GUEST_RAM_VA};
    struct sriov_assign_opts assign = {.size = sizeof(assign), .slot = GUEST_SLOT};

    memset(s, 0, sizeof(*s));
    make_port(s, model);
    INSIDE_MUST(sriov_mock_vm_create(s->mock, NULL, &s->vm) == 0);
    INSIDE_MUST(sriov_vm_add_memory(s->vm, &mem) == 0);
    INSIDE_MUST(sriov_mock_vf_name(s->mock, s->pf_name, 0, s->vf_name) == 0);
    INSIDE_MUST(sriov_fn_open(s->vmm, s->vf_name, NULL, &s->fn) == 0);
    INSIDE_MUST(sriov_vm_assign(s->fn, s->vm, &assign, &s->assign) == 0);
    sriov_mock_advance(s->mock, 10 * STAGE_MS); /* the PF sees the FLR */
}

void stage_end(struct stage *s)
{
    (void)sriov_mock_clear_faults(s->mock);
    sriov_vm_release(s->assign);
    INSIDE_MUST(sriov_fn_close(s->fn) == 0);
    INSIDE_MUST(sriov_vm_del_memory(s->vm, 0, GUEST_RAM_BYTES) == 0);
    INSIDE_MUST(sriov_mock_vm_destroy(s->vm) == 0);
    (void)sriov_mock_task_stop(s->mock, s->task);
    sriov_pf_close(s->pf);
    s->pf = NULL;
    INSIDE_MUST(sriov_fn_close(s->pf_fn) == 0);
    INSIDE_MUST(sriov_mock_held(s->mock) == 0);
    sriov_mock_destroy(s->mock);
}

void stage_peer_send(struct stage *s, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint8_t frame[GUEST_LEN];
        uint32_t len = guest_make_frame(frame, s->peer_sent++);

        INSIDE_MUST(sriov_mock_wire_send(s->mock, s->pf_name, frame, len) == 0);
    }
}

void stage_settle(struct stage *s)
{
    for (uint32_t i = 0;
         i < 50 && (s->peer_got != guest_state()->sent || guest_state()->received != s->peer_sent); i++) {
        guest_turn(0);
    }
}

void stage_traffic(struct stage *s, uint32_t turns)
{
    for (uint32_t i = 0; i < turns; i++) {
        stage_peer_send(s, 5);
        guest_turn(5);
    }
    stage_settle(s);
}

bool stage_is_perfect(const struct stage *s)
{
    const struct guest *g = guest_state();

    return s->findings == 0 && g->received == s->peer_sent && s->peer_got == g->sent && g->lost == 0 &&
           g->again == 0 && g->strange == 0 && s->peer_lost == 0 && s->peer_again == 0;
}
