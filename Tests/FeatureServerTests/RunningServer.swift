import FeatureServer
import Logging
import ServiceLifecycle

/// A server that runs, on a free port of this machine.
struct RunningServer: Sendable {
    let port: Int
    let group: ServiceGroup
    let refusals: RefusalCounts

    /// Begins the shutdown.
    func stop() async { await self.group.triggerGracefulShutdown() }

    func connect() throws -> HTTPSocket { try HTTPSocket(port: self.port) }
}

/// Runs a server while `body` does, and then shuts it down.
func withServer<Success: Sendable>(
    _ serving: any FeatureServing = FakeServing(),
    limits: ServerLimits = testLimits(),
    unixSocketPath: String? = nil,
    security: ServerSecurity = ServerSecurity(),
    logger: Logger = silentLogger(),
    _ body: @Sendable (RunningServer) async throws -> Success
) async throws -> Success {
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    let server = FeatureServer(
        serving: serving,
        port: 0,
        unixSocketPath: unixSocketPath,
        limits: limits,
        security: security,
        logger: logger,
        onListening: { port in
            continuation.yield(port)
            continuation.finish()
        }
    )
    let group = ServiceGroup(services: [server], logger: silentLogger())
    let running = Task {
        defer { continuation.finish() }
        try await group.run()
    }
    guard let port = await ports.first(where: { _ in true }) else {
        try await running.value
        throw SocketError(description: "the server never listened")
    }
    let result: Result<Success, any Error>
    do {
        result = .success(
            try await body(RunningServer(port: port, group: group, refusals: server.refusals))
        )
    } catch {
        result = .failure(error)
    }
    await group.triggerGracefulShutdown()
    try await running.value
    return try result.get()
}

/// The usual limits, with short times.
func testLimits() -> ServerLimits {
    var limits = ServerLimits()
    limits.shutdownGrace = .milliseconds(50)
    limits.lingerTimeout = .milliseconds(200)
    limits.refreshInterval = .milliseconds(20)
    return limits
}

func silentLogger() -> Logger {
    Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}
