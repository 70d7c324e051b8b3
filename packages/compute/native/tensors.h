// Tensor data between JavaScript typed arrays and TensorFlow buffers.
#pragma once

#include <node_api.h>

#include <vector>

#include "session.h"

namespace synspine {

// `data` is a typed array of the dtype's element type, or for TF_STRING an array of Uint8Array or string. Copies.
TensorInfo CreateTensor(napi_env env, Session& session, const std::vector<int64_t>& shape, TF_DataType dtype, napi_value data);

// Float32Array, Int32Array, Uint8Array (bool, uint8), BigInt64Array, Float64Array or an array of Uint8Array (string). Copies to the host.
napi_value TensorData(napi_env env, const Session& session, int64_t id);

}  // namespace synspine
