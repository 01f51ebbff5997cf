/* SPDX-License-Identifier: BSD-3-Clause */
/* The client's ops against a server of the test's own, which answers as it should. */
#include "peer.h"

#include <fcntl.h>
#include <linux/vfio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define MS UINT64_C(1000000)

struct bed {
    struct peer peer;
    struct sriov_vmm *vmm;
    const struct sriov_vmm_ops *ops;
    void *fn;
};

static int set_up(void **state)
{
    static const char *const paths[] = {"/nowhere/vf0.sock"};
    struct sriov_vfu_client_opts opts = {.size = sizeof(opts), .paths = paths, .num_paths = 1};
    struct bed *bed = calloc(1, sizeof(*bed));
    peer_init(&bed->peer);
    assert_int_equal(sriov_vfu_client_create(&opts, &bed->vmm), 0);
    sriov_log_set_level(bed->vmm, 0);
    struct vfuc *client = sriov_vmm_ctx(bed->vmm);
    client->dial = peer_dial;
    client->dial_arg = &bed->peer;
    bed->ops = sriov_vmm_ops(bed->vmm);
    *state = bed;
    return 0;
}

static int tear_down(void **state)
{
    struct bed *bed = *state;
    int err = sriov_vfu_client_destroy(bed->vmm);
    free(bed);
    return err;
}

static void open_fn(struct bed *bed)
{
    struct sriov_open_args args = {.size = sizeof(args), .name = "vf0.sock"};
    assert_int_equal(bed->ops->open(sriov_vmm_ctx(bed->vmm), &args, &bed->fn), 0);
}

static void close_fn(struct bed *bed)
{
    bed->ops->close(bed->fn);
    peer_join(&bed->peer);
}

static void open_asks_once(void **state)
{
    struct bed *bed = *state;
    struct sriov_fn_info info = {.size = sizeof(info)};
    open_fn(bed);
    assert_int_equal(bed->ops->info(bed->fn, &info), 0);
    close_fn(bed);
    assert_int_equal(info.vendor, 0x8086);
    assert_int_equal(info.device, 0x10ed);
    assert_int_equal(info.class_code, 0x020000);
    assert_int_equal(info.revision, 1);
    assert_string_equal(info.name, "vf0.sock");
    assert_true((info.caps & SRIOV_CAP_RESET) != 0 && (info.caps & SRIOV_CAP_IRQ_TRIGGER) != 0);
    assert_true((info.caps & (SRIOV_CAP_DMA_MAP | SRIOV_CAP_BAR_VIEW)) == 0);
    assert_int_equal(bed->peer.count[VFU_VERSION], 1);
    assert_int_equal(bed->peer.count[VFU_DEVICE_GET_INFO], 1);
    assert_int_equal(bed->peer.count[VFU_DEVICE_GET_REGION_INFO], 7);
}

static void bar_writes_are_posted(void **state)
{
    struct bed *bed = *state;
    uint64_t value = 0;
    open_fn(bed);
    for (uint32_t width = 1; width <= 8; width *= 2) {
        uint64_t want = UINT64_C(0x1122334455667788) & (UINT64_MAX >> (64 - 8 * width));
        assert_int_equal(bed->ops->bar_write(bed->fn, 0, 64, width, want), 0);
        assert_int_equal(bed->ops->bar_read(bed->fn, 0, 64, width, &value), 0);
        assert_true(value == want);
    }
    close_fn(bed);
    assert_int_equal(bed->peer.posted, 4);
    assert_int_equal(bed->peer.count[VFU_REGION_WRITE], 4);
}

