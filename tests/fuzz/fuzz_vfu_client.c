/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vfio-user server that is hostile: the input is all that it will ever say, whatever it is asked. What a
 * driver does first is done with the function that it claims to have; nothing may be left behind.
 *
 * FUZZ_VFU_SOCKET names a real server for a recording of what it says to the same questions.
 */
#include "fuzz_vfu.h"

#include "vfuc.h"

#include <sriov/dma.h>
#include <sriov/fn.h>
#include <sriov/hw/pci_regs.h>
#include <sriov/irq.h>
#include <sriov/migrate.h>

#include <sys/socket.h>
#include <unistd.h>

#define NAME       "fuzz.sock"
#define BLOCKS     3u
#define VECTORS    3u
#define BLOCK      65536u
#define PIECE      1024u
#define PIECES     64u
#define TIMEOUT_NS (getenv("FUZZ_VFU_SOCKET") != NULL ? UINT64_C(5000000000) : UINT64_C(100000))

int __real_vfu_tx_flush(struct vfu_tx *tx, int sock);
int __wrap_vfu_tx_flush(struct vfu_tx *tx, int sock);

static struct fuzz_input input;
static int far = -1; /* the server's end of the last connection */
static bool fresh;   /* nothing was said on it yet */
static unsigned interrupts;

static void drop_line(void *arg, uint32_t level, const char *line)
{
    (void)arg;
    (void)level;
    (void)line;
}

static int dial_real(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    FUZZ_MUST(fd >= 0 && strlen(path) < sizeof(at.sun_path));
    memcpy(at.sun_path, path, strlen(path) + 1);
    FUZZ_MUST(connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0);
    return fd;
}

/* What the server says next, up to a reply, or the end of its stream. */
static void say(void)
{
    struct fuzz_input rest = input;
    struct fuzz_vfu_record record;
    struct vfu_header hdr;

    while (fuzz_vfu_next(&rest, &record) && (fresh || record.how != FUZZ_VFU_HANG_UP) &&
           fuzz_vfu_send(far, &record)) {
        input = rest;
        fresh = false;
        if (record.length < sizeof(hdr)) {
            return;
        }
        memcpy(&hdr, record.bytes, sizeof(hdr));
        if ((hdr.flags & VFU_F_TYPE) != VFU_F_COMMAND) {
            return;
        }
    }
    FUZZ_MUST(shutdown(far, SHUT_WR) == 0 || errno == ENOTCONN);
}

/* What the client asks is thrown away, and the answer was known before (ld --wrap). */
int __wrap_vfu_tx_flush(struct vfu_tx *tx, int sock)
{
    static uint8_t asked[VFU_MSG_MAX];
    struct vfu_header hdr;
    int done = __real_vfu_tx_flush(tx, sock);

    if (done != 1 || far < 0) {
        return done;
    }
    memcpy(&hdr, tx->buf, sizeof(hdr));
    while (recv(far, asked, sizeof(asked), MSG_DONTWAIT) > 0) {
    }
    if ((hdr.flags & VFU_F_TYPE) == VFU_F_COMMAND && (hdr.flags & VFU_F_NO_REPLY) == 0) {
        say();
    }
    return done;
}

static int dial(void *arg, const struct sockaddr_un *at)
{
    const char *real = getenv("FUZZ_VFU_SOCKET");
    int ends[2];
    (void)arg;
    (void)at;

    if (real != NULL) {
        return dial_real(real);
    }
    FUZZ_MUST(far < 0 || close(far) == 0);
    FUZZ_MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    far = ends[1];
    fresh = true;
    return ends[0];
}

static void on_interrupt(void *arg, uint32_t vector)
{
    (void)arg;
    FUZZ_MUST(vector < VECTORS);
    interrupts++;
}

static void try_config(struct sriov_fn *fn)
{
    struct sriov_msix_cap msix;
    struct sriov_iov_cap iov;
    uint16_t off;
    uint32_t value;

    (void)sriov_cfg_msix(fn, &msix);
    (void)sriov_cfg_sriov(fn, &iov);
    (void)sriov_cfg_find_cap(fn, SRIOV_PCI_CAP_ID_EXP, &off);
    (void)sriov_cfg_read32(fn, SRIOV_PCI_COMMAND, &value);
    (void)sriov_cfg_write16(fn, SRIOV_PCI_COMMAND, 6);
    (void)sriov_cfg_read32(fn, 4092, &value);
}

static void try_bars(struct sriov_fn *fn)
{
    for (uint32_t i = 0; i < 6; i++) {
        struct sriov_bar bar;

        if (sriov_bar_open(fn, i, 64, &bar) == 0) {
            (void)sriov_rd32(&bar, 8);
            sriov_wr32(&bar, 16, 0x01020304);
            (void)sriov_rd32(&bar, 0);
            sriov_bar_close(&bar);
        }
    }
}

