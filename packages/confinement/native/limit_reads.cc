#include "limit_reads.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <set>

namespace {

// Landlock's numbers, since the C library's headers may be older than the kernel (linux/landlock.h).
constexpr long kCreateRuleset = 444, kAddRule = 445, kRestrictSelf = 446;
constexpr int kRulePathBeneath = 1;
constexpr unsigned kAskVersion = 1;
constexpr uint64_t kReadFile = 1 << 2, kReadDir = 1 << 3, kRefer = 1 << 13;
// Before version 2 no file may change its folder under any rules at all.
constexpr int kVersionMin = 2;

struct RulesetAttr {
  uint64_t handled_access_fs;
};
struct __attribute__((packed)) PathBeneathAttr {
  uint64_t allowed_access;
  int32_t parent_fd;
};

// False where a path can't be opened; one that is not there needs no rule.
bool Allow(int ruleset, const char* path, uint64_t access) {
  const int fd = open(path, O_PATH | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT || errno == ENOTDIR || errno == EACCES;
  struct stat about;
  bool done = fstat(fd, &about) == 0;
  if (done) {
    const uint64_t usable = S_ISDIR(about.st_mode) ? access : access & kReadFile;
    const PathBeneathAttr rule{usable, fd};
    done = syscall(kAddRule, ruleset, kRulePathBeneath, &rule, 0) == 0;
  }
  close(fd);
  return done;
}

// `taken`: kReadFile, or that and kReadDir.
int BuildRuleset(const std::vector<std::string>& readable, uint64_t taken) {
  const RulesetAttr attr{taken | kRefer};
  const int ruleset = static_cast<int>(syscall(kCreateRuleset, &attr, sizeof attr, 0));
  if (ruleset < 0) return -1;
  bool done = Allow(ruleset, "/", kRefer);  // moving files is not what is taken here
  for (const std::string& path : readable) done = done && Allow(ruleset, path.c_str(), taken);
  if (done) return ruleset;
  close(ruleset);
  return -1;
}

// Landlock binds the thread that asks for it and those that it starts later. The others are asked by a signal.
std::atomic<int> g_ruleset{-1}, g_bound{0}, g_failed{0};

void BindThisThread() {
  const bool done = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(kRestrictSelf, g_ruleset.load(), 0) == 0;
  (done ? g_bound : g_failed)++;
}

void OnBindSignal(int) {
  const int before = errno;
  BindThisThread();
  errno = before;
}

std::vector<pid_t> ListThreads(DIR* tasks) {
  std::vector<pid_t> threads;
  rewinddir(tasks);
  while (const dirent* entry = readdir(tasks))
    if (const int thread = atoi(entry->d_name)) threads.push_back(thread);
  return threads;
}

constexpr long kThreadWaitMs = 5'000;  // for a thread to take its signal; on an idle machine that takes microseconds

// Whether a thread has bound itself, or has ended.
bool BindThread(pid_t thread, int signal) {
  const int before = g_bound.load();
  if (syscall(__NR_tgkill, getpid(), thread, signal) != 0) return errno == ESRCH;
  for (long waited = 0; waited < kThreadWaitMs; waited++) {
    if (g_bound.load() > before) return true;
    if (g_failed.load() > 0) return false;
    if (syscall(__NR_tgkill, getpid(), thread, 0) != 0) return true;
    const timespec millisecond{0, 1'000'000};
    nanosleep(&millisecond, nullptr);
  }
  return false;
}

// Threads may be started meanwhile, so the list is read until it has nobody new.
bool BindAllThreads(DIR* tasks, int signal) {
  BindThisThread();
  std::set<pid_t> bound{static_cast<pid_t>(syscall(__NR_gettid))};
  for (bool is_news = true; is_news;) {
    is_news = false;
    for (const pid_t thread : ListThreads(tasks)) {
      if (!bound.insert(thread).second) continue;
      if (!BindThread(thread, signal)) return false;
      is_news = true;
    }
  }
  return g_failed.load() == 0;
}

// The signal by which the C library asks its threads to change their user: the only one that no thread can block. (Node has
// a thread that blocks all others.) sigaction refuses it, so a handler set for another signal is copied to it.
constexpr int kUnblockable = 33;

struct KernelSigaction {
  void* words[4];  // handler, flags, on x86-64 the restorer, and the mask of 64 signals
};

bool RawSigaction(int signal, const KernelSigaction* set, KernelSigaction* got) {
  return syscall(__NR_rt_sigaction, signal, set, got, 8 /* bytes of the mask */) == 0;
}

bool BindByHandler(DIR* tasks) {
  const int model = SIGRTMIN + 5;  // any that nobody here uses
  struct sigaction ours = {}, theirs = {};
  ours.sa_handler = OnBindSignal;
  ours.sa_flags = SA_RESTART;
  KernelSigaction bind = {}, before = {};
  if (sigaction(model, &ours, &theirs) != 0) return false;
  const bool is_set = RawSigaction(model, nullptr, &bind) && RawSigaction(kUnblockable, &bind, &before);
  sigaction(model, &theirs, nullptr);
  const bool done = is_set && BindAllThreads(tasks, kUnblockable);
  if (done) RawSigaction(kUnblockable, &before, nullptr);  // a signal that was not taken yet would end the process
  return done;
}

}  // namespace

int LandlockVersion() {
  const long version = syscall(kCreateRuleset, nullptr, 0, kAskVersion);
  return version < 0 ? 0 : static_cast<int>(version);
}

bool LimitReads(const std::vector<std::string>& readable, bool with_lists) {
  if (LandlockVersion() < kVersionMin) return false;
  DIR* tasks = opendir("/proc/self/task");
  if (tasks == nullptr) return false;
  g_ruleset = BuildRuleset(readable, with_lists ? kReadFile | kReadDir : kReadFile);
  const bool done = g_ruleset.load() >= 0 && BindByHandler(tasks);
  close(g_ruleset.exchange(-1));
  closedir(tasks);
  return done;
}
