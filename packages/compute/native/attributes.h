// Op attributes as tfjs's kernels give them ({ name, type, value }), and their two destinations: an eager op and a graph node.
#pragma once

#include <node_api.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/eager/c_api.h"

namespace synspine {

struct Attribute {
  std::string name;
  TF_AttrType type = TF_ATTR_INT;
  bool is_list = false;
  std::vector<int64_t> ints;  // also bools (0, 1) and dtypes
  std::vector<float> floats;
  std::vector<std::string> strings;
  std::vector<std::vector<int64_t>> shapes;
};

std::vector<Attribute> ReadAttributes(napi_env env, napi_value array);

// The integer attributes, by name.
std::unordered_map<std::string, int64_t> IntegerAttributes(const std::vector<Attribute>& attributes);

void Apply(const Attribute& attribute, TFE_Op* op);
void Apply(const Attribute& attribute, TF_OperationDescription* node);

}  // namespace synspine
