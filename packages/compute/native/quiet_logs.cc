// An addon of its own, loaded before the real one: it keeps TensorFlow from reporting its start-up on stderr.
//
// TensorFlow logs through absl, which ignores TF_CPP_MIN_LOG_LEVEL, and writes its first lines while libtensorflow_framework is being
// loaded. So this addon loads that library with stderr closed off, then raises absl's level to errors. A user who sets
// TF_CPP_MIN_LOG_LEVEL sees everything.
#include <dlfcn.h>
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

#include <cstdlib>

namespace {

// Absl has no C interface, so its setter is looked up by the symbol of the pinned version; without it logs just stay noisy.
constexpr char kSetMinLogLevel[] = "_ZN4absl12lts_2025081414SetMinLogLevelENS0_18LogSeverityAtLeastE";
constexpr int kError = 2;

// Sends stderr to /dev/null for as long as it lives.
class SilentStderr {
 public:
  SilentStderr() : saved_(dup(STDERR_FILENO)) {
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (saved_ >= 0 && nowhere >= 0) dup2(nowhere, STDERR_FILENO);
    if (nowhere >= 0) close(nowhere);
  }
  ~SilentStderr() {
    if (saved_ < 0) return;
    dup2(saved_, STDERR_FILENO);
    close(saved_);
  }

 private:
  int saved_;
};

void* LoadSilently(const char* library) {
  SilentStderr silent;
  return dlopen(library, RTLD_LAZY);  // a library that can't be loaded is reported when the real addon is
}

void RaiseLogLevel() {
  void* library = LoadSilently("libtensorflow_framework.so.2");
  if (!library) return;
  void* symbol = dlsym(library, kSetMinLogLevel);
  if (symbol) reinterpret_cast<void (*)(int)>(symbol)(kError);
}

}  // namespace

NAPI_MODULE_INIT() {
  (void)env;
  if (!std::getenv("TF_CPP_MIN_LOG_LEVEL")) RaiseLogLevel();
  return exports;
}