static void accesses_outside_stay_here(void **state)
{
    struct bed *bed = *state;
    uint64_t value = 0;
    uint32_t word = 0;
    open_fn(bed);
    assert_int_equal(bed->ops->bar_read(bed->fn, 0, 4096, 4, &value), -ERANGE);
    assert_int_equal(bed->ops->bar_read(bed->fn, 0, UINT64_MAX - 3, 4, &value), -ERANGE);
    assert_int_equal(bed->ops->bar_read(bed->fn, 0, 2, 4, &value), -EINVAL);
    assert_int_equal(bed->ops->bar_read(bed->fn, 1, 0, 4, &value), -ERANGE);
    assert_int_equal(bed->ops->bar_read(bed->fn, 6, 0, 4, &value), -EINVAL);
    assert_int_equal(bed->ops->bar_write(bed->fn, 0, 4096, 1, 0), -ERANGE);
    assert_int_equal(bed->ops->cfg_read(bed->fn, 4096, 4, &word), -ERANGE);
    assert_int_equal(bed->ops->cfg_read(bed->fn, 0, 8, &word), -EINVAL);
    assert_int_equal(bed->ops->cfg_write(bed->fn, UINT32_MAX - 3, 4, 0), -ERANGE);
    close_fn(bed);
    assert_int_equal(bed->peer.count[VFU_REGION_READ], 3); /* what open reads */
    assert_int_equal(bed->peer.count[VFU_REGION_WRITE], 0);
}

static void config_is_asked_each_time(void **state)
{
    struct bed *bed = *state;
    uint32_t value = 0;
    open_fn(bed);
    assert_int_equal(bed->ops->cfg_write(bed->fn, 4, 2, 0x0406), 0);
    assert_int_equal(bed->ops->cfg_read(bed->fn, 4, 2, &value), 0);
    close_fn(bed);
    assert_int_equal(value, 0x0406);
    assert_int_equal(bed->peer.posted, 0);
}

static struct sriov_dma_mem memory(uint64_t iova, uint64_t length)
{
    struct sriov_dma_mem mem = {.size = sizeof(mem),
                                .dir = SRIOV_DMA_BOTH,
                                .length = length,
                                .align = 4096,
                                .iova = sriov_iova(iova)};
    return mem;
}

static void memory_is_shared_and_sealed(void **state)
{
    struct bed *bed = *state;
    struct sriov_dma_mem mem = memory(0x200000, 8192);
    unsigned char seen = 0;
    unsigned char behind = 1;
    open_fn(bed);
    assert_int_equal(bed->ops->dma_alloc(bed->fn, &mem), 0);
    seen = ((unsigned char *)mem.va)[15]; /* the device wrote there before it answered */
    behind = ((unsigned char *)mem.va)[16];
    assert_int_equal(bed->ops->dma_free(bed->fn, &mem), 0);
    assert_int_equal(bed->ops->dma_free(bed->fn, &mem), -EINVAL);
    close_fn(bed);
    assert_int_equal(seen, 0x5a);
    assert_int_equal(behind, 0);
    assert_int_equal(bed->peer.maps, 1);
    assert_true(bed->peer.map[0].addr == 0x200000 && bed->peer.map[0].size == 8192);
    assert_int_equal(bed->peer.map[0].flags, VFU_DMA_F_READ | VFU_DMA_F_WRITE);
    assert_int_equal(bed->peer.map[0].seals & F_SEAL_SHRINK, F_SEAL_SHRINK);
    assert_int_equal(bed->peer.count[VFU_DMA_UNMAP], 1);
}

static void maps_are_counted(void **state)
{
    struct bed *bed = *state;
    struct sriov_dma_limits limits = {.size = sizeof(limits)};
    struct sriov_dma_mem mem[5];
    open_fn(bed); /* its server allows 4 */
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(bed->ops->dma_limits(bed->fn, &limits), 0);
        assert_int_equal(limits.maps_left, 4 - i);
        mem[i] = memory(0x200000 + i * 4096u, 4096);
        assert_int_equal(bed->ops->dma_alloc(bed->fn, &mem[i]), i < 4 ? 0 : -ENOSPC);
    }
    assert_int_equal(bed->ops->dma_free(bed->fn, &mem[2]), 0);
    assert_int_equal(bed->ops->dma_limits(bed->fn, &limits), 0);
    assert_int_equal(limits.maps_left, 1);
    close_fn(bed); /* with three that nobody gave back */
}

static void refused_unmap_keeps_memory(void **state)
{
    struct bed *bed = *state;
    struct sriov_dma_mem mem = memory(0x200000, 4096);
    bed->peer.refuse = 1u << VFU_DMA_UNMAP;
    bed->peer.value = EINVAL;
    open_fn(bed);
    assert_int_equal(bed->ops->dma_alloc(bed->fn, &mem), 0);
    assert_int_equal(bed->ops->dma_free(bed->fn, &mem), -EFAULT);
    memset(mem.va, 1, mem.length);
    close_fn(bed);
}

