// The kernel as LinuxSystem sees it: one static inline function a system call. Each returns a count, a descriptor
// or 0, and a negated errno on failure, so that no Swift runtime call can clobber errno before it is read.
//
// _GNU_SOURCE stays undefined: it gives a second, conflicting view of fd_set to files that also import Foundation
// or Synchronization. Calls that need it go through syscall(2).
#ifndef SLUICE_EPOLL_SHIM_H
#define SLUICE_EPOLL_SHIM_H

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#ifdef __GLIBC__
#endif
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define CSHIM_RESULT(call)                                                                                             \
    ({                                                                                                                 \
        long cshim_r = (long)(call);                                                                                   \
        cshim_r >= 0 ? cshim_r : (long)-errno;                                                                         \
    })

// ---- epoll, eventfd, signalfd -------------------------------------------------------------------------------------

static inline int cshim_epoll_create(void) { return (int)CSHIM_RESULT(epoll_create1(EPOLL_CLOEXEC)); }

static inline int cshim_epoll_ctl(int epfd, int op, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return (int)CSHIM_RESULT(epoll_ctl(epfd, op, fd, &event));
}

static inline int cshim_epoll_wait(int epfd, struct epoll_event *events, int count, int timeout_ms) {
    return (int)CSHIM_RESULT(epoll_wait(epfd, events, count, timeout_ms));
}

static inline int cshim_eventfd(void) { return (int)CSHIM_RESULT(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)); }

static inline int cshim_eventfd_signal(int fd) {
    uint64_t one = 1;
    return (int)CSHIM_RESULT(write(fd, &one, sizeof one));
}

// Blocks the signals for the calling thread (threads started later inherit that) and returns a descriptor that reads
// them.
static inline int cshim_signalfd(const int *signals, int count) {
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
    int failure = pthread_sigmask(SIG_BLOCK, &set, 0);
    if (failure != 0) return -failure;
    return (int)CSHIM_RESULT(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}

static inline void cshim_unblock_endings(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_UNBLOCK, &set, 0);
}

static inline int cshim_signalfd_next(int fd) {
    struct signalfd_siginfo info;
    long count = CSHIM_RESULT(read(fd, &info, sizeof info));
    return count < 0 ? (int)count : (int)info.ssi_signo;
}

