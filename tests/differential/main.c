/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vf-script: one script of our VF driver's on two VFs of an 82576, and the trace of it.
 * usage: vf-script mock QUIRKS TRACE | vf-script kvm BDF TRACE
 * QUIRKS: a profile of the model's, or "datasheet" for none. BDF: a PF that vfio-pci holds. Exit status 0:
 * the script ran to its end, 1: it did not, 2: wrong use.
 */
#include "script.h"

#include <errno.h>
#include <string.h>

static int run(const char *quirks, const char *bdf, FILE *out)
{
    struct world w;
    int err = world_open(&w, quirks, bdf, out);
    if (err == 0) {
        err = script_run(&w);
    }
    if (err != 0) {
        (void)fprintf(stderr, "vf-script: %s: %s\n", w.what, strerror(-err));
    }
    if (world_close(&w) != 0) {
        (void)fprintf(stderr, "vf-script: something was not given back\n");
        err = err != 0 ? err : -EBUSY;
    }
    return err;
}

int main(int argc, char **argv)
{
    bool mock = argc == 4 && strcmp(argv[1], "mock") == 0;
    bool kvm = argc == 4 && strcmp(argv[1], "kvm") == 0;
    if (!mock && !kvm) {
        (void)fputs("usage: vf-script mock QUIRKS TRACE | vf-script kvm BDF TRACE\n", stderr);
        return 2;
    }
    FILE *out = fopen(argv[3], "w");
    if (out == NULL) {
        (void)fprintf(stderr, "vf-script: %s: %s\n", argv[3], strerror(errno));
        return 2;
    }
    bool quirks = mock && strcmp(argv[2], "datasheet") != 0;
    int err = run(quirks ? argv[2] : NULL, kvm ? argv[2] : NULL, out);
    if (fclose(out) != 0) {
        (void)fprintf(stderr, "vf-script: %s: %s\n", argv[3], strerror(errno));
        return 1;
    }
    return err == 0 ? 0 : 1;
}
