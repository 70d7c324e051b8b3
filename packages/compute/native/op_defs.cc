#include "op_defs.h"

#include <cstdint>

#include "failure.h"

namespace synspine {
namespace {

// Protocol buffer wire format, as far as OpDef needs it: varints and length-delimited fields.
class Reader {
 public:
  Reader(const char* data, size_t size) : at_(data), end_(data + size) {}

  bool Next() {
    if (at_ >= end_) return false;
    uint64_t key = Varint();
    field_ = static_cast<int>(key >> 3);
    switch (key & 7) {
      case 0: Varint(); bytes_.clear(); break;
      case 1: Take(8); break;
      case 2: Take(Varint()); break;
      case 5: Take(4); break;
      default: throw Failure("UNKNOWN_OP", "unreadable OpDef");
    }
    return true;
  }
  int field() const { return field_; }
  const std::string& bytes() const { return bytes_; }

 private:
  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && at_ < end_; shift += 7) {
      uint8_t byte = static_cast<uint8_t>(*at_++);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (!(byte & 0x80)) return value;
    }
    throw Failure("UNKNOWN_OP", "unreadable OpDef");
  }
  void Take(uint64_t size) {
    if (size > static_cast<uint64_t>(end_ - at_)) throw Failure("UNKNOWN_OP", "unreadable OpDef");
    bytes_.assign(at_, size);
    at_ += size;
  }

  const char* at_;
  const char* end_;
  int field_ = 0;
  std::string bytes_;
};

// Field numbers of tensorflow/core/framework/op_def.proto, message OpDef.ArgDef.
ArgumentDef ReadArgument(const std::string& bytes) {
  ArgumentDef argument;
  Reader reader(bytes.data(), bytes.size());
  while (reader.Next()) {
    if (reader.field() == 1) argument.name = reader.bytes();
    if (reader.field() == 4) argument.type_attr = reader.bytes();
    if (reader.field() == 5) argument.number_attr = reader.bytes();
    if (reader.field() == 6) argument.type_list_attr = reader.bytes();
  }
  return argument;
}

// Message OpDef: input_arg = 2, output_arg = 3.
OpDef ReadOpDef(const TF_Buffer& buffer) {
  OpDef def;
  Reader reader(static_cast<const char*>(buffer.data), buffer.length);
  while (reader.Next()) {
    if (reader.field() == 2) def.inputs.push_back(ReadArgument(reader.bytes()));
    if (reader.field() == 3) def.outputs.push_back(ReadArgument(reader.bytes()));
  }
  return def;
}

}  // namespace

const OpDef& OpDefs::Find(const std::string& op) {
  auto known = found_.find(op);
  if (known != found_.end()) return known->second;
  Status status;
  TF_Buffer* buffer = TF_NewBuffer();
  TF_GraphGetOpDef(graph_, op.c_str(), buffer, status);
  if (!status.ok()) {
    TF_DeleteBuffer(buffer);
    throw Failure("UNKNOWN_OP", "TensorFlow has no op named " + op);
  }
  OpDef def = ReadOpDef(*buffer);
  TF_DeleteBuffer(buffer);
  return found_.emplace(op, std::move(def)).first->second;
}

std::vector<InputSpan> SplitInputs(const std::string& op, const OpDef& def, size_t total,
                                   const std::unordered_map<std::string, int64_t>& lengths) {
  size_t open = 0;   // lists whose length nothing states
  size_t taken = 0;  // inputs that the other arguments take
  std::vector<InputSpan> spans;
  std::vector<bool> is_open;
  for (const ArgumentDef& argument : def.inputs) {
    auto stated = lengths.find(argument.number_attr);
    bool known = !argument.is_list() || stated != lengths.end();
    size_t count = !argument.is_list() ? 1 : known ? static_cast<size_t>(stated->second) : 0;
    if (!known) ++open;
    taken += count;
    spans.push_back({&argument, 0, count});
    is_open.push_back(!known);
  }
  if (open > 1 || taken > total || (open == 0 && taken != total)) {
    throw Failure("BAD_ARGUMENT", op + " doesn't take " + std::to_string(total) + " inputs");
  }
  size_t begin = 0;
  for (size_t i = 0; i < spans.size(); ++i) {
    if (is_open[i]) spans[i].count = total - taken;
    spans[i].begin = begin;
    begin += spans[i].count;
  }
  return spans;
}

}  // namespace synspine
