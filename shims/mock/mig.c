/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Migration of a function's device state. What is read are records: in PRE_COPY one that says which device it
 * is, so that a destination can refuse early; in STOP_COPY the state, taken as a whole when that was entered.
 * What is written is kept until the arc to STOP, and either becomes the device's whole state or nothing.
 *
 * What the host programs of a function at the destination (bus mastering, MSI-X enable and table) is the
 * destination's own and stays; messages that were sent and not yet taken come along.
 */
#include "internal.h"

#include <sriov/hw/pci_regs.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC_PREVIEW UINT32_C(0x56504b4d) /* "MKPV" */
#define MAGIC_STATE   UINT32_C(0x54534b4d) /* "MKST" */
#define VERSION       1u
#define NAME_BYTES    16u
#define BYTES_MAX     (UINT64_C(1) << 26)

struct preview {
    uint32_t magic;
    uint32_t version;
    char model[NAME_BYTES];
    uint32_t identity;
    uint32_t vectors;
};

struct state_head {
    uint32_t magic;
    uint32_t version;
    uint64_t waiting; /* messages, a bit each */
    uint64_t len;     /* of the model's bytes behind this */
};

bool mock_can_migrate(const struct mock_slot *slot)
{
    const struct sriov_model_ops *ops = slot->dev->ops;

    return slot->index != 0 && ops->size >= offsetof(struct sriov_model_ops, load) + sizeof(ops->load) &&
           ops->hold != NULL && ops->save != NULL && ops->load != NULL && mock_has_flr(slot);
}

/* ---- the model ---- */

static void hold(struct mock_handle *h, bool on)
{
    struct sriov_model_host *dev = h->slot->dev;

    mock_enter(dev);
    dev->ops->hold(dev->model, h->slot->index, on);
    mock_leave(dev);
}

static int64_t model_save(const struct mock_handle *h, void *bytes, uint64_t room)
{
    struct sriov_model_host *dev = h->slot->dev;
    int64_t len;

    mock_enter(dev);
    len = dev->ops->save(dev->model, h->slot->index, bytes, room);
    mock_leave(dev);
    return len;
}

static int model_load(const struct mock_handle *h, const void *bytes, uint64_t len)
{
    struct sriov_model_host *dev = h->slot->dev;
    int err;

    mock_enter(dev);
    err = dev->ops->load(dev->model, h->slot->index, bytes, len);
    mock_leave(dev);
    return err;
}

/* ---- bytes ---- */

static void drop(struct mock_mig *mig)
{
    free(mig->bytes);
    mig->bytes = NULL;
    mig->len = 0;
    mig->room = 0;
    mig->at = 0;
}

static uint8_t *grow(struct mock_mig *mig, uint64_t more)
{
    uint64_t room = mig->len + more;
    uint8_t *bytes;

    if (more > BYTES_MAX || mig->len > BYTES_MAX - more) {
        return NULL;
    }
    if (room > mig->room) {
        room = room < 2 * mig->room ? 2 * mig->room : room;
        bytes = realloc(mig->bytes, room);
        if (bytes == NULL) {
            return NULL;
        }
        mig->bytes = bytes;
        mig->room = room;
    }
    return mig->bytes + mig->len;
}

static struct preview preview_of(const struct mock_handle *h)
{
    struct preview p = {.magic = MAGIC_PREVIEW, .version = VERSION};
    const char *name = h->slot->dev->ops->name;

    for (size_t i = 0; i + 1 < NAME_BYTES && name[i] != '\0'; i++) {
        p.model[i] = name[i];
    }
    p.identity = mock_identity(h->slot);
    p.vectors = mock_msix_vectors(h->slot);
    return p;
}

static int put_preview(struct mock_handle *h)
{
    struct preview p = preview_of(h);
    uint8_t *at;

    drop(&h->mig);
    at = grow(&h->mig, sizeof(p));
    if (at == NULL) {
        return -ENOMEM;
    }
    memcpy(at, &p, sizeof(p));
    h->mig.len += sizeof(p);
    return 0;
}

/* Behind what was not read yet. */
static int put_state(struct mock_handle *h)
{
    struct state_head head = {.magic = MAGIC_STATE, .version = VERSION, .waiting = mock_irq_waiting(h)};
    int64_t len = model_save(h, NULL, 0);
    uint8_t *at;

    if (len < 0) {
        return (int)len;
    }
    at = grow(&h->mig, sizeof(head) + (uint64_t)len);
    if (at == NULL) {
        return -ENOMEM;
    }
    head.len = (uint64_t)len;
    memcpy(at, &head, sizeof(head));
    if (model_save(h, at + sizeof(head), (uint64_t)len) != len) {
        return -EIO;
    }
    h->mig.len += sizeof(head) + (uint64_t)len;
    return 0;
}

