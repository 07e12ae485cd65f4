// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/text/sentencepiece_p.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <unordered_map>

#include <fmt/format.h>

#include "engine/base/file.h"
#include "engine/inference/text/utf8_p.h"

namespace kinora::inference {
namespace {

constexpr std::int64_t kMostBytes = 64 << 20; // the largest public models have 20 MB
constexpr std::size_t kMostPieces = 4'000'000;
constexpr std::size_t kLongestPiece = 512; // bytes
constexpr std::size_t kLongestMapped = 256;
constexpr std::string_view kBlank = "\xE2\x96\x81"; // U+2581
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr float kUnknownPenalty = 10.0F;

// Thrown while a model is read; open() and parse() turn it into an Error.
struct ModelError : std::runtime_error {
  explicit ModelError(const std::string& what, bool known = false) : std::runtime_error(what), unsupported(known) {}
  bool unsupported = false;
};

enum class PieceType { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6 };

// --- protocol buffers, as much as these files need -------------------------------------------------------------------

struct Field {
  std::uint32_t number = 0;
  std::uint32_t wire = 0;    // 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes
  std::uint64_t value = 0;   // of wires 0, 1 and 5
  std::string_view bytes;    // of wire 2
  std::size_t at = 0;        // byte of the file where the field begins
  std::size_t contentAt = 0; // and where its bytes begin
};

class WireReader {
 public:
  WireReader(std::string_view bytes, std::size_t at) : bytes_(bytes), base_(at) {}

  std::optional<Field> next() {
    if (position_ == bytes_.size())
      return std::nullopt;
    Field field;
    field.at = base_ + position_;
    const std::uint64_t key = varint();
    field.number = static_cast<std::uint32_t>(key >> 3);
    field.wire = static_cast<std::uint32_t>(key & 7);
    if (field.number == 0 || key >> 3 > 0x1FFFFFFF)
      throw ModelError(fmt::format("byte {} begins no field", field.at));
    switch (field.wire) {
    case 0:
      field.value = varint();
      break;
    case 1:
      field.value = fixed(8);
      break;
    case 2: {
      const std::uint64_t length = varint();
      if (length > bytes_.size() - position_)
        throw ModelError(fmt::format("the field at byte {} is {} bytes long, {} are left", field.at, length,
                                     bytes_.size() - position_));
      field.contentAt = base_ + position_;
      field.bytes = bytes_.substr(position_, static_cast<std::size_t>(length));
      position_ += static_cast<std::size_t>(length);
      break;
    }
    case 5:
      field.value = fixed(4);
      break;
    default:
      throw ModelError(fmt::format("byte {} begins a field of the unknown kind {}", field.at, field.wire));
    }
    return field;
  }

 private:
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (position_ == bytes_.size())
        throw ModelError(fmt::format("a number is cut off at byte {}", base_ + position_));
      const auto byte = static_cast<std::uint8_t>(bytes_[position_++]);
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if ((byte & 0x80U) == 0)
        return value;
    }
    throw ModelError(fmt::format("the number before byte {} has more than 64 bits", base_ + position_));
  }

  std::uint64_t fixed(unsigned bytes) {
    if (bytes > bytes_.size() - position_)
      throw ModelError(fmt::format("a number is cut off at byte {}", base_ + position_));
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bytes; ++i)
      value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes_[position_++])) << (8 * i);
    return value;
  }

  std::string_view bytes_;
  std::size_t base_;
  std::size_t position_ = 0;
};

void requireWire(const Field& field, std::uint32_t wire, std::string_view what) {
  if (field.wire != wire)
    throw ModelError(fmt::format("the {} at byte {} has kind {} instead of {}", what, field.at, field.wire, wire));
}

// --- character map ---------------------------------------------------------------------------------------------------

// A trie in one array: a unit's low bits name the byte that leads to it, the others where its children are.
class CharacterMap {
 public:
  CharacterMap() = default;
  explicit CharacterMap(std::string_view blob) {
    if (blob.empty())
      return;
    if (blob.size() < 4)
      throw ModelError(fmt::format("the character map has {} bytes, too few for its length", blob.size()));
    const std::uint64_t trieBytes = unitAt(blob, 0);
    if (trieBytes % 4 != 0 || trieBytes == 0 || trieBytes > blob.size() - 4)
      throw ModelError(fmt::format("the trie of the character map has {} bytes, its map {}", trieBytes, blob.size()));
    for (std::uint64_t at = 0; at < trieBytes; at += 4)
      units_.push_back(unitAt(blob, static_cast<std::size_t>(4 + at)));
    replacements_ = blob.substr(static_cast<std::size_t>(4 + trieBytes));
    if (replacements_.empty() || replacements_.back() != '\0')
      throw ModelError("the replacements of the character map do not end in a zero byte");
  }

