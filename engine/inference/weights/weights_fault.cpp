// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/inference/weights/weights_fault_p.h"

namespace kinora::inference {

std::string_view faultPhrase(WeightsFault fault) {
  switch (fault) {
  case WeightsFault::BadHeader:
    return "the header is broken";
  case WeightsFault::BadTensor:
    return "a tensor does not fit the file";
  case WeightsFault::BadMagic:
    return "this is not a weights file";
  case WeightsFault::BadArchive:
    return "the container is broken";
  case WeightsFault::BadPickle:
    return "the list of objects is broken";
  case WeightsFault::ForbiddenGlobal:
    return "it asks for code, which Kinora never runs";
  case WeightsFault::ForbiddenOpcode:
    return "it holds an instruction that weights never need";
  case WeightsFault::BadStructure:
    return "its objects contain each other";
  case WeightsFault::BadIndex:
    return "the index and the files do not fit each other";
  case WeightsFault::BadKeys:
    return "the names of the tensors do not fit each other";
  case WeightsFault::Limit:
    return "it is deeper or larger than weights can be";
  case WeightsFault::Unsupported:
    return "Kinora cannot read this kind of weights";
  }
  KINORA_CHECK(false);
  return {};
}

Error weightsError(WeightsFault fault, std::string_view path, std::string_view why, std::string_view spot) {
  const ErrorCode code = fault == WeightsFault::Unsupported ? ErrorCode::Unsupported : ErrorCode::Corrupt;
  return {code,
          fmt::format("Opening the weights “{}” failed: {}: {}.", std::filesystem::path(path).filename().string(),
                      faultPhrase(fault), why),
          spot.empty() ? std::string(path) : fmt::format("{}, {}", path, spot)};
}

std::string printable(std::string_view name) {
  constexpr std::size_t kLongest = 120;
  std::string text(name.substr(0, kLongest));
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      c = '?';
  }
  if (name.size() > kLongest) {
    // Not in the middle of a UTF-8 sequence.
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80)
      text.pop_back();
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xc0)
      text.pop_back();
    text += "…";
  }
  return text;
}

std::string_view foreignKind(std::span<const std::byte> bytes) {
  struct Signature {
    std::string_view start;
    std::string_view kind;
  };
  static constexpr std::array kSignatures = {
      Signature{"version https://git-lfs", "it is a Git LFS pointer: fetch the file itself"},
      Signature{"<!DOCTYPE", "it is a web page: the download went wrong"},
      Signature{"<!doctype", "it is a web page: the download went wrong"},
      Signature{"<html", "it is a web page: the download went wrong"},
      Signature{"\x89PNG", "it is a picture"},
      Signature{"\xff\xd8\xff", "it is a picture"},
      Signature{"RIFF", "it is a sound, picture or video file"},
      Signature{"GGUF", "it is a GGUF file, which Kinora does not read"},
      Signature{"%PDF", "it is a PDF document"},
      Signature{"PK\x03\x04", "it is a zip archive"},
      Signature{"\x1f\x8b", "it is compressed: unpack it first"},
  };
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const Signature& signature : kSignatures) {
    if (text.starts_with(signature.start))
      return signature.kind;
  }
  return {};
}

} // namespace kinora::inference
