// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "engine/document/edit.h"
#include "ui/canvas/canvas_tool.h"
#include "ui/canvas/draw_path_tool.h"

namespace kinora::ui {

[[nodiscard]] std::unique_ptr<CanvasTool> makeHandTool(CanvasContext& context);
[[nodiscard]] std::unique_ptr<CanvasTool> makeZoomTool(CanvasContext& context);
[[nodiscard]] std::unique_ptr<CanvasTool> makePinTool(CanvasContext& context);
[[nodiscard]] std::unique_ptr<CanvasTool> makeSelectTool(CanvasContext& context);
[[nodiscard]] std::unique_ptr<CanvasTool> makeEditPointsTool(CanvasContext& context);
[[nodiscard]] std::unique_ptr<CanvasTool> makeClickPathTool(CanvasContext& context);
[[nodiscard]] std::unique_ptr<CanvasTool> makeCameraTool(CanvasContext& context);
// A drag over the focused path hides that span of it ("goes behind") or shows it again.
[[nodiscard]] std::unique_ptr<CanvasTool> makeSpanTool(CanvasContext& context, bool visible);
// Paints on the matte of the focused path's object, or takes away from it.
[[nodiscard]] std::unique_ptr<CanvasTool> makeMaskTool(CanvasContext& context, bool adds);

} // namespace kinora::ui