  // The longest mapped beginning of text: its length and what it becomes. Length 0: nothing is mapped.
  [[nodiscard]] std::pair<std::size_t, std::string_view> longest(std::string_view text) const {
    std::pair<std::size_t, std::string_view> best{0, {}};
    if (units_.empty())
      return best;
    std::size_t node = childrenOf(units_[0]);
    const std::size_t end = std::min(text.size(), kLongestMapped);
    for (std::size_t i = 0; i < end; ++i) {
      const auto byte = static_cast<std::uint8_t>(text[i]);
      node ^= byte;
      if (node >= units_.size() || (units_[node] & 0x800000FFU) != byte)
        break;
      const std::uint32_t unit = units_[node];
      node ^= childrenOf(unit);
      if (((unit >> 8) & 1U) != 0 && node < units_.size()) {
        const std::size_t at = units_[node] & 0x7FFFFFFFU;
        if (at < replacements_.size()) // ends at the zero byte that was checked to be there
          best = {i + 1, std::string_view(replacements_.data() + at)};
      }
    }
    return best;
  }

 private:
  static std::uint32_t unitAt(std::string_view blob, std::size_t at) {
    std::uint32_t unit = 0;
    for (unsigned i = 0; i < 4; ++i)
      unit |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(blob[at + i])) << (8 * i);
    return unit;
  }
  static std::size_t childrenOf(std::uint32_t unit) { return (unit >> 10) << ((unit & (1U << 9)) >> 6); }

  std::vector<std::uint32_t> units_;
  std::string_view replacements_;
};

} // namespace

// --- the model -------------------------------------------------------------------------------------------------------

struct UnigramTokenizer::Model {
  std::string bytes; // everything below looks into it
  std::string name;

  std::vector<std::string_view> pieces;
  std::vector<float> scores;
  std::vector<PieceType> types;
  // Ids of the pieces that text can be cut into, sorted by their bytes; begins[b] is the first that begins with b.
  std::vector<std::uint32_t> sorted;
  std::array<std::uint32_t, 257> begins{};
  bool ownPieces = false; // there are pieces that the normaliser leaves as they are written
  std::vector<std::pair<std::string_view, std::int64_t>> marks; // control pieces and the unknown one
  std::array<std::int64_t, 256> byteIds{};
  float unknownScore = 0;

  std::int64_t unknown = -1;
  std::int64_t end = -1;
  std::int64_t pad = -1;
  bool byteFallback = false;
  bool blankAfterWord = false;
  bool addBlank = true;
  bool mergeBlanks = true;
  bool escapeBlanks = true;
  CharacterMap map;

  void read();
  void readPiece(const Field& field);
  void readTrainer(const Field& field);
  void readNormaliser(const Field& field);
  void check();
  void index();

  [[nodiscard]] std::pair<std::size_t, std::string_view> mapped(std::string_view text) const;
  template <class F>
  void forEachPieceAt(std::string_view text, std::size_t at, const F& found) const;
};

void UnigramTokenizer::Model::readPiece(const Field& field) {
  std::string_view piece;
  float score = 0;
  auto type = PieceType::Normal;
  WireReader reader(field.bytes, field.contentAt);
  while (const auto part = reader.next()) {
    if (part->number == 1) {
      requireWire(*part, 2, "text of a piece");
      piece = part->bytes;
    } else if (part->number == 2) {
      requireWire(*part, 5, "score of a piece");
      score = std::bit_cast<float>(static_cast<std::uint32_t>(part->value));
    } else if (part->number == 3) {
      requireWire(*part, 0, "type of a piece");
      if (part->value < 1 || part->value > 6)
        throw ModelError(fmt::format("piece {} has the unknown type {}", pieces.size(), part->value));
      type = static_cast<PieceType>(part->value);
    }
  }
  if (piece.empty())
    throw ModelError(fmt::format("piece {} at byte {} is empty", pieces.size(), field.at));
  if (piece.size() > kLongestPiece)
    throw ModelError(fmt::format("piece {} has {} bytes, more than {}", pieces.size(), piece.size(), kLongestPiece));
  if (!std::isfinite(score))
    throw ModelError(fmt::format("piece {} ('{}') has no finite score", pieces.size(), piece));
  if (pieces.size() == kMostPieces)
    throw ModelError(fmt::format("it has more than {} pieces", kMostPieces));
  pieces.push_back(piece);
  scores.push_back(score);
  types.push_back(type);
}

