# SPDX-License-Identifier: BSD-3-Clause
# Masking a vector: trips to the device on the fast path and on the slow one; the figures of
# docs/masking.md. The machines are those of the conformance cases.
set(cases ${PROJECT_SOURCE_DIR}/tests/conformance)
add_executable(masking masking.c ${cases}/vm_bed.c ${cases}/vm_pci.c ${cases}/vm_stage_mock.c
               ${PROJECT_SOURCE_DIR}/tests/model/mock/toy_model.c)
target_include_directories(masking PRIVATE ${cases})
find_package(Threads REQUIRED)
if(TARGET sriov_kvm_guest)
  target_sources(masking PRIVATE ${cases}/vm_stage_kvm.c)
  target_compile_definitions(masking PRIVATE CONFORM_VM_KVM)
  target_link_libraries(masking PRIVATE sriov_kvm_guest)
endif()
target_link_libraries(masking PRIVATE sriov_hosted sriov_conform_cases sriovkvm_static sriovmock_static
                      sriovcore_static Threads::Threads)

add_test(NAME show.manager.9.mask-unmask COMMAND masking mock)
if(TARGET sriov_kvm_guest)
  add_test(NAME show.manager.9.mask-unmask-on-kvm COMMAND masking kvm 2000)
endif()
foreach(test show.manager.9.mask-unmask show.manager.9.mask-unmask-on-kvm)
  if(TEST ${test})
    set_tests_properties(${test} PROPERTIES LABELS show SKIP_RETURN_CODE 77 TIMEOUT 120)
  endif()
endforeach()
