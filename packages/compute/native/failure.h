// Errors cross the native code as one C++ exception and leave it as a JavaScript Error with a `code`.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "tensorflow/c/tf_status.h"

namespace synspine {

struct Failure : std::runtime_error {
  Failure(std::string code, const std::string& message)
      : std::runtime_error(message), code(std::move(code)) {}
  std::string code;
};

// Owns a TF_Status. `Check` turns a bad one into a Failure that names what was being done.
class Status {
 public:
  Status() : raw_(TF_NewStatus()) {}
  ~Status() { TF_DeleteStatus(raw_); }
  Status(const Status&) = delete;
  Status& operator=(const Status&) = delete;

  operator TF_Status*() { return raw_; }
  bool ok() const { return TF_GetCode(raw_) == TF_OK; }
  void Check(const std::string& doing) const {
    if (ok()) return;
    const char* code = TF_GetCode(raw_) == TF_RESOURCE_EXHAUSTED ? "OUT_OF_MEMORY" : "TENSORFLOW_ERROR";
    throw Failure(code, doing + ": " + TF_Message(raw_));
  }

 private:
  TF_Status* raw_;
};

}  // namespace synspine
