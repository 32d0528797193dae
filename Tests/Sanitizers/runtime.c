// Tells the thread sanitizer what Swift's libraries order where threads meet in them. They are not instrumented, so that
// what they order would look like a race. This library is loaded before them (LD_PRELOAD) and stands in for the functions
// below. Nothing of the program is changed, and no report is suppressed.

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define SWIFT __attribute__((swiftcall))
#define SWIFT_ASYNC __attribute__((swiftasynccall))
#define SELF __attribute__((swift_context))

// Parts of the program that is tested, which the tools that start it have not.
extern void __tsan_acquire(void *address) __attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));
extern SWIFT void *swift_task_getCurrent(void) __attribute__((weak));

static void *original(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (!function) abort();
    return function;
}

// Mutex. Its quick way is inlined into the program, where the sanitizer sees the atomic operations; the slow ways, taken
// when another thread holds the lock or waits for it, are functions. Self is the address of the lock's word.
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

typedef SWIFT void lock(uint32_t thread, SELF void *mutex);
typedef SWIFT bool try_lock(SELF void *mutex);
typedef SWIFT void unlock(SELF void *mutex);

lock lock_slowly __asm__(LOCK);
try_lock try_lock_slowly __asm__(TRY_LOCK);
unlock unlock_slowly __asm__(UNLOCK);

SWIFT void lock_slowly(uint32_t thread, SELF void *mutex) {
    ((lock *)original(LOCK))(thread, mutex);
    if (__tsan_acquire) __tsan_acquire(mutex);
}

SWIFT bool try_lock_slowly(SELF void *mutex) {
    bool is_locked = ((try_lock *)original(TRY_LOCK))(mutex);
    if (is_locked && __tsan_acquire) __tsan_acquire(mutex);
    return is_locked;
}

SWIFT void unlock_slowly(SELF void *mutex) {
    if (__tsan_release) __tsan_release(mutex);
    ((unlock *)original(UNLOCK))(mutex);
}

// Continuations. The runtime tells the sanitizer that resuming comes before the task goes on, but not where the task
// comes to wait only after it was resumed: then it goes on at once.
#define AWAIT "swift_continuation_await"

typedef SWIFT_ASYNC void await(void *context);

await await_continuation __asm__(AWAIT);

SWIFT_ASYNC void await_continuation(void *context) {
    if (__tsan_acquire && swift_task_getCurrent) __tsan_acquire(swift_task_getCurrent());
    __attribute__((musttail)) return ((await *)original(AWAIT))(context);
}
