// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <utility>

#include "app/cli/command.h"
#include "app/cli/render.h"
#include "app/cli/values.h"
#include "engine/document/project_file.h"

namespace kinora::cli {
namespace {

struct ExportFlags {
  std::filesystem::path project;
  std::string preset;
  std::string range;
  std::string size;
  std::string framing = "fit";
  std::string rate;
  bool resume = false;
  std::filesystem::path output;
};

ExitCode runExport(const ExportFlags& flags, const Globals& globals) {
  RenderJob job;
  job.request.file = flags.output;
  job.request.preset = flags.preset;
  job.resume = flags.resume;
  if (!flags.size.empty()) {
    const auto size = parseSize(flags.size);
    if (!size)
      return reportUsage(size.error(), globals);
    job.request.size = *size;
  }
  if (!flags.rate.empty()) {
    const auto rate = parseFrameRate(flags.rate);
    if (!rate)
      return reportUsage(rate.error(), globals);
    job.request.rate = *rate;
  }
  const auto framing = parseFraming(flags.framing);
  if (!framing)
    return reportUsage(framing.error(), globals);
  job.request.framing = *framing;
  auto project = document::readProject(flags.project);
  if (!project)
    return report(project.error(), Stage::Reading, globals);
  if (!flags.range.empty()) {
    const auto range = parseRange(flags.range, (*project)->frame.rate);
    if (!range)
      return reportUsage(range.error(), globals);
    job.request.range = *range;
  }
  if (const auto output = checkOutput(job.request); !output)
    return output.error().code == ErrorCode::InvalidArgument ? reportUsage(output.error(), globals)
                                                             : report(output.error(), Stage::Writing, globals);
  job.document = std::move(*project);
  return render(job, globals);
}

} // namespace

void addExportCommand(CLI::App& program, std::vector<Command>& commands) {
  auto flags = std::make_shared<ExportFlags>();
  CLI::App* app = program.add_subcommand("export", "Render a project to a file");
  app->add_option("project", flags->project, "NAME.kinora")->required();
  app->add_option("--preset", flags->preset, "format by name; default: by the ending of the output");
  app->add_option("--range", flags->range, "A-B: frames (0-47), seconds (1.5s-3s) or timecodes");
  app->add_option("--size", flags->size, "WIDTHxHEIGHT; default: the project's");
  app->add_option("--framing", flags->framing,
                  "when the size has another shape: fit (all of it, black bars) or fill (no bars, cut at the edges)")
      ->default_str("fit");
  app->add_option("--fps", flags->rate, "frame rate: 24, 23.976, 30000/1001; default: the project's");
  app->add_flag("--resume", flags->resume, "keep finished frames on disk and use those of an interrupted run");
  app->add_option("-o,--output", flags->output, "the file, or the folder of a picture sequence")->required();
  commands.push_back({app, [flags](const Globals& globals) { return runExport(*flags, globals); }});
}

} // namespace kinora::cli
