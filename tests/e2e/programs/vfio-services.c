/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The host services of the KVM shim from a shell: bind BDF, unbind BDF, vfs BDF N, doctor BDF,
 * open BDF BACKEND [OPTIONS]. A refusal is one line on standard error and status 2.
 */
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

/* Only errors: the one line that a refusal is. */
static void print_error(void *arg, uint32_t level, const char *line)
{
    (void)arg;
    if (level == SRIOV_LOG_ERROR) {
        fprintf(stderr, "%s\n", line);
    }
}

static int open_one(const char *bdf, const char *backend, const char *options)
{
    struct sriov_kvm_opts opts = {.size = sizeof(opts),
                                  .backend = (uint32_t)sriov_kvm_backend_parse(backend)};
    struct sriov_fn_opts fn_opts = {.size = sizeof(fn_opts), .options = options};
    struct sriov_vmm *vmm = NULL;
    struct sriov_fn *fn = NULL;
    int err = sriov_kvm_create(&opts, &vmm);
    if (err != 0) {
        return answer(err, "the shim cannot be made");
    }
    sriov_log_set_sink(vmm, print_error, NULL);
    err = sriov_fn_open(vmm, bdf, &fn_opts, &fn);
    (void)sriov_fn_close(fn);
    (void)sriov_kvm_destroy(vmm);
    return err != 0 ? 2 : 0;
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
    if (strcmp(verb, "open") == 0 && argc > 3) {
        return open_one(argv[2], argv[3], argc > 4 ? argv[4] : NULL);
    }
    fprintf(stderr, "usage: vfio-services bind|unbind|doctor BDF, vfs BDF N, open BDF BACKEND [OPTIONS]\n");
    return 1;
}
