#include "attributes.h"

#include "failure.h"
#include "napi_values.h"

namespace synspine {
namespace {

void AppendValue(napi_env env, napi_value value, Attribute& attribute) {
  switch (attribute.type) {
    case TF_ATTR_STRING: attribute.strings.push_back(ToString(env, value)); return;
    case TF_ATTR_INT:
    case TF_ATTR_TYPE: attribute.ints.push_back(ToInt(env, value)); return;
    case TF_ATTR_FLOAT: attribute.floats.push_back(static_cast<float>(ToDouble(env, value))); return;
    case TF_ATTR_BOOL: attribute.ints.push_back(ToBool(env, value)); return;
    case TF_ATTR_SHAPE: attribute.shapes.push_back(ToInts(env, value)); return;
    default: throw Failure("BAD_ARGUMENT", "attribute " + attribute.name + " has a type that isn't supported");
  }
}

// A shape is itself an array, so a list of shapes is an array of arrays.
bool HoldsList(napi_env env, napi_value value, TF_AttrType type) {
  if (!IsArray(env, value)) return false;
  if (type != TF_ATTR_SHAPE) return true;
  std::vector<napi_value> elements = Elements(env, value);
  return !elements.empty() && IsArray(env, elements[0]);
}

Attribute ReadAttribute(napi_env env, napi_value object) {
  Attribute attribute;
  attribute.name = ToString(env, Property(env, object, "name"));
  attribute.type = static_cast<TF_AttrType>(ToInt(env, Property(env, object, "type")));
  napi_value value = Property(env, object, "value");
  attribute.is_list = HoldsList(env, value, attribute.type);
  try {
    if (!attribute.is_list) AppendValue(env, value, attribute);
    else for (napi_value element : Elements(env, value)) AppendValue(env, element, attribute);
  } catch (const Failure& failure) {
    throw Failure(failure.code, "attribute " + attribute.name + ": " + failure.what());
  }
  return attribute;
}

// The two C APIs mirror each other name by name; these overloads let one template serve both.
using Node = TF_OperationDescription;
void SetString(TFE_Op* to, const char* n, const std::string& v) { TFE_OpSetAttrString(to, n, v.data(), v.size()); }
void SetString(Node* to, const char* n, const std::string& v) { TF_SetAttrString(to, n, v.data(), v.size()); }
void SetInt(TFE_Op* to, const char* n, int64_t v) { TFE_OpSetAttrInt(to, n, v); }
void SetInt(Node* to, const char* n, int64_t v) { TF_SetAttrInt(to, n, v); }
void SetFloat(TFE_Op* to, const char* n, float v) { TFE_OpSetAttrFloat(to, n, v); }
void SetFloat(Node* to, const char* n, float v) { TF_SetAttrFloat(to, n, v); }
void SetBool(TFE_Op* to, const char* n, unsigned char v) { TFE_OpSetAttrBool(to, n, v); }
void SetBool(Node* to, const char* n, unsigned char v) { TF_SetAttrBool(to, n, v); }
void SetType(TFE_Op* to, const char* n, TF_DataType v) { TFE_OpSetAttrType(to, n, v); }
void SetType(Node* to, const char* n, TF_DataType v) { TF_SetAttrType(to, n, v); }
void SetShape(TFE_Op* to, const char* n, const std::vector<int64_t>& v) {
  Status status;
  TFE_OpSetAttrShape(to, n, v.data(), static_cast<int>(v.size()), status);
  status.Check(n);
}
void SetShape(Node* to, const char* n, const std::vector<int64_t>& v) {
  TF_SetAttrShape(to, n, v.data(), static_cast<int>(v.size()));
}
using Pointers = std::vector<const void*>;
using Sizes = std::vector<size_t>;
void SetStrings(TFE_Op* to, const char* n, const Pointers& p, const Sizes& s, int c) {
  TFE_OpSetAttrStringList(to, n, p.data(), s.data(), c);
}
void SetStrings(Node* to, const char* n, const Pointers& p, const Sizes& s, int c) {
  TF_SetAttrStringList(to, n, p.data(), s.data(), c);
}
void SetInts(TFE_Op* to, const char* n, const int64_t* v, int c) { TFE_OpSetAttrIntList(to, n, v, c); }
void SetInts(Node* to, const char* n, const int64_t* v, int c) { TF_SetAttrIntList(to, n, v, c); }
void SetFloats(TFE_Op* to, const char* n, const float* v, int c) { TFE_OpSetAttrFloatList(to, n, v, c); }
void SetFloats(Node* to, const char* n, const float* v, int c) { TF_SetAttrFloatList(to, n, v, c); }
void SetBools(TFE_Op* to, const char* n, const unsigned char* v, int c) { TFE_OpSetAttrBoolList(to, n, v, c); }
void SetBools(Node* to, const char* n, const unsigned char* v, int c) { TF_SetAttrBoolList(to, n, v, c); }
void SetTypes(TFE_Op* to, const char* n, const TF_DataType* v, int c) { TFE_OpSetAttrTypeList(to, n, v, c); }
void SetTypes(Node* to, const char* n, const TF_DataType* v, int c) { TF_SetAttrTypeList(to, n, v, c); }
void SetShapes(TFE_Op* to, const char* n, const int64_t** d, const int* r, int c) {
  Status status;
  TFE_OpSetAttrShapeList(to, n, d, r, c, status);
  status.Check(n);
}
void SetShapes(Node* to, const char* n, const int64_t** d, const int* r, int c) { TF_SetAttrShapeList(to, n, d, r, c); }

template <typename Destination>
void ApplyOne(const Attribute& a, Destination* to) {
  const char* name = a.name.c_str();
  switch (a.type) {
    case TF_ATTR_STRING: SetString(to, name, a.strings[0]); return;
    case TF_ATTR_INT: SetInt(to, name, a.ints[0]); return;
    case TF_ATTR_FLOAT: SetFloat(to, name, a.floats[0]); return;
    case TF_ATTR_BOOL: SetBool(to, name, a.ints[0] != 0); return;
    case TF_ATTR_TYPE: SetType(to, name, static_cast<TF_DataType>(a.ints[0])); return;
    default: SetShape(to, name, a.shapes[0]);
  }
}

template <typename Destination>
void ApplyShapeList(const Attribute& a, Destination* to) {
  std::vector<const int64_t*> dims;
  std::vector<int> ranks;
  for (const auto& shape : a.shapes) {
    dims.push_back(shape.data());
    ranks.push_back(static_cast<int>(shape.size()));
  }
  SetShapes(to, a.name.c_str(), dims.data(), ranks.data(), static_cast<int>(dims.size()));
}

template <typename Destination>
void ApplyStringList(const Attribute& a, Destination* to) {
  Pointers pointers;
  Sizes sizes;
  for (const std::string& text : a.strings) {
    pointers.push_back(text.data());
    sizes.push_back(text.size());
  }
  SetStrings(to, a.name.c_str(), pointers, sizes, static_cast<int>(sizes.size()));
}

template <typename Destination>
void ApplyList(const Attribute& a, Destination* to) {
  const char* name = a.name.c_str();
  int count = static_cast<int>(a.ints.size());
  std::vector<TF_DataType> types;
  std::vector<unsigned char> bools;
  switch (a.type) {
    case TF_ATTR_STRING: ApplyStringList(a, to); return;
    case TF_ATTR_INT: SetInts(to, name, a.ints.data(), count); return;
    case TF_ATTR_FLOAT: SetFloats(to, name, a.floats.data(), static_cast<int>(a.floats.size())); return;
    case TF_ATTR_BOOL:
      bools.assign(a.ints.begin(), a.ints.end());
      SetBools(to, name, bools.data(), count);
      return;
    case TF_ATTR_TYPE:
      for (int64_t type : a.ints) types.push_back(static_cast<TF_DataType>(type));
      SetTypes(to, name, types.data(), count);
      return;
    default: ApplyShapeList(a, to);
  }
}

}  // namespace

std::vector<Attribute> ReadAttributes(napi_env env, napi_value array) {
  std::vector<Attribute> attributes;
  for (napi_value element : Elements(env, array)) attributes.push_back(ReadAttribute(env, element));
  return attributes;
}

std::unordered_map<std::string, int64_t> IntegerAttributes(const std::vector<Attribute>& attributes) {
  std::unordered_map<std::string, int64_t> integers;
  for (const Attribute& attribute : attributes) {
    if (attribute.type == TF_ATTR_INT && !attribute.is_list) integers[attribute.name] = attribute.ints[0];
  }
  return integers;
}

void Apply(const Attribute& attribute, TFE_Op* op) {
  attribute.is_list ? ApplyList(attribute, op) : ApplyOne(attribute, op);
}

void Apply(const Attribute& attribute, TF_OperationDescription* node) {
  attribute.is_list ? ApplyList(attribute, node) : ApplyOne(attribute, node);
}

}  // namespace synspine
