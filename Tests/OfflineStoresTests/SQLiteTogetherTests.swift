import FeatureModel
import Foundation
import NativeStorage
import Synchronization
import TestSupport
import Testing

@testable import OfflineStores

@Suite struct SQLiteTogetherTests {
    @Test(
        "Connections that are opened together see one state, whoever writes",
        arguments: ["wal", "delete"]
    )
    func oneState(journal: String) throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("h.db").path
            let database = try SQLiteDatabase(path: path, mode: .readWriteCreate)
            try database.execute("PRAGMA journal_mode = \(journal); CREATE TABLE h (x)")
            let isDone = Mutex(false)
            let written = Mutex(0)
            Thread.detachNewThread {
                guard let writer = try? SQLiteDatabase(path: path, mode: .readWriteCreate) else {
                    return
                }
                while !isDone.withLock({ $0 }) {
                    if (try? writer.execute("INSERT INTO h VALUES (1)")) != nil {
                        written.withLock { $0 += 1 }
                    }
                    // With a rollback journal readers wait for writers, who must let them in.
                    usleep(300)
                }
            }
            defer { isDone.withLock { $0 = true } }
            for _ in 0..<100_000 where written.withLock({ $0 }) == 0 { usleep(100) }
            let source = SQLiteSource(path: path, relation: .table("h"))
            var together = 0
            for _ in 0..<150 {
                let connections = try source.openTogether(3)
                let counts = try connections.map { connection in
                    let statement = try connection.prepare("SELECT count(*) FROM h")
                    #expect(try statement.step())
                    return statement.integer(at: 0)
                }
                #expect(Set(counts).count == 1, "\(counts)")
                if counts.count == 3 { together += 1 }
            }
            #expect(together > 0)
            #expect(written.withLock { $0 } > 10)
        }
    }

    @Test("One connection is enough for nothing and for one")
    func one() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("h.db").path
            try SQLiteDatabase(path: path, mode: .readWriteCreate).execute("CREATE TABLE h (x)")
            let source = SQLiteSource(path: path, relation: .table("h"))
            #expect(try source.openTogether(0).count == 1)
            #expect(try source.openTogether(1).count == 1)
            #expect(try source.openTogether(4).count == 4)
        }
    }
}
