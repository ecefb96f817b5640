import ServiceLifecycle

/// Two servers as one: the second begins when the first one listens, and both end together.
///
/// A group of services would end them one after the other, and the time that a shutdown may take
/// would count twice.
struct ServersTogether: Service, CustomStringConvertible {
    /// Says when a server listens.
    struct Signal: Sendable {
        fileprivate let stream: AsyncStream<Void>
        private let continuation: AsyncStream<Void>.Continuation

        init() {
            (self.stream, self.continuation) = AsyncStream.makeStream(of: Void.self)
        }

        /// The server listens.
        func send() {
            self.continuation.yield()
            self.continuation.finish()
        }

        /// The server has ended, perhaps without ever having listened.
        fileprivate func end() { self.continuation.finish() }
    }

    let first: any Service
    /// Sent when the first one listens.
    let isListening: Signal
    let second: any Service

    /// What the log calls them.
    var description: String { "the servers" }

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { self.isListening.end() }
                try await self.first.run()
            }
            for await _ in self.isListening.stream {
                group.addTask { try await self.second.run() }
            }
            // An error of one ends the other as well.
            while try await group.next() != nil {}
        }
    }
}
