// SPDX-License-Identifier: Apache-2.0
// The border between the program, which links no CUDA, and the module that needs LibTorch's CUDA half: C functions, no
// exception crosses it. Functions that give an int return 0 when they did their work, else they say why.
#pragma once

#include <cstddef>

extern "C" {

struct KinoraGraphWhy {
  char text[512];
};

// Returns 0, or not 0 to give up; it must not throw.
using KinoraGraphWork = int (*)(void* context);

struct KinoraGraphModule {
  int version; // kGraphModuleVersion of the headers it was built with
  // Takes a stream for passes, makes it the calling thread's current one, and another for recording.
  int (*open)(int device, void** session, KinoraGraphWhy* why);
  // Waits for the stream and gives the thread back the stream it had.
  void (*close)(void* session);
  int (*record)(void* session, int warmUps, KinoraGraphWork work, void* context, void** graph, KinoraGraphWhy* why);
  int (*replay)(void* graph, KinoraGraphWhy* why);
  void (*drop)(void* graph); // waits until it no longer runs
  // Records an event on the stream for passes and waits for it.
  int (*handOver)(void* session, KinoraGraphWhy* why);
};

// The one symbol of the module.
using KinoraGraphModuleEntry = const KinoraGraphModule* (*)();
}

namespace kinora::inference {
constexpr int kGraphModuleVersion = 1;
constexpr const char* kGraphModuleFile = "kinora_cuda_graphs.so";
constexpr const char* kGraphModuleSymbol = "kinoraGraphModule";
} // namespace kinora::inference
