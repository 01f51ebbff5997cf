/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The states of linux/vfio.h's migration v2: any way from one to another is made of the arcs that a shim
 * has, and undone where one of them fails.
 */
#include "mig.h"

#define STATES 7u
/* No way is longer; each arc of one that fails is undone by at most as many. */
#define STEPS_MAX 8u

#define ERR  SRIOV_MIG_ERROR
#define STOP SRIOV_MIG_STOP
#define RUN  SRIOV_MIG_RUNNING
#define COPY SRIOV_MIG_STOP_COPY
#define RESM SRIOV_MIG_RESUMING
#define PRE  SRIOV_MIG_PRE_COPY

/* By from and to: where to go first. 0: no way; 5 is VFIO's peer-to-peer state, which no shim here has. */
static const uint8_t next_state[STATES][STATES] = {
    [STOP] = {[STOP] = STOP, [RUN] = RUN, [COPY] = COPY, [RESM] = RESM, [PRE] = RUN},
    [RUN] = {[STOP] = STOP, [RUN] = RUN, [COPY] = STOP, [RESM] = STOP, [PRE] = PRE},
    [COPY] = {[STOP] = STOP, [RUN] = STOP, [COPY] = COPY, [RESM] = STOP, [PRE] = STOP},
    [RESM] = {[STOP] = STOP, [RUN] = STOP, [COPY] = STOP, [RESM] = RESM, [PRE] = STOP},
    [PRE] = {[STOP] = RUN, [RUN] = RUN, [COPY] = COPY, [RESM] = RUN, [PRE] = PRE},
};

int sriov_mig_next(uint32_t from, uint32_t to, bool has_pre_copy, uint32_t *next)
{
    if (from >= STATES || to >= STATES || next == NULL || next_state[from][to] == 0 ||
        (!has_pre_copy && (from == PRE || to == PRE))) {
        return -EINVAL;
    }
    *next = next_state[from][to];
    return 0;
}

static int check(const struct sriov_fn *fn)
{
    if (fn == NULL) {
        return -EINVAL;
    }
    if (sriov_fn_gone(fn)) {
        return -ENODEV;
    }
    return sriov_fn_can(fn, SRIOV_CAP_MIGRATION) ? 0 : -EOPNOTSUPP;
}

int sriov_mig_get_info(struct sriov_fn *fn, struct sriov_mig_info *info)
{
    struct sriov_mig_info now = {.size = sizeof(now)};
    int rc = check(fn);

    if (rc == 0) {
        rc = sric_fn_saw(fn, sric_ops(fn)->mig_info(fn->handle, &now));
    }
    return rc != 0 ? rc : sric_result_give(info, &now, sizeof(now));
}

int sriov_mig_get_state(struct sriov_fn *fn, uint32_t *state)
{
    int rc = state != NULL ? check(fn) : -EINVAL;

    if (rc == 0) {
        rc = sric_fn_saw(fn, sric_ops(fn)->mig_state(fn->handle, state));
        if (rc == 0 && (*state >= STATES || (*state != ERR && next_state[*state][*state] == 0))) {
            rc = -EPROTO;
        }
    }
    if (rc != 0 && state != NULL) {
        *state = ERR;
    }
    return rc;
}

/* After a failure it must be known where the device stands: one more look if the first one fails. */
static int look_again(struct sriov_fn *fn, uint32_t *state)
{
    int rc = sriov_mig_get_state(fn, state);

    return rc == 0 || sriov_fn_gone(fn) ? rc : sriov_mig_get_state(fn, state);
}

static int arc(struct sriov_fn *fn, uint32_t to)
{
    return sric_fn_saw(fn, sric_ops(fn)->mig_set_state(fn->handle, to));
}

/* Walks until it is there or an arc fails; *at: where it stands. */
static int walk(struct sriov_fn *fn, uint32_t *at, uint32_t to)
{
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && *at != to; i++) {
        uint32_t next;

        rc = i < STEPS_MAX ? sriov_mig_next(*at, to, true, &next) : -EPROTO;
        if (rc == 0) {
            rc = arc(fn, next);
        }
        if (rc == 0) {
            *at = next;
        }
    }
    return rc;
}

/* What was read or written is lost with the state: it is not gone back to. */
static uint32_t refuge(uint32_t from)
{
    return from == COPY || from == RESM ? (uint32_t)STOP : from;
}

