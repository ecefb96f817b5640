import Foundation
import Glibc
import NativeStorage
import TestSupport
import Testing

@Suite struct BusyDatabaseTests {
    @Test func `Who waits too long for a database is told who has it, and not that it is locked`()
        throws
    {
        try withTemporaryDirectory { directory in
            let path = directory.path + "/a.db"
            let holder = try SQLiteDatabase(path: path, mode: .readWriteCreate)
            try holder.useWriteAheadLog()
            try holder.execute("CREATE TABLE t (a); BEGIN IMMEDIATE; INSERT INTO t VALUES (1)")
            let other = try SQLiteDatabase(path: path, mode: .readWriteCreate)
            try other.execute("PRAGMA busy_timeout = 50")
            do throws(SQLiteError) {
                try other.execute("BEGIN IMMEDIATE")
                Issue.record("two write at once")
            } catch {
                #expect(error.code == .busy)
                #expect(!error.message.contains("locked"), "\(error.message)")
                #expect(error.message.contains("this process"), "\(error.message)")
            }
            try holder.execute("COMMIT")
            try other.execute("BEGIN IMMEDIATE; COMMIT")
        }
    }

    @Test func `After a purge no byte of what was deleted is left`() throws {
        try withTemporaryDirectory { directory in
            let path = directory.path + "/a.db"
            let database = try SQLiteDatabase(path: path, mode: .readWriteCreate)
            try database.useWriteAheadLog()
            try database.execute("CREATE TABLE t (a TEXT PRIMARY KEY) WITHOUT ROWID")
            for number in 0..<500 {
                try database.execute("INSERT INTO t VALUES ('secret-\(number)-text')")
            }
            try database.execute("DELETE FROM t WHERE a > 'secret-2'")
            try database.execute("DELETE FROM t WHERE a LIKE 'secret-1%'")
            try database.purge()
            for name in ["a.db", "a.db-wal"] {
                let file = directory.appendingPathComponent(name)
                let bytes = (try? Data(contentsOf: file)) ?? Data()
                let text = String(decoding: bytes, as: UTF8.self)
                #expect(!text.contains("secret-1"), "\(name)")
                #expect(!text.contains("secret-3"), "\(name)")
            }
        }
    }
}
