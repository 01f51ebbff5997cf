/* SPDX-License-Identifier: BSD-3-Clause */
/* Every driver of this tree, by class. A program that wants fewer writes its own list. */
#include <sriov/drivers.h>

const struct sriov_driver *const sriov_net_drivers[] = {&ixgbevf_driver, &igbvf_driver,
                                                        &sriov_virtio_net_driver, NULL};
const struct sriov_driver *const sriov_pf_drivers[] = {&ixgbe_driver, &igb_driver, NULL};
