/* SPDX-License-Identifier: Apache-2.0 */
/* The loader of Vulkan's functions, compiled into this library. */
#define VOLK_IMPLEMENTATION
#include <volk.h>
