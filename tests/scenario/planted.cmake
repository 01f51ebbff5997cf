# SPDX-License-Identifier: BSD-3-Clause
# Planted driver bugs and planted model lies; the bed is tests/sweep's.
sriov_add_cmocka(planted_bugs SOURCES planted_bugs.c planted_driver.c LIBS sriov_test_bed LABELS scenario)
target_include_directories(planted_bugs PRIVATE ${PROJECT_SOURCE_DIR}/drivers)
foreach(test planted_lies planted_mailbox)
  sriov_add_cmocka(${test} SOURCES ${test}.c planted_stand.c LIBS sriov_test_bed LABELS scenario)
endforeach()
