/* SPDX-License-Identifier: BSD-3-Clause */
/* The VERSION message: two numbers and the sender's capabilities as JSON. */
#include "proto.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    size_t at;
} members[] = {
    {"max_msg_fds", offsetof(struct vfu_caps, max_msg_fds)},
    {"max_data_xfer_size", offsetof(struct vfu_caps, max_data_xfer_size)},
    {"max_dma_maps", offsetof(struct vfu_caps, max_dma_maps)},
    {"pgsizes", offsetof(struct vfu_caps, pgsizes)},
};

#define MEMBERS (sizeof(members) / sizeof(members[0]))

static json_t *as_json(const struct vfu_caps *caps)
{
    json_t *list = json_object();

    for (size_t i = 0; i < MEMBERS; i++) {
        uint64_t value;

        memcpy(&value, (const uint8_t *)caps + members[i].at, sizeof(value));
        if (value != 0 && json_object_set_new(list, members[i].name, json_integer((json_int_t)value)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return json_pack("{s:o}", "capabilities", list);
}

int vfu_version_write(const struct vfu_version *version, const struct vfu_caps *caps, uint8_t *out,
                      uint32_t room)
{
    json_t *root = as_json(caps);
    char *text = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
    size_t length = text != NULL ? strlen(text) + 1 : 0;
    int rc = -ENOMEM;

    if (text != NULL) {
        rc = -E2BIG;
    }
    if (text != NULL && room >= sizeof(*version) && length <= room - sizeof(*version)) {
        memcpy(out, version, sizeof(*version));
        memcpy(out + sizeof(*version), text, length);
        rc = (int)(sizeof(*version) + length);
    }
    free(text);
    json_decref(root);
    return rc;
}

static int read_member(const json_t *list, size_t i, struct vfu_caps *caps)
{
    const json_t *member = json_object_get(list, members[i].name);
    uint64_t value;

    if (member == NULL) {
        return 0;
    }
    if (!json_is_integer(member) || json_integer_value(member) <= 0) {
        return -EPROTO;
    }
    value = (uint64_t)json_integer_value(member);
    memcpy((uint8_t *)caps + members[i].at, &value, sizeof(value));
    return 0;
}

static int read_caps(const char *text, size_t length, struct vfu_caps *caps)
{
    json_t *root = json_loadb(text, length, 0, NULL);
    const json_t *list = json_object_get(root, "capabilities");
    int rc = json_is_object(root) && (list == NULL || json_is_object(list)) ? 0 : -EPROTO;

    for (size_t i = 0; rc == 0 && i < MEMBERS; i++) {
        rc = read_member(list, i, caps);
    }
    json_decref(root);
    return rc;
}

int vfu_version_read(const uint8_t *payload, uint32_t length, struct vfu_version *version,
                     struct vfu_caps *caps)
{
    const char *text = (const char *)payload + sizeof(*version);
    size_t room;

    *caps = (struct vfu_caps){.max_msg_fds = VFU_DEFAULT_FDS, .max_data_xfer_size = VFU_DEFAULT_XFER};
    if (length < sizeof(*version)) {
        return -EPROTO;
    }
    memcpy(version, payload, sizeof(*version));
    room = length - sizeof(*version);
    if (room == 0) {
        return 0;
    }
    return memchr(text, '\0', room) == text + (room - 1) ? read_caps(text, room - 1, caps) : -EPROTO;
}
