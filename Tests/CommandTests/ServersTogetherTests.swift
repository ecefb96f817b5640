import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import fstore

/// A server that listens or fails at once, and notes what becomes of it.
private final class FakeServer: Service {
    struct Failure: Error, Equatable {
        let name: String
    }

    private let name: String
    private let fails: Bool
    private let onListening: @Sendable () -> Void
    private let notes: Notes

    init(
        _ name: String,
        fails: Bool = false,
        notes: Notes,
        onListening: @escaping @Sendable () -> Void = {}
    ) {
        self.name = name
        self.fails = fails
        self.notes = notes
        self.onListening = onListening
    }

    func run() async throws {
        self.notes.add("\(self.name) runs")
        if self.fails { throw Failure(name: self.name) }
        self.onListening()
        do {
            try await gracefulShutdown()
            self.notes.add("\(self.name) is shut down")
        } catch {
            self.notes.add("\(self.name) is cancelled")
        }
    }
}

/// What happened, in order.
private final class Notes: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { self.lines.withLock { $0 } }

    func add(_ line: String) { self.lines.withLock { $0.append(line) } }
}

@Suite("Two servers as one")
struct ServersTogetherTests {
    /// Runs two servers, and shuts them down when the second one listens.
    private func run(
        failing: String? = nil
    ) async -> (notes: [String], error: FakeServer.Failure?) {
        let notes = Notes()
        let signal = ServersTogether.Signal()
        let (listening, continuation) = AsyncStream.makeStream(of: Void.self)
        let servers = ServersTogether(
            first: FakeServer("first", fails: failing == "first", notes: notes) { signal.send() },
            isListening: signal,
            second: FakeServer("second", fails: failing == "second", notes: notes) {
                continuation.finish()
            }
        )
        let group = ServiceGroup(
            services: [servers],
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let running = Task {
            defer { continuation.finish() }
            try await group.run()
        }
        for await _ in listening {}
        if failing == nil { await group.triggerGracefulShutdown() }
        do {
            try await running.value
            return (notes.all, nil)
        } catch {
            return (notes.all, error as? FakeServer.Failure)
        }
    }

    @Test("The second begins when the first listens, and a shutdown ends both")
    func shutdown() async {
        let (notes, error) = await self.run()
        #expect(error == nil)
        #expect(notes.prefix(2) == ["first runs", "second runs"])
        #expect(Set(notes.dropFirst(2)) == ["first is shut down", "second is shut down"])
    }

    @Test("One that cannot listen ends the other, and says why")
    func failures() async {
        let ofFirst = await self.run(failing: "first")
        #expect(ofFirst.notes == ["first runs"])
        #expect(ofFirst.error == .init(name: "first"))
        let ofSecond = await self.run(failing: "second")
        #expect(ofSecond.notes == ["first runs", "second runs", "first is cancelled"])
        #expect(ofSecond.error == .init(name: "second"))
    }
}
