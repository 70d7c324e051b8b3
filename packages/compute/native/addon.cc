// The interface that JavaScript sees: what tfjs's NodeJSKernelBackend calls on its binding, plus tracing.
#include <dlfcn.h>
#include <node_api.h>

#include <memory>

#include "attributes.h"
#include "eager.h"
#include "failure.h"
#include "napi_values.h"
#include "session.h"
#include "tensors.h"
#include "trace.h"

namespace synspine {
namespace {

struct AddonData {
  std::unique_ptr<Session> session;
};

AddonData& Data(napi_env env) {
  void* data = nullptr;
  Require(env, napi_get_instance_data(env, &data), "the addon's data");
  return *static_cast<AddonData*>(data);
}

Session& Current(napi_env env) {
  Session* session = Data(env).session.get();
  if (!session) throw Failure("NOT_STARTED", "TensorFlow isn't started: call initialize first");
  return *session;
}

Trace& CurrentTrace(napi_env env) {
  Trace* trace = Current(env).trace.get();
  if (!trace) throw Failure("NO_TRACE", "no function is being traced");
  return *trace;
}

napi_value ToObject(napi_env env, const TensorInfo& info) {
  napi_value object;
  Require(env, napi_create_object(env, &object), "room for an object");
  Set(env, object, "id", FromInt(env, info.id));
  Set(env, object, "dtype", FromInt(env, info.dtype));
  Set(env, object, "shape", FromInts(env, info.shape));
  return object;
}

napi_value ToObjects(napi_env env, const std::vector<TensorInfo>& infos) {
  napi_value array;
  Require(env, napi_create_array_with_length(env, infos.size(), &array), "room for an array");
  for (size_t i = 0; i < infos.size(); ++i) {
    Require(env, napi_set_element(env, array, static_cast<uint32_t>(i), ToObject(env, infos[i])), "an array");
  }
  return array;
}

// TensorFlow finds most of NVIDIA's libraries beside itself, but neither cuSOLVER, without which it takes no GPU, nor nvJitLink: those
// are on the search path of one of its two libraries and asked for by the other. Once loaded from here they are found by name.
std::string Preload(const std::string& library) { return dlopen(library.c_str(), RTLD_LAZY | RTLD_GLOBAL) ? "" : dlerror(); }

// initialize(intraOpThreads, interOpThreads, libraries) → what couldn't be loaded of the libraries, each with the reason
napi_value Initialize(napi_env env, napi_callback_info info) {
  auto args = Arguments(env, info, 3);
  AddonData& data = Data(env);
  std::vector<std::string> failures;
  if (data.session) return FromStrings(env, failures);
  for (napi_value library : Elements(env, args[2])) {
    std::string failure = Preload(ToString(env, library));
    if (!failure.empty()) failures.push_back(failure);
  }
  data.session = std::make_unique<Session>(static_cast<int>(ToInt(env, args[0])), static_cast<int>(ToInt(env, args[1])));
  return FromStrings(env, failures);
}

// createTensor(shape, dtype, data) → id
napi_value CreateTensorCall(napi_env env, napi_callback_info info) {
  auto args = Arguments(env, info, 3);
  auto dtype = static_cast<TF_DataType>(ToInt(env, args[1]));
  return FromInt(env, CreateTensor(env, Current(env), ToInts(env, args[0]), dtype, args[2]).id);
}

// deleteTensor(id)
napi_value DeleteTensorCall(napi_env env, napi_callback_info info) {
  Current(env).Remove(ToInt(env, Arguments(env, info, 1)[0]));
  return Undefined(env);
}

// tensorDataSync(id) → typed array
napi_value TensorDataCall(napi_env env, napi_callback_info info) {
  return TensorData(env, Current(env), ToInt(env, Arguments(env, info, 1)[0]));
}

// executeOp(name, attributes, inputIds, outputCount) → [{ id, dtype, shape }]
napi_value ExecuteOpCall(napi_env env, napi_callback_info info) {
  auto args = Arguments(env, info, 4);
  Session& session = Current(env);
  std::string name = ToString(env, args[0]);
  auto attributes = ReadAttributes(env, args[1]);
  auto inputs = ToInts(env, args[2]);
  int output_count = static_cast<int>(ToInt(env, args[3]));
  return ToObjects(env, session.trace ? session.trace->AddOp(session, name, attributes, inputs, output_count)
                                      : ExecuteEagerly(session, name, attributes, inputs, output_count));
}

// traceBegin(bfloat16)
napi_value TraceBegin(napi_env env, napi_callback_info info) {
  Session& session = Current(env);
  bool bfloat16 = ToBool(env, Arguments(env, info, 1)[0]);
  if (session.trace) throw Failure("TRACE_NESTED", "a function is already being traced");
  session.trace = std::make_unique<Trace>(++session.trace_count, bfloat16);
  return Undefined(env);
}

// traceRefuseStrings()
napi_value TraceRefuseStrings(napi_env env, napi_callback_info) {
  CurrentTrace(env).RefuseStrings();
  return Undefined(env);
}

// tracePlaceholder(dtype, shape) → { id, dtype, shape }
napi_value TracePlaceholder(napi_env env, napi_callback_info info) {
  auto args = Arguments(env, info, 2);
  auto dtype = static_cast<TF_DataType>(ToInt(env, args[0]));
  return ToObject(env, CurrentTrace(env).AddPlaceholder(Current(env), dtype, ToInts(env, args[1])));
}

// traceEnd(name, outputIds) → number of graph nodes. The trace ends also when this throws.
napi_value TraceEnd(napi_env env, napi_callback_info info) {
  auto args = Arguments(env, info, 2);
  Session& session = Current(env);
  CurrentTrace(env);
  std::unique_ptr<Trace> trace = std::move(session.trace);
  trace->Finish(session, ToString(env, args[0]), ToInts(env, args[1]));
  return FromInt(env, trace->node_count());
}

// traceAbort()
napi_value TraceAbort(napi_env env, napi_callback_info) {
  Current(env).trace.reset();
  return Undefined(env);
}

// callFunction(name, xla, inputIds, outputCount) → [{ id, dtype, shape }]
napi_value CallFunctionCall(napi_env env, napi_callback_info info) {
  auto args = Arguments(env, info, 4);
  Session& session = Current(env);
  if (session.trace) throw Failure("TRACE_NESTED", "a traced function can't be called natively inside a trace");
  return ToObjects(env, CallFunction(session, ToString(env, args[0]), ToBool(env, args[1]), ToInts(env, args[2]),
                                     static_cast<int>(ToInt(env, args[3]))));
}

// removeFunction(name)
napi_value RemoveFunction(napi_env env, napi_callback_info info) {
  Session& session = Current(env);
  std::string name = ToString(env, Arguments(env, info, 1)[0]);
  if (session.functions.erase(name) == 0) return Undefined(env);
  Status status;
  TFE_ContextRemoveFunction(session.context(), name.c_str(), status);
  status.Check(name);
  return Undefined(env);
}

napi_value GetNumOfTensors(napi_env env, napi_callback_info) {
  return FromInt(env, static_cast<int64_t>(Current(env).size()));
}

napi_value IsUsingGpuDevice(napi_env env, napi_callback_info) { return FromBool(env, !Current(env).GpuMemory().empty()); }

// gpuMemory() → [bytes of each GPU]
napi_value GpuMemory(napi_env env, napi_callback_info) { return FromInts(env, Current(env).GpuMemory()); }

// Turns a Failure into a JavaScript Error with a `code`.
template <napi_value (*call)(napi_env, napi_callback_info)>
napi_value Guarded(napi_env env, napi_callback_info info) {
  try {
    return call(env, info);
  } catch (const Failure& failure) {
    if (!failure.code.empty()) napi_throw_error(env, failure.code.c_str(), failure.what());
  } catch (const std::exception& error) {
    napi_throw_error(env, "NATIVE_ERROR", error.what());
  }
  return nullptr;
}

template <napi_value (*call)(napi_env, napi_callback_info)>
void Export(napi_env env, napi_value exports, const char* name) {
  napi_value function;
  Require(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, Guarded<call>, nullptr, &function), "room for a function");
  Set(env, exports, name, function);
}

void ExportConstants(napi_env env, napi_value exports) {
  const std::pair<const char*, int> constants[] = {
      {"TF_FLOAT", TF_FLOAT},           {"TF_INT32", TF_INT32},         {"TF_INT64", TF_INT64},
      {"TF_BOOL", TF_BOOL},             {"TF_COMPLEX64", TF_COMPLEX64}, {"TF_STRING", TF_STRING},
      {"TF_RESOURCE", TF_RESOURCE},     {"TF_UINT8", TF_UINT8},         {"TF_ATTR_STRING", TF_ATTR_STRING},
      {"TF_ATTR_INT", TF_ATTR_INT},     {"TF_ATTR_FLOAT", TF_ATTR_FLOAT}, {"TF_ATTR_BOOL", TF_ATTR_BOOL},
      {"TF_ATTR_TYPE", TF_ATTR_TYPE},   {"TF_ATTR_SHAPE", TF_ATTR_SHAPE},
  };
  for (const auto& constant : constants) Set(env, exports, constant.first, FromInt(env, constant.second));
  Set(env, exports, "TF_Version", FromString(env, TF_Version()));
}

void DeleteData(napi_env, void* data, void*) { delete static_cast<AddonData*>(data); }

napi_value Load(napi_env env, napi_value exports) {
  Require(env, napi_set_instance_data(env, new AddonData(), DeleteData, nullptr), "room for the addon's data");
  ExportConstants(env, exports);
  Export<Initialize>(env, exports, "initialize");
  Export<CreateTensorCall>(env, exports, "createTensor");
  Export<DeleteTensorCall>(env, exports, "deleteTensor");
  Export<TensorDataCall>(env, exports, "tensorDataSync");
  Export<ExecuteOpCall>(env, exports, "executeOp");
  Export<TraceBegin>(env, exports, "traceBegin");
  Export<TraceRefuseStrings>(env, exports, "traceRefuseStrings");
  Export<TracePlaceholder>(env, exports, "tracePlaceholder");
  Export<TraceEnd>(env, exports, "traceEnd");
  Export<TraceAbort>(env, exports, "traceAbort");
  Export<CallFunctionCall>(env, exports, "callFunction");
  Export<RemoveFunction>(env, exports, "removeFunction");
  Export<GetNumOfTensors>(env, exports, "getNumOfTensors");
  Export<IsUsingGpuDevice>(env, exports, "isUsingGpuDevice");
  Export<GpuMemory>(env, exports, "gpuMemory");
  return exports;
}

}  // namespace
}  // namespace synspine

NAPI_MODULE_INIT() {
  try {
    return synspine::Load(env, exports);
  } catch (const std::exception& error) {
    napi_throw_error(env, "NATIVE_ERROR", error.what());
    return nullptr;
  }
}
