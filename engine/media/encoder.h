// SPDX-License-Identifier: Apache-2.0
// Writes images and sound to one file (or a numbered sequence of pictures) that is whole or not there. Hides codecs,
// muxers, pixel formats, colour tags and time bases.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/audio_block.h"
#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/base/time.h"
#include "engine/base/worker_pool.h"

namespace kinora::media {

enum class VideoCodec : std::uint8_t { None, H264, Hevc, Av1, ProRes, Ffv1, PngSequence, ExrSequence };
enum class AudioCodec : std::uint8_t { None, Aac, Flac, Pcm16, Pcm24, PcmFloat };
// How colour is stored. Rgb exists for Ffv1 only; ProRes is Yuv422 or Yuv444; AV1 is Yuv420.
enum class ChromaFormat : std::uint8_t { Yuv420, Yuv422, Yuv444, Rgb };
enum class Acceleration : std::uint8_t {
  Software, // the same bytes on every machine
  Nvenc,    // an error when it does not open
  Automatic // Nvenc when it opens, else Software
};
enum class FrameTiming : std::uint8_t {
  Counted,  // frame n is shown from frameRate.timeOf(n); Image::time() is ignored
  FromImage // shown from Image::time(), which must grow; for recordings with a variable rate
};

// Everything that decides the bytes of the output. Start from a preset and set size, frame rate and sound.
struct EncodeSettings {
  VideoCodec video = VideoCodec::H264;
  Size size; // of the images pushed
  FrameRate frameRate{24, 1};
  FrameTiming timing = FrameTiming::Counted;
  ChromaFormat chroma = ChromaFormat::Yuv420;
  int bitDepth = 8;   // 8, 10, 12 (ProRes Yuv444 with 12: XQ), 16 (FFV1, PNG); EXR is always half float
  bool alpha = false; // ProRes Yuv444, FFV1 Rgb, PNG, EXR; elsewhere pictures are laid over black
  int quality = 80; // 1 to 100 for lossy codecs other than ProRes: 80 looks like the original, 95 measures close to it
  int effort = 50;  // 0 fastest to 100 smallest file
  int keyFrameInterval = 0; // most frames between key frames; 0 = two seconds
  Acceleration acceleration = Acceleration::Software;
  // Written into the file and used for the conversion from RGB. matrix Rgb means: BT.601 up to 576 lines, BT.709 above.
  // primaries and transfer are tags: values are not converted to them.
  ColorInfo color{ColorMatrix::Rgb, ColorRange::Limited, ColorPrimaries::Bt709, ColorTransfer::Bt709};

  AudioCodec audio = AudioCodec::None;
  std::int32_t audioChannels = 2;
  std::int32_t audioSampleRate = 48'000;
  std::int32_t audioBitRate = 192'000; // AAC
};

struct EncodePreset {
  std::string_view id;        // stable, for the command line: "h264-mp4", "prores-hq-mov" …
  std::string_view title;     // for people
  std::string_view extension; // ".mp4"; empty for sequences, which are written into a folder
  EncodeSettings settings;    // size, rate and sound still to be set
};

// [any] All presets, the default first. They live as long as the program.
[[nodiscard]] std::span<const EncodePreset> presets();
// Null when there is none of that id.
[[nodiscard]] const EncodePreset* findPreset(std::string_view id);

// An encoder of this build and whether this machine can use it.
struct EncoderStatus {
  std::string name;  // FFmpeg's: "libx264", "h264_nvenc" …
  std::string codec; // "H.264" …
  bool usable = false;
  std::string reason; // why it is not usable; empty when it is
};
// [any] Opens each one for a moment with a small picture (some 100 ms when a GPU is probed).
[[nodiscard]] std::vector<EncoderStatus> encoders();

// Used by one thread ([encode], or [any] in tools).
//
// The file carries a .part name until finish(); destroying an Encoder without finish() removes what was written. Equal
// settings and equal input give equal bytes with Acceleration::Software: no times, versions or machine facts are
// written and thread counts are fixed. Odd sizes: codecs with halved chroma need even sides, so the last column or row
// is repeated once: 641x427 becomes 642x428 in Yuv420, 642x427 in Yuv422 and stays as it is elsewhere.
class Encoder {
 public:
  // path: the ending chooses the container (.mp4 .m4v .mov .mkv .webm, sound alone .wav .flac .m4a .mka; AAC
  // alone belongs into .m4a, Matroska keeps its first 1024 samples of run-in); a sequence
  // takes a name with %d or %05d, or a folder that will hold 00000.png … (made when missing).
  // Errors: invalidArgument (settings that do not fit each other or the container; the message says which), unsupported
  // (encoder not in this build or machine), io.
  [[nodiscard]] static Result<Encoder> create(const std::filesystem::path& path, const EncodeSettings& settings,
                                              const WorkerPool* pool = nullptr);
  ~Encoder();
  Encoder(Encoder&&) noexcept;
  Encoder& operator=(Encoder&&) noexcept;

  // Size in the file (see odd sizes above).
  [[nodiscard]] Size codedSize() const;
  // FFmpeg's name of the video encoder in use; empty for sound alone.
  [[nodiscard]] std::string encoderName() const;

  // The next frame, in order. Host memory, settings.size; Rgba8, Rgba16F, Yuv420P, Nv12, Yuv420P10 or Gray8. YUV images
  // are stored as they are when format, matrix and range agree with the file, and converted otherwise. Errors:
  // invalidArgument (wrong size, format or time), io (disk full …), internal.
  [[nodiscard]] Result<void> push(const Image& image);
  // The next samples, in order, behind those before (the block's time is not looked at). Other rates and channel counts
  // than those of the settings are converted. Errors: invalidArgument (no audio in the settings), io.
  [[nodiscard]] Result<void> push(const AudioBlock& block);
  // Writes what is still inside and gives the file its name. Nothing may be pushed afterwards. Errors:
  // invalidArgument (nothing was pushed), io.
  [[nodiscard]] Result<void> finish();

 private:
  struct State;
  explicit Encoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

} // namespace kinora::media
