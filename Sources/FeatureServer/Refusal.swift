import Synchronization

/// Why the server refuses a request or a connection before it does what is asked.
public enum Refusal: String, Sendable, CaseIterable {
    /// The body is too large: 413.
    case body
    /// The head is too large: 431.
    case head
    /// The bytes are no HTTP: 400.
    case malformed
    /// The request did not come in time: 408.
    case slow
    /// Too many rows, features or values: 400 or 413.
    case size
    /// On-demand features that were not computed in time: 400.
    case time
    /// As many connections are open as may be: 503, or a closed connection.
    case connections
    /// As many requests of the kind are at work as may be, or one waited too long: 503.
    case busy
    /// No token that counts: 401.
    case unauthorized
    /// A token that does not allow it: 403.
    case forbidden
    /// No TLS that can be agreed on, or no certificate that counts: a closed connection.
    case handshake
}

/// How often the server refused something, by reason.
///
/// Refusals are rare, or the server is under attack; so one lock is enough.
public final class RefusalCounts: Sendable {
    private let counts = Mutex<[Refusal: Int]>([:])

    /// Counts from zero.
    public init() {}

    /// The numbers so far, with zeros.
    public var all: [Refusal: Int] {
        let counts = self.counts.withLock { $0 }
        return Dictionary(uniqueKeysWithValues: Refusal.allCases.map { ($0, counts[$0] ?? 0) })
    }

    func add(_ refusal: Refusal) {
        self.counts.withLock { $0[refusal, default: 0] += 1 }
    }
}
