/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The VF's end of the mailbox, 82599 and 82576 alike: one control register and 16 words of memory
 * shared with the PF (82599 datasheet 7.10.2.9, 82576 datasheet 7.8.5). The bits are the same on
 * both; where they live is data.
 *
 * Control thread only. Nothing here waits without a bound on the injected clock.
 */
#ifndef SRI_MBX_H
#define SRI_MBX_H

#include <sriov/fn.h>
#include <sriov/hw/intel_mbx.h>

/* VFMAILBOX and V2PMAILBOX */
#define SRI_MBX_REQ     0x01u
#define SRI_MBX_ACK     0x02u
#define SRI_MBX_VFU     0x04u
#define SRI_MBX_PFU     0x08u
#define SRI_MBX_PFSTS   0x10u
#define SRI_MBX_PFACK   0x20u
#define SRI_MBX_RSTI    0x40u
#define SRI_MBX_RSTD    0x80u
#define SRI_MBX_RC_BITS (SRI_MBX_PFSTS | SRI_MBX_PFACK | SRI_MBX_RSTD)

struct sri_mbx_regs {
    uint32_t control;
    uint32_t memory; /* word 0; the others follow */
};

/* What a control message told; bits of sri_mbx.notice. */
#define SRI_MBX_NOTICE      1u /* something changed: look at the link */
#define SRI_MBX_NOTICE_LOST 2u /* it came without CTS: the PF does not know this VF any more */

struct sri_mbx {
    struct sriov_fn *fn;
    const struct sriov_bar *bar;
    struct sri_mbx_regs regs;
    uint32_t level;  /* the control register as read last */
    uint32_t seen;   /* read-to-clear bits that were read and not yet acted on */
    uint32_t notice; /* SRI_MBX_NOTICE* of control messages not yet acted on */
    uint64_t requests;
    uint64_t timeouts;
    uint64_t malformed; /* messages that broke protocol */
};

/* All ones is what a read that failed looks like too: looked at twice before anything is made of it. */
static inline uint32_t sri_rd32_sure(const struct sriov_bar *bar, uint32_t off)
{
    uint32_t value = sriov_rd32(bar, off);
    return value != UINT32_MAX ? value : sriov_rd32(bar, off);
}

void sri_mbx_init(struct sri_mbx *mbx, struct sriov_fn *fn, const struct sriov_bar *bar,
                  const struct sri_mbx_regs *regs);

/* The control register now, with all read-to-clear bits since the last sri_mbx_forget. All-ones:
 * the function is gone (and was killed). */
uint32_t sri_mbx_look(struct sri_mbx *mbx);
void sri_mbx_forget(struct sri_mbx *mbx, uint32_t bits);

/* Leave a message for the PF. -EBUSY when the PF keeps the memory, -ENODEV. words: 1 to 16. */
int sri_mbx_post(struct sri_mbx *mbx, const uint32_t *msg, uint32_t words);
/* Take the PF's message if there is one: 1 and msg filled, else 0; -ENODEV. Control messages are
 * swallowed into `notice` and count as none. words: 1 to 16. */
int sri_mbx_take(struct sri_mbx *mbx, uint32_t *msg, uint32_t words);

/*
 * Ask and wait for the answer, at most timeout_ns. reply may be the request's own array.
 * 0 on ACK; -EACCES on NACK; -ESTALE on NACK without CTS, the PF has forgotten us; -EPROTO on an
 * answer to something else; -ETIMEDOUT; -EBUSY as post; -ENODEV.
 */
int sri_mbx_request(struct sri_mbx *mbx, const uint32_t *msg, uint32_t words, uint32_t *reply,
                    uint32_t reply_words, uint64_t timeout_ns);

/* The verdict in an answer's header, as sri_mbx_request. */
int sri_mbx_verdict(uint32_t request, uint32_t reply);

#endif
