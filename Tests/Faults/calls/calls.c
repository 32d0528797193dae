/* Stands between a program and the C library (LD_PRELOAD), and lets single calls wait or fail as the rules say. Each has
 * one name in the rules, however the program makes it: by its function, by that function's name for large files, or by
 * syscall(2). */
#include "rules.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* The function behind this one, looked for once. */
#define NEXT(name, result, ...)                                          \
    static result (*next)(__VA_ARGS__);                                  \
    if (!next) next = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

/* Leaves the function if the call is to fail. */
#define STRIKE(call, descriptor, name, failed)                           \
    do {                                                                 \
        int error = struck(call, (struct place){descriptor, name});      \
        if (error) {                                                     \
            errno = error;                                               \
            return failed;                                               \
        }                                                                \
    } while (0)

/* What syncs */

#define SYNC(function)                                                   \
    int function(int fd) {                                               \
        NEXT(#function, int, int);                                       \
        STRIKE(#function, fd, NULL, -1);                                 \
        return next(fd);                                                 \
    }
SYNC(fdatasync)
SYNC(fsync)
SYNC(syncfs)

/* What is heard of */

int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event) {
    NEXT("epoll_ctl", int, int, int, int, struct epoll_event *);
    STRIKE("epoll_ctl", fd, NULL, -1);
    return next(epoll, operation, fd, event);
}

/* What reads and writes. The 64 in a name is of no account where off_t has as many bits. */

ssize_t write(int fd, const void *bytes, size_t count) {
    NEXT("write", ssize_t, int, const void *, size_t);
    STRIKE("write", fd, NULL, -1);
    return next(fd, bytes, count);
}

#define AT(function, call, pointer, number)                              \
    ssize_t function(int fd, pointer from, number count, off_t at) {     \
        NEXT(#function, ssize_t, int, pointer, number, off_t);           \
        STRIKE(call, fd, NULL, -1);                                      \
        return next(fd, from, count, at);                                \
    }
AT(pread, "pread", void *, size_t)
AT(pread64, "pread", void *, size_t)
AT(pwrite, "pwrite", const void *, size_t)
AT(pwrite64, "pwrite", const void *, size_t)
AT(pwritev, "pwritev", const struct iovec *, int)
AT(pwritev64, "pwritev", const struct iovec *, int)

#define TRUNCATE(function)                                               \
    int function(int fd, off_t length) {                                 \
        NEXT(#function, int, int, off_t);                                \
        STRIKE("ftruncate", fd, NULL, -1);                               \
        return next(fd, length);                                         \
    }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

#define ALLOCATE(function)                                               \
    int function(int fd, int mode, off_t at, off_t length) {             \
        NEXT(#function, int, int, int, off_t, off_t);                    \
        STRIKE("fallocate", fd, NULL, -1);                               \
        return next(fd, mode, at, length);                               \
    }
ALLOCATE(fallocate)
ALLOCATE(fallocate64)

#define COPY(function)                                                                                        \
    ssize_t function(int from, off64_t *at, int to, off64_t *there, size_t count, unsigned flags) {           \
        NEXT(#function, ssize_t, int, off64_t *, int, off64_t *, size_t, unsigned);                           \
        STRIKE(#function, to, NULL, -1);                                                                      \
        return next(from, at, to, there, count, flags);                                                       \
    }
COPY(copy_file_range)

/* What goes by names */

#define OPEN(function)                                                   \
    int function(const char *path, int flags, ...) {                     \
        NEXT(#function, int, const char *, int, ...);                    \
        va_list rest;                                                    \
        va_start(rest, flags);                                           \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest);                                                    \
        STRIKE("openat", -1, path, -1);                                  \
        return next(path, flags, mode);                                  \
    }
OPEN(open)
OPEN(open64)

#define OPEN_AT(function)                                                \
    int function(int fd, const char *path, int flags, ...) {             \
        NEXT(#function, int, int, const char *, int, ...);               \
        va_list rest;                                                    \
        va_start(rest, flags);                                           \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest);                                                    \
        STRIKE("openat", fd, path, -1);                                  \
        return next(fd, path, flags, mode);                              \
    }
OPEN_AT(openat)
OPEN_AT(openat64)

int mkdirat(int fd, const char *path, mode_t mode) {
    NEXT("mkdirat", int, int, const char *, mode_t);
    STRIKE("mkdirat", fd, path, -1);
    return next(fd, path, mode);
}

/* By the name that the file is to have. */
int renameat(int from, const char *path, int to, const char *target) {
    NEXT("renameat", int, int, const char *, int, const char *);
    STRIKE("renameat", to, target, -1);
    return next(from, path, to, target);
}

int rename(const char *path, const char *target) {
    NEXT("rename", int, const char *, const char *);
    STRIKE("renameat", -1, target, -1);
    return next(path, target);
}

/* Likewise. */
int linkat(int from, const char *path, int to, const char *target, int flags) {
    NEXT("linkat", int, int, const char *, int, const char *, int);
    STRIKE("linkat", to, target, -1);
    return next(from, path, to, target, flags);
}

int unlinkat(int fd, const char *path, int flags) {
    NEXT("unlinkat", int, int, const char *, int);
    STRIKE("unlinkat", fd, path, -1);
    return next(fd, path, flags);
}

int unlink(const char *path) {
    NEXT("unlink", int, const char *);
    STRIKE("unlinkat", -1, path, -1);
    return next(path);
}

#define LOOK(function, record)                                           \
    int function(int fd, const char *path, record *out, int flags) {     \
        NEXT(#function, int, int, const char *, record *, int);          \
        STRIKE("fstatat", fd, path, -1);                                 \
        return next(fd, path, out, flags);                               \
    }
LOOK(fstatat, struct stat)
LOOK(fstatat64, struct stat64)

#define SPACE(function, record)                                          \
    int function(int fd, record *out) {                                  \
        NEXT(#function, int, int, record *);                             \
        STRIKE("fstatvfs", fd, NULL, -1);                                \
        return next(fd, out);                                            \
    }
SPACE(fstatvfs, struct statvfs)
SPACE(fstatvfs64, struct statvfs64)

/* Listing: the kernel's getdents fills a buffer that readdir reads from; each entry counts as one call. */
#define LIST(function, record)                                           \
    record *function(DIR *stream) {                                      \
        NEXT(#function, record *, DIR *);                                \
        STRIKE("getdents", dirfd(stream), NULL, NULL);                   \
        return next(stream);                                             \
    }
LIST(readdir, struct dirent)
LIST(readdir64, struct dirent64)

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *own) {
    NEXT("pthread_create", int, pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    int error = struck("pthread_create", (struct place){-1, NULL});
    return error ? error : next(thread, attributes, run, own);
}

/* A method of OpenSSL's, by its name: a system's policy may have it switched off. */
void *EVP_MD_fetch(void *context, const char *name, const char *properties) {
    NEXT("EVP_MD_fetch", void *, void *, const char *, const char *);
    STRIKE("EVP_MD_fetch", -1, name, NULL);
    return next(context, name, properties);
}

/* What programs make by number. */
long syscall(long number, ...) {
    NEXT("syscall", long, long, ...);
    va_list rest;
    va_start(rest, number);
    long a = va_arg(rest, long), b = va_arg(rest, long), c = va_arg(rest, long);
    long d = va_arg(rest, long), e = va_arg(rest, long), f = va_arg(rest, long);
    va_end(rest);
    switch (number) {
    case SYS_syncfs: STRIKE("syncfs", (int)a, NULL, -1); break;
    case SYS_fdatasync: STRIKE("fdatasync", (int)a, NULL, -1); break;
    case SYS_fallocate: STRIKE("fallocate", (int)a, NULL, -1); break;
    case SYS_copy_file_range: STRIKE("copy_file_range", (int)c, NULL, -1); break;
    case SYS_renameat2: STRIKE("renameat", (int)c, (const char *)d, -1); break;
    }
    return next(number, a, b, c, d, e, f);
}