void UnigramTokenizer::Model::readTrainer(const Field& field) {
  WireReader reader(field.bytes, field.contentAt);
  while (const auto part = reader.next()) {
    const auto id = [&] { return static_cast<std::int64_t>(static_cast<std::int32_t>(part->value)); };
    switch (part->number) {
    case 3: {
      requireWire(*part, 0, "model type");
      constexpr std::array<const char*, 5> kNames = {"unknown", "unigram", "byte-pair", "word", "character"};
      if (part->value != 1)
        throw ModelError(fmt::format("it is a {} model, and only unigram models are read",
                                     part->value < kNames.size() ? kNames[part->value] : "unknown"),
                         true);
      break;
    }
    case 24:
      blankAfterWord = part->value != 0;
      break;
    case 35:
      byteFallback = part->value != 0;
      break;
    case 42:
      end = id();
      break;
    case 43:
      pad = id();
      break;
    default:
      break;
    }
  }
}

void UnigramTokenizer::Model::readNormaliser(const Field& field) {
  WireReader reader(field.bytes, field.contentAt);
  while (const auto part = reader.next()) {
    switch (part->number) {
    case 2:
      requireWire(*part, 2, "character map");
      map = CharacterMap(part->bytes);
      break;
    case 3:
      addBlank = part->value != 0;
      break;
    case 4:
      mergeBlanks = part->value != 0;
      break;
    case 5:
      escapeBlanks = part->value != 0;
      break;
    default:
      break;
    }
  }
}

void UnigramTokenizer::Model::read() {
  end = 2; // what the format says of a file that does not say
  WireReader reader(bytes, 0);
  while (const auto field = reader.next()) {
    if (field->number > 3)
      continue;
    requireWire(*field, 2, field->number == 1 ? "piece" : field->number == 2 ? "training part" : "normalising part");
    if (field->number == 1)
      readPiece(*field);
    else if (field->number == 2)
      readTrainer(*field);
    else
      readNormaliser(*field);
  }
  check();
  index();
}

void UnigramTokenizer::Model::check() {
  if (pieces.empty())
    throw ModelError("it has no pieces");
  std::unordered_map<std::string_view, std::size_t> known;
  known.reserve(pieces.size());
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (const auto [found, fresh] = known.emplace(pieces[i], i); !fresh)
      throw ModelError(fmt::format("pieces {} and {} are both '{}'", found->second, i, pieces[i]));
    if (types[i] != PieceType::Unknown)
      continue;
    if (unknown >= 0)
      throw ModelError(fmt::format("pieces {} and {} both stand for what is unknown", unknown, i));
    unknown = static_cast<std::int64_t>(i);
  }
  if (unknown < 0)
    throw ModelError("no piece stands for what is unknown");
  byteIds.fill(-1);
  for (std::size_t byte = 0; byte < byteIds.size(); ++byte) {
    const auto found = known.find(fmt::format("<0x{:02X}>", byte));
    if (found != known.end() && types[found->second] == PieceType::Byte)
      byteIds[byte] = static_cast<std::int64_t>(found->second);
    else if (byteFallback)
      throw ModelError(fmt::format("it falls back to bytes and has no piece for byte {}", byte));
  }
  for (std::int64_t* id : {&end, &pad}) {
    if (*id >= static_cast<std::int64_t>(pieces.size()))
      throw ModelError(fmt::format("it names piece {} of {}", *id, pieces.size()));
    if (*id < 0)
      *id = -1;
    else if (types[static_cast<std::size_t>(*id)] != PieceType::Control)
      *id = -1; // an ordinary piece at the place that the format assumes
  }
}

