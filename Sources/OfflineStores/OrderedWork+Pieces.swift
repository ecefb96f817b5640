import Foundation

extension OrderedWork where Job == Int {
    /// Does numbered pieces of work on several threads, a few ahead of what was taken, and gives
    /// their results in order.
    ///
    /// - Parameters:
    ///   - count: How many pieces there are.
    ///   - threads: How many threads there are at most; with one it is the caller's own.
    ///   - start: Called on each thread; what it gives does one piece after the other.
    ///   - take: Called with each result in order, on the caller's thread.
    /// - Throws: What `take` throws; nothing more is begun then.
    static func run<Failure: Error>(
        count: Int,
        threads: Int,
        start: @escaping @Sendable () -> (Int) -> Result,
        take: (Result) throws(Failure) -> Void
    ) throws(Failure) {
        let threads = min(threads, count)
        guard threads > 1 else {
            let work = start()
            for piece in 0..<count { try take(work(piece)) }
            return
        }
        let shared = OrderedWork(threadCount: threads)
        defer { shared.finish() }
        for _ in 0..<threads {
            Thread.detachNewThread {
                let work = start()
                while let (number, piece) = shared.takeJob() {
                    shared.put(work(piece), of: number)
                }
                shared.leave()
            }
        }
        for piece in 0..<count {
            shared.submit(piece)
            if shared.isFull { try take(shared.nextResult()) }
        }
        while shared.hasResults { try take(shared.nextResult()) }
    }
}
