// Everything the addon holds for one JavaScript environment: the TensorFlow context, the tensors by id, and the trace under way.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "op_defs.h"
#include "tensorflow/c/c_api.h"
#include "tensorflow/c/eager/c_api.h"

namespace synspine {

class Trace;

// What a tensor id stands for: a buffer, or (inside a trace) an output of a graph node.
struct Value {
  TFE_TensorHandle* handle = nullptr;
  TF_Output node{nullptr, 0};
  uint64_t trace = 0;  // serial number of the trace that the node belongs to
  bool is_traced() const { return handle == nullptr; }
};

struct TensorInfo {
  int64_t id;
  TF_DataType dtype;
  std::vector<int64_t> shape;
};

class Session {
 public:
  // Thread counts of 0 leave the choice to TensorFlow. Throws Failure TENSORFLOW_ERROR.
  Session(int intra_op_threads, int inter_op_threads);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  TFE_Context* context() const { return context_; }
  OpDefs& op_defs() { return op_defs_; }

  // Takes ownership of the handle.
  TensorInfo Add(TFE_TensorHandle* handle);
  int64_t AddTraced(TF_Output node, uint64_t trace);
  // Throws Failure UNKNOWN_TENSOR.
  const Value& Find(int64_t id) const;
  // The buffer of an id; throws Failure DATA_READ_IN_TRACE or TRACED_TENSOR_ESCAPED for a traced value, naming `wanted_by`.
  TFE_TensorHandle* Handle(int64_t id, const std::string& wanted_by) const;
  void Remove(int64_t id);
  size_t size() const { return values_.size(); }

  // Memory that TensorFlow may use on each GPU, in bytes; empty where it found none.
  std::vector<int64_t> GpuMemory() const;

  std::unique_ptr<Trace> trace;
  uint64_t trace_count = 0;
  std::unordered_set<std::string> functions;

 private:
  TFE_Context* context_;
  OpDefs op_defs_;
  std::unordered_map<int64_t, Value> values_;
  int64_t next_id_ = 1;
};

}  // namespace synspine
