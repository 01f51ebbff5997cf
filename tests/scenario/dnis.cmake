# SPDX-License-Identifier: BSD-3-Clause
# A VF and a standby as one device. Each line of what it must show is a run of one program.
add_executable(dnis_show dnis_show.c dnis_stage.c)
target_link_libraries(dnis_show PRIVATE sriov_hosted sriovcore::mock_static PkgConfig::CMOCKA)
foreach(what removal link reset)
  add_test(NAME show.mig.1.${what} COMMAND dnis_show ${what})
  set_tests_properties(show.mig.1.${what} PROPERTIES LABELS "scenario;show" TIMEOUT 600)
endforeach()
