#include "napi_values.h"

#include "failure.h"

namespace synspine {

void Require(napi_env env, napi_status status, const char* expected) {
  if (status == napi_ok) return;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  // An empty code says: JavaScript already has an exception on its way.
  if (pending) throw Failure("", "");
  throw Failure("BAD_ARGUMENT", std::string("expected ") + expected);
}

std::vector<napi_value> Arguments(napi_env env, napi_callback_info info, size_t count) {
  std::vector<napi_value> values(count);
  size_t given = count;
  Require(env, napi_get_cb_info(env, info, &given, values.data(), nullptr, nullptr), "arguments");
  if (given < count) {
    throw Failure("BAD_ARGUMENT", "expected " + std::to_string(count) + " arguments, got " + std::to_string(given));
  }
  return values;
}

napi_value Property(napi_env env, napi_value object, const char* name) {
  napi_value value;
  Require(env, napi_get_named_property(env, object, name, &value), name);
  return value;
}

bool IsArray(napi_env env, napi_value value) {
  bool result = false;
  Require(env, napi_is_array(env, value, &result), "a value");
  return result;
}

bool IsString(napi_env env, napi_value value) {
  napi_valuetype type;
  Require(env, napi_typeof(env, value, &type), "a value");
  return type == napi_string;
}

std::vector<napi_value> Elements(napi_env env, napi_value array) {
  uint32_t length = 0;
  Require(env, napi_get_array_length(env, array, &length), "an array");
  std::vector<napi_value> elements(length);
  for (uint32_t i = 0; i < length; ++i) Require(env, napi_get_element(env, array, i, &elements[i]), "an element");
  return elements;
}

bool ToBool(napi_env env, napi_value value) {
  napi_value coerced;
  bool result = false;
  Require(env, napi_coerce_to_bool(env, value, &coerced), "a boolean");
  Require(env, napi_get_value_bool(env, coerced, &result), "a boolean");
  return result;
}

int64_t ToInt(napi_env env, napi_value value) {
  int64_t result = 0;
  Require(env, napi_get_value_int64(env, value, &result), "an integer");
  return result;
}

double ToDouble(napi_env env, napi_value value) {
  double result = 0;
  Require(env, napi_get_value_double(env, value, &result), "a number");
  return result;
}

std::string ToString(napi_env env, napi_value value) {
  size_t length = 0;
  Require(env, napi_get_value_string_utf8(env, value, nullptr, 0, &length), "a string");
  std::string result(length, '\0');
  Require(env, napi_get_value_string_utf8(env, value, &result[0], length + 1, &length), "a string");
  return result;
}

std::vector<int64_t> ToInts(napi_env env, napi_value array) {
  std::vector<int64_t> result;
  for (napi_value element : Elements(env, array)) result.push_back(ToInt(env, element));
  return result;
}

napi_value FromInt(napi_env env, int64_t value) {
  napi_value result;
  Require(env, napi_create_int64(env, value, &result), "room for a number");
  return result;
}

napi_value FromBool(napi_env env, bool value) {
  napi_value result;
  Require(env, napi_get_boolean(env, value, &result), "room for a boolean");
  return result;
}

napi_value FromString(napi_env env, const std::string& value) {
  napi_value result;
  Require(env, napi_create_string_utf8(env, value.data(), value.size(), &result), "room for a string");
  return result;
}

napi_value FromInts(napi_env env, const std::vector<int64_t>& values) {
  napi_value result;
  Require(env, napi_create_array_with_length(env, values.size(), &result), "room for an array");
  for (size_t i = 0; i < values.size(); ++i) {
    Require(env, napi_set_element(env, result, static_cast<uint32_t>(i), FromInt(env, values[i])), "an array");
  }
  return result;
}

napi_value FromStrings(napi_env env, const std::vector<std::string>& values) {
  napi_value result;
  Require(env, napi_create_array_with_length(env, values.size(), &result), "room for an array");
  for (size_t i = 0; i < values.size(); ++i) {
    Require(env, napi_set_element(env, result, static_cast<uint32_t>(i), FromString(env, values[i])), "an array");
  }
  return result;
}

napi_value Undefined(napi_env env) {
  napi_value result;
  Require(env, napi_get_undefined(env, &result), "undefined");
  return result;
}

void Set(napi_env env, napi_value object, const char* name, napi_value value) {
  Require(env, napi_set_named_property(env, object, name, value), "an object");
}

}  // namespace synspine
