/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds a function open through VFIO's group until the kernel asks for it back
 * or reports an error, with nothing of this project in between: shows what the stage itself does.
 * usage: vfio-hold GROUP BDF SECONDS
 * Prints "open", then "request" or "error"; ends with status 0, or 3 if neither came.
 */
#include <fcntl.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int fail(const char *what)
{
    perror(what);
    return -1;
}

/* The device's file descriptor; group and container stay open as long as the process. */
static int open_device(const char *group_number, const char *bdf)
{
    char path[64];
    int container, group, device;

    (void)snprintf(path, sizeof(path), "/dev/vfio/%s", group_number);
    container = open("/dev/vfio/vfio", O_RDWR);
    if (container < 0)
        return fail("/dev/vfio/vfio");
    group = open(path, O_RDWR);
    if (group < 0)
        return fail(path);
    if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) < 0)
        return fail("VFIO_GROUP_SET_CONTAINER");
    if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) < 0)
        return fail("VFIO_SET_IOMMU");
    device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, bdf);
    return device < 0 ? fail("VFIO_GROUP_GET_DEVICE_FD") : device;
}

/* An eventfd that fires on one of the device's two events. */
static int watch_event(int device, uint32_t index)
{
    union {
        struct vfio_irq_set set;
        char bytes[sizeof(struct vfio_irq_set) + sizeof(int32_t)];
    } irq;
    int32_t event = eventfd(0, EFD_CLOEXEC);

    if (event < 0)
        return fail("eventfd");
    memset(&irq, 0, sizeof(irq));
    irq.set.argsz = sizeof(irq.bytes);
    irq.set.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
    irq.set.index = index;
    irq.set.count = 1;
    memcpy(irq.bytes + sizeof(irq.set), &event, sizeof(event));
    if (ioctl(device, VFIO_DEVICE_SET_IRQS, &irq) < 0)
        return fail("VFIO_DEVICE_SET_IRQS");
    return event;
}

/* Waits for either event and says which it was. */
static int wait_events(int device, int seconds)
{
    struct pollfd events[2] = {
        {.fd = watch_event(device, VFIO_PCI_REQ_IRQ_INDEX), .events = POLLIN},
        {.fd = watch_event(device, VFIO_PCI_ERR_IRQ_INDEX), .events = POLLIN},
    };

    if (events[0].fd < 0 || events[1].fd < 0)
        return 1;
    (void)puts("open");
    (void)fflush(stdout);
    if (poll(events, 2, seconds * 1000) < 1)
        return 3;
    (void)puts(events[0].revents != 0 ? "request" : "error");
    return 0;
}

int main(int argc, char **argv)
{
    int device;

    if (argc != 4) {
        (void)fprintf(stderr, "usage: vfio-hold GROUP BDF SECONDS\n");
        return 2;
    }
    device = open_device(argv[1], argv[2]);
    return device < 0 ? 1 : wait_events(device, (int)strtol(argv[3], NULL, 10));
}
