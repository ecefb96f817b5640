import Foundation
import NativeStorage
import TestSupport
import Testing

/// The checksums in the pages of fstore's own SQLite databases.
struct PageChecksumTests {
    private static let rows = 300

    private func fill(_ path: String, keepsPageChecksums: Bool) throws {
        let database = try SQLiteDatabase(
            path: path,
            mode: .readWriteCreate,
            keepsPageChecksums: keepsPageChecksums
        )
        try database.execute("PRAGMA journal_mode = WAL; CREATE TABLE t (a INTEGER PRIMARY KEY, b)")
        try database.execute("CREATE INDEX t_b ON t (b)")
        let insert = try database.prepare("INSERT INTO t VALUES (?, ?)")
        for row in 0..<Self.rows {
            try insert.bind(Int64(row), at: 1)
            try insert.bind(String(repeating: "\(row) ", count: row % 50), at: 2)
            try insert.run()
        }
        try database.execute("UPDATE t SET b = b || 'x' WHERE a % 3 = 0")
    }

    private func content(_ path: String, mode: SQLiteDatabase.Mode = .readOnly) throws -> String {
        let database = try SQLiteDatabase(path: path, mode: mode, keepsPageChecksums: true)
        var text = ""
        for query in ["SELECT a, b FROM t ORDER BY a", "SELECT a, b FROM t ORDER BY b, a"] {
            let statement = try database.prepare(query)
            while try statement.step() {
                text += "\(statement.integer(at: 0)) \(statement.text(at: 1) ?? "null")\n"
            }
        }
        return text
    }

    @Test("A database with a changed byte gives an error or the right rows, never others")
    func changedBytesAreFound() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("a.db").path
            try self.fill(path, keepsPageChecksums: true)
            let right = try self.content(path)
            let whole = try Data(contentsOf: URL(fileURLWithPath: path))
            let copy = directory.appendingPathComponent("b.db")
            var generator = SeededGenerator(seed: 1)
            var errors = 0
            // The header of the file byte by byte, the rest by chance.
            let places =
                Array(0..<100)
                + (0..<300).map { _ in
                    Int.random(in: whole.indices, using: &generator)
                }
            for place in places {
                var damaged = whole
                damaged[place] ^= 1 << UInt8.random(in: 0...7, using: &generator)
                try damaged.write(to: copy)
                do {
                    let found = try self.content(copy.path)
                    #expect(found == right, "byte \(place)")
                } catch {
                    errors += 1
                }
            }
            #expect(errors > places.count * 9 / 10)
        }
    }

    @Test("A copy has the rows and the checksums, and opening it makes no other files")
    func copies() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("a.db").path
            try self.fill(path, keepsPageChecksums: true)
            let source = try SQLiteDatabase(path: path, mode: .readOnly, keepsPageChecksums: true)
            try source.holdState()
            // Others write meanwhile; the copy is of before.
            let writer = try SQLiteDatabase(path: path, mode: .readWriteCreate)
            try writer.execute("DELETE FROM t WHERE a > 10")
            let copy = directory.appendingPathComponent("folder/copy.db")
            try FileManager.default.createDirectory(
                at: copy.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try source.copy(to: copy.path)
            #expect(try self.content(copy.path).split(separator: "\n").count == 2 * Self.rows)
            let names = try FileManager.default.contentsOfDirectory(
                atPath: copy.deletingLastPathComponent().path
            )
            #expect(names == ["copy.db"])
            var damaged = try Data(contentsOf: copy)
            damaged[damaged.count - 100] ^= 1
            try damaged.write(to: copy)
            let broken = try SQLiteDatabase(
                path: copy.path,
                mode: .readOnly,
                keepsPageChecksums: true
            )
            let error = #expect(throws: SQLiteError.self) { try broken.integrityProblems() }
            #expect(error?.code == .notADatabase)
            #expect(error?.message.contains("the checksum of a page is wrong") == true)
        }
    }

    @Test("A database of others is read and written as it is")
    func othersPassThrough() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("a.db").path
            try self.fill(path, keepsPageChecksums: false)
            let header = try Data(contentsOf: URL(fileURLWithPath: path)).prefix(100)
            #expect(header[20] == 0)
            #expect(try self.content(path).split(separator: "\n").count == 2 * Self.rows)
            // One that was there before stays without checksums.
            let database = try SQLiteDatabase(
                path: path,
                mode: .readWriteCreate,
                keepsPageChecksums: true
            )
            try database.execute("INSERT INTO t VALUES (1000, 'y')")
            #expect(try self.content(path).contains("1000 y"))
        }
    }
}
