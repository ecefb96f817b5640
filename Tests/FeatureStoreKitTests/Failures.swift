import Synchronization

/// What went wrong on the threads of a test.
final class Failures: Sendable {
    private let messages = Mutex<[String]>([])

    func add(_ message: String) {
        self.messages.withLock { $0.append(message) }
    }

    var all: [String] { self.messages.withLock { $0 } }
}
