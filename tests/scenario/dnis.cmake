# SPDX-License-Identifier: BSD-3-Clause
# A VF and a standby as one device. Each line of what it must show is a run of one program.
add_executable(dnis_show dnis_show.c dnis_stage.c)
target_link_libraries(dnis_show PRIVATE sriov_hosted sriovcore::mock_static PkgConfig::CMOCKA)
# A sanitizer is ten times slower: there it is done less often.
set(rounds)
if(SRIOV_SANITIZE)
  set(rounds 5)
endif()
foreach(what removal link reset)
  add_test(NAME show.mig.1.${what} COMMAND dnis_show ${what} ${rounds})
  set_tests_properties(show.mig.1.${what} PROPERTIES LABELS "scenario;show" TIMEOUT 600)
endforeach()
sriov_add_cmocka(dnis_cases SOURCES dnis_cases.c dnis_stage.c LIBS sriovcore::mock_static LABELS scenario)
add_executable(dnis_sweep dnis_sweep.c dnis_stage.c)
target_link_libraries(dnis_sweep PRIVATE sriov_hosted sriovcore::mock_static PkgConfig::CMOCKA)
add_test(NAME show.mig.2.dnis COMMAND dnis_sweep)
set_tests_properties(show.mig.2.dnis PROPERTIES LABELS "scenario;show;sweep" TIMEOUT 600)
