/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Device models: a simulated SR-IOV device (PF and all its VFs) behind one table, and the host
 * services it lives on. A model knows registers and no VMM; the mock shim, and later a vfio-user
 * server, are its hosts. Function 0 is the PF, function 1+i is VF i.
 */
#ifndef SRIOV_MODEL_H
#define SRIOV_MODEL_H

#include <sriov/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sriov_model;      /* one simulated device; the model's own struct */
struct sriov_model_host; /* its host; the host's own struct */

/* What a DMA access or a report is about, so that a finding names register or descriptor. */
enum sriov_site_kind {
    SRIOV_SITE_REGISTER = 1, /* `offset` in BAR `bar` */
    SRIOV_SITE_CONFIG = 2,   /* `offset` in config space */
    SRIOV_SITE_RX_DESC_FETCH = 3,
    SRIOV_SITE_RX_DESC_WRITEBACK = 4,
    SRIOV_SITE_RX_PAYLOAD = 5,
    SRIOV_SITE_TX_DESC_FETCH = 6,
    SRIOV_SITE_TX_DESC_WRITEBACK = 7,
    SRIOV_SITE_TX_PAYLOAD = 8,
    SRIOV_SITE_TX_HEAD_WRITEBACK = 9,
    SRIOV_SITE_MAILBOX = 10,
};

struct sriov_site {
    uint16_t kind; /* enum sriov_site_kind */
    uint16_t function;
    uint16_t queue; /* within the function */
    uint16_t bar;
    uint32_t index;  /* descriptor */
    uint32_t offset; /* register or config offset */
};

enum sriov_report_kind {
    SRIOV_REPORT_UNMODELLED = 1,   /* access to a register the model does not have */
    SRIOV_REPORT_READ_ONLY = 2,    /* write to what only can be read */
    SRIOV_REPORT_BAD_WIDTH = 3,    /* a register access that is not 32 bits, or unaligned */
    SRIOV_REPORT_BAD_DESC = 4,     /* malformed, or not written before the tail passed it */
    SRIOV_REPORT_STALE_DESC = 5,   /* changed after the tail write that handed it over */
    SRIOV_REPORT_BAD_TAIL = 6,     /* tail beyond the ring */
    SRIOV_REPORT_BAD_SEQUENCE = 7, /* e.g. ring registers written while the queue is enabled */
    SRIOV_REPORT_MAILBOX = 8,      /* mailbox memory touched without holding the lock, ... */
};

/* Where a descriptor or message is about to reach the driver, so that faults can bend it. */
enum sriov_fault_point {
    SRIOV_FAULT_RX_WRITEBACK = 1, /* data: 16 bytes, before they are written */
    SRIOV_FAULT_TX_WRITEBACK = 2,
    SRIOV_FAULT_MBX_TO_VF = 3, /* data: message words */
    SRIOV_FAULT_MBX_TO_PF = 4,
};
enum sriov_fault_verdict {
    SRIOV_FAULT_PASS = 0,  /* go on (data may have been changed) */
    SRIOV_FAULT_DROP = 1,  /* it never happens */
    SRIOV_FAULT_DELAY = 2, /* do it *delay_ns later; later ones may overtake it */
};

/* When a device acts on what it was told. */
enum sriov_delay_kind {
    SRIOV_DELAY_TX = 1,  /* tail write to descriptor fetch */
    SRIOV_DELAY_RX = 2,  /* frame arrival to descriptor write-back */
    SRIOV_DELAY_MBX = 3, /* request bit to the other side's interrupt */
};

/* For sriov_model_host_ops.tap: the internal switch itself. */
#define SRIOV_TAP_SWITCH UINT16_MAX

typedef void (*sriov_model_timer_cb)(struct sriov_model *model, uint64_t tag);

/* Host services. Models call them; none fails loudly, all are safe from any model entry. */
struct sriov_model_host_ops {
    uint32_t size;
    uint32_t reserved0;
    uint64_t (*now_ns)(struct sriov_model_host *host);
    /* Runs cb(model, tag) at `at_ns`, after everything due earlier. Not cancellable: the model
     * ignores what is stale by its tag. */
    void (*timer)(struct sriov_model_host *host, uint64_t at_ns, sriov_model_timer_cb cb, uint64_t tag);
    uint64_t (*delay_ns)(struct sriov_model_host *host, uint16_t function, enum sriov_delay_kind kind);
    /* Through the IOMMU of that function. 0, or -EFAULT (nothing moved, host reported it). */
    int (*dma_read)(struct sriov_model_host *host, const struct sriov_site *site, sriov_iova_t iova,
                    void *out, size_t len);
    int (*dma_write)(struct sriov_model_host *host, const struct sriov_site *site, sriov_iova_t iova,
                     const void *bytes, size_t len);
    /* An MSI-X message goes out; the model has checked enable, function mask and vector mask. */
    void (*irq)(struct sriov_model_host *host, uint16_t function, uint16_t vector);
    /* A frame leaves through the physical port (no FCS). */
    void (*wire_tx)(struct sriov_model_host *host, const void *frame, size_t len);
    /* A frame that passed function `function`'s port of the internal switch, for captures; with
     * SRIOV_TAP_SWITCH one that the switch carries: once, however many ports it passes. */
    void (*tap)(struct sriov_model_host *host, uint16_t function, bool to_function, const void *frame,
                size_t len);
    /* VF Enable or NumVFs changed: functions 1 to n exist now. */
    void (*vfs_changed)(struct sriov_model_host *host, uint16_t n);
    void (*report)(struct sriov_model_host *host, enum sriov_report_kind kind, const struct sriov_site *site,
                   const char *detail);
    enum sriov_fault_verdict (*fault)(struct sriov_model_host *host, enum sriov_fault_point point,
                                      const struct sriov_site *site, void *data, size_t len,
                                      uint64_t *delay_ns);
};

