/* SPDX-License-Identifier: BSD-3-Clause */
/* Does a server answer at each socket, and what does it serve? */
#include "doctor.h"

#include <stdio.h>
#include <string.h>

struct looking {
    struct cli *cli;
    sriov_kvm_finding_cb cb;
    void *arg;
    const char *only; /* NULL: all */
    bool found;
};

static void tell(const struct looking *looking, uint32_t level, const char *thing, const char *text,
                 const char *remedy)
{
    const struct sriov_kvm_finding finding = {
        .size = sizeof(finding), .level = level, .thing = thing, .text = text, .remedy = remedy};

    looking->cb(looking->arg, &finding);
}

static void look_at(const struct looking *looking, const char *name)
{
    struct sriov_fn_opts opts = {.size = sizeof(opts), .flags = SRIOV_FN_NO_RESET};
    struct sriov_fn *fn;
    char text[CLI_WHY_MAX];
    int rc = sriov_fn_open(looking->cli->vmm, name, &opts, &fn);

    if (rc != 0) {
        const char *says = looking->cli->shim_says;
        tell(looking, SRIOV_KVM_BAD, name, says[0] != '\0' ? says : strerror(-rc),
             "end its other client, or start the server: sriovctl serve --dir DIR");
        return;
    }
    const struct sriov_fn_info *info = sriov_fn_info(fn);
    (void)snprintf(text, sizeof(text), "its server answers: %04x:%04x with %u MSI-X vectors", info->vendor,
                   info->device, sriov_irq_count(fn));
    tell(looking, SRIOV_KVM_OK, name, text, "");
    (void)sriov_fn_close(fn);
}

static int on_function(void *arg, const struct sriov_fn_info *info)
{
    struct looking *looking = arg;

    if (looking->only == NULL || strcmp(looking->only, info->name) == 0) {
        looking->found = true;
        look_at(looking, info->name);
    }
    return 0;
}

int doctor_vfu(struct cli *cli, const char *only, sriov_kvm_finding_cb cb, void *arg)
{
    struct looking looking = {.cli = cli, .cb = cb, .arg = arg, .only = only};
    int rc = sriov_vmm_enumerate(cli->vmm, on_function, &looking);

    if (rc == 0 && !looking.found) {
        tell(&looking, SRIOV_KVM_BAD, only != NULL ? only : "sockets", "nobody serves a function there",
             "start the server: sriovctl serve --dir DIR");
    }
    return rc;
}
