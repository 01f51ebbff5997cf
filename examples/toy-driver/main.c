/* SPDX-License-Identifier: BSD-3-Clause */
/* Thousand frames through the toy driver, with a lying write-back and a failed DMA access among
 * them: the first costs one frame, the second one frame and a recovery. */
#include "bed.h"

#include <stdio.h>
#include <string.h>

#define FRAMES 1000u

/* The 200th receive write-back claims a length beyond any buffer. */
static int plant_lie(struct bed *bed)
{
    struct sriov_mock_fault lie = {.size = sizeof(lie),
                                   .kind = SRIOV_MOCK_FAULT_WB_HOSTILE,
                                   .fn = bed->name,
                                   .op = "rx",
                                   .nth = 200,
                                   .index = 2, /* struct toy_desc, len */
                                   .value = 0xffff};
    return sriov_mock_inject(bed->mock, &lie);
}

/* The 1500th access of the receive side is refused: somewhere about frame 500. */
static int plant_dma_error(struct bed *bed)
{
    struct sriov_mock_fault refusal = {
        .size = sizeof(refusal), .kind = SRIOV_MOCK_FAULT_DMA, .fn = bed->name, .op = "rx", .nth = 1500};
    return sriov_mock_inject(bed->mock, &refusal);
}

static bool run(struct bed *bed)
{
    struct sriov_net_info info = {.size = sizeof(info)};
    uint64_t hits;
    uint64_t bad;
    int rc = bed_up(bed);
    if (rc == 0) {
        rc = plant_lie(bed);
    }
    if (rc == 0) {
        rc = plant_dma_error(bed);
    }
    if (rc != 0) {
        fprintf(stderr, "toy: %s\n", strerror(-rc));
        return false;
    }
    while (bed->sent < FRAMES) {
        bed_send(bed);
        (void)bed_turn(bed);
    }
    hits = sriov_mock_clear_faults(bed->mock);
    bad = sriov_net_rxq(bed->net, 0)->bad;
    (void)sriov_net_get_info(bed->net, &info);
    printf("%u sent, %u came back, %llu dropped as malformed, %u recovery\n", bed->sent, bed->returned,
           (unsigned long long)bad, info.recoveries);
    return hits == 2 && bad == 1 && info.recoveries == 1 && bed->wrong == 0 && bed->returned == FRAMES - 2;
}

int main(void)
{
    struct bed bed;
    uint64_t findings;
    bool good;
    if (bed_make(&bed) != 0) {
        return 1;
    }
    good = run(&bed);
    findings = bed_down(&bed);
    findings += bed_end(&bed);
    puts(good && findings == 0 ? "toy: ok" : "toy: failed");
    return good && findings == 0 ? 0 : 1;
}
