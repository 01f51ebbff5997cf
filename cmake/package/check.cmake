# SPDX-License-Identifier: BSD-3-Clause
# Installs the build under a fresh prefix and builds and runs a program against it in every way that
# a user has: find_package with shared and static targets, pkg-config.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE rc OUTPUT_VARIABLE out ERROR_VARIABLE err)
  if(NOT rc EQUAL 0)
    message(FATAL_ERROR "${ARGN}\nended with ${rc}\n${out}${err}")
  endif()
  set(out "${out}" PARENT_SCOPE)
endfunction()

function(expect what output)
  if(NOT output MATCHES "^consumer: ${VERSION} mock ")
    message(FATAL_ERROR "${what} printed: ${output}")
  endif()
  message(STATUS "${what}: ok")
endfunction()

set(prefix ${WORK}/prefix)
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix})

run(${CMAKE_COMMAND} -S ${SOURCE} -B ${WORK}/build -G ${GENERATOR} -DCMAKE_C_COMPILER=${CC}
    -DCMAKE_PREFIX_PATH=${prefix} -DWANT=${VERSION})
run(${CMAKE_COMMAND} --build ${WORK}/build)
foreach(kind shared static)
  run(${WORK}/build/consumer_${kind})
  expect("find_package, ${kind}" "${out}")
endforeach()

# The same of vfio-user, where it was built.
function(expect_served what program)
  run(${CMAKE_COMMAND} -E chdir ${WORK} ${program} pf.sock) # a socket has no room for a long path
  if(NOT out STREQUAL "served: ${VERSION} vfio-user 8086:10c9\n")
    message(FATAL_ERROR "${what} printed: ${out}")
  endif()
  message(STATUS "${what}: ok")
endfunction()
file(GLOB vfu ${prefix}/${LIBDIR}/pkgconfig/sriovcore-vfu.pc)
if(vfu)
  foreach(kind shared static)
    expect_served("vfio-user by find_package, ${kind}" ${WORK}/build/served_${kind})
  endforeach()
endif()

set(ENV{PKG_CONFIG_PATH} ${prefix}/${LIBDIR}/pkgconfig)
run(${PKG_CONFIG} --cflags --libs sriovcore-mock sriovcore-kvm)
string(STRIP "${out}" flags)
separate_arguments(flags UNIX_COMMAND "${flags}")
run(${CC} -std=c11 ${SOURCE}/main.c -o ${WORK}/consumer_pc ${flags} -Wl,-rpath,${prefix}/${LIBDIR})
run(${WORK}/consumer_pc)
expect("pkg-config" "${out}")

if(vfu)
  run(${PKG_CONFIG} --cflags --libs sriovcore-vfu sriovcore-mock)
  string(STRIP "${out}" vfu_flags)
  separate_arguments(vfu_flags UNIX_COMMAND "${vfu_flags}")
  run(${CC} -std=c11 ${SOURCE}/served.c -o ${WORK}/served_pc ${vfu_flags} -pthread -Wl,-rpath,${prefix}/${LIBDIR})
  expect_served("vfio-user by pkg-config" ${WORK}/served_pc)
endif()

# The same with a program of some size: it runs on the simulated VMM.
run(${CMAKE_COMMAND} -S ${EXAMPLE} -B ${WORK}/forward -G ${GENERATOR} -DCMAKE_C_COMPILER=${CC}
    -DCMAKE_PREFIX_PATH=${prefix})
run(${CMAKE_COMMAND} --build ${WORK}/forward)
file(GLOB sources ${EXAMPLE}/*.c)
run(${CC} -std=c11 ${sources} -o ${WORK}/forward_pc ${flags} -Wl,-rpath,${prefix}/${LIBDIR})
foreach(program ${WORK}/forward/forward ${WORK}/forward_pc)
  run(${program})
  if(NOT out MATCHES "\nforward: ok\n$")
    message(FATAL_ERROR "${program} printed: ${out}")
  endif()
  message(STATUS "${program}: ok")
endforeach()
