#include "deny_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <vector>

namespace {

#if defined(__x86_64__)
constexpr unsigned kArch = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kArch = AUDIT_ARCH_AARCH64;
#else
#error "deny_calls.cc knows x86-64 and arm64 only"
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

}  // namespace

bool DenyCalls() {
  // A core dump would hold a patient's film. No file may grow, should one be open for writing.
  if (!Limit(RLIMIT_CORE, 0) || !Limit(RLIMIT_FSIZE, 0) || !Limit(RLIMIT_NOFILE, 256)) return false;
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  Filter filter = BuildFilter();
  const sock_fprog program = filter.Program();
  // TSYNC: for the threads that run already, too.
  return syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}