/* ---- what was written becomes the device's ---- */

/* COMMAND and MSI-X control, as the host here has them. */
struct own_cfg {
    uint32_t command;
    uint32_t msix;
    uint32_t ctrl;
};

static struct own_cfg own_cfg_get(const struct mock_slot *slot)
{
    struct own_cfg own = {.command = mock_pci_get(slot->dev, slot->index, SRIOV_PCI_COMMAND, 2),
                          .msix = mock_find_cap(slot->dev, slot->index, SRIOV_PCI_CAP_ID_MSIX)};

    if (own.msix != 0) {
        own.ctrl = mock_pci_get(slot->dev, slot->index, own.msix + SRIOV_PCI_MSIX_CTRL, 2);
    }
    return own;
}

static void own_cfg_put(const struct mock_handle *h, const struct own_cfg *own)
{
    const struct mock_slot *slot = h->slot;

    if (own->msix != 0) {
        mock_pci_put(slot->dev, slot->index, own->msix + SRIOV_PCI_MSIX_CTRL, 2, own->ctrl);
    }
    mock_msix_on(h);
    mock_pci_put(slot->dev, slot->index, SRIOV_PCI_COMMAND, 2, own->command);
}

static bool take_previews(const struct mock_handle *h, uint64_t *at)
{
    struct preview ours = preview_of(h);
    uint32_t magic;

    for (;;) {
        if (h->mig.len - *at < sizeof(struct state_head)) {
            return false;
        }
        memcpy(&magic, h->mig.bytes + *at, sizeof(magic));
        if (magic != MAGIC_PREVIEW) {
            return true;
        }
        if (h->mig.len - *at < sizeof(ours) || memcmp(h->mig.bytes + *at, &ours, sizeof(ours)) != 0) {
            return false;
        }
        *at += sizeof(ours);
    }
}

static int apply(struct mock_handle *h)
{
    struct own_cfg own = own_cfg_get(h->slot);
    struct state_head head;
    uint64_t at = 0;
    int err;

    if (!take_previews(h, &at)) {
        return -EPROTO;
    }
    memcpy(&head, h->mig.bytes + at, sizeof(head));
    at += sizeof(head);
    if (head.magic != MAGIC_STATE || head.version != VERSION || head.len != h->mig.len - at ||
        (mock_msix_vectors(h->slot) < 64u && head.waiting >> mock_msix_vectors(h->slot) != 0)) {
        return -EPROTO;
    }
    err = model_load(h, h->mig.bytes + at, head.len);
    if (err == 0) {
        own_cfg_put(h, &own);
        mock_irq_wait(h, head.waiting);
    }
    return err;
}

/* Refused: the state is the one from before RESUMING, STOP. Worse: nobody knows. */
static int leave_resuming(struct mock_handle *h)
{
    int err = h->mig.len != 0 ? apply(h) : 0;

    drop(&h->mig);
    h->mig.failed = err != 0 && err != -EPROTO && err != -ENOSPC;
    if (!h->mig.failed) {
        h->mig.state = SRIOV_MIG_STOP;
    }
    return err;
}

/* ---- arcs ---- */

static int to_stop_copy(struct mock_handle *h)
{
    int err;

    hold(h, true);
    err = put_state(h);
    if (err != 0 && h->mig.state == SRIOV_MIG_PRE_COPY) {
        hold(h, false);
    }
    return err;
}

static int run(struct mock_handle *h)
{
    drop(&h->mig);
    hold(h, false);
    return 0;
}

static int stop(struct mock_handle *h)
{
    drop(&h->mig);
    hold(h, true);
    return 0;
}

static int begin(struct mock_handle *h)
{
    drop(&h->mig);
    return 0;
}

static const struct {
    uint8_t from;
    uint8_t to;
    int (*go)(struct mock_handle *h);
} arcs[] = {
    {SRIOV_MIG_RUNNING, SRIOV_MIG_STOP, stop},
    {SRIOV_MIG_STOP, SRIOV_MIG_RUNNING, run},
    {SRIOV_MIG_STOP, SRIOV_MIG_STOP_COPY, to_stop_copy},
    {SRIOV_MIG_STOP_COPY, SRIOV_MIG_STOP, begin},
    {SRIOV_MIG_STOP, SRIOV_MIG_RESUMING, begin},
    {SRIOV_MIG_RESUMING, SRIOV_MIG_STOP, leave_resuming},
    {SRIOV_MIG_RUNNING, SRIOV_MIG_PRE_COPY, put_preview},
    {SRIOV_MIG_PRE_COPY, SRIOV_MIG_RUNNING, begin},
    {SRIOV_MIG_PRE_COPY, SRIOV_MIG_STOP_COPY, to_stop_copy},
};