// Writing fails with EPIPE or EFBIG then, where it would end the process otherwise.
static inline void cshim_ignore_write_signals(void) {
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

// ---- sockets ------------------------------------------------------------------------------------------------------

static inline int cshim_socket(int family) {
    return (int)CSHIM_RESULT(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

static inline int cshim_accept(int fd, struct sockaddr_storage *peer) {
    socklen_t length = sizeof *peer;
    return (int)CSHIM_RESULT(syscall(SYS_accept4, fd, peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

static inline int cshim_bind(int fd, const struct sockaddr_storage *address, uint32_t length) {
    return (int)CSHIM_RESULT(bind(fd, (const struct sockaddr *)address, length));
}

static inline int cshim_connect(int fd, const struct sockaddr_storage *address, uint32_t length) {
    return (int)CSHIM_RESULT(connect(fd, (const struct sockaddr *)address, length));
}

static inline int cshim_listen(int fd, int backlog) { return (int)CSHIM_RESULT(listen(fd, backlog)); }

static inline int cshim_local_address(int fd, struct sockaddr_storage *address) {
    socklen_t length = sizeof *address;
    return (int)CSHIM_RESULT(getsockname(fd, (struct sockaddr *)address, &length));
}

static inline int cshim_socketpair(int pair[2]) {
    return (int)CSHIM_RESULT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair));
}

static inline int cshim_set_option(int fd, int level, int option, int value) {
    return (int)CSHIM_RESULT(setsockopt(fd, level, option, &value, sizeof value));
}

static inline int cshim_get_option(int fd, int level, int option, int *value) {
    socklen_t length = sizeof *value;
    return (int)CSHIM_RESULT(getsockopt(fd, level, option, value, &length));
}

static inline long cshim_recv(int fd, void *buffer, size_t count) { return CSHIM_RESULT(recv(fd, buffer, count, 0)); }

static inline long cshim_peek(int fd, void *buffer, size_t count) {
    return CSHIM_RESULT(recv(fd, buffer, count, MSG_PEEK));
}

static inline long cshim_send(int fd, const void *buffer, size_t count) {
    return CSHIM_RESULT(send(fd, buffer, count, MSG_NOSIGNAL));
}

static inline int cshim_shutdown(int fd, int how) { return (int)CSHIM_RESULT(shutdown(fd, how)); }

static inline int cshim_unconfirmed_bytes(int fd) {
    int count = 0;
    return ioctl(fd, TIOCOUTQ /* SIOCOUTQ */, &count) == 0 ? count : 0;
}

static inline int cshim_unread_bytes(int fd) {
    int count = 0;
    return ioctl(fd, FIONREAD /* SIOCINQ */, &count) == 0 ? count : 0;
}

// Makes the next close send a reset instead of a FIN (SO_LINGER 0): for tests and for shedding load.
static inline int cshim_reset_on_close(int fd) {
    struct linger option = {.l_onoff = 1, .l_linger = 0};
    return (int)CSHIM_RESULT(setsockopt(fd, SOL_SOCKET, SO_LINGER, &option, sizeof option));
}

// Parses a numeric IPv4 or IPv6 address. Returns the length of the socket address, or -EINVAL.
static inline int cshim_parse_address(const char *text, uint16_t port, struct sockaddr_storage *out) {
    memset(out, 0, sizeof *out);
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        return (int)sizeof *v4;
    }
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        return (int)sizeof *v6;
    }
    return -EINVAL;
}

// Writes the bytes of a numeric address, in network order, into out (16 bytes). Returns 4 or 16, or -EINVAL.
static inline int cshim_address_bytes(const char *text, unsigned char *out) {
    if (inet_pton(AF_INET, text, out) == 1) return 4;
    if (inet_pton(AF_INET6, text, out) == 1) return 16;
    return -EINVAL;
}

// Writes the numeric address into text (at least INET6_ADDRSTRLEN bytes) and returns the port, or a negated errno.
static inline int cshim_format_address(const struct sockaddr_storage *address, char *text, uint32_t capacity) {
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        if (!inet_ntop(AF_INET, &v4->sin_addr, text, capacity)) return -errno;
        return ntohs(v4->sin_port);
    }
    if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
        if (!inet_ntop(AF_INET6, &v6->sin6_addr, text, capacity)) return -errno;
        return ntohs(v6->sin6_port);
    }
    return -EAFNOSUPPORT;
}

// Looks a host up, numeric or by name (getaddrinfo), best address first. Blocks. Returns how many addresses were
// written to out; 0 on failure, with the EAI_ number in *failure.
static inline int cshim_resolve(
    const char *host, uint16_t port, struct sockaddr_storage *out, int capacity, int *failure) {
    struct addrinfo hints, *list = 0;
    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    char service[8];
    snprintf(service, sizeof service, "%u", (unsigned)port);
    *failure = getaddrinfo(host, service, &hints, &list);
    if (*failure != 0) return 0;
    int count = 0;
    for (struct addrinfo *entry = list; entry && count < capacity; entry = entry->ai_next) {
        if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6) continue;
        memset(&out[count], 0, sizeof out[count]);
        memcpy(&out[count], entry->ai_addr, entry->ai_addrlen);
        count++;
    }
    freeaddrinfo(list);
    return count;
}

static inline int cshim_is_unknown_name(int failure) { return failure == EAI_NONAME; }

static inline const char *cshim_resolve_text(int failure) { return gai_strerror(failure); }

// ---- files --------------------------------------------------------------------------------------------------------