static void hear(void *arg, uint32_t value)
{
    uint32_t *heard = arg;
    heard[value < 8 ? value : 8]++;
}

static struct sriov_irq_sink sink_of(uint32_t *heard)
{
    struct sriov_irq_sink sink = {
        .size = sizeof(sink), .kind = SRIOV_SINK_CALLBACK, .fd = -1, .cb = hear, .arg = heard};
    return sink;
}

/* The server takes two descriptors in a message: three vectors are two messages. */
static void vectors_come_and_go(void **state)
{
    struct bed *bed = *state;
    uint32_t heard[9] = {0};
    struct sriov_irq_sink sink = sink_of(heard);
    uint32_t n = 3;
    open_fn(bed);
    assert_int_equal(bed->ops->irq_enable(bed->fn, &n), 0);
    assert_int_equal(bed->ops->irq_enable(bed->fn, &n), -EBUSY);
    assert_int_equal(bed->ops->irq_attach(bed->fn, 3, &sink), -EINVAL);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(bed->ops->irq_attach(bed->fn, i, &sink), 0);
    }
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(bed->ops->irq_trigger(bed->fn, i), 0);
        assert_int_equal(sriov_vmm_wait(bed->vmm, UINT64_MAX), 0);
        assert_int_equal(heard[i], 1);
    }
    assert_int_equal(bed->ops->irq_disable(bed->fn), 0);
    close_fn(bed);
    assert_int_equal(bed->peer.count[VFU_DEVICE_SET_IRQS], 2 + 3 + 1);
    assert_int_equal(bed->peer.off, 1);
    assert_int_equal(heard[8], 0);
}

static void masked_is_kept(void **state)
{
    struct bed *bed = *state;
    uint32_t heard[9] = {0};
    struct sriov_irq_sink sink = sink_of(heard);
    uint32_t n = 1;
    uint32_t pending = 0;
    open_fn(bed);
    assert_int_equal(bed->ops->irq_enable(bed->fn, &n), 0);
    assert_int_equal(bed->ops->irq_attach(bed->fn, 0, &sink), 0);
    assert_int_equal(bed->ops->irq_mask(bed->fn, 0), 0);
    assert_int_equal(bed->ops->irq_trigger(bed->fn, 0), 0);
    assert_int_equal(sriov_vmm_wait(bed->vmm, 0), -ETIMEDOUT);
    assert_int_equal(bed->ops->irq_pending(bed->fn, 0, &pending), 0);
    assert_int_equal(pending, 1);
    assert_int_equal(bed->ops->irq_unmask(bed->fn, 0), 0);
    assert_int_equal(sriov_vmm_wait(bed->vmm, UINT64_MAX), 0);
    assert_int_equal(heard[0], 1);
    close_fn(bed);
}

/* The server signals the caller's eventfd itself; detached, it is left alone. */
static void eventfd_is_the_servers(void **state)
{
    struct bed *bed = *state;
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    struct sriov_irq_sink sink = {.size = sizeof(sink), .kind = SRIOV_SINK_EVENTFD, .fd = fd};
    uint32_t n = 1;
    eventfd_t times = 0;
    open_fn(bed);
    assert_int_equal(bed->ops->irq_enable(bed->fn, &n), 0);
    assert_int_equal(bed->ops->irq_trigger(bed->fn, 0), 0); /* nobody hears it yet */
    assert_int_equal(bed->ops->irq_attach(bed->fn, 0, &sink), 0);
    assert_int_equal(eventfd_read(fd, &times), 0); /* it was kept */
    assert_int_equal(bed->ops->irq_trigger(bed->fn, 0), 0);
    assert_int_equal(eventfd_read(fd, &times), 0);
    assert_int_equal(times, 1);
    assert_int_equal(bed->ops->irq_detach(bed->fn, 0), 0);
    assert_int_equal(bed->ops->irq_trigger(bed->fn, 0), 0);
    assert_true(eventfd_read(fd, &times) < 0);
    close_fn(bed);
    close(fd);
}

