/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The VM face of the Xen shim against Xen itself, in dom0:
 *   xen-vm pv DOMID BDF    the manager gives the VF to a PV domain, asks for it, gives it again, takes it by
 * force; waits for a line on standard input before it asks xen-vm hvm BDF         a domain made here, without
 * a guest in it, whose device model this program is: dirty log, its exclusions, BARs, vectors, and back A
 * line for each step; exit status 1 at the first that is not as it should be.
 */
#include <sriov/fn.h>
#include <sriov/log.h>
#include <sriov/xen.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xenctrl.h>
#include <xendevicemodel.h>

#include <xen/hvm/dm_op.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/ioreq.h>

#define SECOND UINT64_C(1000000000)
#define SLOT   3u
#define PAGES  64u
#define BAR0   UINT64_C(0xf0000000)
#define BAR3   UINT64_C(0xf0010000)

static struct sriov_vmm *vmm;
static struct sriov_fn *fn;

static void expect(const char *what, long got, long wanted)
{
    printf("%s: %ld%s\n", what, got, got == wanted ? "" : " WRONG");
    fflush(stdout);
    if (got != wanted) {
        exit(1);
    }
}

static void open_all(const char *bdf)
{
    struct sriov_xen_opts opts = {.size = sizeof(opts), .flags = SRIOV_XEN_ALLOW_NOIOMMU};
    struct sriov_fn_opts noiommu = {.size = sizeof(noiommu), .flags = SRIOV_OPEN_NOIOMMU};
    expect("create", sriov_xen_create(&opts, &vmm), 0);
    expect("open", sriov_fn_open(vmm, bdf, &noiommu, &fn), 0);
}

static void close_all(void)
{
    expect("close", sriov_fn_close(fn), 0);
    expect("destroy", sriov_xen_destroy(vmm), 0);
}

/* ---- PV ---- */

static int pv(uint32_t domid, const char *bdf)
{
    const struct sriov_xen_vm_opts opts = {.size = sizeof(opts), .domid = domid};
    struct sriov_assign *assign = NULL;
    struct sriov_vm *vm = NULL;
    open_all(bdf);
    expect("machine", sriov_xen_vm_create(vmm, &opts, &vm), 0);
    expect("assign", sriov_vm_assign(fn, vm, NULL, &assign), 0);
    printf("given\n");
    fflush(stdout);
    (void)getchar();
    expect("remove", sriov_vm_remove(assign, 30 * SECOND), 0);
    expect("assign again", sriov_vm_assign(fn, vm, NULL, &assign), 0);
    sriov_vm_release(assign);
    expect("machine gone", sriov_xen_vm_destroy(vm), 0);
    close_all();
    return 0;
}

/* ---- HVM ---- */

struct domain {
    xc_interface *xc;
    xendevicemodel_handle *model;
    uint32_t id;
    ioservid_t server;
};

static void make_domain(struct domain *domain)
{
    struct xen_domctl_createdomain config = {
        .flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap | XEN_DOMCTL_CDF_iommu,
        .max_vcpus = 1,
        .max_evtchn_port = UINT32_MAX,
        .max_grant_frames = -1,
        .max_maptrack_frames = -1,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
        .arch = {.emulation_flags = XEN_X86_EMU_ALL & ~(uint32_t)XEN_X86_EMU_VPCI},
    };
    xen_pfn_t pfns[PAGES];
    unsigned mb = 4;
    domain->xc = xc_interface_open(NULL, NULL, 0);
    domain->model = xendevicemodel_open(NULL, 0);
    expect("Xen opened", domain->xc != NULL && domain->model != NULL, 1);
    expect("domain", xc_domain_create(domain->xc, &domain->id, &config), 0);
    expect("vcpus", xc_domain_max_vcpus(domain->xc, domain->id, 1), 0);
    expect("page tables",
           xc_shadow_control(domain->xc, domain->id, XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION, &mb, 0), 0);
    expect("memory allowed", xc_domain_setmaxmem(domain->xc, domain->id, 8192), 0);
    for (unsigned i = 0; i < PAGES; i++) {
        pfns[i] = i;
    }
    expect("memory", xc_domain_populate_physmap_exact(domain->xc, domain->id, PAGES, 0, 0, pfns), 0);
    expect("ioreq server",
           xendevicemodel_create_ioreq_server(domain->model, (domid_t)domain->id, HVM_IOREQSRV_BUFIOREQ_OFF,
                                              &domain->server),
           0);
}

static void end_domain(struct domain *domain)
{
    expect("ioreq server gone",
           xendevicemodel_destroy_ioreq_server(domain->model, (domid_t)domain->id, domain->server), 0);
    expect("domain gone", xc_domain_destroy(domain->xc, domain->id), 0);
    xendevicemodel_close(domain->model);
    xc_interface_close(domain->xc);
}

/* An access of the guest's, as its ioreq server would get it. */
static uint64_t access_at(struct sriov_vm *vm, uint8_t type, uint64_t addr, uint32_t size, bool read,
                          uint64_t data)
{
    struct ioreq request = {.type = type,
                            .addr = addr,
                            .size = size,
                            .count = 1,
                            .dir = read ? IOREQ_READ : IOREQ_WRITE,
                            .data = data};
    if (sriov_xen_vm_ioreq(vm, &request) != 0) {
        printf("request at 0x%llx WRONG\n", (unsigned long long)addr);
        exit(1);
    }
    return request.data;
}

static void config_write(struct sriov_vm *vm, uint32_t off, uint32_t size, uint32_t value)
{
    (void)access_at(vm, IOREQ_TYPE_PCI_CONFIG, (uint64_t)SLOT << 35 | off, size, false, value);
}

