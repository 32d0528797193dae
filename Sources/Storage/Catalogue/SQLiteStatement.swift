internal import CSQLiteShim
internal import LinuxSystem

/// A compiled statement, used over and over on its connection's thread. Parameters count from 1, columns from 0.
final class SQLiteStatement {
    private let handle: OpaquePointer
    private let connection: SQLiteConnection

    init(_ handle: OpaquePointer, of connection: SQLiteConnection) {
        self.handle = handle
        self.connection = connection
    }

    deinit { sqlite3_finalize(handle) }

    func bind(_ index: Int32, _ value: Int64?) throws(StorageError) {
        let code = value.map { sqlite3_bind_int64(handle, index, $0) } ?? sqlite3_bind_null(handle, index)
        guard code == SQLITE_OK else { throw connection.error(code) }
    }

    func bind(_ index: Int32, _ text: String?) throws(StorageError) {
        guard var text else { return try bind(index, Int64?.none) }
        let code = text.withUTF8 { bytes in
            // A null address would bind NULL, and an empty text has one.
            bytes.withMemoryRebound(to: CChar.self) { characters in
                characters.isEmpty
                    ? cshim_sqlite_bind_text(handle, index, "", 0)
                    : cshim_sqlite_bind_text(handle, index, characters.baseAddress, Int32(characters.count))
            }
        }
        guard code == SQLITE_OK else { throw connection.error(code) }
    }

    /// Binds a number of 128 bits as 16 bytes, big-endian.
    func bind(_ index: Int32, _ high: UInt64, _ low: UInt64) throws(StorageError) {
        let code = withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) {
            cshim_sqlite_bind_blob(handle, index, $0.baseAddress, 16)
        }
        guard code == SQLITE_OK else { throw connection.error(code) }
    }

    /// Binds bytes that are no text, at least one.
    func bind(_ index: Int32, _ bytes: [UInt8]?) throws(StorageError) {
        guard let bytes else { return try bind(index, Int64?.none) }
        let code = bytes.withUnsafeBytes { memory in
            cshim_sqlite_bind_blob(handle, index, memory.baseAddress, Int32(truncatingIfNeeded: memory.count))
        }
        guard code == SQLITE_OK else { throw connection.error(code) }
    }

    /// Binds the first `count` columns of the row, as they are, to the first parameters of another statement.
    func copyRow(to other: SQLiteStatement, count: Int32) throws(StorageError) {
        for column in 0..<count {
            let code = sqlite3_bind_value(other.handle, column + 1, sqlite3_column_value(handle, column))
            guard code == SQLITE_OK else { throw other.connection.error(code) }
        }
    }

    /// Goes to the next row; false at the end. A failure resets the statement. `sqlite3_step`
    func step() throws(StorageError) -> Bool {
        var errno: Int32 = 0
        switch cshim_sqlite_step(handle, &errno) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code:
            let failure = connection.error(code, Errno(rawValue: errno))
            sqlite3_reset(handle)
            throw failure
        }
    }

    /// Runs a statement that answers no rows, and makes it ready for the next time.
    func run() throws(StorageError) {
        _ = try step()
        reset()
    }

    /// Lets go of the rows and of the read transaction.
    func reset() { sqlite3_reset(handle) }

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    func optionalInteger(_ column: Int32) -> Int64? {
        sqlite3_column_type(handle, column) == SQLITE_NULL ? nil : integer(column)
    }

    func text(_ column: Int32) -> String? {
        guard let bytes = sqlite3_column_text(handle, column) else { return nil }
        let count = Int(sqlite3_column_bytes(handle, column))
        return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    /// Bytes that are no text; nil where there are none, or fewer or more than these.
    func bytes(_ column: Int32, count: ClosedRange<Int>) -> [UInt8]? {
        guard let bytes = sqlite3_column_blob(handle, column) else { return nil }
        let found = Int(sqlite3_column_bytes(handle, column))
        return count.contains(found) ? [UInt8](UnsafeRawBufferPointer(start: bytes, count: found)) : nil
    }

    /// Sixteen bytes as a number of 128 bits, big-endian; nil for anything else.
    func words(_ column: Int32) -> (high: UInt64, low: UInt64)? {
        guard let bytes = sqlite3_column_blob(handle, column), sqlite3_column_bytes(handle, column) == 16 else {
            return nil
        }
        return (
            UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        )
    }
}