static int view_file(uint64_t length, unsigned seals)
{
    int fd = memfd_create("bar", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert_int_equal(ftruncate(fd, (off_t)length), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
    return fd;
}

static void view_is_taken_and_killed(void **state)
{
    struct bed *bed = *state;
    volatile void *view = NULL;
    bed->peer.bar_fd = view_file(4096, F_SEAL_SHRINK);
    bed->peer.bar_flags = VFIO_REGION_INFO_FLAG_MMAP;
    open_fn(bed);
    assert_int_equal(bed->ops->bar_view(bed->fn, 1, &view), -EOPNOTSUPP);
    assert_int_equal(bed->ops->bar_view(bed->fn, 0, &view), 0);
    volatile uint32_t *reg = view;
    uint32_t shared = 0;
    reg[2] = 0xcafe;
    assert_int_equal(pread(bed->peer.bar_fd, &shared, 4, 8), 4);
    assert_int_equal(shared, 0xcafe);
    bed->ops->kill(bed->fn);
    assert_true(reg[2] == UINT32_MAX);
    reg[2] = 1; /* vanishes */
    assert_int_equal(pread(bed->peer.bar_fd, &shared, 4, 8), 4);
    assert_int_equal(shared, 0xcafe);
    bed->ops->bar_unview(bed->fn, 0, view);
    close_fn(bed);
    close(bed->peer.bar_fd);
}

/* What its owner can cut short, or has, would fault under the driver. */
static void unsafe_file_gives_no_view(void **state)
{
    struct bed *bed = *state;
    const struct {
        uint64_t length;
        unsigned seals;
    } bad[] = {{4096, F_SEAL_GROW}, {2048, F_SEAL_SHRINK}, {0, F_SEAL_SHRINK}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        volatile void *view = NULL;
        peer_init(&bed->peer);
        bed->peer.bar_fd = view_file(bad[i].length, bad[i].seals);
        bed->peer.bar_flags = VFIO_REGION_INFO_FLAG_MMAP;
        open_fn(bed);
        assert_int_equal(bed->ops->bar_view(bed->fn, 0, &view), -EOPNOTSUPP);
        close_fn(bed);
        close(bed->peer.bar_fd);
    }
}

static void servers_commands_are_refused(void **state)
{
    struct bed *bed = *state;
    bed->peer.strays = 3;
    open_fn(bed);
    close_fn(bed);
    assert_int_equal(bed->peer.refusals, 3 * 15);
}

static void killed_is_dead_and_tidy(void **state)
{
    struct bed *bed = *state;
    struct sriov_dma_mem mem = memory(0x200000, 4096);
    uint64_t value = 0;
    uint32_t n = 1;
    open_fn(bed);
    assert_int_equal(bed->ops->dma_alloc(bed->fn, &mem), 0);
    assert_int_equal(bed->ops->irq_enable(bed->fn, &n), 0);
    bed->ops->kill(bed->fn);
    bed->ops->kill(bed->fn);
    assert_int_equal(bed->ops->bar_read(bed->fn, 0, 8, 4, &value), -ENODEV);
    assert_true(value == UINT32_MAX);
    assert_int_equal(bed->ops->reset(bed->fn), -ENODEV);
    assert_int_equal(bed->ops->dma_free(bed->fn, &mem), 0);
    close_fn(bed);
}

static void only_one_open(void **state)
{
    struct bed *bed = *state;
    struct sriov_open_args args = {.size = sizeof(args), .name = "vf0.sock"};
    void *other = NULL;
    open_fn(bed);
    assert_int_equal(bed->ops->open(sriov_vmm_ctx(bed->vmm), &args, &other), -EBUSY);
    args.name = "vf1.sock";
    assert_int_equal(bed->ops->open(sriov_vmm_ctx(bed->vmm), &args, &other), -ENOENT);
    args.name = "/nowhere/vf0.sock";
    assert_int_equal(bed->ops->open(sriov_vmm_ctx(bed->vmm), &args, &other), -ENOENT);
    args.name = "vf0.sock";
    args.options = "colour=blue";
    assert_int_equal(bed->ops->open(sriov_vmm_ctx(bed->vmm), &args, &other), -EINVAL);
    close_fn(bed);
}

struct listed {
    struct sriov_fn_info info;
    uint32_t n;
};

static int list_one(void *arg, const struct sriov_fn_info *info)
{
    struct listed *listed = arg;
    listed->info = *info;
    listed->n++;
    return 0;
}

static int dial_busy(void *arg, const struct sockaddr_un *at)
{
    (void)arg;
    (void)at;
    return -EBUSY;
}

static int bound(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memcpy(at.sun_path, path, strlen(path) + 1);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
    return fd;
}

/* A folder with a socket and a file: asked, held by somebody else, served by nobody. */
static void folder_is_listed(void **state)
{
    struct bed *bed = *state;
    char dir[] = "/tmp/vfuc-XXXXXX";
    char path[64];
    char file[64];
    struct sriov_vmm *vmm = NULL;
    struct listed listed = {.n = 0};
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/vf7", dir);
    (void)snprintf(file, sizeof(file), "%s/notes", dir);
    int fd = bound(path);
    close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    struct sriov_vfu_client_opts opts = {.size = sizeof(opts), .dir = dir};
    assert_int_equal(sriov_vfu_client_create(&opts, &vmm), 0);
    assert_int_equal(sriov_vmm_enumerate(vmm, list_one, &listed), 0);
    assert_int_equal(listed.n, 0); /* nobody listens */
    struct vfuc *client = sriov_vmm_ctx(vmm);
    client->dial = dial_busy;
    assert_int_equal(sriov_vmm_enumerate(vmm, list_one, &listed), 0);
    assert_int_equal(listed.n, 1);
    assert_int_equal(listed.info.vendor, 0);
    client->dial = peer_dial;
    client->dial_arg = &bed->peer;
    assert_int_equal(sriov_vmm_enumerate(vmm, list_one, &listed), 0);
    peer_join(&bed->peer);
    assert_int_equal(listed.n, 2);
    assert_string_equal(listed.info.name, "vf7");
    assert_int_equal(listed.info.device, 0x10ed);
    assert_int_equal(sriov_vfu_client_destroy(vmm), 0);
    close(fd);
    (void)unlink(path);
    (void)unlink(file);
    assert_int_equal(rmdir(dir), 0);
}

static void options_are_checked(void **state)
{
    (void)state;
    static const char *const twice[] = {"/a/vf0", "/b/vf0"};
    static const char *const slash[] = {"/a/"};
    static char deep[200];
    const char *const long_path[] = {deep};
    struct sriov_vmm *vmm = NULL;
    memset(deep, 'x', sizeof(deep) - 1);
    const struct sriov_vfu_client_opts bad[] = {
        {.size = sizeof(bad[0])},
        {.size = 4, .dir = "/tmp"},
        {.size = sizeof(bad[0]), .dir = ""},
        {.size = sizeof(bad[0]), .dir = deep},
        {.size = sizeof(bad[0]), .dir = "/tmp", .paths = slash, .num_paths = 1},
        {.size = sizeof(bad[0]), .paths = twice, .num_paths = 2},
        {.size = sizeof(bad[0]), .paths = slash, .num_paths = 1},
        {.size = sizeof(bad[0]), .paths = long_path, .num_paths = 1},
        {.size = sizeof(bad[0]), .num_paths = 1},
        {.size = sizeof(bad[0]), .dir = "/tmp", .iova_first = 1, .iova_last = 4095},
        {.size = sizeof(bad[0]), .dir = "/tmp", .iova_first = 8192, .iova_last = 4095},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(sriov_vfu_client_create(&bad[i], &vmm), -EINVAL);
        assert_null(vmm);
    }
    assert_int_equal(sriov_vfu_client_create(NULL, &vmm), -EINVAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(open_asks_once),
        TEST(bar_writes_are_posted),
        TEST(accesses_outside_stay_here),
        TEST(config_is_asked_each_time),
        TEST(memory_is_shared_and_sealed),
        TEST(maps_are_counted),
        TEST(refused_unmap_keeps_memory),
        TEST(vectors_come_and_go),
        TEST(masked_is_kept),
        TEST(eventfd_is_the_servers),
        TEST(view_is_taken_and_killed),
        TEST(unsafe_file_gives_no_view),
        TEST(servers_commands_are_refused),
        TEST(killed_is_dead_and_tidy),
        TEST(only_one_open),
        TEST(folder_is_listed),
        cmocka_unit_test(options_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
