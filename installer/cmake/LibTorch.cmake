# LibTorch as two imported targets, torch::c10 and torch::cpu, from the folder that installer/setup fills.
# find_package(Torch) is not used: on a wheel with CUDA it asks for a CUDA toolkit, which the CPU product does not need.
if(DEFINED ENV{KINORA_DEPS})
  set(kinora_deps "$ENV{KINORA_DEPS}")
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(kinora_deps "$ENV{XDG_CACHE_HOME}/kinora")
else()
  set(kinora_deps "$ENV{HOME}/.cache/kinora")
endif()
set(KINORA_TORCH "${kinora_deps}/torch-2.11.0/torch" CACHE PATH "Folder with LibTorch's include and lib")
if(NOT EXISTS "${KINORA_TORCH}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "LibTorch was not found in ${KINORA_TORCH}. Run installer/setup, or set KINORA_TORCH to the "
                      "torch folder of an installed torch 2.11.0.")
endif()
# Only LibTorch's own headers: the wheel also carries another fmt, which would shadow the system's.
set(kinora_torch_include "${PROJECT_BINARY_DIR}/torch-include")
file(MAKE_DIRECTORY "${kinora_torch_include}")
foreach(folder ATen c10 torch)
  file(CREATE_LINK "${KINORA_TORCH}/include/${folder}" "${kinora_torch_include}/${folder}" SYMBOLIC)
endforeach()
foreach(library c10 torch_cpu)
  string(REPLACE "torch_" "" name ${library})
  add_library(torch::${name} SHARED IMPORTED)
  set_target_properties(torch::${name} PROPERTIES
    IMPORTED_LOCATION "${KINORA_TORCH}/lib/lib${library}.so"
    IMPORTED_NO_SONAME OFF
    INTERFACE_INCLUDE_DIRECTORIES "${kinora_torch_include}"
    INTERFACE_COMPILE_DEFINITIONS "AT_PER_OPERATOR_HEADERS"
    # The library's own needs (CUDA runtime, libgomp) are found by its run path, not by this link.
    INTERFACE_LINK_OPTIONS "-Wl,--allow-shlib-undefined")
endforeach()
set_target_properties(torch::cpu PROPERTIES INTERFACE_LINK_LIBRARIES torch::c10)
