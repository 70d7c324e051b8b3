#include "trace.h"

#include <memory>
#include <set>

#include "failure.h"

namespace synspine {
namespace {

// Ops that gain from bfloat16 and keep their accuracy, because their kernels accumulate in float32.
bool RunsInBfloat16(const std::string& op) {
  static const std::set<std::string> ops = {"Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter", "MatMul", "BatchMatMulV2"};
  return ops.count(op) != 0;
}

// Constants up to this size are compared by content; larger ones only by tensor id.
constexpr size_t kSharedConstantBytes = 1024;

struct TensorDeleter {
  void operator()(TF_Tensor* tensor) const { TF_DeleteTensor(tensor); }
};
struct FunctionDeleter {
  void operator()(TF_Function* function) const { TF_DeleteFunction(function); }
};

std::string Content(const TF_Tensor* tensor) {
  std::string content = std::to_string(TF_TensorType(tensor));
  for (int axis = 0; axis < TF_NumDims(tensor); ++axis) content += ',' + std::to_string(TF_Dim(tensor, axis));
  content += ':';
  content.append(static_cast<const char*>(TF_TensorData(tensor)), TF_TensorByteSize(tensor));
  return content;
}

bool IsShareable(const TF_Tensor* tensor) {
  return TF_TensorType(tensor) != TF_STRING && TF_TensorByteSize(tensor) <= kSharedConstantBytes;
}

}  // namespace

Trace::Trace(uint64_t serial, bool bfloat16) : graph_(TF_NewGraph()), serial_(serial), bfloat16_(bfloat16) {}

Trace::~Trace() { TF_DeleteGraph(graph_); }

std::string Trace::Describe(TF_Output node) const {
  std::string type = TF_OperationOpType(node.oper);
  return type == "Placeholder" ? "an argument of the function" : "op " + type;
}

void Trace::CheckType(const std::string& op, TF_DataType dtype) const {
  if (dtype != TF_STRING || !refuses_strings_) return;
  throw Failure("STRING_IN_TRACE", op + " takes or gives strings, which a traced function can't hold. Work on strings outside of it");
}

TF_OperationDescription* Trace::NewNode(const std::string& op, const std::string& name) {
  std::string serial = "n" + std::to_string(node_count_++);
  return TF_NewOperation(graph_, op.c_str(), (name.empty() ? serial : name).c_str());
}

TF_Operation* Trace::FinishNode(TF_OperationDescription* node, const std::string& op) {
  Status status;
  TF_Operation* operation = TF_FinishOperation(node, status);  // frees the description, also when it fails
  status.Check(op);
  return operation;
}

TensorInfo Trace::AddPlaceholder(Session& session, TF_DataType dtype, const std::vector<int64_t>& shape) {
  CheckType("an argument", dtype);
  TF_OperationDescription* node = NewNode("Placeholder");
  TF_SetAttrType(node, "dtype", dtype);
  TF_SetAttrShape(node, "shape", shape.data(), static_cast<int>(shape.size()));
  TF_Output output{FinishNode(node, "Placeholder"), 0};
  placeholders_.push_back(output);
  return {session.AddTraced(output, serial_), dtype, shape};
}

TF_Output Trace::Constant(const Session& session, int64_t id) {
  auto known = constants_by_id_.find(id);
  if (known != constants_by_id_.end()) return known->second;
  Status status;
  std::unique_ptr<TF_Tensor, TensorDeleter> tensor(TFE_TensorHandleResolve(session.Handle(id, "tracing"), status));
  status.Check("recording a constant");
  std::string content = IsShareable(tensor.get()) ? Content(tensor.get()) : "";
  auto equal = constants_by_content_.find(content);
  if (!content.empty() && equal != constants_by_content_.end()) return equal->second;
  TF_OperationDescription* node = NewNode("Const");
  TF_SetAttrType(node, "dtype", TF_TensorType(tensor.get()));
  TF_SetAttrTensor(node, "value", tensor.get(), status);
  TF_Output output{FinishNode(node, "Const"), 0};
  constants_by_id_[id] = output;
  if (!content.empty()) constants_by_content_[content] = output;
  return output;
}

TF_Output Trace::Resolve(Session& session, const std::string& wanted_by, int64_t id) {
  const Value& value = session.Find(id);
  if (!value.is_traced()) return Constant(session, id);
  if (value.trace != serial_) session.Handle(id, wanted_by);  // throws TRACED_TENSOR_ESCAPED
  return value.node;
}

TF_Output Trace::Cast(TF_Output input, TF_DataType to) {
  TF_OperationDescription* node = NewNode("Cast");
  TF_AddInput(node, input);
  TF_SetAttrType(node, "DstT", to);
  return {FinishNode(node, "Cast"), 0};
}

TF_Output Trace::Identity(TF_Output input) {
  TF_OperationDescription* node = NewNode("Identity");
  TF_AddInput(node, input);
  return {FinishNode(node, "Identity"), 0};
}

TensorInfo Trace::Describe(Session& session, TF_Output output, const std::string& op) {
  Status status;
  int rank = TF_GraphGetTensorNumDims(graph_, output, status);
  status.Check(op);
  std::vector<int64_t> shape(rank < 0 ? 0 : static_cast<size_t>(rank));
  if (rank > 0) TF_GraphGetTensorShape(graph_, output, shape.data(), rank, status);
  status.Check(op);
  bool known = rank >= 0;
  for (int64_t size : shape) known = known && size >= 0;
  if (!known) {
    throw Failure("UNKNOWN_SHAPE", "the shape of " + op + "'s result depends on data, so it can't be traced. Use an op whose result shape is fixed");
  }
  return {session.AddTraced(output, serial_), TF_OperationOutputType(output), shape};
}

std::vector<TensorInfo> Trace::AddOp(Session& session, const std::string& op, const std::vector<Attribute>& attributes,
                                     const std::vector<int64_t>& inputs, int output_count) {
  op_count_ += 1;
  const OpDef& def = session.op_defs().Find(op);
  std::vector<InputSpan> spans = SplitInputs(op, def, inputs.size(), IntegerAttributes(attributes));
  std::vector<TF_Output> sources;
  for (int64_t id : inputs) {
    sources.push_back(Resolve(session, op, id));
    CheckType(op, TF_OperationOutputType(sources.back()));
  }

  bool cast = false;  // to bfloat16 and back
  if (bfloat16_ && RunsInBfloat16(op)) {
    for (const InputSpan& span : spans) {
      if (span.argument->type_attr != "T" || TF_OperationOutputType(sources[span.begin]) != TF_FLOAT) continue;
      TF_Output& source = sources[span.begin];
      auto key = std::make_pair(source.oper, source.index);
      auto known = bfloat16_casts_.find(key);
      source = known != bfloat16_casts_.end() ? known->second : (bfloat16_casts_[key] = Cast(source, TF_BFLOAT16));
      cast = true;
    }
  }

  TF_OperationDescription* node = NewNode(op, "op_" + std::to_string(op_count_));
  for (const InputSpan& span : spans) {
    if (span.argument->is_list()) TF_AddInputList(node, &sources[span.begin], static_cast<int>(span.count));
    else TF_AddInput(node, sources[span.begin]);
  }
  for (const Attribute& attribute : attributes) {
    if (!(cast && attribute.name == "T")) Apply(attribute, node);
  }
  TF_Operation* operation = FinishNode(node, op);
  std::vector<TensorInfo> outputs;
  for (int i = 0; i < output_count; ++i) {
    TF_Output output{operation, i};
    CheckType(op, TF_OperationOutputType(output));
    outputs.push_back(Describe(session, cast ? Cast(output, TF_FLOAT) : output, op));
  }
  return outputs;
}

void Trace::Finish(Session& session, const std::string& name, const std::vector<int64_t>& outputs) {
  std::vector<TF_Output> results;
  // A function's result may not be one of its arguments itself.
  for (int64_t id : outputs) {
    results.push_back(Identity(Resolve(session, name, id)));
    CheckType("the result", TF_OperationOutputType(results.back()));
  }
  Status status;
  std::unique_ptr<TF_Function, FunctionDeleter> function(
      TF_GraphToFunction(graph_, name.c_str(), 0, -1, nullptr, static_cast<int>(placeholders_.size()), placeholders_.data(),
                         static_cast<int>(results.size()), results.data(), nullptr, nullptr, nullptr, status));
  status.Check(name);
  TFE_ContextAddFunction(session.context(), function.get(), status);
  status.Check(name);
  session.functions.insert(name);
}

}  // namespace synspine
