// Capture mode: ops are appended to a graph, which then becomes one TensorFlow function.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "attributes.h"
#include "session.h"

namespace synspine {

class Trace {
 public:
  // With `bfloat16` the convolutions and matrix products run on inputs cast to bfloat16; their results are cast back to float32.
  Trace(uint64_t serial, bool bfloat16);
  ~Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  uint64_t serial() const { return serial_; }
  int node_count() const { return node_count_; }
  // From here on string tensors are refused: a graph can hold them, but neither XLA nor a GPU can.
  void RefuseStrings() { refuses_strings_ = true; }
  // "op Relu" and the like, for messages.
  std::string Describe(TF_Output node) const;

  TensorInfo AddPlaceholder(Session& session, TF_DataType dtype, const std::vector<int64_t>& shape);

  // Appends one op, as the node "op_K" for the K-th call (from 1), so that TensorFlow's messages lead back to it. Shapes come from
  // TensorFlow's shape inference; throws Failure UNKNOWN_SHAPE where it depends on data, STRING_IN_TRACE for strings that are refused.
  std::vector<TensorInfo> AddOp(Session& session, const std::string& op, const std::vector<Attribute>& attributes,
                                const std::vector<int64_t>& inputs, int output_count);

  // Makes the graph a function of its placeholders, in the order in which they were added, and registers it under `name`.
  void Finish(Session& session, const std::string& name, const std::vector<int64_t>& outputs);

 private:
  TF_Output Resolve(Session& session, const std::string& wanted_by, int64_t id);
  TF_Output Constant(const Session& session, int64_t id);
  TF_Output Cast(TF_Output input, TF_DataType to);
  TF_Output Identity(TF_Output input);
  TF_OperationDescription* NewNode(const std::string& op, const std::string& name = "");
  TF_Operation* FinishNode(TF_OperationDescription* node, const std::string& op);
  TensorInfo Describe(Session& session, TF_Output output, const std::string& op);
  void CheckType(const std::string& op, TF_DataType dtype) const;

  TF_Graph* graph_;
  uint64_t serial_;
  bool bfloat16_;
  bool refuses_strings_ = false;
  int node_count_ = 0;
  int op_count_ = 0;
  std::vector<TF_Output> placeholders_;
  std::unordered_map<int64_t, TF_Output> constants_by_id_;
  std::map<std::string, TF_Output> constants_by_content_;  // dtype, shape and bytes of small constants
  std::map<std::pair<TF_Operation*, int>, TF_Output> bfloat16_casts_;
};

}  // namespace synspine