static uint32_t state_of(const struct mock_handle *h)
{
    if (h->mig.failed) {
        return SRIOV_MIG_ERROR;
    }
    return h->mig.state != 0 ? h->mig.state : (uint32_t)SRIOV_MIG_RUNNING;
}

static int go(struct mock_handle *h, uint32_t to)
{
    uint32_t from = state_of(h);

    for (size_t i = 0; i < sizeof(arcs) / sizeof(arcs[0]); i++) {
        if (arcs[i].from == from && arcs[i].to == to) {
            int err = arcs[i].go(h);

            h->mig.state = err == 0 ? to : h->mig.state;
            return err;
        }
    }
    mock_contract(h->mock, h->name, "mig_set_state: no arc from %" PRIu32 " to %" PRIu32, from, to);
    return -EINVAL;
}

static int enter(struct mock_handle *h, enum mock_op op)
{
    int err = mock_gate(h->mock, h, op);

    return err == 0 && !mock_can_migrate(h->slot) ? -EOPNOTSUPP : err;
}

/* A fault that makes it fail with -EIO is one of the device's. */
int mock_op_mig_set_state(void *fn, uint32_t state)
{
    struct mock_handle *h = fn;
    int err = enter(h, MOCK_OP_mig_set_state);

    if (err == -EIO) {
        hold(h, true);
        h->mig.failed = true;
    }
    return err != 0 ? err : go(h, state);
}

int mock_op_mig_info(void *fn, struct sriov_mig_info *out)
{
    struct mock_handle *h = fn;
    struct sriov_mig_info info = {.size = sizeof(info), .flags = SRIOV_MIG_HAS_PRE_COPY};
    int err = enter(h, MOCK_OP_mig_info);
    int64_t len;

    if (err != 0) {
        return err;
    }
    len = model_save(h, NULL, 0);
    info.stop_copy_len = sizeof(struct state_head) + (len > 0 ? (uint64_t)len : 0);
    return mock_give_struct(out, &info, sizeof(uint32_t), sizeof(info));
}

int mock_op_mig_state(void *fn, uint32_t *state)
{
    struct mock_handle *h = fn;
    int err = enter(h, MOCK_OP_mig_state);

    *state = err == 0 ? state_of(h) : (uint32_t)SRIOV_MIG_ERROR;
    return err;
}

int mock_op_mig_read(void *fn, void *bytes, uint64_t room, uint64_t *len)
{
    struct mock_handle *h = fn;
    uint64_t left = h->mig.len - h->mig.at;
    int err = enter(h, MOCK_OP_mig_read);
    uint32_t state = state_of(h);

    *len = 0;
    if (err != 0) {
        return err;
    }
    if (state != SRIOV_MIG_PRE_COPY && state != SRIOV_MIG_STOP_COPY) {
        return -EINVAL;
    }
    left = left < room ? left : room;
    if (left != 0) {
        memcpy(bytes, h->mig.bytes + h->mig.at, left);
    }
    h->mig.at += left;
    *len = left;
    return 0;
}

int mock_op_mig_write(void *fn, const void *bytes, uint64_t len)
{
    struct mock_handle *h = fn;
    int err = enter(h, MOCK_OP_mig_write);
    uint8_t *at;

    if (err != 0) {
        return err;
    }
    if (state_of(h) != SRIOV_MIG_RESUMING) {
        return -EINVAL;
    }
    at = grow(&h->mig, len);
    if (at == NULL) {
        return len > BYTES_MAX ? -ENOSPC : -ENOMEM;
    }
    if (len != 0) {
        memcpy(at, bytes, len);
    }
    h->mig.len += len;
    return 0;
}

/* ---- ends ---- */

void mock_mig_forget(struct mock_handle *h)
{
    drop(&h->mig);
    h->mig.state = SRIOV_MIG_RUNNING;
    h->mig.failed = false;
}

void mock_mig_end(struct mock_handle *h)
{
    uint32_t state = state_of(h);

    if (h->slot != NULL && state != SRIOV_MIG_RUNNING && state != SRIOV_MIG_PRE_COPY) {
        struct sriov_model_host *dev = h->slot->dev;

        mock_enter(dev);
        dev->ops->flr(dev->model, h->slot->index);
        mock_leave(dev);
    }
    mock_mig_forget(h);
}
