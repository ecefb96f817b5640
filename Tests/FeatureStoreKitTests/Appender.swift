import Foundation
import Synchronization

/// Somebody who is at some files: their times are others again and again.
final class Appender: Sendable {
    private let isDone = Atomic(false)
    private let ended = DispatchSemaphore(value: 0)

    init(_ paths: [String]) {
        Thread.detachNewThread {
            while !self.isDone.load(ordering: .relaxed) {
                for path in paths { utimes(path, nil) }
                usleep(5000)
            }
            self.ended.signal()
        }
    }

    func stop() {
        self.isDone.store(true, ordering: .relaxed)
        self.ended.wait()
    }
}
