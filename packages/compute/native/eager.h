// Running ops and traced functions at once, on real tensors.
#pragma once

#include <string>
#include <vector>

#include "attributes.h"
#include "session.h"

namespace synspine {

std::vector<TensorInfo> ExecuteEagerly(Session& session, const std::string& op, const std::vector<Attribute>& attributes,
                                       const std::vector<int64_t>& inputs, int output_count);

// `xla`: compile the function with XLA on its first call and fail where XLA can't.
std::vector<TensorInfo> CallFunction(Session& session, const std::string& name, bool xla, const std::vector<int64_t>& inputs,
                                     int output_count);

}  // namespace synspine
