import Foundation
import Glibc
import NativeStorage
import Synchronization
import TestSupport
import Testing

@Suite struct AppendedFileTests {
    @Test func `Lines from many threads and over many files are whole, and none is lost`() throws {
        try withTemporaryDirectory { directory in
            let path = directory.path + "/new/folder/log"
            let failures = Mutex<[String]>([])
            DispatchQueue.concurrentPerform(iterations: 8) { thread in
                // Each has its own, as processes have.
                let file = AppendedFile(path: path, maximumBytes: 1_000)
                for number in 0..<100 {
                    do {
                        try file.append(Array("\(thread) \(number) ........\n".utf8))
                    } catch {
                        failures.withLock { $0.append("\(error)") }
                    }
                }
            }
            #expect(failures.withLock { $0 } == [])
            var lines: [Substring] = []
            let folder = directory.appendingPathComponent("new/folder")
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            for name in names {
                let text = try String(
                    contentsOf: folder.appendingPathComponent(name),
                    encoding: .utf8
                )
                #expect(text.utf8.count <= 1_000)
                #expect(text.hasSuffix("\n"))
                lines += text.split(separator: "\n")
            }
            #expect(names.count > 10)
            #expect(lines.count == 800)
            #expect(Set(lines).count == 800)
            #expect(lines.allSatisfy { $0.hasSuffix(" ........") })
        }
    }

    @Test func `The file is its owner's alone`() throws {
        try withTemporaryDirectory { directory in
            let path = directory.path + "/log"
            try AppendedFile(path: path, maximumBytes: 10).check()
            var status = stat()
            #expect(stat(path, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
        }
    }

    @Test func `A line that does not fit on the disk leaves nothing of itself`() throws {
        try withTemporaryDirectory { directory in
            let file = AppendedFile(path: directory.path, maximumBytes: 10)
            #expect(throws: FileError.self) { try file.check() }
            let full = AppendedFile(path: "/dev/full", maximumBytes: 1 << 20)
            #expect(throws: FileError.self) { try full.append(Array("a line\n".utf8)) }
        }
    }
}
