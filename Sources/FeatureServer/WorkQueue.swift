import NIOCore
import NIOPosix
import Synchronization

/// The requests of one kind that are at work on threads, or wait for one.
final class WorkQueue: Sendable {
    private let pool: NIOThreadPool
    private let maximumCount: Int
    private let maximumWait: TimeAmount?
    private let full: HTTPAnswer
    private let count = Atomic<Int>(0)
    private let startedCount = Atomic<Int>(0)

    /// - Parameters:
    ///   - pool: The threads.
    ///   - maximumCount: How many there may be.
    ///   - maximumWait: How long one may wait for a thread; `nil` for any time.
    ///   - full: What one more is answered.
    init(
        on pool: NIOThreadPool,
        maximumCount: Int,
        maximumWait: TimeAmount? = nil,
        full: HTTPAnswer
    ) {
        self.pool = pool
        self.maximumCount = maximumCount
        self.maximumWait = maximumWait
        self.full = full
    }

    /// Whether no thread works on a request, and none waits.
    var isIdle: Bool { self.count.load(ordering: .acquiring) == 0 }

    /// How many are on a thread.
    var running: Int { self.startedCount.load(ordering: .relaxed) }

    /// How many wait for one.
    var waiting: Int { max(0, self.count.load(ordering: .relaxed) - self.running) }

    /// Takes a request in, unless there are too many.
    func outcome(_ work: @escaping @Sendable () -> HTTPAnswer) -> RequestHandler.Outcome {
        self.decided { .answer(work()) }
    }

    /// Takes a request in, unless there are too many; what is to be done is known on the thread.
    func decided(
        by work: @escaping @Sendable () -> RequestHandler.Outcome
    ) -> RequestHandler.Outcome {
        let count = self.count.wrappingAdd(1, ordering: .relaxed).newValue
        guard count <= self.maximumCount else {
            self.count.wrappingSubtract(1, ordering: .relaxed)
            return .answer(self.full)
        }
        let deadline = self.maximumWait.map { NIODeadline.now() + $0 }
        return .work(self.pool) {
            self.startedCount.wrappingAdd(1, ordering: .relaxed)
            defer {
                self.startedCount.wrappingSubtract(1, ordering: .relaxed)
                self.count.wrappingSubtract(1, ordering: .releasing)
            }
            if let deadline, deadline < .now() {
                return .answer(
                    .busy("The server is too busy: the request waited too long for a thread.")
                )
            }
            return work()
        }
    }
}
