// The addon by which a reader of untrusted films gives up what it never needs, and a worker what isn't its matter.
#include <node_api.h>

#include <cstdint>
#include <string>
#include <vector>

#include "deny_calls.h"
#include "limit_reads.h"

namespace {

std::vector<std::string> ReadStrings(napi_env env, napi_value list) {
  uint32_t count = 0;
  napi_get_array_length(env, list, &count);
  std::vector<std::string> strings;
  for (uint32_t i = 0; i < count; i++) {
    napi_value item = nullptr;
    size_t length = 0;
    napi_get_element(env, list, i, &item);
    napi_get_value_string_utf8(env, item, nullptr, 0, &length);
    std::string text(length + 1, '\0');
    napi_get_value_string_utf8(env, item, text.data(), text.size(), &length);
    text.resize(length);
    strings.push_back(text);
  }
  return strings;
}

napi_value LimitReadsOfThisProcess(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2] = {}, done = nullptr;
  bool with_lists = true;
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  napi_get_value_bool(env, arguments[1], &with_lists);
  napi_get_boolean(env, LimitReads(ReadStrings(env, arguments[0]), with_lists), &done);
  return done;
}

napi_value TellLandlockVersion(napi_env env, napi_callback_info) {
  napi_value version = nullptr;
  napi_create_int32(env, LandlockVersion(), &version);
  return version;
}

napi_value ConfineThisProcess(napi_env env, napi_callback_info) {
  napi_value done = nullptr;
  napi_get_boolean(env, DenyCalls(), &done);
  return done;
}

void Export(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function = nullptr;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
  napi_set_named_property(env, exports, name, function);
}

napi_value Init(napi_env env, napi_value exports) {
  Export(env, exports, "confine", ConfineThisProcess);
  Export(env, exports, "limitReads", LimitReadsOfThisProcess);
  Export(env, exports, "landlockVersion", TellLandlockVersion);
  return exports;
}

}  // namespace

NAPI_MODULE(NODE_GYP_MODULE_NAME, Init)
