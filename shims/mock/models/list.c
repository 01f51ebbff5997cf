/* SPDX-License-Identifier: BSD-3-Clause */
/* Every device model. */
#include <stddef.h>

#include "intel/model_ops.h"
#include "virtio/virtio.h"

const struct sriov_model_ops *const sriov_models[] = {&mock_model_82599, &mock_model_82576,
                                                      &mock_model_virtio_net, NULL};
