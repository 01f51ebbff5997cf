/* SPDX-License-Identifier: BSD-3-Clause */
/* Error numbers to one line that names the thing and the remedy. */
#include "cli.h"
#include "vmm_netdev.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct reason {
    int err;
    const char *text;
};

static const struct reason open_reasons[] = {
    {ENOENT, "there is no such function; see: sriovctl list"},
    {EBUSY, "another driver or process holds it; give it to vfio-pci: sriovctl bind"},
    {EPERM, "no permission; run as root, or let your user open the nodes below /dev/vfio"},
    {EACCES, "no permission; run as root, or let your user open the nodes below /dev/vfio"},
    {ENODEV, "its config space reads all ones: it is gone or has no power; look at dmesg, then echo 1 > "
             "/sys/bus/pci/rescan"},
    {EPROTO, "its config space is malformed or not that of an endpoint; choose a function of: sriovctl list"},
    {ENOMEM, "the kernel refused memory; see whether RLIMIT_MEMLOCK is too small: sriovctl doctor"},
    {ENOSPC, "no IOVA space or mapping is left; end other users of VFIO, or raise vfio_iommu_type1's "
             "dma_entry_limit"},
    {EOPNOTSUPP, "this kernel or VMM cannot do that; see: sriovctl doctor"},
    {EFAULT, "the IOMMU refused a mapping; see dmesg"},
    {EINVAL, "the VMM takes no such request; see: sriovctl doctor"},
    {EAGAIN, "the VMM is not ready; try again"},
    {ETIMEDOUT, "it did not answer in time; its PF is silent: look at the PF's driver and dmesg"},
};

static const char *reason_for(int err)
{
    for (size_t i = 0; i < sizeof(open_reasons) / sizeof(open_reasons[0]); i++) {
        if (open_reasons[i].err == -err) {
            return open_reasons[i].text;
        }
    }
    return strerror(-err);
}

/* What the shim said itself is the better answer. Of want of memory it warns before. */
static const char *told(const struct cli *cli, int err)
{
    if (cli->shim_says[0] != '\0') {
        return cli->shim_says;
    }
    return err == -ENOMEM || err == -ENOSPC ? cli->shim_warns : "";
}

/* It may or may not begin with the name. */
static int fail_as_told(struct cli *cli, const char *bdf, const char *line)
{
    bool named = strstr(line, bdf) != NULL;

    return cli_fail(cli, "%s%s%s", named ? "" : bdf, named ? "" : ": ", line);
}

int cli_fail_open(struct cli *cli, const char *bdf, int err)
{
    struct sriov_fn_info info = {.size = sizeof(info)};

    if (told(cli, err)[0] != '\0') {
        return fail_as_told(cli, bdf, told(cli, err));
    }
    if (cli_is_netdev(cli)) {
        return cli_fail(cli, "%s: %s", bdf,
                        err == -EPERM    ? "no packet socket without CAP_NET_RAW: run it as root"
                        : err == -ENOENT ? "no such Ethernet interface; see: sriovctl --shim netdev list"
                                         : reason_for(err));
    }
    if (err == -EBUSY && cli_find(cli, bdf, &info) && info.bound_driver[0] != '\0' &&
        strcmp(info.bound_driver, "vfio-pci") != 0) {
        return cli_fail(cli, "%s: driver %s holds it; take it: sriovctl bind %s", bdf, info.bound_driver,
                        bdf);
    }
    if (cli_is_vfu(cli) && err == -ENOENT) {
        return cli_fail(
            cli, "%s: no server has that socket; see what there is: sriovctl --shim vfio-user list", bdf);
    }
    return cli_fail(cli, "%s: %s", bdf, reason_for(err));
}

int cli_fail_step(struct cli *cli, const char *bdf, const char *step, int err)
{
    if (told(cli, err)[0] != '\0') {
        return fail_as_told(cli, bdf, told(cli, err));
    }
    if (err == -ENOENT) {
        return cli_fail(
            cli, "%s: no driver of this program knows the device; VFs of 82599 and 82576 are known", bdf);
    }
    return cli_fail(cli, "%s: %s: %s", bdf, step, reason_for(err));
}

int cli_fail_link(struct cli *cli, const char *bdf)
{
    struct sriov_fn_info info = {.size = sizeof(info)};
    bool known = cli_find(cli, bdf, &info) && info.pf_name[0] != '\0';

    if (cli_is_netdev(cli)) {
        return cli_fail(cli, "%s: no link: no cable, or its peer is down; see: ip link show %s", bdf, bdf);
    }
    if (cli_is_vfu(cli)) {
        return cli_fail(cli,
                        "%s: no link: its server's PF is down or never answers the mailbox; look there: "
                        "sriovctl vf show --serve DIR",
                        bdf);
    }
    return cli_fail(
        cli,
        "%s: no link: its PF %s%sis down, has no cable or never answers the mailbox; ip link set PF up, "
        "then look at dmesg",
        bdf, known ? info.pf_name : "", known ? " " : "");
}
