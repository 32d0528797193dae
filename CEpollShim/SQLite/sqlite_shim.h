// SQLite as Storage sees it: what Swift cannot read, because the C header spells it as an expression in a macro.
#ifndef SLUICE_SQLITE_SHIM_H
#define SLUICE_SQLITE_SHIM_H

#include <errno.h>
#include <sqlite3.h>

// SQLITE_TRANSIENT: SQLite copies the bytes before it returns, so the caller's memory need not outlive the call.
static inline int cshim_sqlite_bind_text(sqlite3_stmt *statement, int index, const char *text, int count) {
    return sqlite3_bind_text(statement, index, text, count, SQLITE_TRANSIENT);
}

static inline int cshim_sqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, int count) {
    return sqlite3_bind_blob(statement, index, bytes, count, SQLITE_TRANSIENT);
}

// SQLite tells what the system said of a failed call only sometimes (sqlite3_system_errno); errno still has it.
static inline int cshim_sqlite_step(sqlite3_stmt *statement, int *error) {
    errno = 0;
    int code = sqlite3_step(statement);
    *error = errno;
    return code;
}

static inline int cshim_sqlite_exec(sqlite3 *database, const char *sql, int *error) {
    errno = 0;
    int code = sqlite3_exec(database, sql, 0, 0, 0);
    *error = errno;
    return code;
}

// SQLITE_IOERR_SHMSIZE: the index of the log could not grow.
static inline int cshim_sqlite_ioerr_shmsize(void) { return SQLITE_IOERR_SHMSIZE; }

// SQLITE_IOERR_WRITE: a write failed, for another reason than a full disk.
static inline int cshim_sqlite_ioerr_write(void) { return SQLITE_IOERR_WRITE; }

// sqlite3_config is variadic. Without this each piece of memory that SQLite takes or gives back is counted under a lock
// of the whole process. Only before anything else is asked of SQLite; it has no effect afterwards.
static inline void cshim_sqlite_leave_memory_uncounted(void) { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

// sqlite3_db_config is variadic. Without this the last connection to be closed carries the log over and removes it.
static inline void cshim_sqlite_keep_log(sqlite3 *database) {
    sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}

#endif
