/* SPDX-License-Identifier: BSD-3-Clause */
/* Books of one direction of a numbered stream: what came, what did not, what came twice or late. */
#ifndef SRIOVCTL_STREAM_ACCOUNT_H
#define SRIOVCTL_STREAM_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

/* How far back a late frame is told from a doubled one. */
#define STREAM_WINDOW     65536u
#define STREAM_LOSSES_MAX 256u
/* The longest gap of each so long is kept, for a plot. */
#define STREAM_BUCKET_NS UINT64_C(50000000)
#define STREAM_BUCKETS   12288u

/* Numbers in a row that did not come. Stamps are the sender's, of the frames around them. */
struct stream_loss {
    uint64_t first;
    uint64_t end;   /* the number behind the last one */
    uint64_t count; /* still missing */
    uint64_t before_ns;
    uint64_t after_ns; /* 0: nothing came after them */
};

struct stream_bucket {
    uint32_t gap_us;
    uint32_t frames;
};

struct stream_account {
    uint64_t next; /* every number from here on has not come */
    uint64_t received;
    uint64_t lost;
    uint64_t duplicated;
    uint64_t reordered; /* came after a later one; not lost */
    uint64_t stale;     /* too far back to say what it is: counted as a duplicate, too */
    uint64_t begin_ns;  /* receiver's clock: the first frame */
    uint64_t last_ns;
    uint64_t last_sent_ns; /* stamp of the latest number */
    uint64_t longest_gap_ns;
    uint64_t longest_gap_at_ns; /* its end */
    uint32_t num_losses;
    bool more_losses; /* than the table has room for; lost is right all the same */
    struct stream_loss losses[STREAM_LOSSES_MAX];
    uint64_t seen[STREAM_WINDOW / 64];
    struct stream_bucket buckets[STREAM_BUCKETS];
};

/* One frame; the first number is 0. now_ns never goes back. */
void stream_account_take(struct stream_account *account, uint64_t number, uint64_t sent_ns, uint64_t now_ns);
/* So many were sent in all: what is not here by now is lost. */
void stream_account_end(struct stream_account *account, uint64_t sent);

#endif
