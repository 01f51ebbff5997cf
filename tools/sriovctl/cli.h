/* SPDX-License-Identifier: BSD-3-Clause */
/* What the commands of sriovctl share. */
#ifndef SRIOVCTL_CLI_H
#define SRIOVCTL_CLI_H

#include "options.h"
#include "out.h"

#include <sriov/fn.h>
#include <sriov/kvm.h>
#include <sriov/log.h>

/* Exit status. */
#define CLI_OK      0
#define CLI_FAILED  1 /* it ran, and something was lost, damaged or not well */
#define CLI_USAGE   2 /* bad input or environment: nothing was changed */
#define CLI_WORDS   4
#define CLI_WHY_MAX 512

struct world;
struct world_opts;

/* Options that every command takes. */
struct cli_globals {
    const char *shim;
    const char *backend;
    const char *vf_token;
    const char *sysfs_root;
    const char *dev_root;
    const char *proc_root;
    const char *model;
    const char *quirks;
    const char *mock_pf;
    const char *dir;
    const char *device;
    uint64_t vfs;
    bool json;
    bool noiommu;
    bool verbose;
    bool help;
    bool version;
};

struct cli {
    struct cli_globals globals;
    const struct command *command;
    const char *words[CLI_WORDS];
    int num_words;
    struct sriov_vmm *vmm;
    struct world *world;                 /* of the mock shim; else NULL */
    bool tells;                          /* the log's warnings and errors are for the user */
    char shim_says[SRIOV_LOG_LINE_MAX];  /* last error line of the library's log */
    char shim_warns[SRIOV_LOG_LINE_MAX]; /* last warning */
};

struct command {
    const char *name;
    const char *words; /* "BDF FILE" */
    const char *brief;
    int min_words;
    int max_words;
    bool sockets;                      /* it works with --shim vfio-user, too */
    const struct option_spec *options; /* may be NULL */
    const struct option_spec *more;    /* of another command, for the same struct; may be NULL */
    size_t values_size;                /* of the struct that options fill; starts as zero */
    void (*defaults)(void *values);    /* may be NULL */
    int (*run)(struct cli *cli, const void *values);
};
extern const struct command *const commands[];
extern const struct option_spec cli_global_options[];

/* One line on standard error, and as {"error": ...} where JSON is wanted; returns CLI_USAGE. */
int cli_fail(struct cli *cli, const char *fmt, ...) SRIOV_PRINTF(2, 3);
/* The same with another status than CLI_USAGE: something was changed, or is not known to be unchanged. */
int cli_fail_as(struct cli *cli, int status, const char *fmt, ...) SRIOV_PRINTF(3, 4);
/* A line for the user on standard error that is no failure. */
void cli_note(const char *fmt, ...) SRIOV_PRINTF(1, 2);
bool cli_is_mock(const struct cli *cli);
/* A word that must be a BDF, or with --shim vfio-user the name of a socket, into bdf (SRIOV_NAME_MAX bytes);
 * on failure the line is printed. */
bool cli_bdf(struct cli *cli, const char *word, char *bdf);

/* ---- vmm.c ---- */

/* Makes cli->vmm unless there is one; CLI_OK, or CLI_USAGE with the line printed. */
int cli_open_vmm(struct cli *cli);
/* The same with a simulated world as opts says, whatever --shim is. */
int cli_open_world(struct cli *cli, const struct world_opts *opts);
void cli_close_vmm(struct cli *cli);
/* The roots and flags as the KVM shim's host services take them. */
struct sriov_kvm_opts cli_kvm_opts(const struct cli *cli);
/* Fills *info with what enumerate says; false when there is no such function. */
bool cli_find(struct cli *cli, const char *bdf, struct sriov_fn_info *info);
/* Flags and options for sriov_fn_open; text has room for CLI_WHY_MAX bytes. */
uint32_t cli_open_flags(const struct cli *cli);
const char *cli_open_options(const struct cli *cli, char *text);

/* ---- vmm_vfu.c ---- */

bool cli_is_vfu(const struct cli *cli);
/* Of cli_open_vmm: the sockets that --dir and --device name. */
int cli_open_vfu(struct cli *cli);

/* ---- explain.c ---- */

/* Function `bdf` could not be opened: one line that names the reason and the remedy. */
int cli_fail_open(struct cli *cli, const char *bdf, int err);
/* Another step on an open function failed. */
int cli_fail_step(struct cli *cli, const char *bdf, const char *step, int err);
/* No link: the PF is down or silent. */
int cli_fail_link(struct cli *cli, const char *bdf);

/* ---- signals.c ---- */

void cli_catch_signals(void);
bool cli_interrupted(void);
/* The same, once: what is done now to get out in good order can be interrupted again. */
bool cli_take_interrupt(void);

#endif
