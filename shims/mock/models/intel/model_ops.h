/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MOCK_INTEL_MODEL_OPS_H
#define MOCK_INTEL_MODEL_OPS_H

#include <sriov/model.h>

extern const struct sriov_model_ops mock_model_82599, mock_model_82576;

#endif