static inline int cshim_openat(int directory, const char *path, int flags, uint32_t mode) {
    return (int)CSHIM_RESULT(openat(directory, path, flags | O_CLOEXEC, (mode_t)mode));
}

// Its value differs from one architecture to the next, so the C library says it; glibc without _GNU_SOURCE says it under
// this name only.
static inline int cshim_o_direct(void) {
#ifdef O_DIRECT
    return O_DIRECT;
#else
    return __O_DIRECT;
#endif
}

static inline int cshim_close(int fd) { return (int)CSHIM_RESULT(close(fd)); }

static inline long cshim_read(int fd, void *buffer, size_t count) { return CSHIM_RESULT(read(fd, buffer, count)); }

static inline long cshim_write(int fd, const void *buffer, size_t count) {
    return CSHIM_RESULT(write(fd, buffer, count));
}

static inline long cshim_pread(int fd, void *buffer, size_t count, int64_t offset) {
    return CSHIM_RESULT(pread(fd, buffer, count, (off_t)offset));
}

static inline long cshim_pwrite(int fd, const void *buffer, size_t count, int64_t offset) {
    return CSHIM_RESULT(pwrite(fd, buffer, count, (off_t)offset));
}

// At most IOV_MAX pieces.
static inline long cshim_pwritev(int fd, const struct iovec *pieces, int count, int64_t offset) {
    return CSHIM_RESULT(pwritev(fd, pieces, count, (off_t)offset));
}

static inline int cshim_fdatasync(int fd) { return (int)CSHIM_RESULT(fdatasync(fd)); }

static inline int cshim_fsync(int fd) { return (int)CSHIM_RESULT(fsync(fd)); }

static inline int cshim_syncfs(int fd) { return (int)CSHIM_RESULT(syscall(SYS_syncfs, fd)); }

// The number by which a file system's kind is known (linux/magic.h), or a negated errno.
static inline int64_t cshim_file_system_kind(int fd) {
    struct statfs info;
    return fstatfs(fd, &info) == 0 ? (int64_t)(uint32_t)info.f_type : -(int64_t)errno;
}

// The number of the mount that a descriptor is on, never used again in this boot (statx(2) with
// STATX_MNT_ID_UNIQUE, Linux 6.8); 0 where the kernel does not tell. Its record as bytes: the names of its parts are
// seen only with _GNU_SOURCE.
static inline uint64_t cshim_mount_number(int fd) {
    unsigned char record[256] = {0};
    const unsigned unique = 0x4000;
    if (syscall(SYS_statx, fd, "", 0x1000, unique, record) != 0) return 0;
    uint32_t mask;
    uint64_t number;
    memcpy(&mask, record, sizeof mask);
    memcpy(&number, record + 0x90, sizeof number);
    return mask & unique ? number : 0;
}

// The release of the running kernel, as text. Answers 0, or a negated errno.
static inline int cshim_kernel_release(char *text, size_t capacity) {
    struct utsname name;
    if (uname(&name) != 0) return -errno;
    snprintf(text, capacity, "%s", name.release);
    return 0;
}

static inline int cshim_ftruncate(int fd, int64_t length) { return (int)CSHIM_RESULT(ftruncate(fd, (off_t)length)); }

// fallocate(2) with FALLOC_FL_KEEP_SIZE: blocks are reserved, the size stays.
static inline int cshim_reserve(int fd, int64_t offset, int64_t length) {
    return (int)CSHIM_RESULT(syscall(SYS_fallocate, fd, 1, (off_t)offset, (off_t)length));
}

// posix_fadvise(2) with POSIX_FADV_DONTNEED over the whole file.
static inline int cshim_drop_cached(int fd) { return -posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED); }