struct sriov_model_args {
    uint32_t size;
    uint32_t reserved0;
    struct sriov_model_host *host;
    const struct sriov_model_host_ops *ops; /* outlives the model */
    const char *quirks;                     /* profile name; NULL: datasheet */
    uint8_t mac[6];                         /* of the PF, as its EEPROM has it */
    uint16_t total_vfs;                     /* 0: the device's own number */
    uint16_t routing_id; /* of the PF: bus << 8 | devfn, where VFs' offset and stride count from */
    uint16_t reserved1;
};

/* One kind of device. Static and constant. */
struct sriov_model_ops {
    uint32_t size;
    uint32_t reserved0;
    const char *name;                  /* "82599" */
    const char *const *quirk_profiles; /* NULL-ended */
    int (*create)(const struct sriov_model_args *args, struct sriov_model **out);
    void (*destroy)(struct sriov_model *model);
    /* All-ones for what does not exist. width 1, 2, 4 (8 for BARs); off aligned and inside. The host
     * gates DMA, messages and BARs by COMMAND (of VFs: VF MSE) and sets MSI-X tables by bar_write. It
     * reads from here: capabilities (MSI-X, FLR, SR-IOV), ids, and the type bits of BARs. */
    uint32_t (*cfg_read)(struct sriov_model *model, uint16_t function, uint32_t off, uint32_t width);
    void (*cfg_write)(struct sriov_model *model, uint16_t function, uint32_t off, uint32_t width,
                      uint32_t value);
    uint64_t (*bar_length)(struct sriov_model *model, uint16_t function, uint32_t bar);
    uint64_t (*bar_read)(struct sriov_model *model, uint16_t function, uint32_t bar, uint64_t off,
                         uint32_t width);
    void (*bar_write)(struct sriov_model *model, uint16_t function, uint32_t bar, uint64_t off,
                      uint32_t width, uint64_t value);
    /* Device and config space as after power-on; the host saves and restores the latter. */
    void (*flr)(struct sriov_model *model, uint16_t function);
    /* A frame arrives at the physical port. */
    void (*wire_rx)(struct sriov_model *model, const void *frame, size_t len);
    /* The cable: carrier to the link partner. Called once after create. */
    void (*carrier)(struct sriov_model *model, bool up);
    /* Optional, and `size` may end before it. A frame enters the internal switch at the port of VF
     * function `function`, as if its driver had sent it (offloads done): for replays. */
    void (*port_tx)(struct sriov_model *model, uint16_t function, const void *frame, size_t len);
    /* Optional, as port_tx. Frames that reached a function's queues and found no descriptor or no room, since
     * the model was made: what is lost at its port, whoever counts or resets what in registers. */
    uint64_t (*rx_drops)(struct sriov_model *model, uint16_t function);
    /*
     * Optional, all three or none, as port_tx: a VF goes on in another model of its kind. Hold: what is under
     * way is finished, and then it reads and writes no memory and sends no message; frames for it are dropped
     * and counted (rx_drops), its registers take no writes. Let go, it goes on where it stood. FLR lets go,
     * too.
     */
    void (*hold)(struct sriov_model *model, uint16_t function, bool on);
    /* Held: the bytes that its state takes, of which the first `room` were written; a negative errno. With
     * `room` 0 at any time: what it would take now. */
    int64_t (*save)(struct sriov_model *model, uint16_t function, void *bytes, uint64_t room);
    /* Held: what save gave becomes its state, with the port's filters for it. Bytes are hostile. -EPROTO: not
     * such a state, to the last byte; -ENOSPC: the port has no filter left; -ENOMEM. Nothing changes then. */
    int (*load)(struct sriov_model *model, uint16_t function, const void *bytes, uint64_t len);
};

/* The models that come with libsriovcore; NULL-ended. */
extern SRIOV_API const struct sriov_model_ops *const sriov_models[];

#ifdef __cplusplus
}
#endif
#endif
