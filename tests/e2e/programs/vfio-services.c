/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The host services of the KVM shim from a shell: bind BDF, unbind BDF, vfs BDF N, doctor BDF,
 * open BDF BACKEND [OPTIONS], dma BDF BACKEND KIB, hold BDF BACKEND SECONDS. A refusal is one line on
 * standard error and status 2.
 */
#include <sriov/dma.h>
#include <sriov/fn.h>
#include <sriov/kvm.h>
#include <sriov/log.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int answer(int err, const char *why)
{
    if (err != 0) {
        fprintf(stderr, "%s\n", why);
    }
    return err != 0 ? 2 : 0;
}

static void print_finding(void *arg, const struct sriov_kvm_finding *finding)
{
    static const char *const levels[] = {"ok", "note", "warn", "BAD"};
    (void)arg;
    printf("%-4s %s: %s%s%s\n", levels[finding->level], finding->thing, finding->text,
           finding->remedy[0] != '\0' ? "; " : "", finding->remedy);
}

static void print_line(void *arg, uint32_t level, const char *line)
{
    (void)arg;
    (void)level;
    fprintf(stderr, "%s\n", line);
}

static uint32_t events[8];

static void note_event(void *arg, enum sriov_event event)
{
    (void)arg;
    events[event]++;
}

/* DMA memory in one piece. */
static int take_dma(struct sriov_fn *fn, const char *kib)
{
    struct sriov_dma dma;
    return sriov_dma_alloc(fn, "services", strtoull(kib, NULL, 10) * 1024, 4096, SRIOV_DMA_BOTH, &dma) != 0
               ? 2
               : sriov_dma_free(fn, &dma);
}

/* Holds the function until an event comes, and says which. Status 3: none came. */
static int hold(struct sriov_vmm *vmm, const char *seconds)
{
    uint64_t deadline = sriov_vmm_now(vmm) + strtoull(seconds, NULL, 10) * UINT64_C(1000000000);
    printf("open\n");
    fflush(stdout);
    while (sriov_vmm_now(vmm) < deadline) {
        (void)sriov_vmm_wait(vmm, UINT64_C(1000000000));
        if (events[SRIOV_EVENT_REMOVE_ASKED] + events[SRIOV_EVENT_REMOVED] + events[SRIOV_EVENT_ERROR] != 0) {
            printf("%s\n", events[SRIOV_EVENT_REMOVED] != 0 ? "removed"
                           : events[SRIOV_EVENT_ERROR] != 0 ? "error"
                                                            : "remove-asked");
            fflush(stdout); /* to close a dead function takes a minute */
            return 0;
        }
    }
    return 3;
}

static int with_function(const char *verb, const char *bdf, const char *backend, const char *argument)
{
    struct sriov_kvm_opts opts = {.size = sizeof(opts),
                                  .backend = (uint32_t)sriov_kvm_backend_parse(backend)};
    struct sriov_fn_opts fn_opts = {.size = sizeof(fn_opts), .on_event = note_event};
    struct sriov_vmm *vmm = NULL;
    struct sriov_fn *fn = NULL;
    int status = 0;
    int err = sriov_kvm_create(&opts, &vmm);
    if (err != 0) {
        return answer(err, "the shim cannot be made");
    }
    sriov_log_set_sink(vmm, print_line, NULL);
    fn_opts.options = strcmp(verb, "open") == 0 ? argument : NULL;
    err = sriov_fn_open(vmm, bdf, &fn_opts, &fn);
    if (err != 0) {
        status = 2;
    } else if (strcmp(verb, "dma") == 0) {
        status = take_dma(fn, argument);
    } else if (strcmp(verb, "hold") == 0) {
        status = hold(vmm, argument);
    }
    (void)sriov_fn_close(fn);
    (void)sriov_kvm_destroy(vmm);
    return status;
}

int main(int argc, char **argv)
{
    char why[SRIOV_LOG_LINE_MAX] = "";
    const char *verb = argc > 2 ? argv[1] : "";
    if (strcmp(verb, "bind") == 0) {
        return answer(sriov_kvm_bind(NULL, argv[2], why, sizeof(why)), why);
    }
    if (strcmp(verb, "unbind") == 0) {
        return answer(sriov_kvm_unbind(NULL, argv[2], why, sizeof(why)), why);
    }
    if (strcmp(verb, "vfs") == 0 && argc > 3) {
        return answer(
            sriov_kvm_set_vfs(NULL, argv[2], (uint16_t)strtoul(argv[3], NULL, 10), why, sizeof(why)), why);
    }
    if (strcmp(verb, "doctor") == 0) {
        return sriov_kvm_doctor(NULL, argv[2], print_finding, NULL) >= SRIOV_KVM_BAD ? 1 : 0;
    }
    bool more = strcmp(verb, "dma") == 0 || strcmp(verb, "hold") == 0;
    if ((strcmp(verb, "open") == 0 && argc > 3) || (more && argc > 4)) {
        return with_function(verb, argv[2], argv[3], argc > 4 ? argv[4] : NULL);
    }
    fprintf(stderr, "usage: vfio-services bind|unbind|doctor BDF, vfs BDF N, open BDF BACKEND [OPTIONS], "
                    "dma BDF BACKEND KIB, hold BDF BACKEND SECONDS\n");
    return 1;
}
