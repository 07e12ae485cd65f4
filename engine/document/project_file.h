// SPDX-License-Identifier: Apache-2.0
// Project files: UTF-8 JSON, schema "kinora.project/N", upgraded on reading, unknown fields kept.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/document/document.h"

namespace kinora::document {

// [any] Media paths become absolute against the project's folder; missing media is no error. Files of a newer schema
// than this build knows are refused. Errors: notFound, io, corrupt (names the field), unsupported (newer schema).
[[nodiscard]] Result<DocumentPtr> readProject(const std::filesystem::path& path);
[[nodiscard]] Result<DocumentPtr> parseProject(std::string_view json, const std::filesystem::path& folder);

// [any] Written whole or not at all; media paths relative to the file where that is possible. Errors: io.
[[nodiscard]] Result<void> writeProject(const Document& document, const std::filesystem::path& path);
[[nodiscard]] std::string formatProject(const Document& document, const std::filesystem::path& folder);

} // namespace kinora::document
