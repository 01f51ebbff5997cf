/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vfio-user client that is hostile: the input is what it sends to the server of a simulated VF, whose PF
 * has its driver. A client that is cut off comes again. At the end nothing is held for it any more.
 */
#include "bed.h"
#include "fuzz_vfu.h"

#include <sriov/dma.h>
#include <sriov/vfio_user.h>

#include <sys/socket.h>
#include <unistd.h>

#define RECORDS_MAX   400u
#define CLIENTS_MAX   8u
#define MAPS_MAX      64u
#define REMOTE_NS     UINT64_C(200000) /* for an answer that this client gives before it is asked, or never */
#define DRAIN_MESSAGE 65536u

struct stage {
    struct bed bed;
    struct sriov_fn *fn;
    struct sriov_vfu_server *server;
    struct sriov_vfu_device *device;
    int sock; /* the client's end; -1: none */
    uint32_t clients;
};

static int remote_map(void *arg, struct sriov_fn *fn, sriov_iova_t iova, uint64_t length,
                      enum sriov_dma_dir dir, const struct sriov_dma_remote *remote)
{
    return sriov_mock_dma_remote(arg, sriov_fn_info(fn)->name, iova, length, dir, remote);
}

static int remote_unmap(void *arg, struct sriov_fn *fn, sriov_iova_t iova, uint64_t length)
{
    return sriov_mock_dma_unremote(arg, sriov_fn_info(fn)->name, iova, length);
}

static void drop_line(void *arg, uint32_t level, const char *line)
{
    (void)arg;
    (void)level;
    (void)line;
}

/* As a machine sees it: memory from address 0, not where a process would have its buffers. */
static void make_world(struct stage *s, const char *model)
{
    struct sriov_mock_opts opts = {
        .size = sizeof(opts), .flags = SRIOV_MOCK_QUIET, .iova_last = (UINT64_C(1) << 39) - 1};

    s->bed.model = model;
    FUZZ_MUST(sriov_mock_create(&opts, &s->bed.mock) == 0);
    s->bed.vmm = sriov_mock_vmm(s->bed.mock);
    sriov_log_set_sink(s->bed.vmm, drop_line, NULL);
    FUZZ_MUST(sriov_mock_add_pf(s->bed.mock, model, NULL, s->bed.pf_name) == 0);
    FUZZ_MUST(bed_pf_up(&s->bed) == 0);
}

static void export_vf(struct stage *s, uint8_t how)
{
    struct sriov_vfu_device_opts opts = {.size = sizeof(opts), .max_maps = MAPS_MAX};

    opts.flags = how & (SRIOV_VFU_UNSHARED | SRIOV_VFU_UNSEALED);
    if ((how & 4u) != 0) {
        opts.remote_map = remote_map;
        opts.remote_unmap = remote_unmap;
        opts.remote_arg = s->bed.mock;
        opts.remote_timeout_ns = REMOTE_NS;
    }
    FUZZ_MUST(sriov_fn_open(s->bed.vmm, s->bed.vf[0].name, NULL, &s->fn) == 0);
    FUZZ_MUST(sriov_vfu_server_create(&s->server) == 0);
    FUZZ_MUST(sriov_vfu_device_add(s->server, s->fn, &opts, &s->device) == 0);
}

static void serve(struct stage *s)
{
    /* A step without a message may have ended a connection. */
    for (unsigned idle = 0; idle < 2;) {
        int done = sriov_vfu_server_step(s->server);

        FUZZ_MUST(done >= 0);
        idle = done > 0 ? 0 : idle + 1;
    }
}

static void hang_up(struct stage *s)
{
    if (s->sock >= 0) {
        FUZZ_MUST(close(s->sock) == 0);
        s->sock = -1;
    }
    serve(s);
    FUZZ_MUST(!sriov_vfu_device_connected(s->device));
}

static bool connect_client(struct stage *s)
{
    int ends[2];

    if (s->clients++ >= CLIENTS_MAX) {
        return false;
    }
    FUZZ_MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    FUZZ_MUST(sriov_vfu_device_adopt(s->device, ends[1]) == 0);
    s->sock = ends[0];
    return true;
}

/* What the server says is of no interest; descriptors that come along are closed. */
static void drain(int sock)
{
    static uint8_t bytes[DRAIN_MESSAGE];

    while (recv(sock, bytes, sizeof(bytes), MSG_DONTWAIT) > 0) {
    }
}

static bool play(struct stage *s, const struct fuzz_vfu_record *record)
{
    if (record->how == FUZZ_VFU_LATER) {
        sriov_mock_advance(s->bed.mock, BED_MS);
    }
    if (s->sock >= 0 && (record->how == FUZZ_VFU_HANG_UP || !sriov_vfu_device_connected(s->device))) {
        hang_up(s);
    }
    if (s->sock < 0 && !connect_client(s)) {
        return false;
    }
    (void)fuzz_vfu_send(s->sock, record);
    serve(s);
    drain(s->sock);
    return true;
}

static void judge(struct stage *s)
{
    struct sriov_vfu_counts counts = {.size = sizeof(counts)};

    hang_up(s);
    FUZZ_MUST(sriov_vfu_device_counts(s->device, &counts) == 0);
    FUZZ_MUST(counts.maps == 0 && counts.bytes == 0 && counts.posted <= counts.messages);
    sriov_vfu_server_destroy(s->server);
    FUZZ_MUST(sriov_fn_close(s->fn) == 0);
    sriov_mock_forget_violations(s->bed.mock);
    FUZZ_MUST(bed_destroy(&s->bed) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct stage stage;
    struct fuzz_input in = {data, size};
    struct fuzz_vfu_record record;
    unsigned fds = fuzz_vfu_fds();

    memset(&stage, 0, sizeof(stage));
    stage.sock = -1;
    uint8_t how = fuzz_u8(&in);
    make_world(&stage, (how & 8u) != 0 ? "82576" : "82599");
    export_vf(&stage, how);
    for (uint32_t i = 0; i < RECORDS_MAX && fuzz_vfu_next(&in, &record) && play(&stage, &record); i++) {
    }
    judge(&stage);
    FUZZ_MUST(fuzz_vfu_fds() == fds);
    return 0;
}
