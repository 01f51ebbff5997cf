# SPDX-License-Identifier: BSD-3-Clause
# vfio-user's sixth line: the contract over a socket, with memory that is shared and memory that is not. And
# its bad input.
if(TARGET vfu_bad)
  set(conform $<TARGET_FILE:sriov-conform> --shim vfio-user)
  set(passed "^conform: vfio-user [1-9][0-9]* passed, 0 failed, [0-9]+ unsupported$")
  foreach(model 82599 82576)
    sriov_show(vfu.6.conformance.${model} ${here}/ends_with.py ${passed} ${conform} --model ${model})
    sriov_show(vfu.6.conformance.${model}.unshared ${here}/ends_with.py ${passed} ${conform} --model ${model}
               --unshared)
  endforeach()
  sriov_show(vfu.bad-input ${here}/ends_with.py "^\\[  PASSED  \\] [1-9][0-9]* test" $<TARGET_FILE:vfu_bad>)
endif()
