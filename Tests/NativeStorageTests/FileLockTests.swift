import Foundation
import NativeStorage
import Synchronization
import TestSupport
import Testing

@Suite struct FileLockTests {
    @Test func aSecondHolderIsToldWhoTheFirstIs() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("lock").path
            let first = try FileLock.acquire(
                path: path,
                holder: FileLockHolder(
                    processID: 4711,
                    command: "serve\n now",
                    lines: ["a", "b c"]
                )
            )
            do throws(FileLockError) {
                _ = try FileLock.acquire(path: path)
                Issue.record("the lock was taken twice")
            } catch {
                #expect(error.holder?.processID == 4711)
                #expect(error.holder?.command == "serve  now")
                #expect(error.holder?.lines == ["a", "b c"])
                #expect("\(error)".contains("4711"))
            }
            let seen = try #require(FileLock.holder(ofLockAt: path))
            #expect(seen.isAlive)
            #expect(seen.holder.lines == ["a", "b c"])

            try first.describe(FileLockHolder(processID: 1, command: "x"))
            #expect(
                FileLock.holder(ofLockAt: path)?.holder
                    == FileLockHolder(processID: 1, command: "x")
            )
        }
    }

    @Test func aReleasedLockCanBeTakenAgain() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("lock").path
            do {
                _ = try FileLock.acquire(path: path)
            }
            #expect(FileLock.holder(ofLockAt: path) == nil)
            let again = try FileLock.acquire(path: path)
            #expect(FileLock.holder(ofLockAt: path)?.holder == .thisProcess())
            _ = again
        }
    }

    @Test func aHolderThatDiedDoesNotBlock() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("lock").path
            try "pid 99999999\ncommand gone\n".write(
                toFile: path,
                atomically: true,
                encoding: .utf8
            )
            let seen = try #require(FileLock.holder(ofLockAt: path))
            #expect(!seen.isAlive)
            #expect(seen.holder.command == "gone")
            let lock = try FileLock.acquire(path: path)
            #expect(FileLock.holder(ofLockAt: path)?.isAlive == true)
            _ = lock
        }
    }

    @Test("Who took the lock after a dead process is waited for before it has said its name")
    func theDeadAreNotTakenForHolders() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("lock").path
            let lock = try FileLock.acquire(path: path)
            try lock.describe(FileLockHolder(processID: 99_999_999, command: "gone"))
            async let second = Task.detached {
                let wait = LockWait(timeout: .seconds(60)) { $0.command != "gone" }
                return Result { _ = try FileLock.acquire(path: path, wait: wait) }
            }.value
            try await Task.sleep(for: .milliseconds(50))
            _ = consume lock
            try await second.get()
        }
    }

    @Test func whatIsSaidOfTheHolderIsNeverReadHalf() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("lock").path
            let names = [
                FileLockHolder(processID: 1, command: "short"),
                FileLockHolder(
                    processID: 2,
                    command: String(repeating: "long", count: 100),
                    lines: ["serving x", "socket y"]
                ),
            ]
            let lock = try FileLock.acquire(path: path, holder: names[1])
            let isDone = Atomic(false)
            async let seen = Task.detached {
                var seen: Set<FileLockHolder?> = []
                while !isDone.load(ordering: .relaxed) {
                    seen.insert(FileLock.holder(ofLockAt: path)?.holder)
                }
                return seen
            }.value
            for number in 0..<20_000 { try lock.describe(names[number % 2]) }
            isDone.store(true, ordering: .relaxed)
            #expect(await seen.isSubset(of: names))
        }
    }

    @Test func anUnusablePathSaysWhy() {
        #expect(throws: FileLockError.self) {
            _ = try FileLock.acquire(path: "/nowhere/at/all/lock")
        }
        #expect(FileLock.holder(ofLockAt: "/nowhere/at/all/lock") == nil)
    }
}
