// SPDX-License-Identifier: Apache-2.0
// Hides nothing: the networks whose weights Kinora knows by name.
#pragma once

#include <string_view>

namespace kinora::inference {

enum class NetworkKind {
  WanDit,       // Wan 2.1/2.2 diffusion transformer and everything made from it
  WanVae,       // Wan 2.1 video autoencoder
  WanVae22,     // Wan 2.2 video autoencoder
  Taehv,        // small video autoencoder
  Umt5,         // text encoder of Wan
  ClipText,     // CLIP ViT-L text encoder of SD 1.x
  OpenClipText, // OpenCLIP ViT-H text encoder of SD 2.x
  ClipVision,   // image encoder of Wan's image-to-video models
  SdUnet,       // Stable Diffusion 1.x and 2.x
  SdVae,        // its autoencoder
  Taesd,        // its small autoencoder
};

// "Wan diffusion transformer".
[[nodiscard]] std::string_view networkName(NetworkKind kind);

} // namespace kinora::inference
