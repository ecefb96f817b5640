import Foundation
import NativeStorage
import Synchronization

/// Finds the stamp of a source's files while they are read: of exactly what is read, or none.
final class SourceWatch: Sendable {
    private let paths: [String]
    private let stamps: [FileStamp]
    /// When the watch began.
    private let began = FileStamp.now
    private let outcome: Mutex<Result<SourceStamp, CacheProblem>?> = Mutex(nil)
    private let done = DispatchSemaphore(value: 0)

    /// Begins to watch; reading may begin then.
    ///
    /// The files are hashed on a thread of their own. Those that could change without getting
    /// another time are hashed before anything of them is read, and once more after it.
    ///
    /// - Parameters:
    ///   - paths: The files.
    ///   - stamps: How they are.
    ///   - known: Their stamp, when it was just found.
    init(paths: [String], stamps: [FileStamp], known: SourceStamp? = nil) {
        self.paths = paths
        self.stamps = stamps
        if known != nil || self.isAnyYoung {
            let result = known.map { .success($0) } ?? self.hashed
            self.outcome.withLock { $0 = result }
            self.done.signal()
        } else {
            Thread.detachNewThread {
                let result = self.hashed
                self.outcome.withLock { $0 = result }
                self.done.signal()
            }
        }
    }

    /// The stamp, when all has been read; called once.
    ///
    /// - Throws: When the files may have changed since the watch began, or cannot be read.
    func stamp() throws(CacheProblem) -> SourceStamp {
        self.done.wait()
        guard let result = self.outcome.withLock({ $0 }) else {
            preconditionFailure("the result is there before the signal")
        }
        let stamp = try result.get()
        if self.isAnyYoung {
            let again = try self.hashed.get()
            guard again.files == stamp.files else { throw Self.isBeingWritten }
        }
        guard SourceStamp.stamps(of: self.paths) == self.stamps else { throw Self.isBeingWritten }
        return stamp
    }

    private static let isBeingWritten = CacheProblem("the source is being written")

    private var isAnyYoung: Bool {
        self.stamps.contains { SourceStamp.isYoung($0, at: self.began) }
    }

    private var hashed: Result<SourceStamp, CacheProblem> {
        Result { () throws(CacheProblem) in
            try SourceStamp(paths: self.paths, stamps: self.stamps, checked: self.began)
        }
    }
}