static uint32_t config_read(struct sriov_vm *vm, uint32_t off, uint32_t size)
{
    return (uint32_t)access_at(vm, IOREQ_TYPE_PCI_CONFIG, (uint64_t)SLOT << 35 | off, size, true, 0);
}

static void try_log(struct domain *domain, struct sriov_vm *vm)
{
    struct sriov_assign *assign = NULL;
    uint64_t bits = 0;
    expect("log on", sriov_vm_dirty_start(vm, SRIOV_VM_DIRTY_BITMAP), 0);
    expect("log read", sriov_vm_dirty_read(vm, 0, PAGES * SRIOV_VM_PAGE, &bits), 0);
    expect("pages written", xendevicemodel_modified_memory(domain->model, (domid_t)domain->id, 3, 2), 0);
    expect("log read", sriov_vm_dirty_read(vm, 0, PAGES * SRIOV_VM_PAGE, &bits), 0);
    expect("dirty pages", (long)bits, 0x18);
    expect("assign while the log is on", sriov_vm_assign(fn, vm, NULL, &assign), -EOPNOTSUPP);
    expect("Xen's own answer is EXDEV", xc_assign_device(domain->xc, domain->id, 0x0182, 0) < 0 ? errno : 0,
           EXDEV);
    expect("log off", sriov_vm_dirty_stop(vm), 0);
}

static void try_function(struct domain *domain, struct sriov_vm *vm)
{
    struct sriov_assign_opts opts = {.size = sizeof(opts), .slot = SLOT};
    struct sriov_assign_info info = {.size = sizeof(info)};
    struct sriov_assign *assign = NULL;
    expect("assign", sriov_vm_assign(fn, vm, &opts, &assign), 0);
    expect("log with a function", sriov_vm_dirty_start(vm, SRIOV_VM_DIRTY_BITMAP), -EOPNOTSUPP);
    expect("Xen's own answer is EINVAL",
           xc_shadow_control(domain->xc, domain->id, XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, NULL, 0) < 0
               ? errno
               : 0,
           EINVAL);
    expect("identity", config_read(vm, 0, 4), 0x10ca8086);
    config_write(vm, 0x10, 4, (uint32_t)BAR0);
    config_write(vm, 0x14, 4, 0);
    config_write(vm, 0x1c, 4, (uint32_t)BAR3);
    config_write(vm, 0x20, 4, 0);
    config_write(vm, 0x04, 2, 0x0006);
    expect("info", sriov_assign_info(assign, &info), 0);
    expect("BAR 0 placed", info.bar_gpa[0] == BAR0 && info.misplaced == 0, 1);
    uint32_t msix = config_read(vm, 0x34, 1);
    while (msix != 0 && config_read(vm, msix, 1) != 0x11) {
        msix = config_read(vm, msix + 1, 1);
    }
    for (uint64_t v = 0; v < info.vectors; v++) {
        (void)access_at(vm, IOREQ_TYPE_COPY, BAR3 + v * 16, 4, false, 0xfee00000);
        (void)access_at(vm, IOREQ_TYPE_COPY, BAR3 + v * 16 + 4, 4, false, 0);
        (void)access_at(vm, IOREQ_TYPE_COPY, BAR3 + v * 16 + 8, 4, false, 0x40 + v);
        (void)access_at(vm, IOREQ_TYPE_COPY, BAR3 + v * 16 + 12, 4, false, 0);
    }
    config_write(vm, msix + 2, 2, 0x8000);
    expect("MSI-X on", config_read(vm, msix + 2, 2) & 0x8000, 0x8000);
    sriov_vm_release(assign);
}

/* Where Xen gives the domain no pirq for a function's vector, that is said, and not judged. */
static unsigned errors;
static unsigned unmapped;

static void on_log(void *arg, uint32_t level, const char *line)
{
    bool no_pirq = strstr(line, "is not mapped: errno 61") != NULL;
    (void)arg;
    printf("log: %s\n", line);
    unmapped += no_pirq;
    errors += level == SRIOV_LOG_ERROR && !no_pirq;
}

static int hvm(const char *bdf)
{
    struct domain domain = {0};
    struct sriov_xen_vm_opts opts = {.size = sizeof(opts), .flags = SRIOV_XEN_VM_DEVICE_MODEL};
    struct sriov_vm_mem mem = {.size = sizeof(mem), .length = PAGES * SRIOV_VM_PAGE};
    struct sriov_vm *vm = NULL;
    make_domain(&domain);
    open_all(bdf);
    sriov_log_set_sink(vmm, on_log, NULL);
    opts.domid = domain.id;
    opts.ioreq_server = domain.server;
    expect("machine", sriov_xen_vm_create(vmm, &opts, &vm), 0);
    mem.va = mmap(NULL, mem.length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    expect("memory told", sriov_vm_add_memory(vm, &mem), 0);
    try_log(&domain, vm);
    errors = 0;
    for (int turn = 0; turn < 2; turn++) {
        try_function(&domain, vm);
    }
    printf("vectors that Xen mapped not: %u\n", unmapped);
    expect("other errors in the log", errors, 0);
    expect("memory gone", sriov_vm_del_memory(vm, 0, mem.length), 0);
    expect("machine gone", sriov_xen_vm_destroy(vm), 0);
    close_all();
    end_domain(&domain);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "pv") == 0) {
        return pv((uint32_t)strtoul(argv[2], NULL, 10), argv[3]);
    }
    if (argc == 3 && strcmp(argv[1], "hvm") == 0) {
        return hvm(argv[2]);
    }
    fprintf(stderr, "usage: xen-vm pv DOMID BDF | hvm BDF\n");
    return 2;
}
