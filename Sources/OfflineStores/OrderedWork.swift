import Foundation
import Synchronization

/// Jobs on their way to some threads, and what these made of them on its way back, in the order of
/// the jobs.
///
/// One thread submits jobs and takes their results. Others take jobs, until there are no more, and
/// put the results.
final class OrderedWork<Job: Sendable, Result: Sendable>: Sendable {
    private struct State {
        /// Jobs that no thread has taken yet.
        var waiting: [(number: Int, job: Job)] = []
        /// Results that nobody has taken yet, by the numbers of their jobs.
        var results: [Int: Result] = [:]
        var submitted = 0
        var taken = 0
        var running: Int
        var isFinished = false
    }

    private let threadCount: Int
    private let state: Mutex<State>
    /// Held for every change of the state, which it announces.
    private let changed = NSCondition()

    /// Work for as many threads, which all call ``leave()`` in the end.
    init(threadCount: Int) {
        self.threadCount = threadCount
        self.state = Mutex(State(running: threadCount))
    }

    /// Whether there are results to take, now or later.
    var hasResults: Bool { self.state.withLock { $0.submitted > $0.taken } }

    /// Whether results should be taken before the next job is submitted: every thread has a job,
    /// and another waits.
    var isFull: Bool { self.state.withLock { $0.submitted - $0.taken > self.threadCount } }

    /// Adds a job.
    func submit(_ job: Job) {
        self.wait {
            $0.waiting.append(($0.submitted, job))
            $0.submitted += 1
        }
    }

    /// Waits for the result of the job that was submitted first of those that are left; there must
    /// be one.
    func nextResult() -> Result {
        let result = self.wait(
            until: { $0.results[$0.taken] != nil },
            then: { state in
                defer { state.taken += 1 }
                return state.results.removeValue(forKey: state.taken)
            }
        )
        guard let result else { preconditionFailure("it is there by the condition") }
        return result
    }

    /// Says that there are no more jobs, and drops those that no thread has taken.
    func finish() {
        self.wait {
            $0.waiting = []
            $0.isFinished = true
        }
    }

    /// Waits until all threads have left, after ``finish()``.
    func waitForThreads() {
        self.wait(until: { $0.running == 0 }, then: { _ in })
    }

    /// Waits for a job; `nil` when there are no more.
    func takeJob() -> (number: Int, job: Job)? {
        self.wait(
            until: { !$0.waiting.isEmpty || $0.isFinished },
            then: { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }
        )
    }

    /// Adds the result of a job.
    func put(_ result: Result, of number: Int) {
        self.wait { $0.results[number] = result }
    }

    /// Says that a thread takes no more jobs.
    func leave() {
        self.wait { $0.running -= 1 }
    }

    /// Changes the state as soon as it is fit for that.
    private func wait<Value: Sendable>(
        until isReady: (State) -> Bool = { _ in true },
        then change: (inout State) -> Value
    ) -> Value {
        self.changed.lock()
        defer { self.changed.unlock() }
        while !self.state.withLock({ isReady($0) }) {
            self.changed.wait()
        }
        defer { self.changed.broadcast() }
        return self.state.withLock { change(&$0) }
    }
}
