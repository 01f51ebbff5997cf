# SPDX-License-Identifier: BSD-3-Clause
# Of the SR-IOV manager: what guests show that have no operating system.

# On /dev/kvm, with the manager in a VMM of ours. 77 and its reason where there is none.
if(TARGET minivmm AND TARGET bare)
  add_test(NAME show.manager.1.minivmm-four-guests COMMAND minivmm --guests 4 --pings 200 --timeout 540
           $<TARGET_FILE:bare>)
  add_test(NAME show.manager.4.function-face-in-a-kvm-guest
           COMMAND minivmm --guests 2 --pings 20 --conform --timeout 540 $<TARGET_FILE:bare>)
  set_tests_properties(show.manager.1.minivmm-four-guests show.manager.4.function-face-in-a-kvm-guest
                       PROPERTIES LABELS show SKIP_RETURN_CODE 77 TIMEOUT 600 PROCESSORS 2 RESOURCE_LOCK guest)
endif()

# Under QEMU, on its emulated 82576; the guest test has run, here is what it brought back.
if(TARGET bare)
  foreach(place port root)
    sriov_show_guest(manager.2.bare-image-on-the-emulated-82576.${place} bare ${place} ${here}/lines.py serial.txt
      "^ok [0-9]+ - its driver brings it up$" "^ok [0-9]+ - two VFs are enabled$"
      "^# VF 0 asks the gateway 200 times: 200 sent, 200 received, 0 lost, 0 corrupt, 0 duplicates"
      "^# VF 0 asks VF 1 200 times: 200 sent, 200 received, 0 lost, 0 corrupt, 0 duplicates")
    sriov_show_guest(manager.4.function-face-in-the-image.${place} bare ${place} ${here}/lines.py serial.txt
      "^# conformance guest pf: [1-9][0-9]* passed, [0-9]+ unsupported, 0 failed$"
      "^# conformance guest vf: [1-9][0-9]* passed, [0-9]+ unsupported, 0 failed$")
  endforeach()
endif()

# Mock tests, VFIO program, and the image that KVM's guest and QEMU's both are: the very same driver objects.
if(programs AND TARGET bare)
  set(images ${PROJECT_BINARY_DIR}/examples/bare)
  sriov_show(manager.3.one-object-everywhere ${PROJECT_SOURCE_DIR}/tests/abi/one_object.py ${PROJECT_BINARY_DIR}
             ${programs} kvm-guest-image=${images}/bare.map qemu-image=${images}/bare.map)
endif()

# The same with the Xen program, each by what it is: mock tests, VFIO, Xen, KVM's guest, QEMU's image.
if(programs AND TARGET bare AND TARGET xen-program)
  set(maps ${PROJECT_BINARY_DIR}/tests/abi)
  sriov_show(xen.4.one-object-everywhere ${PROJECT_SOURCE_DIR}/tests/abi/one_object.py ${PROJECT_BINARY_DIR}
             mock-tests=${maps}/vf_traffic.map vfio=${maps}/sriovctl.map xen=${maps}/xen-program.map
             kvm-guest-image=${images}/bare.map qemu-image=${images}/bare.map)
endif()
