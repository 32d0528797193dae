// Programs that are started, as LinuxSystem sees them. A function answers a negated errno where it failed.
#ifndef SLUICE_SPAWN_SHIM_H
#define SLUICE_SPAWN_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __GLIBC__
// The C library shows it to those alone who ask for all of its extensions.
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int first);
#endif

// Memory that reads like a file from its start, and holds these bytes.
static inline int cshim_memory_file(const void *bytes, size_t count) {
    int number = (int)syscall(SYS_memfd_create, "sluice", MFD_CLOEXEC);
    if (number < 0) return -errno;
    for (size_t done = 0; done < count;) {
        ssize_t part = pwrite(number, (const char *)bytes + done, count - done, (off_t)done);
        if (part <= 0) {
            int failure = part < 0 ? errno : EIO;
            close(number);
            return -failure;
        }
        done += (size_t)part;
    }
    return number;
}

// Starts a program in a process group of its own: `input` is its standard input, the other two lead nowhere, and
// nothing else is open. No signal is blocked or ignored. Answers its number.
static inline int cshim_spawn(const char *path, char *const *arguments, char *const *environment, int input) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    if (posix_spawn_file_actions_init(&actions)) return -ENOMEM;
    if (posix_spawnattr_init(&attributes)) {
        posix_spawn_file_actions_destroy(&actions);
        return -ENOMEM;
    }
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    pid_t process = 0;
    int failure = posix_spawn_file_actions_adddup2(&actions, input, 0);
    if (!failure) failure = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    if (!failure) failure = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
#ifdef __GLIBC__
    if (!failure) failure = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
#endif
    if (!failure) failure = posix_spawnattr_setsigmask(&attributes, &none);
    if (!failure) failure = posix_spawnattr_setsigdefault(&attributes, &all);
    if (!failure) failure = posix_spawnattr_setpgroup(&attributes, 0);
    if (!failure) {
        failure = posix_spawnattr_setflags(
            &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    }
    if (!failure) failure = posix_spawn(&process, path, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failure ? -failure : (int)process;
}

// A descriptor that is readable once the process has ended.
static inline int cshim_process_descriptor(int process) {
    long number = syscall(SYS_pidfd_open, (pid_t)process, 0);
    return number < 0 ? -errno : (int)number;
}

// What a process that has ended has said: its exit code, or 256 and the signal that ended it; -EAGAIN while it runs.
static inline int cshim_process_end(int process) {
    int status = 0;
    pid_t found = waitpid((pid_t)process, &status, WNOHANG);
    if (found < 0) return -errno;
    if (found == 0) return -EAGAIN;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

// Ends a process and all that it has started in its group.
static inline void cshim_kill_group(int process) { kill(-(pid_t)process, SIGKILL); }

#endif