static void try_interrupts(struct sriov_fn *fn)
{
    uint32_t n;

    if (sriov_irq_enable(fn, VECTORS, 1, &n) != 0) {
        return;
    }
    FUZZ_MUST(n >= 1 && n <= VECTORS);
    for (uint32_t i = 0; i < n; i++) {
        bool pending;

        (void)sriov_irq_attach(fn, i, on_interrupt, NULL);
        (void)sriov_irq_mask(fn, i);
        (void)sriov_irq_trigger(fn, i);
        (void)sriov_irq_pending(fn, i, &pending);
        (void)sriov_irq_unmask(fn, i);
    }
    (void)sriov_vmm_wait(sriov_fn_vmm(fn), 0);
    (void)sriov_irq_disable(fn);
}

static void try_memory(struct sriov_fn *fn)
{
    struct sriov_dma dma[BLOCKS];
    bool have[BLOCKS];

    for (uint32_t i = 0; i < BLOCKS; i++) {
        have[i] = sriov_dma_alloc(fn, "fuzz", BLOCK, 4096, SRIOV_DMA_BOTH, &dma[i]) == 0;
        if (have[i]) {
            memset(dma[i].va, 0x5a, BLOCK);
        }
    }
    (void)sriov_fn_reset(fn);
    for (uint32_t i = 0; i < BLOCKS; i++) {
        if (have[i]) {
            (void)sriov_dma_free(fn, &dma[i]);
        }
    }
}

static void read_all(struct sriov_fn *fn)
{
    static uint8_t bytes[PIECE];
    uint64_t len = 1;

    for (uint32_t i = 0; i < PIECES && len != 0; i++) {
        if (sriov_mig_read(fn, bytes, sizeof(bytes), &len) != 0) {
            return;
        }
        FUZZ_MUST(len <= sizeof(bytes));
    }
}

static void try_migration(struct sriov_fn *fn)
{
    struct sriov_mig_info info = {.size = sizeof(info)};
    uint32_t state;
    static const uint8_t nonsense[PIECE];

    (void)sriov_mig_get_info(fn, &info);
    if (sriov_mig_get_state(fn, &state) == 0) {
        FUZZ_MUST(state <= SRIOV_MIG_PRE_COPY && state != 5);
    }
    (void)sriov_mig_set_state(fn, SRIOV_MIG_PRE_COPY);
    read_all(fn);
    if (sriov_mig_set_state(fn, SRIOV_MIG_STOP_COPY) == 0) {
        read_all(fn);
    }
    if (sriov_mig_set_state(fn, SRIOV_MIG_RESUMING) == 0) {
        (void)sriov_mig_write(fn, nonsense, sizeof(nonsense));
    }
    (void)sriov_mig_abort(fn, NULL);
}

static void try_log(struct sriov_fn *fn)
{
    uint64_t bitmap[2] = {0};
    bool exact;

    if (sriov_mig_dirty_start(fn, &exact) == 0) {
        (void)sriov_mig_dirty_read(fn, sriov_iova(1 << 20), 70 * SRIOV_VM_PAGE, bitmap);
        FUZZ_MUST(bitmap[1] >> 6 == 0); /* no page but those that were asked for */
        (void)sriov_mig_dirty_stop(fn);
    }
}

static void drive(struct sriov_vmm *vmm)
{
    struct sriov_fn *fn;

    if (sriov_fn_open(vmm, NAME, NULL, &fn) != 0) {
        return;
    }
    try_config(fn);
    try_bars(fn);
    try_memory(fn);
    try_interrupts(fn);
    try_log(fn);
    try_migration(fn);
    (void)sriov_fn_close(fn);
}

static int count(void *arg, const struct sriov_fn_info *info)
{
    uint32_t *n = arg;

    FUZZ_MUST(strcmp(info->name, NAME) == 0);
    ++*n;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {"/nowhere/" NAME};
    struct sriov_vfu_client_opts opts = {.size = sizeof(opts), .paths = paths, .num_paths = 1};
    struct sriov_vmm *vmm;
    uint32_t found = 0;

    input = (struct fuzz_input){data, size};
    opts.flags = fuzz_u8(&input) & SRIOV_VFU_CLIENT_UNSHARED;
    opts.timeout_ns = TIMEOUT_NS;
    FUZZ_MUST(sriov_vfu_client_create(&opts, &vmm) == 0);
    sriov_log_set_sink(vmm, drop_line, NULL);
    struct vfuc *client = sriov_vmm_ctx(vmm);
    client->dial = dial;
    unsigned fds = 0;
    (void)sriov_vmm_enumerate(vmm, count, &found);
    FUZZ_MUST(found <= 1);
    fds = fuzz_vfu_fds();
    drive(vmm);
    FUZZ_MUST(fuzz_vfu_fds() == fds);
    FUZZ_MUST(sriov_vfu_client_destroy(vmm) == 0);
    return 0;
}
