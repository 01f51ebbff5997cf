/* SPDX-License-Identifier: BSD-3-Clause */
/* The drivers that come with libsriovcore, for the lists that sriov_net_open and _pf_open take. */
#ifndef SRIOV_DRIVERS_H
#define SRIOV_DRIVERS_H

#include <sriov/driver.h>

#ifdef __cplusplus
extern "C" {
#endif

extern SRIOV_API const struct sriov_driver ixgbevf_driver;          /* 82599 VF, 8086:10ed */
extern SRIOV_API const struct sriov_driver igbvf_driver;            /* 82576 VF, 8086:10ca */
extern SRIOV_API const struct sriov_driver sriov_virtio_net_driver; /* virtio 1.x, 1af4:1041 and :1000 */
extern SRIOV_API const struct sriov_driver ixgbe_driver;            /* 82599 PF, 8086:10fb */
extern SRIOV_API const struct sriov_driver igb_driver;              /* 82576 PF, 8086:10c9 */

/* NULL-ended lists of the above by class. */
extern SRIOV_API const struct sriov_driver *const sriov_net_drivers[];
extern SRIOV_API const struct sriov_driver *const sriov_pf_drivers[];

#ifdef __cplusplus
}
#endif
#endif
