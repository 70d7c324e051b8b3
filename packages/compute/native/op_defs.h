// What TensorFlow says about an op's inputs and outputs, read from its OpDef so that no list of op names is kept here.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "tensorflow/c/c_api.h"

namespace synspine {

struct ArgumentDef {
  std::string name;
  std::string type_attr;    // "T" when the argument's dtype is an attribute, else empty
  std::string number_attr;  // "N" when the argument is a list of N tensors of one dtype
  std::string type_list_attr;
  bool is_list() const { return !number_attr.empty() || !type_list_attr.empty(); }
};

struct OpDef {
  std::vector<ArgumentDef> inputs;
  std::vector<ArgumentDef> outputs;
};

// One argument's share of an op's flat inputs.
struct InputSpan {
  const ArgumentDef* argument;
  size_t begin;
  size_t count;
};

class OpDefs {
 public:
  OpDefs() : graph_(TF_NewGraph()) {}
  ~OpDefs() { TF_DeleteGraph(graph_); }
  OpDefs(const OpDefs&) = delete;
  OpDefs& operator=(const OpDefs&) = delete;

  // Throws Failure UNKNOWN_OP.
  const OpDef& Find(const std::string& op);

 private:
  TF_Graph* graph_;  // stays empty: the C API only finds OpDefs through a graph
  std::unordered_map<std::string, OpDef> found_;
};

// Divides `total` flat inputs between the op's arguments. At most one list argument may have a length that the others don't settle;
// `lengths` holds the integer attributes given by the caller (the N of a list).
std::vector<InputSpan> SplitInputs(const std::string& op, const OpDef& def, size_t total,
                                   const std::unordered_map<std::string, int64_t>& lengths);

}  // namespace synspine
