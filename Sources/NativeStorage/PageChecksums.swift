import CPageChecksums
import CSQLite

/// The layer that keeps a checksum in each page of fstore's own SQLite databases; its C drawing is
/// in `page_checksums.h`.
///
/// SQLite itself would take a changed byte of a page for what was written. Databases of others
/// pass through the layer untouched.
enum PageChecksums {
    /// The name by which SQLite knows the layer.
    static let layer = FSTORE_PAGE_CHECKSUMS_VFS

    /// Makes the layer known to SQLite.
    ///
    /// - Returns: SQLite's result code.
    static func register() -> CInt { fstore_register_page_checksums() }

    /// Turns checksums on for a database, as long as it is empty.
    static func turnOn(in database: SQLiteDatabase) throws(SQLiteError) {
        var reserved = FSTORE_PAGE_CHECKSUM_BYTES
        let result = unsafe sqlite3_file_control(
            database.connection,
            "main",
            SQLITE_FCNTL_RESERVE_BYTES,
            &reserved
        )
        guard result == SQLITE_OK else { throw database.error(result, sql: "reserve bytes") }
        let pages = try database.prepare("PRAGMA page_count")
        guard try pages.step(), pages.integer(at: 0) == 0 else { return }
        pages.reset()
        let application = FSTORE_PAGE_CHECKSUMS_APPLICATION_ID
        try database.execute("PRAGMA application_id = \(application)")
    }

    /// Refuses a file that has one of the two marks of checksums without the other.
    ///
    /// A file with neither is from before there were checksums, or nobody's of ours.
    static func checkMarks(of database: SQLiteDatabase) throws(SQLiteError) {
        guard let header = database.header() else { return }
        let isReserved = header[20] == UInt8(FSTORE_PAGE_CHECKSUM_BYTES)
        let isMarked = Array(header[68..<72]) == Array("fstr".utf8)
        guard isReserved == isMarked else {
            throw SQLiteError(
                code: .notADatabase,
                message: "\(database.path): the header is damaged: one mark of page checksums is "
                    + "missing"
            )
        }
    }
}

extension SQLiteDatabase {
    /// The first 100 bytes of the file; `nil` when there are fewer.
    ///
    /// They are read through the connection: whoever opens the file by itself, and closes it, gives
    /// back the locks that connections of this process have on it.
    func header() -> [UInt8]? {
        var file: UnsafeMutablePointer<sqlite3_file>?
        let result = unsafe sqlite3_file_control(
            self.connection,
            "main",
            SQLITE_FCNTL_FILE_POINTER,
            &file
        )
        guard result == SQLITE_OK, let file = unsafe file,
            let methods = unsafe file.pointee.pMethods, let read = unsafe methods.pointee.xRead
        else { return nil }
        var header = [UInt8](repeating: 0, count: 100)
        let status = unsafe header.withUnsafeMutableBytes { bytes in
            unsafe read(file, bytes.baseAddress, CInt(bytes.count), 0)
        }
        return status == SQLITE_OK ? header : nil
    }

    /// The release of SQLite that changed the file last, such as 3040001 for 3.40.1; `nil` when it
    /// does not say.
    package func writerVersion() -> Int? {
        guard let header = self.header() else { return nil }
        let version = header[96..<100].reduce(0) { $0 << 8 | Int($1) }
        return version > 0 ? version : nil
    }
}
