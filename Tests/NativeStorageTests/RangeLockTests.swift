import Foundation
import Glibc
import NativeStorage
import Synchronization
import TestSupport
import Testing

@Suite struct RangeLockTests {
    @Test func `Readers of one byte do not wait for each other, and a writer waits for them alone`()
        throws
    {
        try withTemporaryDirectory { directory in
            let path = directory.path + "/lock"
            let first = try RangeLock(path: path)
            let second = try RangeLock(path: path)
            let areShared = try (first.share(5..<6), second.share(5..<6))
            #expect(areShared == (true, true))
            let writer = try RangeLock(path: path)
            // What was before and what comes after is free.
            let areFree = try (
                writer.take(0..<5, waits: false), writer.take(6..<9, waits: false)
            )
            #expect(areFree == (true, true))
            let isTaken = try writer.take(0..<6, waits: false)
            #expect(!isTaken)
            // A reader that comes later has another byte, which the writer may hold.
            let isSharedWithWriter = try second.share(7..<8)
            #expect(!isSharedWithWriter)
        }
    }

    @Test func `A holder that goes away lets a writer in`() throws {
        try withTemporaryDirectory { directory in
            let path = directory.path + "/lock"
            let isIn = Atomic<Bool>(false)
            let done = DispatchSemaphore(value: 0)
            try withExtendedLifetime(Holder(path)) {
                Thread.detachNewThread {
                    let writer = try? Holder(path, takes: true)
                    isIn.store(writer != nil, ordering: .sequentiallyConsistent)
                    done.signal()
                }
                usleep(50_000)
                let isEarly = isIn.load(ordering: .sequentiallyConsistent)
                #expect(!isEarly)
            }
            #expect(done.wait(timeout: .now() + 20) == .success)
            let isInAtLast = isIn.load(ordering: .sequentiallyConsistent)
            #expect(isInAtLast)
        }
    }
}

/// Holds a byte as long as it lives.
private final class Holder: Sendable {
    private let lock: RangeLock

    init(_ path: String, takes: Bool = false) throws {
        let lock = try RangeLock(path: path)
        let isHeld = try takes ? lock.take(0..<1, waits: true) : lock.share(0..<1)
        precondition(isHeld, "the byte was to be had")
        self.lock = lock
    }
}
