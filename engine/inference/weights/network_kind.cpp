// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/weights/network_kind.h"

#include "engine/base/check.h"

namespace kinora::inference {

std::string_view networkName(NetworkKind kind) {
  switch (kind) {
  case NetworkKind::WanDit:
    return "Wan diffusion transformer";
  case NetworkKind::WanVae:
    return "Wan 2.1 video autoencoder";
  case NetworkKind::WanVae22:
    return "Wan 2.2 video autoencoder";
  case NetworkKind::Taehv:
    return "small video autoencoder (TAEHV)";
  case NetworkKind::Umt5:
    return "UMT5 text encoder";
  case NetworkKind::ClipText:
    return "CLIP text encoder";
  case NetworkKind::OpenClipText:
    return "OpenCLIP text encoder";
  case NetworkKind::ClipVision:
    return "CLIP image encoder";
  case NetworkKind::SdUnet:
    return "Stable Diffusion UNet";
  case NetworkKind::SdVae:
    return "Stable Diffusion autoencoder";
  case NetworkKind::Taesd:
    return "small picture autoencoder (TAESD)";
  }
  KINORA_CHECK(false);
  return {};
}

} // namespace kinora::inference
