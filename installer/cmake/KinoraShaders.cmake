# kinora_shaders(TARGET file...)
#   Compiles GLSL to SPIR-V words that the target includes as "shaders/NAME.inc", the initialiser of a uint32_t array. No
#   file is read at run time.
find_program(KINORA_GLSLC glslc REQUIRED)
find_program(KINORA_SPIRV_VAL spirv-val)

function(kinora_shaders target)
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/generated/shaders")
  file(MAKE_DIRECTORY "${folder}")
  set(outputs)
  foreach(source ${ARGN})
    get_filename_component(name "${source}" NAME)
    set(check)
    if(KINORA_SPIRV_VAL)
      set(check COMMAND "${KINORA_SPIRV_VAL}" --target-env vulkan1.3 "${folder}/${name}.spv")
    endif()
    add_custom_command(
      OUTPUT "${folder}/${name}.inc"
      COMMAND "${KINORA_GLSLC}" --target-env=vulkan1.3 -O -Werror -o "${folder}/${name}.spv" "${source}"
      ${check}
      COMMAND "${KINORA_GLSLC}" --target-env=vulkan1.3 -O -Werror -mfmt=c -o "${folder}/${name}.inc" "${source}"
      DEPENDS "${source}"
      COMMENT "Compiling shader ${name}"
      VERBATIM)
    list(APPEND outputs "${folder}/${name}.inc")
  endforeach()
  target_sources(${target} PRIVATE ${outputs})
  target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_BINARY_DIR}/generated")
endfunction()
