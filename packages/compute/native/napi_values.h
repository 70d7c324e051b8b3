// Conversions between JavaScript values and C++ ones. Each throws Failure on a value of the wrong type.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <string>
#include <vector>

namespace synspine {

void Require(napi_env env, napi_status status, const char* expected);

std::vector<napi_value> Arguments(napi_env env, napi_callback_info info, size_t count);
napi_value Property(napi_env env, napi_value object, const char* name);
bool IsArray(napi_env env, napi_value value);
bool IsString(napi_env env, napi_value value);
std::vector<napi_value> Elements(napi_env env, napi_value array);

bool ToBool(napi_env env, napi_value value);  // accepts 0 and 1 too
int64_t ToInt(napi_env env, napi_value value);
double ToDouble(napi_env env, napi_value value);
std::string ToString(napi_env env, napi_value value);  // UTF-8
std::vector<int64_t> ToInts(napi_env env, napi_value array);

napi_value FromInt(napi_env env, int64_t value);
napi_value FromBool(napi_env env, bool value);
napi_value FromString(napi_env env, const std::string& value);
napi_value FromInts(napi_env env, const std::vector<int64_t>& values);
napi_value FromStrings(napi_env env, const std::vector<std::string>& values);
napi_value Undefined(napi_env env);
void Set(napi_env env, napi_value object, const char* name, napi_value value);

}  // namespace synspine