void UnigramTokenizer::Model::index() {
  float least = std::numeric_limits<float>::max();
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    switch (types[i]) {
    case PieceType::Normal:
      least = std::min(least, scores[i]);
      sorted.push_back(static_cast<std::uint32_t>(i));
      break;
    case PieceType::UserDefined:
      ownPieces = true;
      sorted.push_back(static_cast<std::uint32_t>(i));
      break;
    case PieceType::Control:
    case PieceType::Unknown:
      marks.emplace_back(pieces[i], static_cast<std::int64_t>(i));
      break;
    case PieceType::Unused:
    case PieceType::Byte:
      break;
    }
  }
  if (least == std::numeric_limits<float>::max())
    throw ModelError("it has no piece of ordinary text");
  unknownScore = least - kUnknownPenalty;
  std::sort(sorted.begin(), sorted.end(), [&](std::uint32_t a, std::uint32_t b) { return pieces[a] < pieces[b]; });
  std::size_t place = 0;
  for (std::size_t byte = 0; byte <= 256; ++byte) {
    while (place < sorted.size() && static_cast<std::uint8_t>(pieces[sorted[place]][0]) < byte)
      ++place;
    begins[byte] = static_cast<std::uint32_t>(place);
  }
}

// found(id, bytes) for every piece that text has at this place, the shortest first.
template <class F>
void UnigramTokenizer::Model::forEachPieceAt(std::string_view text, std::size_t at, const F& found) const {
  const auto first = static_cast<std::uint8_t>(text[at]);
  auto low = sorted.begin() + begins[first];
  auto high = sorted.begin() + begins[first + 1U];
  for (std::size_t depth = 1; low != high; ++depth) {
    // All of [low, high) share `depth` bytes with the text; the one that has no more comes first.
    if (pieces[*low].size() == depth) {
      found(*low, depth);
      ++low;
    }
    if (at + depth == text.size())
      return;
    const auto byte = static_cast<std::uint8_t>(text[at + depth]);
    const auto byteOf = [&](std::uint32_t id) { return static_cast<std::uint8_t>(pieces[id][depth]); };
    low = std::partition_point(low, high, [&](std::uint32_t id) { return byteOf(id) < byte; });
    high = std::partition_point(low, high, [&](std::uint32_t id) { return byteOf(id) == byte; });
  }
}

// What the beginning of text becomes, and how many bytes of it that takes.
std::pair<std::size_t, std::string_view> UnigramTokenizer::Model::mapped(std::string_view text) const {
  if (ownPieces) {
    std::size_t own = 0;
    forEachPieceAt(text, 0, [&](std::uint32_t id, std::size_t length) {
      if (types[id] == PieceType::UserDefined)
        own = length;
    });
    if (own > 0)
      return {own, text.substr(0, own)};
  }
  if (const auto found = map.longest(text); found.first > 0)
    return found;
  const DecodedChar next = decodeChar(text, 0);
  return {next.bytes, next.valid ? text.substr(0, next.bytes) : kReplacement};
}

// --- the tokenizer ---------------------------------------------------------------------------------------------------

