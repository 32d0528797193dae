// SQLite as Storage sees it: what Swift cannot read, because the C header spells it as an expression in a macro.
#ifndef SLUICE_SQLITE_SHIM_H
#define SLUICE_SQLITE_SHIM_H

#include <sqlite3.h>

// SQLITE_TRANSIENT: SQLite copies the bytes before it returns, so the caller's memory need not outlive the call.
static inline int cshim_sqlite_bind_text(sqlite3_stmt *statement, int index, const char *text, int count) {
    return sqlite3_bind_text(statement, index, text, count, SQLITE_TRANSIENT);
}

static inline int cshim_sqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, int count) {
    return sqlite3_bind_blob(statement, index, bytes, count, SQLITE_TRANSIENT);
}

// SQLITE_IOERR_SHMSIZE: the index of the log could not grow.
static inline int cshim_sqlite_ioerr_shmsize(void) { return SQLITE_IOERR_SHMSIZE; }

#endif
