import Foundation
import Synchronization

/// One piece of work on a thread of its own.
final class BackgroundWork<Success: Sendable>: Sendable {
    private typealias Outcome = Result<Success, OnlineStoreError>

    private let outcome = Mutex<Outcome?>(nil)
    /// Held for the change of the outcome, which it announces.
    private let changed = NSCondition()

    /// Starts the work.
    ///
    /// - Parameters:
    ///   - input: What it is given, and lets go before ``wait()`` returns.
    ///   - work: Called on the thread.
    init<Input: Sendable>(
        _ input: Input,
        _ work: @escaping @Sendable (Input) throws(OnlineStoreError) -> Success
    ) {
        let input = TakenOnce(input)
        Thread.detachNewThread {
            let outcome = Result { () throws(OnlineStoreError) in try work(input.take()) }
            self.changed.lock()
            self.outcome.withLock { $0 = outcome }
            self.changed.broadcast()
            self.changed.unlock()
        }
    }

    /// Waits for the end of the work, and gives what it gave.
    func wait() throws(OnlineStoreError) -> Success {
        self.changed.lock()
        defer { self.changed.unlock() }
        while true {
            if let outcome = self.outcome.withLock({ $0 }) { return try outcome.get() }
            self.changed.wait()
        }
    }
}

/// A value that only one other has.
private final class TakenOnce<Value: Sendable>: Sendable {
    private let value: Mutex<Value?>

    init(_ value: Value) {
        self.value = Mutex(value)
    }

    func take() -> Value {
        guard let value = self.value.withLock({ $0.take() }) else {
            preconditionFailure("it is taken once")
        }
        return value
    }
}

/// Does several pieces of work on several threads.
///
/// - Parameters:
///   - count: How many pieces there are.
///   - threads: How many threads there are; one is the caller's.
///   - work: Does the piece of that index. After a failure no new piece is begun.
/// - Returns: What the pieces gave, in their order.
/// - Throws: The failure of the first piece that failed.
func inParallel<Success: Sendable>(
    count: Int,
    threads: Int,
    _ work: @escaping @Sendable (Int) throws(OnlineStoreError) -> Success
) throws(OnlineStoreError) -> [Success] {
    let next = SharedIndex(count: count)
    let loop = { @Sendable () throws(OnlineStoreError) -> [(Int, Success)] in
        var results: [(Int, Success)] = []
        while let index = next.take() {
            do throws(OnlineStoreError) {
                results.append((index, try work(index)))
            } catch {
                next.stop()
                throw error
            }
        }
        return results
    }
    let others = (1..<max(threads, 1)).map { _ in
        BackgroundWork(()) { (_: Void) throws(OnlineStoreError) in try loop() }
    }
    var results: [(Int, Success)] = []
    var failure: OnlineStoreError?
    // All are waited for, also after a failure: nobody works on when this has returned.
    do throws(OnlineStoreError) {
        results += try loop()
    } catch {
        failure = error
    }
    for other in others {
        do throws(OnlineStoreError) {
            results += try other.wait()
        } catch {
            failure = failure ?? error
        }
    }
    if let failure { throw failure }
    return results.sorted { $0.0 < $1.0 }.map(\.1)
}

/// Gives each index to one of several threads.
private final class SharedIndex: Sendable {
    private let next = Atomic(0)
    private let count: Int

    init(count: Int) {
        self.count = count
    }

    func take() -> Int? {
        let index = self.next.add(1, ordering: .relaxed).oldValue
        return index < self.count ? index : nil
    }

    /// Nothing more is given.
    func stop() {
        self.next.store(self.count, ordering: .relaxed)
    }
}
