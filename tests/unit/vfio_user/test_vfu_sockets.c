/* SPDX-License-Identifier: BSD-3-Clause */
/* Clients come and go: sockets, second clients, those that stop in the middle, several devices. */
#include "bed.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct place {
    struct bed *b;
    char dir[64];
    char path[96];
};

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));

    assert_non_null(p);
    snprintf(p->dir, sizeof(p->dir), "/tmp/sriov-vfu-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->path, sizeof(p->path), "%s/vf0.sock", p->dir);
    p->b = bed_make();
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    void *bed = p->b;

    assert_int_equal(bed_teardown(&bed), 0);
    assert_int_equal(rmdir(p->dir), 0); /* nothing is left in it */
    free(p);
    return 0;
}

static int export_at(struct place *p, const char *path)
{
    struct sriov_vfu_device_opts opts = {.size = sizeof(opts), .path = path};

    return sriov_vfu_device_add(p->b->server, p->b->vf, &opts, &p->b->device);
}

static int dial(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(sock >= 0 && strlen(path) < sizeof(address.sun_path));
    strcpy(address.sun_path, path);
    if (connect(sock, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        close(sock);
        return -1;
    }
    return sock;
}

static void clients_come_by_the_socket_one_after_the_other(void **state)
{
    struct place *p = *state;

    assert_int_equal(export_at(p, p->path), 0);
    for (unsigned i = 0; i < 3; i++) {
        p->b->sock = dial(p->path);
        bed_hello(p->b);
        bed_wr32(p->b, TOY_SCRATCH, i);
        bed_hang_up(p->b);
        assert_false(sriov_vfu_device_connected(p->b->device));
    }
    assert_int_equal(bed_counts(p->b).clients, 3);
}

static void a_second_client_is_turned_away(void **state)
{
    struct place *p = *state;
    char byte;
    int second;

    assert_int_equal(export_at(p, p->path), 0);
    p->b->sock = dial(p->path);
    bed_hello(p->b);
    second = dial(p->path);
    bed_run(p->b);
    assert_int_equal(read(second, &byte, 1), 0);
    close(second);
    bed_wr32(p->b, TOY_SCRATCH, 1); /* the first notices nothing */
    assert_int_equal(bed_counts(p->b).turned_away, 1);
    assert_int_equal(bed_counts(p->b).clients, 1);
    assert_int_equal(sriov_vfu_device_adopt(p->b->device, 0), -EBUSY);
}

/* Killed and started again before the server looked once. */
static void a_client_that_restarts_is_let_in(void **state)
{
    struct place *p = *state;
    struct bed *b = p->b;

    assert_int_equal(export_at(p, p->path), 0);
    b->sock = dial(p->path);
    bed_hello(b);
    for (unsigned i = 0; i < 5; i++) { /* more than one step reads */
        struct vfu_device_info info = {.argsz = sizeof(info)};

        bed_send(b, VFU_DEVICE_GET_INFO, VFU_F_NO_REPLY, &info, sizeof(info), NULL, 0);
    }
    close(b->sock);
    b->sock = dial(p->path);
    bed_hello(b);
    assert_int_equal(bed_counts(b).clients, 2);
    assert_int_equal(bed_counts(b).turned_away, 0);
}

static void a_client_that_stops_in_a_message_is_forgotten(void **state)
{
    struct place *p = *state;
    struct bed *b = p->b;
    struct vfu_header hdr = {.cmd = VFU_REGION_WRITE, .size = 64};
    unsigned before;

    assert_int_equal(export_at(p, p->path), 0);
    before = bed_fds();
    for (size_t n = 1; n <= sizeof(hdr); n += 5) {
        b->sock = dial(p->path);
        bed_hello(b);
        assert_int_equal(write(b->sock, &hdr, n), n);
        bed_silent(b);
        bed_hang_up(b);
        assert_int_equal(bed_fds(), before);
    }
    assert_int_equal(bed_counts(b).broken, 0);
}

static void a_size_that_no_message_has_cuts_off(void **state)
{
    struct place *p = *state;
    struct bed *b = p->b;
    struct vfu_header hdr = {.cmd = VFU_REGION_WRITE, .size = UINT32_MAX};

    assert_int_equal(export_at(p, p->path), 0);
    b->sock = dial(p->path);
    bed_hello(b);
    assert_int_equal(write(b->sock, &hdr, sizeof(hdr)), sizeof(hdr));
    bed_closed(b);
    assert_int_equal(bed_counts(b).broken, 1);
    b->sock = dial(p->path);
    bed_hello(b);
}

/* It asks and does not listen: the server stops reading from it, holds one reply and serves on. */
static void a_client_that_does_not_listen_stops_itself_alone(void **state)
{
    struct place *p = *state;
    struct bed *b = p->b;
    struct vfu_region_access at = {.region = VFIO_PCI_CONFIG_REGION_INDEX, .count = 4096};
    struct vfu_header hdr = {.cmd = VFU_REGION_READ};
    struct sriov_vfu_counts then;
    int rc;

    assert_int_equal(export_at(p, p->path), 0);
    b->sock = dial(p->path);
    bed_hello(b);
    do {
        assert_int_equal(vfu_tx_put(&b->tx, hdr, &at, sizeof(at), NULL, 0, NULL, 0), 0);
        rc = vfu_tx_flush(&b->tx, b->sock);
        bed_run(b);
    } while (rc == 1);
    assert_int_equal(rc, 0);
    then = bed_counts(b);
    bed_run(b);
    assert_int_equal(bed_counts(b).messages, then.messages);
    for (uint64_t i = 1; i < then.messages; i++) { /* one was VERSION */
        vfu_rx_next(&b->rx);
        do {
            bed_run(b);
            rc = vfu_rx_step(&b->rx, b->sock);
        } while (rc == 0);
        assert_int_equal(rc, 1);
        assert_int_equal(vfu_rx_length(&b->rx), sizeof(at) + 4096);
    }
    bed_run(b);
    assert_true(bed_counts(b).messages > then.messages);
}

static void paths_that_do_not_serve_are_refused(void **state)
{
    struct place *p = *state;
    char deep[200];
    char file[128];
    FILE *f;

    memset(deep, 'a', sizeof(deep));
    memcpy(deep, "/tmp/", 5);
    deep[sizeof(deep) - 1] = '\0';
    assert_int_equal(export_at(p, deep), -EINVAL);
    assert_int_equal(export_at(p, ""), -EINVAL);
    snprintf(file, sizeof(file), "%s/no/vf0.sock", p->dir);
    assert_int_equal(export_at(p, file), -ENOENT);
    snprintf(file, sizeof(file), "%s/file", p->dir);
    f = fopen(file, "w");
    assert_non_null(f);
    fclose(f);
    assert_int_equal(export_at(p, file), -EBUSY); /* somebody's file is no stale socket */
    assert_int_equal(access(file, F_OK), 0);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(sriov_fn_state(p->b->vf), SRIOV_FN_DETACHED);
}

static void a_socket_in_use_is_left_alone_and_a_stale_one_replaced(void **state)
{
    struct place *p = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int other = socket(AF_UNIX, SOCK_STREAM, 0);
    struct stat st;

    strcpy(address.sun_path, p->path);
    assert_int_equal(bind(other, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(other, 1), 0);
    assert_int_equal(export_at(p, p->path), -EBUSY);
    assert_int_equal(stat(p->path, &st), 0);
    close(other);
    assert_int_equal(export_at(p, p->path), 0);
    p->b->sock = dial(p->path);
    bed_hello(p->b);
}

static void the_socket_goes_with_the_device(void **state)
{
    struct place *p = *state;

    assert_int_equal(export_at(p, p->path), 0);
    p->b->sock = dial(p->path);
    bed_hello(p->b);
    assert_int_equal(sriov_fn_state(p->b->vf), SRIOV_FN_ATTACHED);
    sriov_vfu_device_del(p->b->device);
    assert_int_equal(access(p->path, F_OK), -1);
    assert_int_equal(sriov_fn_state(p->b->vf), SRIOV_FN_DETACHED);
    vfu_rx_next(&p->b->rx);
    assert_int_equal(vfu_rx_step(&p->b->rx, p->b->sock), -ENODEV);
    sriov_vfu_device_del(NULL);
}

static void two_devices_are_served_by_one_loop(void **state)
{
    struct place *p = *state;
    struct bed *b = p->b;
    struct bed other = {.server = b->server, .sock = -1};
    char name[SRIOV_NAME_MAX];
    struct sriov_fn *vf;

    other.rx.buf = other.in;
    other.tx.buf = other.out;
    assert_int_equal(sriov_mock_vf_name(b->f->mock, b->f->pf, 1, name), 0);
    assert_int_equal(sriov_fn_open(sriov_mock_vmm(b->f->mock), name, NULL, &vf), 0);
    other.vf = vf;
    bed_export(&other, 0, 0);
    bed_export(b, 0, 0);
    bed_connect(b);
    bed_connect(&other);
    bed_hello(b);
    bed_hello(&other);
    bed_wr32(b, TOY_SCRATCH, 1);
    bed_wr32(&other, TOY_SCRATCH, 2);
    assert_int_equal(bed_rd32(b, TOY_SCRATCH), 1);
    bed_hang_up(b); /* and the other loses nothing */
    assert_int_equal(bed_rd32(&other, TOY_SCRATCH), 2);
    bed_hang_up(&other);
    sriov_vfu_device_del(other.device);
    assert_int_equal(sriov_fn_close(vf), 0);
}

static void what_cannot_be_exported_is_refused(void **state)
{
    struct place *p = *state;
    struct bed *b = p->b;
    struct sriov_vfu_device_opts opts = {.size = sizeof(opts)};
    struct sriov_vfu_device *device;
    struct sriov_dma dma;

    assert_int_equal(sriov_vfu_device_add(b->server, b->pf, NULL, &device), -EBUSY); /* it has VFs */
    assert_null(device);
    assert_int_equal(sriov_fn_state(b->pf), SRIOV_FN_DETACHED);
    assert_int_equal(sriov_vfu_device_add(NULL, b->vf, NULL, &device), -EINVAL);
    assert_int_equal(sriov_vfu_device_add(b->server, NULL, NULL, &device), -EINVAL);
    opts.flags = 0x80;
    assert_int_equal(sriov_vfu_device_add(b->server, b->vf, &opts, &device), -EINVAL);
    opts.flags = 0;
    opts.size = 3;
    assert_int_equal(sriov_vfu_device_add(b->server, b->vf, &opts, &device), -EINVAL);
    assert_int_equal(sriov_dma_alloc(b->vf, "test", PAGE, PAGE, SRIOV_DMA_BOTH, &dma), 0);
    assert_int_equal(sriov_vfu_device_add(b->server, b->vf, NULL, &device), -EBUSY); /* somebody's memory */
    assert_int_equal(sriov_dma_free(b->vf, &dma), 0);
    assert_int_equal(sriov_vfu_device_add(b->server, b->vf, NULL, &b->device), 0);
    assert_int_equal(sriov_vfu_device_add(b->server, b->vf, NULL, &device), -EBUSY);
}

#define PLACE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(clients_come_by_the_socket_one_after_the_other),
        PLACE_TEST(a_second_client_is_turned_away),
        PLACE_TEST(a_client_that_restarts_is_let_in),
        PLACE_TEST(a_client_that_stops_in_a_message_is_forgotten),
        PLACE_TEST(a_size_that_no_message_has_cuts_off),
        PLACE_TEST(a_client_that_does_not_listen_stops_itself_alone),
        PLACE_TEST(paths_that_do_not_serve_are_refused),
        PLACE_TEST(a_socket_in_use_is_left_alone_and_a_stale_one_replaced),
        PLACE_TEST(the_socket_goes_with_the_device),
        PLACE_TEST(two_devices_are_served_by_one_loop),
        PLACE_TEST(what_cannot_be_exported_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