// Makes a range of one file share its blocks with another's (FICLONERANGE); 0 for length means up to the end.
static inline int cshim_clone_range(int from, int64_t from_offset, int64_t length, int to, int64_t to_offset) {
    struct {
        int64_t src_fd;
        uint64_t src_offset, src_length, dest_offset;
    } range = {from, (uint64_t)from_offset, (uint64_t)length, (uint64_t)to_offset};
    return (int)CSHIM_RESULT(ioctl(to, _IOW(0x94, 13, range) /* FICLONERANGE */, &range));
}

static inline int cshim_fstat(int fd, struct stat *out) { return (int)CSHIM_RESULT(fstat(fd, out)); }

static inline int cshim_fstatat(int directory, const char *path, struct stat *out) {
    return (int)CSHIM_RESULT(fstatat(directory, path, out, AT_SYMLINK_NOFOLLOW));
}

// `number` is what `fd` is from then on; what it was before is closed.
static inline int cshim_dup_onto(int fd, int number) {
    return (int)CSHIM_RESULT(syscall(SYS_dup3, fd, number, O_CLOEXEC));
}

static inline int cshim_mkdirat(int directory, const char *path, uint32_t mode) {
    return (int)CSHIM_RESULT(mkdirat(directory, path, (mode_t)mode));
}

static inline int cshim_fchmodat(int directory, const char *path, uint32_t mode) {
    return (int)CSHIM_RESULT(fchmodat(directory, path, (mode_t)mode, 0));
}

// The owner stays.
static inline int cshim_set_group_at(int directory, const char *path, uint32_t group) {
    return (int)CSHIM_RESULT(fchownat(directory, path, (uid_t)-1, (gid_t)group, 0));
}

static inline int cshim_unlinkat(int directory, const char *path, int is_directory) {
    return (int)CSHIM_RESULT(unlinkat(directory, path, is_directory ? AT_REMOVEDIR : 0));
}

static inline int cshim_renameat(int from_directory, const char *from, int to_directory, const char *to) {
    return (int)CSHIM_RESULT(renameat(from_directory, from, to_directory, to));
}

// A symbolic link gets another name itself, and is not followed.
static inline int cshim_linkat(int from_directory, const char *from, int to_directory, const char *to) {
    return (int)CSHIM_RESULT(linkat(from_directory, from, to_directory, to, 0));
}

// renameat2(2) with RENAME_NOREPLACE.
static inline int cshim_renameat_new(int from_directory, const char *from, int to_directory, const char *to) {
    return (int)CSHIM_RESULT(syscall(SYS_renameat2, from_directory, from, to_directory, to, 1));
}

static inline int cshim_lock_exclusive(int fd) { return (int)CSHIM_RESULT(flock(fd, LOCK_EX | LOCK_NB)); }

static inline int cshim_fstatvfs(int fd, struct statvfs *out) { return (int)CSHIM_RESULT(fstatvfs(fd, out)); }

// Opens a stream over the directory that fd names; fd itself stays open and keeps its position.
static inline int cshim_directory_open(int fd, DIR **stream) {
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0) return -errno;
    *stream = fdopendir(copy);
    if (*stream) return 0;
    int failure = errno;
    close(copy);
    return -failure;
}

// The next name in the directory, "." and ".." included. 1 with a name, which is valid until the next call; 0 at the
// end; a negated errno.
static inline int cshim_directory_next(DIR *stream, const char **name) {
    errno = 0;
    struct dirent *entry = readdir(stream);
    if (!entry) return -errno;
    *name = entry->d_name;
    return 1;
}

static inline void cshim_directory_close(DIR *stream) { closedir(stream); }

// fstatat that follows a symbolic link at the end of the path.
static inline int cshim_fstatat_following(int directory, const char *path, struct stat *out) {
    return (int)CSHIM_RESULT(fstatat(directory, path, out, 0));
}

// The absolute path without symbolic links, to be given to free(3), or NULL with a negated errno in `*failure`.
static inline char *cshim_real_path(const char *path, int *failure) {
    char *result = realpath(path, 0);
    *failure = result ? 0 : -errno;
    return result;
}

