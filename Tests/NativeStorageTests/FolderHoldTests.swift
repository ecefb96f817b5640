import Foundation
import NativeStorage
import TestSupport
import Testing

@Suite struct FolderHoldTests {
    @Test func aFolderIsHeldUntilItsHolderLetsGo() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("held").path
            do {
                let hold = try FolderHold.make(path)
                #expect(FolderHold(free: path) == nil)
                FolderHold.removeLeftovers(in: directory.path)
                #expect(FileTree.isFolder(path))
                _ = hold
            }
            #expect(FolderHold(free: path) != nil)
            FolderHold.removeLeftovers(in: directory.path)
            #expect(!FileTree.exists(path))
        }
    }

    @Test("A child process that still has the descriptor does not go on holding")
    func copiesOfTheDescriptorHoldNothing() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("held").path
            let file = directory.appendingPathComponent("lock").path
            var copies: [CInt] = []
            defer { for copy in copies { close(copy) } }
            do {
                let hold = try FolderHold.make(path)
                let lock = try FileLock.acquire(path: file)
                copies = [try descriptor(of: path), try descriptor(of: file)].map { dup($0) }
                _ = hold
                _ = consume lock
            }
            #expect(FolderHold(free: path) != nil)
            _ = try FileLock.acquire(path: file)
        }
    }

    /// The descriptor that this process has of a file.
    private func descriptor(of path: String) throws -> CInt {
        let files = FileManager.default
        let name = try #require(
            files.contentsOfDirectory(atPath: "/proc/self/fd").first {
                (try? files.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == path
            }
        )
        return try #require(CInt(name))
    }
}
