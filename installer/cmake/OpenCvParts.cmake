# The few OpenCV libraries that Kinora uses, as opencv::core, opencv::imgproc and opencv::video. Debian's narrow -dev
# packages carry no CMake files, and the full one would pull in a second Qt.
find_path(OPENCV_INCLUDE opencv2/core.hpp PATH_SUFFIXES opencv4 REQUIRED)
foreach(part core imgproc video)
  find_library(OPENCV_${part}_LIBRARY opencv_${part} REQUIRED)
  add_library(opencv::${part} SHARED IMPORTED)
  set_target_properties(opencv::${part} PROPERTIES
    IMPORTED_LOCATION "${OPENCV_${part}_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${OPENCV_INCLUDE}")
  mark_as_advanced(OPENCV_${part}_LIBRARY)
endforeach()
