/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz_vfu.h"

#include "proto.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAGE       4096u
#define MEMORY_MAX (UINT64_C(1) << 30) /* sparse: nothing of it is touched but by DMA */

bool fuzz_vfu_next(struct fuzz_input *in, struct fuzz_vfu_record *record)
{
    struct vfu_header hdr;

    if (in->left < 2) {
        return false;
    }
    uint8_t tag = fuzz_u8(in);
    *record = (struct fuzz_vfu_record){.how = tag & FUZZ_VFU_HOW,
                                       .kind = tag & FUZZ_VFU_KIND,
                                       .num_fds = tag & FUZZ_VFU_FDS,
                                       .bytes = in->at,
                                       .length = in->left};
    if (in->left >= sizeof(hdr)) {
        memcpy(&hdr, in->at, sizeof(hdr));
        record->length = hdr.size < in->left ? hdr.size : in->left;
        record->length = record->length < sizeof(hdr) ? sizeof(hdr) : record->length;
    }
    in->at += record->length;
    in->left -= record->length;
    record->length = record->how == FUZZ_VFU_HALF ? (record->length + 1) / 2 : record->length;
    return true;
}

/* So much that what the message asks to map is there. */
static uint64_t memory_size(const struct fuzz_vfu_record *record)
{
    struct vfu_header hdr;
    struct vfu_dma_map map;

    if (record->length < sizeof(hdr) + sizeof(map)) {
        return PAGE;
    }
    memcpy(&hdr, record->bytes, sizeof(hdr));
    memcpy(&map, record->bytes + sizeof(hdr), sizeof(map));
    if (hdr.cmd != VFU_DMA_MAP || map.size > MEMORY_MAX || map.offset > MEMORY_MAX - map.size) {
        return PAGE;
    }
    return map.offset + map.size;
}

static int memory(uint64_t size, bool seal)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    FUZZ_MUST(fd >= 0 && ftruncate(fd, (off_t)size) == 0);
    FUZZ_MUST(!seal || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
    return fd;
}

static int pipe_end(void)
{
    int ends[2];

    FUZZ_MUST(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    FUZZ_MUST(close(ends[1]) == 0);
    return ends[0];
}

static int make_fd(const struct fuzz_vfu_record *record)
{
    switch (record->kind) {
    case FUZZ_VFU_SHORT:
        return memory(PAGE, false);
    case FUZZ_VFU_EVENTFD:
        return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    case FUZZ_VFU_PIPE:
        return pipe_end();
    case FUZZ_VFU_NULL:
        return open("/dev/null", O_RDWR | O_CLOEXEC);
    default:
        return memory(memory_size(record), true);
    }
}

bool fuzz_vfu_send(int sock, const struct fuzz_vfu_record *record)
{
    union {
        struct cmsghdr head;
        uint8_t room[CMSG_SPACE(FUZZ_VFU_FDS_MAX * sizeof(int))];
    } control = {.room = {0}};
    int fds[FUZZ_VFU_FDS_MAX];
    struct iovec bytes = {(void *)(uintptr_t)record->bytes, record->length};
    struct msghdr msg = {.msg_iov = &bytes, .msg_iovlen = 1};
    size_t size = record->num_fds * sizeof(int);

    for (uint8_t i = 0; i < record->num_fds; i++) {
        fds[i] = make_fd(record);
        FUZZ_MUST(fds[i] >= 0);
    }
    if (record->num_fds != 0) {
        msg.msg_control = control.room;
        msg.msg_controllen = CMSG_SPACE(size);
        control.head =
            (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(size)};
        memcpy(CMSG_DATA(&control.head), fds, size);
    }
    ssize_t sent = sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
    for (uint8_t i = 0; i < record->num_fds; i++) {
        FUZZ_MUST(close(fds[i]) == 0);
    }
    return sent == (ssize_t)record->length;
}

unsigned fuzz_vfu_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned n = 0;

    FUZZ_MUST(dir != NULL);
    while (readdir(dir) != NULL) {
        n++;
    }
    FUZZ_MUST(closedir(dir) == 0);
    return n;
}