static int undo(struct sriov_fn *fn, uint32_t from, int rc)
{
    uint32_t at = ERR;

    if (sriov_fn_gone(fn)) {
        return -ENODEV;
    }
    if (look_again(fn, &at) != 0 || at == ERR) {
        return -EIO;
    }
    if (at != from) {
        (void)walk(fn, &at, refuge(from));
    }
    return at == ERR ? -EIO : rc;
}

static bool can_pre_copy(struct sriov_fn *fn)
{
    struct sriov_mig_info info = {.size = sizeof(info)};

    return sriov_mig_get_info(fn, &info) == 0 && (info.flags & SRIOV_MIG_HAS_PRE_COPY) != 0;
}

int sriov_mig_set_state(struct sriov_fn *fn, enum sriov_mig_state to)
{
    uint32_t from;
    uint32_t at;
    int rc = sriov_mig_get_state(fn, &from);

    if (rc != 0) {
        return rc;
    }
    if (from == ERR) {
        return -EIO;
    }
    if ((uint32_t)to >= STATES || next_state[from][to] == 0) {
        return -EINVAL;
    }
    if (to == PRE && from != PRE && !can_pre_copy(fn)) {
        return sriov_fn_gone(fn) ? -ENODEV : -EOPNOTSUPP;
    }
    at = from;
    rc = walk(fn, &at, (uint32_t)to);
    return rc == 0 ? 0 : undo(fn, from, rc);
}

/* ---- abort ---- */

static int reset(struct sriov_fn *fn, bool *was_reset)
{
    int rc = sriov_fn_reset(fn);

    if (rc == 0 && was_reset != NULL) {
        *was_reset = true;
    }
    return rc;
}

/* What was written must not become the device's: one byte that belongs to no stream spoils it. Where that
 * is taken all the same, what the device has become is nobody's. */
static int leave_resuming(struct sriov_fn *fn, bool *was_reset)
{
    static const uint8_t spoiler[1] = {0xff};
    int rc;

    (void)sric_ops(fn)->mig_write(fn->handle, spoiler, sizeof(spoiler));
    rc = arc(fn, STOP);
    return rc == 0 ? reset(fn, was_reset) : 0;
}

static int step_home(struct sriov_fn *fn, uint32_t at, bool *was_reset)
{
    uint32_t next;

    if (at == ERR) {
        return reset(fn, was_reset);
    }
    if (at == RESM) {
        return leave_resuming(fn, was_reset);
    }
    return sriov_mig_next(at, RUN, true, &next) == 0 ? arc(fn, next) : -EPROTO;
}

/* A device that does not want to go on is reset before it is given up. */
int sriov_mig_abort(struct sriov_fn *fn, bool *was_reset)
{
    uint32_t at = ERR;
    int rc = check(fn);

    if (was_reset != NULL) {
        *was_reset = false;
    }
    for (uint32_t i = 0; rc == 0 && i < STEPS_MAX; i++) {
        rc = look_again(fn, &at);
        if (rc == 0 && at == RUN) {
            return 0;
        }
        if (rc == 0 && step_home(fn, at, was_reset) != 0 && i == STEPS_MAX / 2) {
            rc = reset(fn, was_reset);
        }
        rc = sriov_fn_gone(fn) ? -ENODEV : rc;
    }
    return rc != 0 ? rc : -EIO;
}

/* ---- bytes ---- */

int sriov_mig_read(struct sriov_fn *fn, void *bytes, uint64_t room, uint64_t *len)
{
    int rc = len != NULL && (bytes != NULL || room == 0) ? check(fn) : -EINVAL;

    if (len != NULL) {
        *len = 0;
    }
    if (rc == 0) {
        rc = sric_fn_saw(fn, sric_ops(fn)->mig_read(fn->handle, bytes, room, len));
    }
    if (rc == 0 && *len > room) {
        rc = -EPROTO;
    }
    if (rc != 0 && len != NULL) {
        *len = 0;
    }
    return rc;
}

int sriov_mig_write(struct sriov_fn *fn, const void *bytes, uint64_t len)
{
    int rc = bytes != NULL || len == 0 ? check(fn) : -EINVAL;

    return rc == 0 && len != 0 ? sric_fn_saw(fn, sric_ops(fn)->mig_write(fn->handle, bytes, len)) : rc;
}
