import Foundation
import Synchronization

/// Work in numbered pieces that several threads do at a time, and whose results are taken in order.
///
/// The threads run a few pieces ahead of what was taken and no more, and end with the work.
final class OrderedWork<Result: Sendable>: Sendable {
    private struct State {
        var next = 0
        var taken = 0
        /// Results that nobody has taken yet, by the numbers of their pieces.
        var results: [Int: Result] = [:]
        var isStopped = false
    }

    private let count: Int
    private let ahead: Int
    private let state = Mutex(State())
    /// Held for every change of the state, which it announces.
    private let changed = NSCondition()

    private init(count: Int, ahead: Int) {
        self.count = count
        self.ahead = ahead
    }

    /// Does all pieces.
    ///
    /// - Parameters:
    ///   - count: How many pieces there are.
    ///   - threads: How many threads there are at most; with one it is the caller's own.
    ///   - start: Called on each thread; what it gives does one piece after the other.
    ///   - take: Called with each result in order, on the caller's thread.
    /// - Throws: What `take` throws; nothing more is done then.
    static func run<Failure: Error>(
        count: Int,
        threads: Int,
        start: @escaping @Sendable () -> (Int) -> Result,
        take: (Result) throws(Failure) -> Void
    ) throws(Failure) {
        guard threads > 1, count > 1 else {
            let work = start()
            for piece in 0..<count { try take(work(piece)) }
            return
        }
        let shared = OrderedWork(count: count, ahead: threads * 2)
        for _ in 0..<min(threads, count) {
            Thread.detachNewThread {
                let work = start()
                while let piece = shared.claim() {
                    let result = work(piece)
                    shared.wait(until: { _ in true }, then: { $0.results[piece] = result })
                }
            }
        }
        defer { shared.wait(until: { _ in true }, then: { $0.isStopped = true }) }
        for piece in 0..<count {
            let result = shared.wait {
                $0.results[piece] != nil
            } then: { state in
                state.taken = piece + 1
                return state.results.removeValue(forKey: piece)
            }
            if let result { try take(result) }
        }
    }

    /// The number of a piece that nobody does yet; `nil` when there is nothing more to do.
    private func claim() -> Int? {
        let (count, ahead) = (self.count, self.ahead)
        return self.wait {
            $0.isStopped || $0.next == count || $0.next < $0.taken + ahead
        } then: { state in
            guard !state.isStopped, state.next < count else { return nil }
            defer { state.next += 1 }
            return state.next
        }
    }

    /// Changes the state as soon as it is fit for that.
    private func wait<Answer: Sendable>(
        until isReady: (State) -> Bool,
        then change: (inout State) -> Answer
    ) -> Answer {
        self.changed.lock()
        defer { self.changed.unlock() }
        while !self.state.withLock({ isReady($0) }) { self.changed.wait() }
        defer { self.changed.broadcast() }
        return self.state.withLock { change(&$0) }
    }
}
