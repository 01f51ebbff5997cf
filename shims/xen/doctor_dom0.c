/* SPDX-License-Identifier: BSD-3-Clause */
/* The doctor's look at what dom0 needs to give functions to domains. */
#include "sxen_vm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASK_NS UINT64_C(20000000000)
/* MiB. A domain's page tables, its IOMMU's and its structs come from there. */
#define HEAP_LITTLE 16u

static void find_pciback(struct sxen_report *report)
{
    char path[SKVM_PATH_MAX];
    snprintf(path, sizeof(path), "%s/bus/pci/drivers/pciback", report->host->files.sysfs);
    if (skvm_exists(&report->host->files, path)) {
        sxen_find(report, SRIOV_FINDING_OK, "pciback", "", "the driver is loaded");
    } else {
        sxen_find(report, SRIOV_FINDING_WARN, "pciback", "modprobe xen-pciback",
                  "the driver is not loaded: no function can be given to a domain");
    }
}

/* The value of a line "name   : value". */
static bool value_of(const char *text, const char *name, char *value, size_t room)
{
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        size_t len = strlen(name);
        if (strncmp(line, name, len) == 0 && strchr(" :", line[len]) != NULL && line[len] != '\0') {
            const char *colon = line + strcspn(line, ":\n");
            const char *begin = *colon == ':' ? colon + 1 + strspn(colon + 1, " ") : colon;
            snprintf(value, room, "%.*s", (int)strcspn(begin, "\n"), begin);
            return *colon == ':';
        }
    }
    return false;
}

static void find_iommu(struct sxen_report *report, const char *text)
{
    char caps[256] = "";
    if (!value_of(text, "virt_caps", caps, sizeof(caps))) {
        sxen_find(report, SRIOV_FINDING_NOTE, "iommu", "xl info, line virt_caps",
                  "xl does not say whether Xen uses one");
    } else if (strstr(caps, "directio") == NULL) {
        sxen_find(report, SRIOV_FINDING_BAD, "iommu",
                  "turn on VT-d or AMD-Vi in the firmware, and take iommu=off out of Xen's command line",
                  "Xen uses none: no function can be given to a domain (virt_caps: %s)", caps);
    } else {
        sxen_find(report, SRIOV_FINDING_OK, "iommu", "", "Xen uses one (virt_caps: %s)", caps);
    }
}

static void find_heap(struct sxen_report *report, const char *text)
{
    char value[32] = "";
    if (!value_of(text, "free_memory", value, sizeof(value))) {
        return;
    }
    unsigned long free_mib = strtoul(value, NULL, 10);
    bool little = free_mib < HEAP_LITTLE;
    sxen_find(report, little ? SRIOV_FINDING_WARN : SRIOV_FINDING_OK, "memory",
              little ? "shrink a domain (xl mem-set), or boot Xen with a smaller dom0_mem" : "",
              "%lu MiB free in Xen, for domains and for DMA memory", free_mib);
}

static void find_toolstack(struct sxen_report *report)
{
    static const char *const info[] = {"info", NULL};
    char text[SXEN_TEXT];
    struct sxen_child child = sxen_child(text, sizeof(text));
    struct skvm_why why = {""};
    int err = sxen_xl(report->host->door, info, ASK_NS, &child, &why);
    if (err != 0) {
        sxen_find(report, SRIOV_FINDING_WARN, "toolstack",
                  err == -ENOENT ? "install xen-utils"
                                 : "start xenstored and xenconsoled, then xen-init-dom0",
                  "%s: no function can be given to a domain", why.text);
        return;
    }
    sxen_find(report, SRIOV_FINDING_OK, "toolstack", "", "xl answers");
    find_iommu(report, child.text);
    find_heap(report, child.text);
}

void sxen_doctor_dom0(struct sxen_report *report)
{
    find_pciback(report);
    find_toolstack(report);
    sxen_find(report, SRIOV_FINDING_WARN, "isolation",
              "drive it in a domU that was created with passthrough=\"enabled\"; here it wants --noiommu",
              "none in a PV dom0: a function that a program drives here can reach nearly all memory");
}
