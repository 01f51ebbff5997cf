# SPDX-License-Identifier: BSD-3-Clause
# Of vfio-user: two guests with stock drivers on served VFs, and a third process with ours. The guest tests
# e2e.served.MODEL.KERNEL have run; tshark has read all that the switch carried into wire.txt.
set(clean_wire "^[1-9][0-9]+ frames, good checksums: ip [1-9][0-9]+ icmp [1-9][0-9]+ tcp [1-9][0-9]+, bad: ip 0 icmp 0 tcp 0,")
set(all_500 "sent 500 received 500 corrupt 0 duplicates 0$")

foreach(line 1.ixgbevf.82599 2.igbvf.82576)
  string(REPLACE "." ";" parts ${line})
  list(GET parts 0 number)
  list(GET parts 1 driver)
  list(GET parts 2 model)
  foreach(kernel 61.stock 612.stock612)
    string(REGEX REPLACE "\\..*" "" short ${kernel})
    string(REGEX REPLACE ".*\\." "" kind ${kernel})
    set(guest served.pair.${model})
    sriov_show_guest(vfu.${number}.stock-${driver}-in-two-guests.${short} ${guest} ${kind} ${here}/lines.py wire.txt
                     ${clean_wire})
    sriov_show_guest(vfu.4.a-third-process-pings-both.${model}.${short} ${guest} ${kind} ${here}/lines.py third.txt
                     "^192.0.2.1: driver ${driver}-like ${all_500}" "^192.0.2.2: driver ${driver}-like ${all_500}")
  endforeach()
endforeach()

sriov_show_guest(vfu.3.dpdk-behind-vt-d-answers-200-pings served.dpdk.82599 stock ${here}/lines.py asker.1/ping.txt
                 "^200 packets transmitted, 200 received, 0% packet loss")
sriov_show_guest(vfu.5.one-of-eight-guests-killed served.eight.82599 stock)
