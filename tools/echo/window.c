/* SPDX-License-Identifier: BSD-3-Clause */
#include "window.h"

#include <string.h>

static struct echo_slot *slot_at(struct echo_window *window, uint64_t number)
{
    return &window->slots[number & (WINDOW_SLOTS - 1)];
}

void window_clear(struct echo_window *window)
{
    memset(window, 0, sizeof(*window));
}

bool window_has_room(const struct echo_window *window, uint32_t limit)
{
    return window->pending < limit && window->next - window->oldest < WINDOW_SLOTS;
}

void window_add(struct echo_window *window, uint64_t now, uint32_t size)
{
    struct echo_slot slot = {.sent_ns = now, .size = size, .state = SLOT_PENDING};

    *slot_at(window, window->next) = slot;
    window->next++;
    window->pending++;
}

struct echo_slot *window_find(struct echo_window *window, uint16_t seq, uint64_t *number)
{
    uint16_t back = (uint16_t)((uint16_t)(window->next - 1) - seq);

    if (back >= window->next || back >= WINDOW_SLOTS) {
        return NULL;
    }
    *number = window->next - 1 - back;
    return slot_at(window, *number);
}

void window_settle(struct echo_window *window, struct echo_slot *slot, enum slot_state state)
{
    slot->state = (uint32_t)state;
    window->pending--;
}

struct echo_slot *window_oldest(struct echo_window *window)
{
    while (window->oldest < window->next) {
        struct echo_slot *slot = slot_at(window, window->oldest);
        if (slot->state == SLOT_PENDING) {
            return slot;
        }
        window->oldest++;
    }
    return NULL;
}
