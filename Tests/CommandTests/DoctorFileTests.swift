import Foundation
import Glibc
import NativeStorage
import TestSupport
import Testing

/// `fstore doctor` on files that are damaged, too new, open to others, or left behind: each test
/// makes the defect.
struct DoctorFileTests {
    private let files = FileManager.default

    private func withFleet(
        hasCache: Bool = false,
        _ body: (FleetRepository) throws -> Void
    ) throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            if hasCache {
                try fleet.write(
                    "feature_store.yaml",
                    FleetRepository.configuration.replacingOccurrences(
                        of: "data/offline.db }",
                        with: "data/offline.db, cache: true }"
                    )
                )
            }
            try fleet.prepare("apply", "materialize")
            try body(fleet)
        }
    }

    /// What doctor says, the lines that are not fine.
    private func complaints(
        _ fleet: FleetRepository,
        exitCode: Int32 = 0,
        _ arguments: String...
    ) throws -> String {
        let result = try Program.run(["doctor"] + arguments, in: fleet.directory)
        #expect(result.exitCode == exitCode, "\(result)")
        return result.output.split(separator: "\n").filter { !$0.hasPrefix("ok") }
            .joined(separator: "\n")
    }

    private func change(_ path: String, _ body: (inout Data) throws -> Void) throws {
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        try body(&bytes)
        try bytes.write(to: URL(fileURLWithPath: path))
    }

    @Test
    func `A corrupted table file is found, and --quick leaves that out`() throws {
        try self.withFleet { fleet in
            // A second opening writes the rows into a table file.
            try fleet.prepare("status")
            let online = fleet.directory + "/data/online"
            let table = try #require(
                self.files.contentsOfDirectory(atPath: online).first { $0.hasSuffix(".sst") }
            )
            #expect(try self.complaints(fleet) == "0 problems, 0 warnings")
            try self.change("\(online)/\(table)") { $0[20] ^= 0xFF }
            let found = try self.complaints(fleet, exitCode: 1)
            #expect(found.contains("problem  online store: the online store at"), "\(found)")
            #expect(found.contains("is damaged"), "\(found)")
            #expect(found.contains("fstore restore"), "\(found)")
            let quick = try Program.run(["doctor", "--quick"], in: fleet.directory)
            #expect(!quick.output.contains("all whole"), "\(quick)")
        }
    }

    @Test
    func `A corrupted page of the registry is found`() throws {
        try self.withFleet { fleet in
            try self.change(fleet.directory + "/data/registry.db") { $0[$0.count - 300] ^= 1 }
            let found = try self.complaints(fleet, exitCode: 1)
            #expect(found.contains("problem  registry:"), "\(found)")
            #expect(found.contains("the checksum of a page is wrong"), "\(found)")
        }
    }

    @Test
    func `A clock that is behind the files is found`() throws {
        try self.withFleet { fleet in
            let later = Date(timeIntervalSinceNow: 86_400)
            try self.files.setAttributes(
                [.modificationDate: later],
                ofItemAtPath: fleet.directory + "/data/registry.db"
            )
            let found = try self.complaints(fleet)
            #expect(found.contains("warning  clock: "), "\(found)")
            #expect(found.contains("registry.db is of "), "\(found)")
            #expect(found.contains("later than this machine's clock"), "\(found)")
        }
    }

    @Test
    func `Libraries that are older than the files are found`() throws {
        try self.withFleet { fleet in
            try fleet.prepare("status")
            let registry = fleet.directory + "/data/registry.db"
            try self.change(registry) { bytes in
                // 9.1.2, and the checksum of the page, which has 4,096 bytes.
                bytes.replaceSubrange(96..<100, with: [0, 0x89, 0x58, 0x2A])
                let page = [1, 0, 0, 0] + Array(bytes[..<4088])
                let sum = checksum(page.span)
                for byte in 0..<4 {
                    bytes[4088 + byte] = UInt8(truncatingIfNeeded: sum >> (8 * UInt32(byte)))
                }
            }
            let online = fleet.directory + "/data/online"
            for name in try self.files.contentsOfDirectory(atPath: online)
            where name.hasPrefix("OPTIONS-") {
                let text = try fleet.text("data/online/\(name)")
                try fleet.write(
                    "data/online/\(name)",
                    text.replacingOccurrences(
                        of: #"rocksdb_version=[0-9.]+"#,
                        with: "rocksdb_version=99.1.0",
                        options: .regularExpression
                    )
                )
            }
            let found = try self.complaints(fleet)
            #expect(found.contains("was written by SQLite 9.1.2"), "\(found)")
            #expect(found.contains("was written by RocksDB 99.1.0"), "\(found)")
            #expect(found.contains("and this program runs with"), "\(found)")
        }
    }

    @Test
    func `A newer format is a problem`() throws {
        try self.withFleet { fleet in
            try SQLiteDatabase(
                path: fleet.directory + "/data/registry.db",
                mode: .readWriteCreate
            ).execute("PRAGMA user_version = 9")
            let found = try self.complaints(fleet, exitCode: 1)
            #expect(found.contains("has the format 9"), "\(found)")
            #expect(found.contains("use a newer fstore"), "\(found)")
        }
    }

    @Test
    func `A disk with less room than the next load needs is found`() throws {
        try self.withFleet { fleet in
            // A file of a pebibyte, with nothing in it.
            let path = fleet.directory + "/data/online/large"
            #expect(self.files.createFile(atPath: path, contents: nil))
            guard truncate(path, 1 << 43) == 0 else { return }
            let found = try self.complaints(fleet, "--quick")
            #expect(found.contains("a load that replaces all rows needs as much again"), "\(found)")
        }
    }

    @Test
    func `A source that is gone is a problem, and so is one that cannot be read`() throws {
        try self.withFleet { fleet in
            try self.files.removeItem(atPath: fleet.directory + "/data/stats.csv")
            let gone = try self.complaints(fleet, exitCode: 1)
            #expect(gone.contains("problem  data source stats: there is no file"), "\(gone)")
            try self.files.createDirectory(
                atPath: fleet.directory + "/data/stats.csv",
                withIntermediateDirectories: false
            )
            let folder = try self.complaints(fleet, exitCode: 1)
            #expect(folder.contains("problem  data source stats:"), "\(folder)")
        }
    }

    @Test
    func `Modes that let others in are a problem`() throws {
        try self.withFleet { fleet in
            try fleet.write("data/tokens.json", #"{"version":1,"tokens":[]}"#)
            chmod(fleet.directory + "/data/tokens.json", 0o644)
            let found = try self.complaints(fleet, exitCode: 1)
            #expect(found.contains("problem  tokens: "), "\(found)")
            #expect(found.contains("(mode 644)"), "\(found)")
            chmod(fleet.directory + "/data/tokens.json", 0o600)
            let server = try RunningServer(fleet)
            #expect(try self.complaints(fleet) == "0 problems, 0 warnings")
            chmod(fleet.directory + "/data/online.sock", 0o666)
            let open = try self.complaints(fleet, exitCode: 1)
            #expect(open.contains("problem  server: "), "\(open)")
            #expect(try server.stop().exitCode == 0)
        }
    }

    @Test
    func `What killed processes left is named`() throws {
        try self.withFleet { fleet in
            let server = try RunningServer(fleet)
            server.program.send(SIGKILL)
            _ = try server.program.wait()
            try fleet.write("data/online.load/load-7-rows.sst", "x")
            try fleet.write("data/.online.snapshot/1-1/registry.db", "x")
            try fleet.write("data/registry.db.restoring", "x")
            let found = try self.complaints(fleet, "--quick")
            #expect(found.contains("is left of a server that was killed"), "\(found)")
            #expect(found.contains("1 file in"), "\(found)")
            #expect(found.contains("left of a load that was killed"), "\(found)")
            #expect(found.contains("1 snapshot in"), "\(found)")
            #expect(found.contains("registry.db.restoring are left of a restore"), "\(found)")
        }
    }

    @Test
    func `A cache whose source is gone is named`() throws {
        try self.withFleet(hasCache: true) { fleet in
            #expect(try self.complaints(fleet) == "0 problems, 0 warnings")
            try fleet.write("data/stats.csv", FleetRepository.stats + "\n")
            let changed = try fleet.run("doctor")
            #expect(changed.output.contains("its source has changed since"), "\(changed)")
            #expect(changed.exitCode == 0)
            try self.files.removeItem(atPath: fleet.directory + "/data/stats.csv")
            let gone = try self.complaints(fleet, exitCode: 1)
            #expect(gone.contains("warning  source cache: "), "\(gone)")
            #expect(gone.contains("its source is gone"), "\(gone)")
        }
    }

    @Test
    func `A server of another release that goes by an older registry is found`() throws {
        try self.withFleet { fleet in
            let status = try fleet.run("status", "--json").output
                .replacingOccurrences(
                    of: #""registry_version" : 1"#,
                    with: #""registry_version" : 0"#
                )
            let socket = fleet.directory + "/data/online.sock"
            let server = try FakeServer(socket: socket, body: status)
            let lock = try FileLock.acquire(
                path: fleet.directory + "/data/online.lock",
                holder: FileLockHolder(
                    processID: getpid(),
                    command: "fstore serve",
                    lines: ["serving http://127.0.0.1:1", "socket \(socket)", "version 0.0.9"]
                )
            )
            let found = try self.complaints(fleet)
            #expect(found.contains("warning  server: it is fstore 0.0.9, and this is"), "\(found)")
            #expect(
                found.contains("it goes by version 0 of the registry, which is at 1"),
                "\(found)"
            )
            _ = consume lock
            server.stop()
        }
    }
}

/// A server that answers each request over a Unix-domain socket with the same body.
private final class FakeServer: Sendable {
    private let listener: Int32

    init(socket path: String, body: String) throws {
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, size) }
        }
        guard bound == 0, listen(listener, 8) == 0 else {
            throw ProgramFailure(description: "no socket at \(path)")
        }
        chmod(path, 0o600)
        self.listener = listener
        let answer = Array(
            ("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: \(body.utf8.count)\r\n\r\n"
                + body).utf8
        )
        Thread.detachNewThread {
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                var buffer = [UInt8](repeating: 0, count: 4096)
                _ = recv(connection, &buffer, buffer.count, 0)
                _ = send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
                close(connection)
            }
        }
    }

    func stop() {
        shutdown(self.listener, Int32(SHUT_RDWR))
        close(self.listener)
    }
}
