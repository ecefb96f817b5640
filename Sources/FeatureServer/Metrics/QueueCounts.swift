import NIOCore
import NIOPosix
import Synchronization

/// How many requests of a kind wait for a thread, and how many have one.
final class QueueCounts: Sendable {
    /// What the requests are: `reads`.
    let name: String
    private let pool: NIOThreadPool
    private let waitingCount = Atomic<Int>(0)
    private let runningCount = Atomic<Int>(0)

    init(_ name: String, pool: NIOThreadPool) {
        self.name = name
        self.pool = pool
    }

    var waiting: Int { self.waitingCount.load(ordering: .relaxed) }
    var running: Int { self.runningCount.load(ordering: .relaxed) }

    /// Whether it counts the requests on these threads.
    func counts(_ pool: NIOThreadPool) -> Bool { self.pool === pool }

    /// A request has come.
    func enter() { self.waitingCount.wrappingAdd(1, ordering: .relaxed) }

    /// A request goes without having had a thread.
    func leave() { self.waitingCount.wrappingSubtract(1, ordering: .relaxed) }

    /// Does the work of a request that has a thread now.
    func run(_ work: () -> HTTPAnswer) -> HTTPAnswer {
        self.leave()
        self.runningCount.wrappingAdd(1, ordering: .relaxed)
        defer { self.runningCount.wrappingSubtract(1, ordering: .relaxed) }
        return work()
    }
}
