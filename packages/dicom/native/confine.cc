// Takes from the calling process what a reader of untrusted films never needs: sockets, other processes, and writing to
// files (confine, by seccomp); and reading files beside those named (limitReads, by Landlock). Linux on x86-64 and arm64.
// What is taken can't be had back, not by root either. Threads keep working.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <node_api.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

namespace {

#if defined(__x86_64__)
constexpr unsigned kArch = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kArch = AUDIT_ARCH_AARCH64;
#else
#error "confine.cc knows x86-64 and arm64 only"
#endif

// Calls that are refused whatever their arguments. The channel to the parent is open already and needs none of them.
constexpr unsigned kDenied[] = {
    // network
    __NR_socket, __NR_socketpair, __NR_connect, __NR_bind, __NR_listen, __NR_accept, __NR_accept4,
    // other programs and other processes
    __NR_execve, __NR_execveat, __NR_ptrace, __NR_process_vm_readv, __NR_process_vm_writev, __NR_tkill,
    __NR_rt_sigqueueinfo, __NR_rt_tgsigqueueinfo, __NR_kcmp, __NR_setns, __NR_unshare,
    // files: everything that makes, changes or removes one by its name, or makes one without a name
    __NR_unlinkat, __NR_renameat2, __NR_mkdirat, __NR_mknodat, __NR_linkat, __NR_symlinkat, __NR_truncate,
    __NR_fchmodat, __NR_fchownat, __NR_utimensat, __NR_setxattr, __NR_lsetxattr, __NR_removexattr,
    __NR_lremovexattr, __NR_memfd_create, __NR_name_to_handle_at, __NR_open_by_handle_at,
    // the system, and ways around this filter
    __NR_mount, __NR_umount2, __NR_pivot_root, __NR_chroot, __NR_bpf, __NR_perf_event_open, __NR_userfaultfd,
    __NR_keyctl, __NR_add_key, __NR_request_key, __NR_init_module, __NR_finit_module, __NR_delete_module,
    __NR_kexec_load, __NR_reboot, __NR_swapon, __NR_swapoff, __NR_setrlimit,
#ifdef __NR_renameat
    __NR_renameat,
#endif
#ifdef __NR_io_uring_setup
    __NR_io_uring_setup, __NR_io_uring_enter, __NR_io_uring_register,
#endif
#ifdef __NR_pidfd_open
    __NR_pidfd_open,
#endif
#ifdef __NR_pidfd_getfd
    __NR_pidfd_getfd,
#endif
#ifdef __NR_pidfd_send_signal
    __NR_pidfd_send_signal,
#endif
#ifdef __NR_fchmodat2
    __NR_fchmodat2,
#endif
#ifdef __x86_64__
    __NR_fork, __NR_vfork, __NR_creat, __NR_unlink, __NR_rename, __NR_mkdir, __NR_rmdir, __NR_mknod, __NR_link,
    __NR_symlink, __NR_chmod, __NR_chown, __NR_lchown, __NR_utime, __NR_utimes, __NR_futimesat,
    __NR_modify_ldt, __NR_iopl, __NR_ioperm,
#endif
};

// Answered as by an older kernel: the C library then uses the older call, whose arguments a filter can see.
constexpr unsigned kUnknown[] = {
#ifdef __NR_clone3
    __NR_clone3,
#endif
#ifdef __NR_openat2
    __NR_openat2,
#endif
};

constexpr unsigned kWriting = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;

sock_filter Load(size_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(offset)); }
sock_filter Answer(unsigned action) { return BPF_STMT(BPF_RET | BPF_K, action); }
sock_filter Refuse(int error) { return Answer(SECCOMP_RET_ERRNO | error); }
// The low half of an argument; both machines are little endian.
size_t Argument(int index) { return offsetof(seccomp_data, args) + 8 * index; }

class Filter {
 public:
  // Each rule is self-contained: it loads the call's number and either answers or falls through to the next rule.
  void DenyAlways(unsigned call, int error) { When(call, {Refuse(error)}); }
  void DenyIfAnyBit(unsigned call, int index, unsigned bits, int error) {
    When(call, {Load(Argument(index)), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1), Refuse(error)});
  }
  void DenyUnlessBit(unsigned call, int index, unsigned bit, int error) {
    When(call, {Load(Argument(index)), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bit, 1, 0), Refuse(error)});
  }
  void DenyUnlessEqual(unsigned call, int index, unsigned value, int error) {
    When(call, {Load(Argument(index)), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0), Refuse(error)});
  }
  void Add(sock_filter line) { program_.push_back(line); }
  sock_fprog Program() { return {static_cast<unsigned short>(program_.size()), program_.data()}; }

 private:
  void When(unsigned call, const std::vector<sock_filter>& lines) {
    Add(Load(offsetof(seccomp_data, nr)));
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, static_cast<unsigned char>(lines.size())));
    for (const sock_filter& line : lines) Add(line);
  }
  std::vector<sock_filter> program_;
};

Filter BuildFilter() {
  Filter filter;
  filter.Add(Load(offsetof(seccomp_data, arch)));
  filter.Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArch, 1, 0));
  filter.Add(Answer(SECCOMP_RET_KILL_PROCESS));  // numbers of another machine mean other calls
#ifdef __x86_64__
  filter.Add(Load(offsetof(seccomp_data, nr)));
  filter.Add(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1));  // the x32 numbers
  filter.Add(Refuse(EPERM));
  filter.DenyIfAnyBit(__NR_open, 1, kWriting, EACCES);
#endif
  for (unsigned call : kDenied) filter.DenyAlways(call, EACCES);
  for (unsigned call : kUnknown) filter.DenyAlways(call, ENOSYS);
  filter.DenyIfAnyBit(__NR_openat, 2, kWriting, EACCES);
  filter.DenyUnlessBit(__NR_clone, 0, CLONE_THREAD, EPERM);
  filter.DenyUnlessEqual(__NR_kill, 0, getpid(), EPERM);
  filter.DenyUnlessEqual(__NR_tgkill, 0, getpid(), EPERM);
  filter.DenyUnlessEqual(__NR_prlimit64, 2, 0, EPERM);  // no new limits; reading them is harmless
  filter.Add(Answer(SECCOMP_RET_ALLOW));
  return filter;
}

bool Limit(__rlimit_resource resource, rlim_t most) {
  const rlimit limit{most, most};
  return setrlimit(resource, &limit) == 0;
}

bool Confine() {
  // A core dump would hold a patient's film. No file may grow, should one be open for writing.
  if (!Limit(RLIMIT_CORE, 0) || !Limit(RLIMIT_FSIZE, 0) || !Limit(RLIMIT_NOFILE, 256)) return false;
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  Filter filter = BuildFilter();
  const sock_fprog program = filter.Program();
  // TSYNC: for the threads that run already, too.
  return syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

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

int LandlockVersion() {
  const long version = syscall(kCreateRuleset, nullptr, 0, kAskVersion);
  return version < 0 ? 0 : static_cast<int>(version);
}

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
  napi_get_boolean(env, Confine(), &done);
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
