// SPDX-License-Identifier: Apache-2.0
#include <QCryptographicHash>
#include <QTest>

#include <chrono>
#include <cstring>
#include <fstream>
#include <set>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>
#include <zlib.h>

#include "engine/inference/weights/mapped_file_p.h"
#include "engine/inference/weights/pickle_p.h"
#include "engine/inference/weights/pth_p.h"
#include "engine/inference/weights/weights_fault_p.h"
#include "tests/engine/inference/allocation_watch.h"
#include "tests/support/files.h"

using namespace kinora;
using namespace kinora::inference;

namespace {

template <class T>
std::string raw(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

// What can be wrong with an entry of a zip archive.
struct ZipItem {
  std::string name;
  std::string data;
  bool deflate = false;
  std::uint32_t crcError = 0;
  std::int64_t sizeError = 0;   // added to both sizes in the list of entries
  std::int64_t offsetError = 0; // added to the place of the local header
  std::uint16_t method = 0;     // another compression
  std::uint16_t flags = 0;
  std::string localName = {}; // another name in the local header
  bool noCrc = false;
};

std::string deflated(const std::string& data) {
  std::string out(data.size() + 1024, '\0');
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zip(const std::vector<ZipItem>& items, const std::string& comment = {}) {
  std::string bytes;
  std::string list;
  for (const ZipItem& item : items) {
    const std::string packed = item.deflate ? deflated(item.data) : item.data;
    const auto sum = static_cast<std::uint32_t>(
        crc32(0, reinterpret_cast<const Bytef*>(item.data.data()), static_cast<uInt>(item.data.size())));
    const std::uint32_t crc = item.noCrc ? 0 : sum ^ item.crcError;
    const auto size = static_cast<std::uint32_t>(static_cast<std::int64_t>(item.data.size()) + item.sizeError);
    const auto packedSize = item.deflate ? static_cast<std::uint32_t>(packed.size()) : static_cast<std::uint32_t>(size);
    const std::uint16_t method = item.method != 0 ? item.method : item.deflate ? 8 : 0;
    const std::string& localName = item.localName.empty() ? item.name : item.localName;
    const std::string common = raw<std::uint16_t>(20) + raw(item.flags) + raw(method) + raw<std::uint32_t>(0) +
                               raw(crc) + raw(packedSize) + raw(size);
    const auto at = static_cast<std::uint32_t>(static_cast<std::int64_t>(bytes.size()) + item.offsetError);
    list += "PK\x01\x02" + raw<std::uint16_t>(20) + common + raw(static_cast<std::uint16_t>(item.name.size())) +
            std::string(12, '\0') + raw(at) + item.name;
    bytes += "PK\x03\x04" + common + raw(static_cast<std::uint16_t>(localName.size())) + raw<std::uint16_t>(0) +
             localName + packed;
  }
  const auto start = static_cast<std::uint32_t>(bytes.size());
  const auto count = static_cast<std::uint16_t>(items.size());
  return bytes + list + "PK\x05\x06" + std::string(4, '\0') + raw(count) + raw(count) +
         raw(static_cast<std::uint32_t>(list.size())) + raw(start) + raw(static_cast<std::uint16_t>(comment.size())) +
         comment;
}

const std::string kStart = "\x80\x02";
const std::string kFour = raw(0.F) + raw(1.F) + raw(2.F) + raw(3.F);

std::string text(std::string_view value) {
  return "X" + raw(static_cast<std::uint32_t>(value.size())) + std::string(value);
}
std::string integer(std::int64_t value) {
  return "\x8a\x08" + raw(value);
}
std::string tuple(const std::vector<std::int64_t>& values) {
  std::string bytes = "(";
  for (const std::int64_t value : values)
    bytes += integer(value);
  return bytes + "t";
}
std::string storage(const std::string& type = "ctorch\nFloatStorage\n", const std::string& key = "0",
                    std::int64_t elements = 4) {
  return "(" + text("storage") + type + text(key) + text("cpu") + integer(elements) + "tQ";
}
std::string tensor(const std::vector<std::int64_t>& sizes = {4}, const std::vector<std::int64_t>& strides = {1},
                   std::int64_t offset = 0, const std::string& from = storage()) {
  return "ctorch._utils\n_rebuild_tensor_v2\n(" + from + integer(offset) + tuple(sizes) + tuple(strides) +
         "\x89"
         "ccollections\nOrderedDict\n)RtR";
}
// {"a": value}
std::string dict(const std::string& value) {
  return "}" + text("a") + value + "s";
}
std::string archive(const std::string& pickle, const std::string& data = kFour) {
  return zip({{"x/data.pkl", pickle}, {"x/byteorder", "little"}, {"x/data/0", data}, {"x/version", "3\n"}});
}
std::string saved(const std::string& value) {
  return archive(kStart + value + ".");
}
std::string legacy(const std::string& pickle, const std::string& keys, const std::string& data) {
  return kStart + "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19." + kStart + "M\xe9\x03." + kStart + "}" +
         text("little_endian") + "\x88s." + kStart + pickle + "." + kStart + keys + "." + data;
}

Result<std::shared_ptr<PthFile>> open(const std::string& bytes) {
  const auto* start = reinterpret_cast<const std::byte*>(bytes.data());
  return PthFile::open(MappedFile::ofBytes("folder/test.pth", {start, start + bytes.size()}));
}

// The first error of opening and reading everything.
std::optional<Error> firstError(const Result<std::shared_ptr<PthFile>>& opened) {
  if (!opened)
    return opened.error();
  for (std::size_t i = 0; i < (*opened)->tensors().size(); ++i) {
    if (const auto read = (*opened)->read(i); !read)
      return read.error();
  }
  return std::nullopt;
}

struct Row {
  const char* name;
  WeightsFault fault;
  std::string bytes;
  const char* spot;
};

std::string repeated(const std::string& piece, int times) {
  std::string all;
  for (int i = 0; i < times; ++i)
    all += piece;
  return all;
}

std::vector<Row> badPickles() {
  using enum WeightsFault;
  std::string shared = "]q\x01"
                       "0"; // each list holds the one before it twice: 2^40 ways
  for (int i = 0; i < 40; ++i)
    shared += "](h\x01h\x01"
              "eq\x01"
              "0";
  shared += "h\x01";
  const std::string names = "numpy.core.multiarray\nscalar\n";
  return {
      {"numpy scalar", ForbiddenGlobal, saved(dict("c" + names + ")R")), "byte"},
      {"os.system by name", ForbiddenGlobal, saved("cos\nsystem\n(" + text("true") + "tR"), "byte 2"},
      {"getattr on the stack", ForbiddenGlobal,
       archive("\x80\x04\x8c\x08"
               "builtins\x8c\x07getattr\x93."),
       "byte 21"},
      {"torch.load", ForbiddenGlobal, saved("ctorch\nload\n."), "byte"},
      {"torch.FloatStorage.__init__", ForbiddenGlobal, saved("ctorch\nFloatStorage.__init__\n"), "byte"},
      {"a module with a zero byte", ForbiddenGlobal, saved(std::string("ctorch\0\nFloatStorage\n", 21)), "byte"},
      {"copyreg", ForbiddenGlobal, saved("ccopyreg\n_reconstructor\n"), "byte"},
      {"quantized storage", ForbiddenGlobal, saved(dict(tensor({4}, {1}, 0, storage("ctorch\nQUInt8Storage\n")))),
       "byte"},
      {"text integer", ForbiddenOpcode, saved("I4\n"), "byte 2"},
      {"text float", ForbiddenOpcode, saved("F4.5\n"), "byte 2"},
      {"text memo", ForbiddenOpcode, saved("]p0\n"), "byte 3"},
      {"quoted string", ForbiddenOpcode, saved("S'a'\n"), "byte 2"},
      {"out-of-band buffer", ForbiddenOpcode, saved("\x97"), "byte 2"},
      {"NEWOBJ_EX", ForbiddenOpcode, saved("\x92"), "byte 2"},
      {"EXT4", ForbiddenOpcode, saved("\x84\x01\x02\x03\x04"), "byte 2"},
      {"two values", BadPickle, saved("NN"), "byte"},
      {"open mark", BadPickle, saved("(N"), "byte"},
      {"mark taken as a value", BadPickle, saved("](a"), "byte"},
      {"value below a mark", BadPickle, saved("N(0]a"), "byte"},
      {"bytes after the name", BadPickle, saved("ctorch"), "byte"},
      {"frame larger than the file", BadPickle, archive("\x80\x04\x95" + raw<std::uint64_t>(1000) + "N."), "byte 2"},
      {"key without value", BadPickle, saved("}(" + text("a") + "u"), "byte"},
      {"list filled like a dictionary", BadPickle, saved("]" + text("a") + "Ns"), "byte"},
      {"surrogate in a text", BadPickle, saved(text("\xed\xa0\x80")), "byte"},
      {"overlong text", BadPickle, saved(text("\xc0\x80")), "byte"},
      {"calls a storage class", BadPickle, saved("ctorch\nFloatStorage\n)R"), "byte"},
      {"makes a tensor by class", BadPickle, saved("ctorch._utils\n_rebuild_tensor_v2\n)\x81"), "byte"},
      {"tensor of five arguments", BadPickle,
       saved("ctorch._utils\n_rebuild_tensor_v2\n(" + storage() + integer(0) + tuple({4}) + tuple({1}) + "\x89tR"),
       "byte"},
      {"tensor of a text", BadPickle,
       saved("ctorch._utils\n_rebuild_tensor_v2\n(" + text("0") + integer(0) + tuple({4}) + tuple({1}) + "\x89NtR"),
       "byte"},
      {"sizes in a list", BadPickle,
       saved("ctorch._utils\n_rebuild_tensor_v2\n(" + storage() + integer(0) + "]" + tuple({1}) + "\x89NtR"), "byte"},
      {"parameter of nothing", BadPickle, saved("ctorch._utils\n_rebuild_parameter\n(N\x89NtR"), "byte"},
      {"dictionary of numbers", BadPickle,
       saved("ccollections\nOrderedDict\n(](K\x01"
             "etR"),
       "byte"},
      {"state for a list", BadPickle, saved("]}b"), "byte"},
      {"storage key is a number", BadPickle,
       saved("(" + text("storage") + "ctorch\nFloatStorage\nK\x01" + text("cpu") + "K\x04tQ"), "byte"},
      {"storage class is a text", BadPickle,
       saved("(" + text("storage") + text("x") + text("0") + text("cpu") + "K\x04tQ"), "byte"},
      {"size of 80 bits", BadTensor,
       saved("ctorch._utils\n_rebuild_tensor_v2\n(" + storage() + integer(0) + "(\x8a\x0a" + std::string(10, '\x7f') +
             "t" + tuple({1}) + "\x89NtR"),
       "byte"},
      {"last element one too far", BadTensor, saved(dict(tensor({3}, {2}))), "byte"},
      {"offset of an empty tensor too far", BadTensor, saved(dict(tensor({0}, {1}, 5))), "byte"},
      {"one element repeated for ever", BadTensor, saved(dict(tensor({1LL << 40}, {0}))), "byte"},
      {"65 dimensions", BadTensor,
       saved(dict(tensor(std::vector<std::int64_t>(65, 1), std::vector<std::int64_t>(65, 1)))), "byte"},
      {"storage of 2^60 elements", BadTensor,
       saved(dict(tensor({1}, {1}, 0, storage("ctorch\nFloatStorage\n", "0", 1LL << 60)))), "byte"},
      {"one storage of two types", BadTensor,
       saved("(" + tensor() + tensor({2}, {1}, 0, storage("ctorch\nDoubleStorage\n", "0", 2)) + "t"), "byte"},
      {"list in itself", BadStructure,
       saved("]q\x01h\x01"
             "a"),
       "byte"},
      {"tuple in its own list", BadStructure,
       saved("]q\x01(h\x01th\x01"
             "0a"),
       "byte"},
      {"two tensors of one name", BadStructure,
       saved("}(" + text("a.b") + tensor() + text("a") + "}" + text("b") + tensor() + "su"), "tensor a.b"},
      {"200 levels", Limit, saved(repeated("]", 200) + repeated("a", 199)), "byte"},
      {"200 levels through shared lists", Limit,
       saved("]q\x01"
             "0" +
             repeated("]h\x01"
                      "aq\x01"
                      "0",
                      200) +
             "h\x01"),
       "byte"},
      {"shared a million million times", Limit, saved(shared), ""},
      {"20,000 marks", Limit, saved(repeated("(", 20'000)), "byte"},
      {"view of another storage", Unsupported,
       saved("(" + text("storage") + "ctorch\nFloatStorage\n" + text("0") + text("cpu") + "K\x04" + "(NNNt" + "tQ"),
       "byte"},
  };
}

std::vector<Row> badArchives() {
  using enum WeightsFault;
  const std::string good = kStart + dict(tensor()) + ".";
  const auto with = [&](ZipItem data) {
    return zip({{"x/data.pkl", good}, {"x/byteorder", "little"}, std::move(data)});
  };
  std::string late = archive(good);
  late.insert(late.size() - 6, "12"); // the end record's offset of the list
  std::string overlap = with({"x/data/0", kFour});
  const std::size_t list = overlap.find("PK\x01\x02");
  const std::size_t third = overlap.rfind("PK\x01\x02");
  std::memcpy(overlap.data() + third + 42, overlap.data() + list + 42, 4); // the storage at the place of the pickle
  return {
      {"only the magic", BadArchive, "PK\x03\x04", "byte 4"},
      {"end record alone", BadMagic, zip({}), "byte"},
      {"other zip archive", BadArchive, zip({{"word/document.xml", "x"}}), ""},
      {"end record moved", BadArchive, late, "byte"},
      {"comment of a wrong length", BadArchive, archive(good) + "x", "byte"},
      {"one entry on another", BadArchive, overlap, "byte"},
      {"entry twice", BadArchive, zip({{"x/data.pkl", good}, {"x/data/0", kFour}, {"x/data/0", kFour}}), "byte"},
      {"local header elsewhere", BadArchive, with({.name = "x/data/0", .data = kFour, .offsetError = 1}), "byte"},
      {"local header behind the end", BadArchive, with({.name = "x/data/0", .data = kFour, .offsetError = 1 << 30}),
       "byte"},
      {"another name in the local header", BadArchive,
       with({.name = "x/data/0", .data = kFour, .localName = "x/data/1"}), "byte"},
      {"entry longer than the file", BadArchive, with({.name = "x/data/0", .data = kFour, .sizeError = 1 << 20}),
       "byte"},
      {"entry shorter than the storage", BadArchive, with({.name = "x/data/0", .data = "1234"}), "entry data/0"},
      {"entry longer than the storage", BadArchive, with({.name = "x/data/0", .data = kFour + "12"}), "entry data/0"},
      {"flipped bit", BadArchive, with({.name = "x/data/0", .data = kFour, .crcError = 1}), "byte"},
      {"flipped bit in the pickle", BadArchive,
       zip({{.name = "x/data.pkl", .data = good, .crcError = 4}, {"x/data/0", kFour}}), "byte"},
      {"packed bytes end early", BadArchive, with({.name = "x/data/0", .data = kFour, .method = 8}), "byte"},
      {"packed storage of another length", BadArchive,
       with({.name = "x/data/0", .data = std::string(1 << 20, 'x'), .deflate = true}), "entry data/0"},
      {"packed to less than announced", BadArchive,
       with({.name = "x/data/0", .data = kFour.substr(0, 12), .deflate = true, .sizeError = 4}), "byte"},
      {"packed to more than announced", BadArchive,
       with({.name = "x/data/0", .data = kFour + kFour, .deflate = true, .sizeError = -16}), "byte"},
      {"packed impossibly well", BadArchive,
       with({.name = "x/data/0", .data = kFour, .deflate = true, .sizeError = 1 << 30}), "byte"},
      {"encrypted", Unsupported, with({.name = "x/data/0", .data = kFour, .flags = 1}), "byte"},
      {"LZMA", Unsupported, with({.name = "x/data/0", .data = kFour, .method = 14}), "byte"},
      {"TorchScript", Unsupported, zip({{"x/data.pkl", good}, {"x/constants.pkl", good}, {"x/data/0", kFour}}), ""},
      {"big endian", Unsupported, zip({{"x/data.pkl", good}, {"x/byteorder", "big"}, {"x/data/0", kFour}}),
       "entry byteorder"},
      {"no list of objects", BadArchive, zip({{"x/data/0", kFour}}), ""},
      {"list of objects of another folder", BadArchive, zip({{"x/data.pkl", good}, {"y/data/0", kFour}}),
       "entry data/0"},
      {"nothing", BadMagic, "", "byte 0"},
      {"picture", BadMagic, "\x89PNG\r\n\x1a\n", "byte 0"},
      {"bare pickle", BadMagic, kStart + "}.", "byte 0"},
      {"bare pickle of code", BadMagic, kStart + "cos\nsystem\n)R.", "byte 0"},
      {"old format, magic of another length", BadMagic, kStart + "\x8a\x09\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50.",
       "byte 0"},
      {"old format, ends after the magic", BadPickle, legacy("N", "]", "").substr(0, 15), "byte 15"},
      {"old format, another version", Unsupported,
       kStart + "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19." + kStart + "M\xea\x03.", "byte"},
      {"old format, keys are no list", BadArchive, legacy(dict(tensor()), "N", ""), "byte"},
      {"old format, unknown key", BadArchive,
       legacy(dict(tensor()), "]" + text("9") + "a", raw<std::int64_t>(4) + kFour), "byte"},
      {"old format, key twice", BadArchive,
       legacy(dict(tensor()), "](" + text("0") + text("0") + "e", raw<std::int64_t>(4) + kFour), "byte"},
      {"old format, key missing", BadArchive, legacy(dict(tensor()), "]", ""), "byte"},
      {"old format, another count", BadArchive,
       legacy(dict(tensor()), "]" + text("0") + "a", raw<std::int64_t>(3) + kFour), "byte"},
      {"old format, no count", BadArchive, legacy(dict(tensor()), "]" + text("0") + "a", "1234"), "byte"},
      {"old format, storage cut off", BadArchive,
       legacy(dict(tensor()), "]" + text("0") + "a", raw<std::int64_t>(4) + kFour.substr(1)), "byte"},
  };
}

void checkRefused(const Row& bad) {
  const auto begin = std::chrono::steady_clock::now();
  const test::AllocationWatch watch;
  const auto error = firstError(open(bad.bytes));
  const std::size_t memory = watch.largest();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  QVERIFY(error);
  QVERIFY2(error->message.find(faultPhrase(bad.fault)) != std::string::npos, error->text().c_str());
  QVERIFY2(error->message.find("test.pth") != std::string::npos, error->text().c_str());
  QVERIFY2(error->where.find(bad.spot) != std::string::npos, error->where.c_str());
  QVERIFY2(memory < std::size_t{64} << 20, std::to_string(memory).c_str());
  QVERIFY2(took.count() < 10, std::to_string(took.count()).c_str()); // said to be 1 s; a busy machine needs longer
}

// How expected.json writes a type.
const char* pythonType(DType type) {
  switch (type) {
  case DType::F16:
    return "float16";
  case DType::BF16:
    return "bfloat16";
  case DType::F32:
    return "float32";
  case DType::F64:
    return "float64";
  case DType::I64:
    return "int64";
  case DType::I32:
    return "int32";
  case DType::I16:
    return "int16";
  case DType::I8:
    return "int8";
  case DType::U8:
    return "uint8";
  case DType::Bool:
    return "bool";
  default:
    return "";
  }
}

} // namespace

class TestPth : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void refusesBadPickles_data() { rows(badPickles()); }
  void refusesBadPickles() {
    QFETCH(int, row);
    checkRefused(badPickles().at(static_cast<std::size_t>(row)));
  }
  void refusesBadArchives_data() { rows(badArchives()); }
  void refusesBadArchives() {
    QFETCH(int, row);
    checkRefused(badArchives().at(static_cast<std::size_t>(row)));
  }

  void readsTensorsAndValues() {
    const std::string pickle = kStart + "}(" + text("weight") + "ccollections\nOrderedDict\n)R(" + text("a") +
                               tensor() + text("t") + tensor({2, 2}, {1, 2}) + text("one") + tensor({}, {}, 3) +
                               text("none") + tensor({0, 7}, {7, 1}) + text("wide") + tensor({3, 2}, {0, 1}, 1) + "u}" +
                               text("_metadata") + "}sb" + text("config") + "](K\x05G" +
                               std::string("\x40\x04\0\0\0\0\0\0", 8) + text("40k") + "N\x88(K\x01K\x02te" +
                               text("f0") + "K\x01" + text("big") + "\x8a\x09" + std::string(9, '\x7f') + "u.";
    for (const bool packed : {false, true}) {
      const std::string bytes = zip({{.name = "x/data.pkl", .data = pickle, .deflate = packed},
                                     {.name = "x/data/0", .data = kFour, .deflate = packed, .noCrc = !packed}},
                                    "a comment");
      const auto opened = open(bytes);
      QVERIFY2(opened, opened ? "" : opened.error().text().c_str());
      QVERIFY(
          (*opened)->values() ==
          nlohmann::json::parse("{\"config\":[5,2.5,\"40k\",null,true,[1,2]],\"f0\":1,\"big\":\"number of 9 bytes\"}"));
      const std::vector<std::string> names = {"weight.a", "weight.t", "weight.one", "weight.none", "weight.wide"};
      const std::vector<std::vector<float>> values = {{0, 1, 2, 3}, {0, 2, 1, 3}, {3}, {}, {1, 2, 1, 2, 1, 2}};
      QCOMPARE((*opened)->tensors().size(), names.size());
      for (std::size_t i = 0; i < names.size(); ++i) {
        QCOMPARE((*opened)->tensors()[i].name, names[i]);
        const at::Tensor tensor = (*opened)->read(i).value();
        QVERIFY(tensor.is_contiguous());
        QCOMPARE(tensor.sizes().vec(), (*opened)->tensors()[i].shape);
        QCOMPARE(std::vector<float>(tensor.data_ptr<float>(), tensor.data_ptr<float>() + tensor.numel()), values[i]);
      }
    }
  }

  void readsTheOldFormat() {
    const auto opened = open(legacy(dict(tensor()), "]" + text("0") + "a", raw<std::int64_t>(4) + kFour));
    QVERIFY2(opened, opened ? "" : opened.error().text().c_str());
    QCOMPARE((*opened)->read(0).value()[3].item<float>(), 3.F);
  }

  void readsUntypedStorages() {
    const std::string from = storage("ctorch.storage\nUntypedStorage\n", "0", 16);
    const std::string eight = "ctorch._utils\n_rebuild_tensor_v3\n(" + from + integer(2) + tuple({2, 3}) +
                              tuple({3, 1}) +
                              "\x89"
                              "ccollections\nOrderedDict\n)Rctorch\nfloat8_e4m3fn\ntR";
    const auto opened = open(saved(dict(eight)));
    QVERIFY2(opened, opened ? "" : opened.error().text().c_str());
    QCOMPARE(describe((*opened)->tensors()[0]), std::string("F8_E4M3 [2, 3]"));
    QCOMPARE((*opened)->read(0).value().scalar_type(), at::kFloat8_e4m3fn);
  }

  void laterKeysWin() {
    const auto opened = open(saved("}(" + text("a") + tensor({1}, {1}, 1) + text("a") + tensor({1}, {1}, 2) + "u"));
    QVERIFY2(opened, opened ? "" : opened.error().text().c_str());
    QCOMPARE((*opened)->tensors().size(), 1U);
    QCOMPARE((*opened)->read(0).value().item<float>(), 2.F);
  }

  void survivesEveryCutAndEveryFlippedByte() {
    const std::string good = saved(dict(tensor()));
    for (std::size_t i = 0; i < good.size(); ++i)
      QVERIFY(firstError(open(good.substr(0, i))));
    for (std::size_t i = 0; i < good.size(); ++i) {
      for (const int flip : {1, 0x80, 0xff}) {
        std::string bytes = good;
        bytes[i] = static_cast<char>(bytes[i] ^ flip);
        static_cast<void>(firstError(open(bytes))); // any answer, no crash
      }
    }
  }

  void endsSharedHostileFilesInTheirClass() {
    const auto goldens = test::goldensFolder();
    if (!goldens)
      QSKIP("KINORA_GOLDENS is not set: the shared hostile files are not here.");
    using enum WeightsFault;
    const std::map<std::string, std::set<WeightsFault>> classes = {{"bad_magic", {BadMagic}},
                                                                   {"bad_archive", {BadArchive}},
                                                                   {"bad_pickle", {BadPickle}},
                                                                   {"forbidden_global", {ForbiddenGlobal}},
                                                                   {"forbidden_opcode", {ForbiddenOpcode}},
                                                                   {"bad_tensor", {BadTensor}},
                                                                   {"bad_structure", {BadStructure}},
                                                                   {"limit", {Limit}},
                                                                   {"unsupported", {Unsupported}}};
    const auto folder = *goldens / "hostile/pth";
    const auto index = nlohmann::json::parse(std::ifstream(folder / "index.json"));
    QVERIFY(index.at("files").size() >= 75);
    for (const auto& row : index.at("files")) {
      const std::string name = row.at("file");
      const std::string expected = row.at("expect");
      const auto begin = std::chrono::steady_clock::now();
      const test::AllocationWatch watch;
      const auto error = firstError(PthFile::open(folder / name));
      const std::size_t memory = watch.largest();
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
      QVERIFY2(took.count() < 10, name.c_str());
      QVERIFY2(memory < std::size_t{64} << 20, name.c_str());
      // What a voice model's configuration may say is not judged by the reader.
      const bool voice = name.starts_with("cfg_") || name.starts_with("weights_") || name == "not_a_model.pth";
      if (expected == "accept" || voice) {
        QVERIFY2(!error, error ? error->text().c_str() : "");
      } else if (expected != "accept_or_refuse") {
        QVERIFY2(error, name.c_str());
        const auto& faults = classes.at(expected);
        const bool fits = std::any_of(faults.begin(), faults.end(), [&](WeightsFault fault) {
          return error->message.find(faultPhrase(fault)) != std::string::npos;
        });
        QVERIFY2(fits, (name + ": " + error->text()).c_str());
      }
    }
  }

  void readsSharedContainersExactly() {
    const auto goldens = test::goldensFolder();
    if (!goldens)
      QSKIP("KINORA_GOLDENS is not set: the shared files of torch.save are not here.");
    const auto folder = *goldens / "voice/rvc_container";
    const auto expected = nlohmann::json::parse(std::ifstream(folder / "expected.json"));
    for (const auto& row : expected.at("files")) {
      const std::string name = row.at("file");
      auto opened = PthFile::open(folder / name);
      QVERIFY2(opened, opened ? "" : opened.error().text().c_str());
      std::map<std::string, std::size_t> index;
      for (std::size_t i = 0; i < (*opened)->tensors().size(); ++i) {
        std::string tensor = (*opened)->tensors()[i].name;
        for (const char* top : {"weight.", "model."}) {
          if (tensor.starts_with(top))
            tensor.erase(0, std::strlen(top));
        }
        index.emplace(tensor, i);
      }
      QCOMPARE(index.size(), row.at("tensors").size());
      for (const auto& [tensor, facts] : row.at("tensors").items()) {
        QVERIFY2(index.contains(tensor), tensor.c_str());
        const std::size_t i = index.at(tensor);
        const TensorInfo& info = (*opened)->tensors()[i];
        QCOMPARE(std::string(pythonType(info.dtype)), facts.at("dtype").get<std::string>());
        QCOMPARE(info.shape, facts.at("shape").get<std::vector<std::int64_t>>());
        const at::Tensor values = (*opened)->read(i).value();
        const QByteArrayView bytes(static_cast<const char*>(values.data_ptr()),
                                   static_cast<qsizetype>(values.nbytes()));
        QCOMPARE(QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex(),
                 QByteArray::fromStdString(facts.at("sha256").get<std::string>()));
      }
      for (const auto& [key, value] : row.at("meta").items())
        QVERIFY2((*opened)->values().value(key, nlohmann::json("absent")) == value, (name + ": " + key).c_str());
    }
  }

 private:
  static void rows(const std::vector<Row>& all) {
    QTest::addColumn<int>("row");
    for (std::size_t i = 0; i < all.size(); ++i)
      QTest::newRow(all[i].name) << static_cast<int>(i);
  }
};

QTEST_APPLESS_MAIN(TestPth)
#include "tst_pth.moc"
