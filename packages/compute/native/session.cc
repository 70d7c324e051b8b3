#include "session.h"

#include "failure.h"
#include "trace.h"

namespace synspine {
namespace {

void AppendVarint(std::string& out, uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>((value & 0x7f) | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

// tensorflow/core/protobuf/config.proto, message ConfigProto: intra_op_parallelism_threads = 2, inter_op_parallelism_threads = 5,
// gpu_options = 6 { allow_growth = 4 }, so that a GPU's memory is taken as needed and not all at once.
std::string SerializedConfig(int intra_op_threads, int inter_op_threads) {
  std::string config;
  config.push_back(2 << 3);
  AppendVarint(config, static_cast<uint64_t>(intra_op_threads));
  config.push_back(5 << 3);
  AppendVarint(config, static_cast<uint64_t>(inter_op_threads));
  config.append({static_cast<char>(6 << 3 | 2), 2, static_cast<char>(4 << 3), 1});
  return config;
}

}  // namespace

Session::Session(int intra_op_threads, int inter_op_threads) {
  Status status;
  std::string config = SerializedConfig(intra_op_threads, inter_op_threads);
  TFE_ContextOptions* options = TFE_NewContextOptions();
  TFE_ContextOptionsSetConfig(options, config.data(), config.size(), status);
  TFE_ContextOptionsSetAsync(options, 0);
  TFE_ContextOptionsSetDevicePlacementPolicy(options, TFE_DEVICE_PLACEMENT_SILENT);
  context_ = status.ok() ? TFE_NewContext(options, status) : nullptr;
  TFE_DeleteContextOptions(options);
  status.Check("starting TensorFlow");
}

Session::~Session() {
  trace.reset();
  for (auto& entry : values_) {
    if (entry.second.handle) TFE_DeleteTensorHandle(entry.second.handle);
  }
  TFE_DeleteContext(context_);
}

TensorInfo Session::Add(TFE_TensorHandle* handle) {
  Status status;
  TensorInfo info{next_id_, TFE_TensorHandleDataType(handle), {}};
  int rank = TFE_TensorHandleNumDims(handle, status);
  for (int axis = 0; status.ok() && axis < rank; ++axis) info.shape.push_back(TFE_TensorHandleDim(handle, axis, status));
  if (!status.ok()) TFE_DeleteTensorHandle(handle);
  status.Check("reading a tensor's shape");
  Value value;
  value.handle = handle;
  values_.emplace(next_id_++, value);
  return info;
}

int64_t Session::AddTraced(TF_Output node, uint64_t trace_serial) {
  Value value;
  value.node = node;
  value.trace = trace_serial;
  values_.emplace(next_id_, value);
  return next_id_++;
}

const Value& Session::Find(int64_t id) const {
  auto found = values_.find(id);
  if (found == values_.end()) throw Failure("UNKNOWN_TENSOR", "the tensor was disposed or never existed");
  return found->second;
}

TFE_TensorHandle* Session::Handle(int64_t id, const std::string& wanted_by) const {
  const Value& value = Find(id);
  if (!value.is_traced()) return value.handle;
  if (trace && trace->serial() == value.trace) {
    throw Failure("DATA_READ_IN_TRACE",
                  wanted_by + " needs the data of a tensor made by " + trace->Describe(value.node) +
                      " while a function is being traced. A trace only records which ops to run, so there is no data yet: compute "
                      "the value with tensor ops, or pass it in as an argument");
  }
  throw Failure("TRACED_TENSOR_ESCAPED",
                wanted_by + " got a tensor that was made while a function was being traced, after the trace had ended. Return it from "
                            "the traced function to use it outside");
}

void Session::Remove(int64_t id) {
  auto found = values_.find(id);
  if (found == values_.end()) return;
  if (found->second.handle) TFE_DeleteTensorHandle(found->second.handle);
  values_.erase(found);
}

std::vector<int64_t> Session::GpuMemory() const {
  Status status;
  TF_DeviceList* devices = TFE_ContextListDevices(context_, status);
  status.Check("listing devices");
  std::vector<int64_t> memory;
  for (int i = 0; i < TF_DeviceListCount(devices); ++i) {
    Status device_status;
    const char* type = TF_DeviceListType(devices, i, device_status);
    if (device_status.ok() && std::string(type) == "GPU") memory.push_back(TF_DeviceListMemoryBytes(devices, i, device_status));
  }
  TF_DeleteDeviceList(devices);
  return memory;
}

}  // namespace synspine
