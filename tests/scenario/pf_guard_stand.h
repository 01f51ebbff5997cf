/* SPDX-License-Identifier: BSD-3-Clause */
/* The stand of the containment tests: a PF on bare registers, seven VFs, its events kept. */
#ifndef PF_GUARD_STAND_H
#define PF_GUARD_STAND_H

#include "pf_fake.h"

#define MS     UINT64_C(1000000)
#define SECOND (1000u * MS)
#define BAD    5u /* the VF that misbehaves */
#define GOOD   2u
#define VFS    7u
#define KEPT   64u

struct stand {
    enum fake_chip chip;
    struct sriov_pf *pf;
    struct sriov_pf_event events[KEPT];
    uint32_t n;
    bool readmits; /* the sink readmits at once */
};

/* Both VFs have greeted. */
void open_stand(struct stand *s, enum fake_chip chip);
void close_stand(struct stand *s);
struct sriov_pf_vf_info info_of(struct stand *s, uint16_t vf);
bool has_traffic(const struct stand *s, uint16_t vf);
bool interrupts(const struct stand *s, uint16_t vf);
void expect_event(const struct stand *s, uint32_t i, enum sriov_pf_event_kind kind,
                  enum sriov_pf_reason reason, uint64_t count);
/* True: answered in the very poll that follows. */
bool asks(uint16_t vf);
/* BAD is shut down, without traffic and unheard, and GOOD feels none of it. */
void check_shut(struct stand *s);

#endif