// read(2) that waits for bytes for a while, also where the descriptor does not block. -EAGAIN when none came.
static inline long cshim_read_within(int fd, void *buffer, size_t count, int milliseconds) {
    struct pollfd entry = {fd, POLLIN, 0};
    int ready = poll(&entry, 1, milliseconds);
    if (ready < 0) return -(long)errno;
    if (ready == 0) return -(long)EAGAIN;
    return CSHIM_RESULT(read(fd, buffer, count));
}

// ---- memory -------------------------------------------------------------------------------------------------------

// Page-aligned anonymous memory, touched by nobody yet, or NULL.
static inline void *cshim_map(size_t count) {
    void *memory = mmap(0, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | 0x20 /* MAP_ANONYMOUS */, -1, 0);
    return memory == MAP_FAILED ? 0 : memory;
}

static inline void cshim_unmap(void *memory, size_t count) { munmap(memory, count); }

// ---- threads, time, the process -----------------------------------------------------------------------------------

static inline int cshim_thread_start(pthread_t *thread, void *(*body)(void *), void *context) {
    return -pthread_create(thread, 0, body, context);
}

static inline void cshim_thread_join(pthread_t thread) { pthread_join(thread, 0); }

static inline void cshim_thread_detach(pthread_t thread) { pthread_detach(thread); }

// At most 15 bytes are kept (prctl PR_SET_NAME).
static inline void cshim_thread_set_name(const char *name) { syscall(SYS_prctl, 15, name, 0, 0, 0); }

static inline uint64_t cshim_thread_current(void) { return (uint64_t)pthread_self(); }

// FUTEX_WAIT_PRIVATE and FUTEX_WAKE_PRIVATE on a 32-bit word.
static inline int cshim_futex_wait(const void *word, uint32_t expected) {
    return (int)CSHIM_RESULT(syscall(SYS_futex, word, 128, expected, (void *)0, (void *)0, 0));
}

static inline int cshim_futex_wait_timed(const void *word, uint32_t expected, int64_t nanoseconds) {
    struct timespec limit = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    return (int)CSHIM_RESULT(syscall(SYS_futex, word, 128, expected, &limit, (void *)0, 0));
}

static inline int cshim_futex_wake(const void *word, int count) {
    return (int)CSHIM_RESULT(syscall(SYS_futex, word, 129, count, (void *)0, (void *)0, 0));
}

static inline int64_t cshim_clock_nanoseconds(int clock) {
    struct timespec now;
    clock_gettime((clockid_t)clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline long cshim_random(void *buffer, size_t count) {
    return CSHIM_RESULT(syscall(SYS_getrandom, buffer, count, 0));
}

// Processors this process may run on, 1 or more: the affinity mask, so a container's cpuset counts; of 8,192 at most.
static inline int cshim_processor_count(void) {
    unsigned long mask[128];
    long bytes = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
    if (bytes <= 0) return 1;
    int count = 0;
    for (long i = 0; i < bytes / (long)sizeof mask[0]; i++) count += __builtin_popcountl(mask[i]);
    return count > 0 ? count : 1;
}

// Raises the soft limit of open files to the hard one and returns the limit now in force.
static inline int64_t cshim_raise_open_files_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -(int64_t)errno;
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return -(int64_t)errno;
    }
    return (int64_t)limit.rlim_cur;
}

// The width of the terminal behind fd in columns, 0 where it is unknown.
static inline int cshim_terminal_columns(int fd) {
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static inline int cshim_is_terminal(int fd) { return isatty(fd); }

// The system's words for an error number, NUL-terminated, in the caller's buffer.
static inline void cshim_error_text(int number, char *text, size_t capacity) {
    if (strerror_r(number, text, capacity) != 0) snprintf(text, capacity, "error %d", number);
}

static inline void cshim_exit_now(int code) { _exit(code); }

#endif
