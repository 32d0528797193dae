// What a process needs to live under a service manager: its environment, sockets that were open when it began, a line
// to the manager, and what the kernel counts of it. The rules of epoll_shim.h hold here too.
#ifndef SLUICE_SERVICE_SHIM_H
#define SLUICE_SERVICE_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "epoll_shim.h"

// ---- environment --------------------------------------------------------------------------------------------------

static inline const char *cshim_environment(const char *name) { return getenv(name); }

// The variable of this number as NAME=value, null behind the last one.
static inline const char *cshim_environment_at(long index) {
    extern char **environ;
    return environ ? environ[index] : 0;
}

static inline void cshim_environment_remove(const char *name) { unsetenv(name); }

// The command line as the kernel laid it out below the environment (System V ABI, "initial process stack": argc, argv,
// a null, envp), for a process that cannot read /proc/self/cmdline. Returns argc with *arguments at argv[0], or 0 where
// something has moved the environment already.
static inline long cshim_arguments(char ***arguments) {
    extern char **environ;
    extern char *program_invocation_name;
    if (!environ || environ[-1] != 0) return 0;
    for (long count = 1; count <= 65536; count++) {
        if ((uintptr_t)environ[-2 - count] != (uintptr_t)count) continue;
        *arguments = &environ[-1 - count];
        return **arguments == program_invocation_name ? count : 0;
    }
    return 0;
}

// Opens what is closed of standard input, output and error, so that no file or socket gets their numbers and, with them,
// what is meant for people to read. Where there is no /dev/null it is a directory, which takes no bytes either.
static inline void cshim_occupy_standard_descriptors(void) {
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
        if (open("/dev/null", O_RDWR) < 0) (void)open("/", O_RDONLY | O_DIRECTORY);
    }
}

static inline int cshim_process_number(void) { return (int)getpid(); }

// ---- inherited sockets --------------------------------------------------------------------------------------------

// Makes a descriptor that came from outside close-on-exec and non-blocking. Returns 0, or a negated errno.
static inline int cshim_adopt(int fd) {
    int flags = fcntl(fd, F_GETFD);
    if (flags < 0 || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0) return -errno;
    flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -errno;
    return 0;
}

// The type of a stream socket: Swift sees an enumeration in one libc and a number in the other.
static inline int cshim_stream(void) { return SOCK_STREAM; }

// ---- the service manager ------------------------------------------------------------------------------------------

// A datagram socket connected to a path, or to an abstract name where the first byte is '@'. A full queue at the other
// end holds a message up for a second at most. Returns a descriptor or a negated errno.
static inline int cshim_datagram_connect(const char *name) {
    struct sockaddr_un address;
    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    size_t length = strlen(name);
    if (length < 2 || length >= sizeof address.sun_path || (name[0] != '/' && name[0] != '@')) return -EINVAL;
    memcpy(address.sun_path, name, length);
    if (name[0] == '@') address.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    struct timeval limit = {.tv_sec = 1, .tv_usec = 0};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    if (connect(fd, (const struct sockaddr *)&address, size) == 0) return fd;
    int failure = errno;
    close(fd);
    return -failure;
}

// ---- groups -------------------------------------------------------------------------------------------------------

// The number of a group by its name, -1 where there is none.
static inline int64_t cshim_group_number(const char *name) {
    struct group entry, *found = 0;
    char text[16384];
    if (getgrnam_r(name, &entry, text, sizeof text, &found) != 0 || !found) return -1;
    return (int64_t)entry.gr_gid;
}

// ---- files, and what the kernel counts ----------------------------------------------------------------------------

// Whether entries may be made, moved and removed in a directory, by the user that the process acts as.
static inline int cshim_may_change(int directory) {
    return (int)CSHIM_RESULT(faccessat(directory, ".", W_OK | X_OK, AT_EACCESS));
}

static inline int cshim_may_execute(const char *path) {
    return (int)CSHIM_RESULT(faccessat(AT_FDCWD, path, X_OK, AT_EACCESS));
}

// The time of the last access stays.
static inline int cshim_set_modified(int fd, int64_t nanoseconds) {
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                                {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000}};
    return (int)CSHIM_RESULT(futimens(fd, times));
}

// stat(2) through symbolic links.
static inline int cshim_stat(const char *path, struct stat *out) { return stat(path, out) == 0 ? 0 : -errno; }

// The beginning of a small file of the kernel's, NUL-terminated. Returns its length or a negated errno.
static inline long cshim_read_beginning(const char *path, char *text, size_t capacity) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -(long)errno;
    long count = read(fd, text, capacity - 1);
    if (count < 0) count = -(long)errno;
    close(fd);
    text[count > 0 ? count : 0] = 0;
    return count;
}

static inline int64_t cshim_memory_bytes(void) {
    int64_t pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
    return pages > 0 && bytes > 0 ? pages * bytes : 0;
}

static inline long cshim_page_bytes(void) { return sysconf(_SC_PAGESIZE); }

static inline int64_t cshim_open_files_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -(int64_t)errno;
    return (int64_t)limit.rlim_cur;
}

// ---- Unix sockets --------------------------------------------------------------------------------------------------

// The address of a Unix socket at a path. Returns the length of the socket address, or -ENAMETOOLONG.
static inline int cshim_path_address(const char *path, struct sockaddr_storage *out) {
    struct sockaddr_un *address = (struct sockaddr_un *)out;
    memset(out, 0, sizeof *out);
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof address->sun_path) return -ENAMETOOLONG;
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, length);
    return (int)(offsetof(struct sockaddr_un, sun_path) + length + 1);
}

static inline int cshim_is_socket_at(const struct sockaddr_storage *address) {
    struct stat info;
    return lstat(((const struct sockaddr_un *)address)->sun_path, &info) == 0 && S_ISSOCK(info.st_mode);
}

// Whether some socket of this machine's is bound to a path's name, and neither listens nor is connected: somebody is about
// to listen there. The table has names as they were given to bind(2), so a relative one is compared by its end.
static inline int cshim_is_bound_idle(const char *path) {
    FILE *table = fopen("/proc/net/unix", "re");
    if (!table) return 0;
    const char *wanted = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    char *line = 0;
    size_t capacity = 0;
    long count;
    int found = 0;
    while (!found && (count = (long)getline(&line, &capacity, table)) > 0) {
        unsigned flags = 0, type = 0, state = 0;
        int at = 0;
        if (line[count - 1] == '\n') line[count - 1] = 0;
        if (sscanf(line, "%*s %*x %*x %x %x %x %*u %n", &flags, &type, &state, &at) != 3 || at == 0) continue;
        // SS_UNCONNECTED, without the flag of those that listen.
        if (type != SOCK_STREAM || state != 1 || flags & 0x10000) continue;
        const char *name = line + at, *last = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
        found = name[0] == '/' && path[0] == '/' ? strcmp(name, path) == 0 : strcmp(last, wanted) == 0;
    }
    free(line);
    fclose(table);
    return found;
}

static inline int cshim_chmod(const char *path, unsigned int mode) { return chmod(path, mode) == 0 ? 0 : -errno; }

static inline int cshim_remove(const char *path) { return unlink(path) == 0 ? 0 : -errno; }

// ---- memory --------------------------------------------------------------------------------------------------------

static inline void cshim_give_back_free_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

// Free memory at the end of a heap that stays with the process.
static inline void cshim_keep_free_memory(int bytes) {
#ifdef __GLIBC__
    mallopt(M_TRIM_THRESHOLD, bytes);
#else
    (void)bytes;
#endif
}

#endif
