#include "eager.h"

#include <memory>

#include "failure.h"

namespace synspine {
namespace {

struct OpDeleter {
  void operator()(TFE_Op* op) const { TFE_DeleteOp(op); }
};
using OwnedOp = std::unique_ptr<TFE_Op, OpDeleter>;

OwnedOp NewOp(Session& session, const std::string& name) {
  Status status;
  OwnedOp op(TFE_NewOp(session.context(), name.c_str(), status));
  status.Check(name);
  return op;
}

void AddInputs(const Session& session, TFE_Op* op, const std::string& name, const std::vector<int64_t>& inputs) {
  Status status;
  for (int64_t id : inputs) {
    TFE_OpAddInput(op, session.Handle(id, name), status);
    status.Check(name);
  }
}

std::vector<TensorInfo> Execute(Session& session, TFE_Op* op, const std::string& name, int output_count) {
  Status status;
  std::vector<TFE_TensorHandle*> handles(static_cast<size_t>(output_count), nullptr);
  TFE_Execute(op, handles.data(), &output_count, status);
  status.Check(name);
  std::vector<TensorInfo> outputs;
  for (int i = 0; i < output_count; ++i) outputs.push_back(session.Add(handles[static_cast<size_t>(i)]));
  return outputs;
}

}  // namespace

std::vector<TensorInfo> ExecuteEagerly(Session& session, const std::string& name, const std::vector<Attribute>& attributes,
                                       const std::vector<int64_t>& inputs, int output_count) {
  OwnedOp op = NewOp(session, name);
  for (const Attribute& attribute : attributes) Apply(attribute, op.get());
  AddInputs(session, op.get(), name, inputs);
  return Execute(session, op.get(), name, output_count);
}

std::vector<TensorInfo> CallFunction(Session& session, const std::string& name, bool xla, const std::vector<int64_t>& inputs,
                                     int output_count) {
  OwnedOp op = NewOp(session, name);
  if (xla) TFE_OpSetAttrBool(op.get(), "_XlaMustCompile", 1);
  AddInputs(session, op.get(), name, inputs);
  return Execute(session, op.get(), name, output_count);
}

}  // namespace synspine