UnigramTokenizer::UnigramTokenizer(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

Result<UnigramTokenizer> UnigramTokenizer::open(const std::filesystem::path& file) {
  auto bytes = readTextFile(file, kMostBytes);
  if (!bytes)
    return fail(bytes);
  return parse(std::move(*bytes), file.string());
}

Result<UnigramTokenizer> UnigramTokenizer::parse(std::string bytes, std::string name) {
  auto model = std::make_shared<Model>();
  model->bytes = std::move(bytes);
  model->name = std::move(name);
  try {
    model->read();
  } catch (const ModelError& problem) {
    return fail(problem.unsupported ? ErrorCode::Unsupported : ErrorCode::Corrupt,
                fmt::format("reading the tokenizer model failed: {}. Take the .model file that came with the weights.",
                            problem.what()),
                model->name);
  }
  return UnigramTokenizer(std::move(model));
}

std::string UnigramTokenizer::normalised(std::string_view text) const {
  const Model& model = *model_;
  const std::string_view blank = model.escapeBlanks ? kBlank : " ";
  if (model.mergeBlanks) { // blanks at the beginning go
    while (!text.empty()) {
      const auto [bytes, becomes] = model.mapped(text);
      if (becomes != " ")
        break;
      text.remove_prefix(bytes);
    }
  }
  if (text.empty())
    return {};
  std::string result;
  result.reserve(text.size() + text.size() / 4 + blank.size());
  if (model.addBlank && !model.blankAfterWord)
    result += blank;
  bool afterBlank = model.mergeBlanks;
  while (!text.empty()) {
    const auto [bytes, all] = model.mapped(text);
    std::string_view becomes = all;
    while (afterBlank && becomes.starts_with(' '))
      becomes.remove_prefix(1);
    if (!becomes.empty()) {
      for (const char byte : becomes) {
        if (byte == ' ')
          result += blank;
        else
          result += byte;
      }
      afterBlank = model.mergeBlanks && becomes.ends_with(' ');
    }
    text.remove_prefix(bytes);
  }
  if (model.mergeBlanks) {
    while (result.ends_with(blank))
      result.erase(result.size() - blank.size());
  }
  if (model.addBlank && model.blankAfterWord)
    result += blank;
  return result;
}

std::vector<std::int64_t> UnigramTokenizer::encode(std::string_view text) const {
  const Model& model = *model_;
  const std::string clean = normalised(text);
  // Viterbi: the best way to every byte that begins a character or ends the text.
  struct Way {
    float score = 0;
    std::size_t from = std::string::npos; // npos: not reached
    std::int64_t id = -1;
  };
  std::vector<Way> best(clean.size() + 1);
  best[0].from = 0;
  for (std::size_t at = 0; at < clean.size();) {
    const std::size_t letter = decodeChar(clean, at).bytes;
    const auto offer = [&](std::size_t bytes, float score, std::int64_t id) {
      Way& way = best[at + bytes];
      // The sum in float64, what is kept in float32, as the library: ways of nearly equal score end as there.
      const double sum = static_cast<double>(score) + static_cast<double>(best[at].score);
      if (way.from == std::string::npos || sum > static_cast<double>(way.score))
        way = {static_cast<float>(sum), at, id};
    };
    bool alone = false; // a piece covers just this character
    model.forEachPieceAt(clean, at, [&](std::uint32_t id, std::size_t bytes) {
      offer(bytes, model.types[id] == PieceType::UserDefined ? -0.1F : model.scores[id], id);
      alone = alone || bytes == letter;
    });
    if (!alone)
      offer(letter, model.unknownScore, model.unknown);
    at += letter;
  }
  std::vector<std::pair<std::size_t, std::size_t>> cuts; // from, to; the last first
  for (std::size_t end = clean.size(); end > 0; end = best[end].from)
    cuts.emplace_back(best[end].from, end);
  std::vector<std::int64_t> ids;
  bool afterUnknown = false;
  for (auto cut = cuts.rbegin(); cut != cuts.rend(); ++cut) {
    const std::int64_t id = best[cut->second].id;
    if (id != model.unknown) {
      ids.push_back(id);
    } else if (model.byteFallback) {
      for (std::size_t byte = cut->first; byte < cut->second; ++byte)
        ids.push_back(model.byteIds[static_cast<std::uint8_t>(clean[byte])]);
    } else if (!afterUnknown) { // neighbours that are unknown are one
      ids.push_back(id);
    }
    afterUnknown = id == model.unknown;
  }
  return ids;
}

std::vector<std::int64_t> UnigramTokenizer::encodeWithMarks(std::string_view text) const {
  std::vector<std::int64_t> ids;
  std::size_t begin = 0;
  const auto flush = [&](std::size_t end) {
    const std::vector<std::int64_t> part = encode(text.substr(begin, end - begin));
    ids.insert(ids.end(), part.begin(), part.end());
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::pair<std::string_view, std::int64_t>* longest = nullptr;
    for (const auto& mark : model_->marks) {
      if (text.substr(at).starts_with(mark.first) && (!longest || mark.first.size() > longest->first.size()))
        longest = &mark;
    }
    if (!longest) {
      ++at;
      continue;
    }
    flush(at);
    ids.push_back(longest->second);
    at += longest->first.size();
    begin = at;
  }
  flush(text.size());
  return ids;
}

std::int64_t UnigramTokenizer::size() const {
  return static_cast<std::int64_t>(model_->pieces.size());
}
std::string_view UnigramTokenizer::piece(std::int64_t id) const {
  return model_->pieces[static_cast<std::size_t>(id)];
}
std::int64_t UnigramTokenizer::unknownId() const {
  return model_->unknown;
}
std::int64_t UnigramTokenizer::endId() const {
  return model_->end;
}
std::int64_t UnigramTokenizer::padId() const {
  return model_->pad;
}

} // namespace kinora::inference
