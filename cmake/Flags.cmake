# SPDX-License-Identifier: BSD-3-Clause
# Flags for every target of this project, as interface libraries.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
# One object serves the shared library, the archive and every program: all code is PIC.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(sriov_flags INTERFACE)
target_compile_options(sriov_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
  $<$<BOOL:${SRIOV_WERROR}>:-Werror>)
target_include_directories(sriov_flags INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)

# Some optimisation and no more debug information than a report names: tests take half the time.
if(SRIOV_SANITIZE)
  target_compile_options(sriov_flags INTERFACE -fsanitize=${SRIOV_SANITIZE} -fno-sanitize-recover=all
                         -fno-omit-frame-pointer -O1 -g1)
  target_link_options(sriov_flags INTERFACE -fsanitize=${SRIOV_SANITIZE})
  # The barriers of dma.h order us against a device, which tsan does not watch anyway.
  if(SRIOV_SANITIZE MATCHES "thread" AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
    target_compile_options(sriov_flags INTERFACE -Wno-tsan)
  endif()
endif()

# What may run in a bare guest keeps to the general registers: a KVM that emulates its guests' code knows
# no SSE instruction, and the object that runs there is the one that runs everywhere. (An interrupt
# handler is spared the vector registers by the same.)
add_library(sriov_any_machine INTERFACE)
if(NOT SRIOV_SANITIZE AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|aarch64)$")
  target_compile_options(sriov_any_machine INTERFACE $<$<COMPILE_LANGUAGE:C>:-mgeneral-regs-only>)
endif()

# The core's driver side and all drivers: no libc but memcpy, memset, memcmp. Sanitizer builds are
# hosted by nature.
add_library(sriov_freestanding INTERFACE)
target_link_libraries(sriov_freestanding INTERFACE sriov_flags sriov_any_machine)
if(NOT SRIOV_SANITIZE)
  target_compile_options(sriov_freestanding INTERFACE -ffreestanding -fno-stack-protector)
endif()

# What talks to an operating system.
add_library(sriov_hosted INTERFACE)
target_link_libraries(sriov_hosted INTERFACE sriov_flags)
target_compile_definitions(sriov_hosted INTERFACE _GNU_SOURCE)
