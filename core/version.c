/* SPDX-License-Identifier: BSD-3-Clause */
#include <sriov/version.h>

#define TEXT2(x) #x
#define TEXT(x)  TEXT2(x)

const char *sriov_version(void)
{
    return TEXT(SRIOV_VERSION_MAJOR) "." TEXT(SRIOV_VERSION_MINOR) "." TEXT(SRIOV_VERSION_PATCH);
}
