/** One rule of an OCI seccomp object (runtime specification, config-linux). */
interface SyscallRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly {
    readonly index: number;
    readonly value: number;
    readonly valueTwo?: number;
    readonly op: string;
  }[];
}

export interface SeccompProfile {
  readonly defaultAction: string;
  readonly defaultErrnoRet: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly SyscallRule[];
}

/**
 * The system-call filter of every container: a list of what is allowed, everything else answers EPERM,
 * as Docker's default has it. Left out is what changes the machine rather than the process (mounts,
 * modules, clocks, new namespaces, raw I/O, keyrings) and frequent ways into the kernel (bpf,
 * userfaultfd, io_uring, perf events). The runtime ignores names that its libseccomp does not know.
 */
export function seccompProfile(
  architecture: NodeJS.Architecture,
  bounding: readonly string[],
): SeccompProfile {
  const held = Object.entries(withCapability).filter(([capability]) =>
    bounding.includes(capability),
  );
  const flags = architecture === "s390x" ? 1 : 0; // clone(2) takes its arguments in another order there
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: EPERM,
    architectures: architectures[architecture] ?? [],
    syscalls: [
      { names: allowed.trim().split(/\s+/), action: allow },
      ...held.map(([, names]) => ({ names: names.split(" "), action: allow })),
      // A clone that makes new namespaces is refused; clone3 hides its flags in memory, so libc must fall back to clone.
      {
        names: ["clone"],
        action: allow,
        args: [{ index: flags, value: newNamespaces, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }],
      },
      { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: ENOSYS },
      ...personalities.map((value) => ({
        names: ["personality"],
        action: allow,
        args: [{ index: 0, value, op: "SCMP_CMP_EQ" }],
      })),
      // AF_VSOCK reaches the hypervisor, past every network namespace.
      {
        names: ["socket"],
        action: allow,
        args: [{ index: 0, value: AF_VSOCK, op: "SCMP_CMP_NE" }],
      },
    ],
  };
}

const allow = "SCMP_ACT_ALLOW";
const EPERM = 1;
const ENOSYS = 38;
const AF_VSOCK = 40;

/** CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET (linux/sched.h). */
const newNamespaces = 0x7e020000;

/** PER_LINUX, PER_LINUX32, both with UNAME26, and the query (linux/personality.h). */
const personalities = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];

const architectures: Partial<Record<NodeJS.Architecture, readonly string[]>> = {
  x64: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
  arm64: ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
  s390x: ["SCMP_ARCH_S390X", "SCMP_ARCH_S390"],
  ppc64: ["SCMP_ARCH_PPC64LE"],
  riscv64: ["SCMP_ARCH_RISCV64"],
};

const withCapability: Readonly<Record<string, string>> = {
  CAP_SYS_CHROOT: "chroot",
};

/** By what they act on; both the plain names and those of 32-bit programs. */
const allowed = `
  read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 lseek _llseek
  open openat openat2 creat close close_range dup dup2 dup3 fcntl fcntl64 ioctl flock
  access faccessat faccessat2 stat stat64 fstat fstat64 lstat lstat64 newfstatat fstatat64 statx oldfstat oldlstat oldstat
  statfs statfs64 fstatfs fstatfs64 readlink readlinkat getdents getdents64 getcwd chdir fchdir
  mkdir mkdirat mknod mknodat rmdir unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat
  chmod fchmod fchmodat fchmodat2 chown chown32 fchown fchown32 fchownat lchown lchown32 umask
  truncate truncate64 ftruncate ftruncate64 fallocate fadvise64 fadvise64_64 arm_fadvise64_64 readahead
  utime utimes utimensat utimensat_time64 futimesat sync syncfs fsync fdatasync sync_file_range sync_file_range2 arm_sync_file_range
  getxattr lgetxattr fgetxattr getxattrat listxattr llistxattr flistxattr listxattrat
  setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat
  sendfile sendfile64 splice tee vmsplice copy_file_range name_to_handle_at
  inotify_init inotify_init1 inotify_add_watch inotify_rm_watch
  io_setup io_submit io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64

  brk mmap mmap2 munmap mremap mprotect madvise msync mincore mlock mlock2 mlockall munlock munlockall
  memfd_create memfd_secret membarrier remap_file_pages mseal map_shadow_stack
  pkey_alloc pkey_free pkey_mprotect process_mrelease cachestat

  execve execveat fork vfork exit exit_group wait4 waitid waitpid getpid getppid gettid getpgid getpgrp setpgid
  getsid setsid prctl arch_prctl set_tid_address set_robust_list get_robust_list rseq restart_syscall
  set_thread_area get_thread_area modify_ldt kill tkill tgkill pidfd_open pidfd_send_signal
  landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp
  ptrace process_vm_readv process_vm_writev kcmp

  getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getgroups getgroups32
  getresuid getresuid32 getresgid getresgid32 setuid setuid32 setgid setgid32 setgroups setgroups32
  setreuid setreuid32 setregid setregid32 setresuid setresuid32 setresgid setresgid32 setfsuid setfsuid32 setfsgid setfsgid32
  capget capset

  rt_sigaction rt_sigprocmask rt_sigpending rt_sigqueueinfo rt_tgsigqueueinfo rt_sigreturn rt_sigsuspend
  rt_sigtimedwait rt_sigtimedwait_time64 sigaltstack sigreturn sigprocmask signal signalfd signalfd4 pause alarm

  futex futex_time64 futex_waitv futex_wait futex_wake futex_requeue
  sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_setattr sched_getparam sched_setparam
  sched_getscheduler sched_setscheduler sched_get_priority_max sched_get_priority_min
  sched_rr_get_interval sched_rr_get_interval_time64 getpriority setpriority ioprio_get ioprio_set getcpu

  time times gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64 nanosleep
  clock_nanosleep clock_nanosleep_time64 clock_adjtime clock_adjtime64 adjtimex
  getitimer setitimer timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64
  timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64

  select _newselect pselect6 pselect6_time64 poll ppoll ppoll_time64
  epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait epoll_pwait2
  eventfd eventfd2 pipe pipe2

  socketpair socketcall bind connect listen accept accept4 shutdown getsockname getpeername getsockopt setsockopt
  recv recvfrom recvmsg recvmmsg recvmmsg_time64 send sendto sendmsg sendmmsg

  ipc msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget
  mq_open mq_unlink mq_getsetattr mq_notify mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64

  uname sysinfo getrlimit ugetrlimit setrlimit prlimit64 getrusage getrandom uretprobe
  breakpoint cacheflush set_tls s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr riscv_flush_icache
`;
