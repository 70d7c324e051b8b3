#include "tensors.h"

#include <cstring>
#include <memory>
#include <string>

#include "failure.h"
#include "napi_values.h"

namespace synspine {
namespace {

struct TensorDeleter {
  void operator()(TF_Tensor* tensor) const { TF_DeleteTensor(tensor); }
};
using OwnedTensor = std::unique_ptr<TF_Tensor, TensorDeleter>;

struct TypedArray {
  napi_typedarray_type type;
  const char* data;
  size_t length;
  size_t bytes;
};

size_t ElementBytes(napi_typedarray_type type) {
  switch (type) {
    case napi_int8_array:
    case napi_uint8_array:
    case napi_uint8_clamped_array: return 1;
    case napi_int16_array:
    case napi_uint16_array: return 2;
    case napi_int32_array:
    case napi_uint32_array:
    case napi_float32_array: return 4;
    default: return 8;
  }
}

TypedArray ReadTypedArray(napi_env env, napi_value value) {
  TypedArray array{};
  void* data = nullptr;
  napi_value buffer;
  size_t offset;
  Require(env, napi_get_typedarray_info(env, value, &array.type, &array.length, &data, &buffer, &offset), "a typed array");
  array.data = static_cast<const char*>(data);
  array.bytes = array.length * ElementBytes(array.type);
  return array;
}

// tfjs hands int64 over as pairs of int32, and complex64 as pairs of float32.
bool Fits(napi_typedarray_type type, TF_DataType dtype) {
  switch (dtype) {
    case TF_FLOAT:
    case TF_COMPLEX64: return type == napi_float32_array;
    case TF_INT32: return type == napi_int32_array;
    case TF_INT64: return type == napi_int32_array || type == napi_bigint64_array;
    case TF_BOOL:
    case TF_UINT8: return type == napi_uint8_array || type == napi_uint8_clamped_array;
    case TF_DOUBLE: return type == napi_float64_array;
    default: return false;
  }
}

int64_t ElementCount(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (int64_t size : shape) {
    if (size < 0) throw Failure("BAD_ARGUMENT", "a tensor's shape can't be negative");
    if (__builtin_mul_overflow(count, size, &count)) throw Failure("BAD_ARGUMENT", "a tensor's shape is too large");
  }
  return count;
}

OwnedTensor Allocate(TF_DataType dtype, const std::vector<int64_t>& shape, size_t bytes) {
  OwnedTensor tensor(TF_AllocateTensor(dtype, shape.data(), static_cast<int>(shape.size()), bytes));
  if (!tensor) throw Failure("OUT_OF_MEMORY", "no memory for a tensor of " + std::to_string(bytes) + " bytes");
  return tensor;
}

OwnedTensor NumericTensor(napi_env env, const std::vector<int64_t>& shape, TF_DataType dtype, napi_value data) {
  TypedArray array = ReadTypedArray(env, data);
  size_t bytes = static_cast<size_t>(ElementCount(shape)) * TF_DataTypeSize(dtype);
  if (!Fits(array.type, dtype)) throw Failure("BAD_ARGUMENT", "the data's array type doesn't fit the tensor's dtype");
  if (array.bytes != bytes) {
    throw Failure("BAD_ARGUMENT", "the tensor's shape needs " + std::to_string(bytes) + " bytes but the data has " + std::to_string(array.bytes));
  }
  OwnedTensor tensor = Allocate(dtype, shape, bytes);
  if (bytes) std::memcpy(TF_TensorData(tensor.get()), array.data, bytes);
  return tensor;
}

std::string Bytes(napi_env env, napi_value value) {
  if (IsString(env, value)) return ToString(env, value);
  TypedArray array = ReadTypedArray(env, value);
  return std::string(array.data, array.bytes);
}

OwnedTensor StringTensor(napi_env env, const std::vector<int64_t>& shape, napi_value data) {
  std::vector<napi_value> elements = Elements(env, data);
  if (static_cast<int64_t>(elements.size()) != ElementCount(shape)) {
    throw Failure("BAD_ARGUMENT", "the number of strings doesn't fit the tensor's shape");
  }
  OwnedTensor tensor = Allocate(TF_STRING, shape, elements.size() * sizeof(TF_TString));
  TF_TString* strings = static_cast<TF_TString*>(TF_TensorData(tensor.get()));
  for (size_t i = 0; i < elements.size(); ++i) TF_StringInit(&strings[i]);
  for (size_t i = 0; i < elements.size(); ++i) {
    std::string bytes = Bytes(env, elements[i]);
    TF_StringCopy(&strings[i], bytes.data(), bytes.size());
  }
  return tensor;
}

napi_value TypedCopy(napi_env env, napi_typedarray_type type, const void* data, size_t bytes) {
  void* target = nullptr;
  napi_value buffer, array;
  Require(env, napi_create_arraybuffer(env, bytes, &target, &buffer), "room for tensor data");
  if (bytes) std::memcpy(target, data, bytes);
  Require(env, napi_create_typedarray(env, type, bytes / ElementBytes(type), buffer, 0, &array), "room for tensor data");
  return array;
}

napi_value StringArray(napi_env env, const TF_Tensor* tensor) {
  const TF_TString* strings = static_cast<const TF_TString*>(TF_TensorData(tensor));
  size_t count = static_cast<size_t>(TF_TensorElementCount(tensor));
  napi_value array;
  Require(env, napi_create_array_with_length(env, count, &array), "room for tensor data");
  for (size_t i = 0; i < count; ++i) {
    napi_value bytes =
        TypedCopy(env, napi_uint8_array, TF_StringGetDataPointer(&strings[i]), TF_StringGetSize(&strings[i]));
    Require(env, napi_set_element(env, array, static_cast<uint32_t>(i), bytes), "an array");
  }
  return array;
}

}  // namespace

TensorInfo CreateTensor(napi_env env, Session& session, const std::vector<int64_t>& shape, TF_DataType dtype, napi_value data) {
  OwnedTensor tensor = dtype == TF_STRING ? StringTensor(env, shape, data) : NumericTensor(env, shape, dtype, data);
  Status status;
  TFE_TensorHandle* handle = TFE_NewTensorHandle(tensor.get(), status);
  status.Check("creating a tensor");
  return session.Add(handle);
}

napi_value TensorData(napi_env env, const Session& session, int64_t id) {
  Status status;
  OwnedTensor tensor(TFE_TensorHandleResolve(session.Handle(id, "reading data"), status));
  status.Check("reading a tensor");
  const void* data = TF_TensorData(tensor.get());
  size_t bytes = TF_TensorByteSize(tensor.get());
  switch (TF_TensorType(tensor.get())) {
    case TF_FLOAT:
    case TF_COMPLEX64: return TypedCopy(env, napi_float32_array, data, bytes);
    case TF_INT32: return TypedCopy(env, napi_int32_array, data, bytes);
    case TF_BOOL:
    case TF_UINT8: return TypedCopy(env, napi_uint8_array, data, bytes);
    case TF_INT64: return TypedCopy(env, napi_bigint64_array, data, bytes);
    case TF_DOUBLE: return TypedCopy(env, napi_float64_array, data, bytes);
    case TF_STRING: return StringArray(env, tensor.get());
    default: throw Failure("BAD_ARGUMENT", "tensors of this dtype can't be read from JavaScript");
  }
}

}  // namespace synspine
