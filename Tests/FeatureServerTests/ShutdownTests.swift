import FeatureStoreKit
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import FeatureServer

extension ServerTests {
    @Suite struct StartAndStop {
        @Test func aShutdownUnderLoadLosesNoRequest() async throws {
            let answered = Counter()
            try await withServer { server in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for worker in 0..<8 {
                        group.addTask {
                            try await onThread {
                                let socket = try server.connect()
                                for id in worker * 1_000_000..<worker * 1_000_000 + 100_000 {
                                    try socket.post(readPath, read(id))
                                    let reply = try socket.reply()
                                    #expect(reply?.body == echoBody(id))
                                    answered.increment()
                                    if reply?.closes != false { return }
                                }
                                Issue.record("the server never said that it stops")
                            }
                        }
                    }
                    while answered.value < 200 { await Task.yield() }
                    await server.stop()
                    try await group.waitForAll()
                }
            }
        }

        @Test func aShutdownWaitsForALoadInFlight() async throws {
            let started = DispatchSemaphore(value: 0)
            let gate = DispatchSemaphore(value: 0)
            let fake = FakeServing(
                load: { (_) throws(FeatureStoreError) in
                    started.signal()
                    gate.wait()
                    return "{}"
                }
            )
            try await withServer(fake) { server in
                let (socket, idle) = try await onThread {
                    let idle = try server.connect()
                    try idle.post(readPath, readBody)
                    _ = try idle.reply()
                    let socket = try server.connect()
                    try socket.post("/materialize", #"{"disable_event_timestamp":true}"#)
                    started.wait()
                    return (SendableSocket(socket: socket), SendableSocket(socket: idle))
                }
                await server.stop()
                let reply = try await onThread {
                    // It ends when the shutdown has reached the connections.
                    #expect(try idle.socket.isEnded())
                    gate.signal()
                    return try socket.socket.reply()
                }
                #expect(reply?.body == "null")
                #expect(reply?.closes == true)
            }
        }

        @Test func aShutdownIsBounded() async throws {
            let gate = DispatchSemaphore(value: 0)
            defer { gate.signal() }
            let started = DispatchSemaphore(value: 0)
            let fake = FakeServing(
                load: { (_) throws(FeatureStoreError) in
                    started.signal()
                    gate.wait()
                    return "{}"
                }
            )
            var limits = testLimits()
            limits.shutdownTimeout = .milliseconds(200)
            try await withServer(fake, limits: limits) { server in
                let socket = try await onThread { () -> SendableSocket in
                    let socket = try server.connect()
                    try socket.post("/materialize", #"{"disable_event_timestamp":true}"#)
                    started.wait()
                    return SendableSocket(socket: socket)
                }
                await server.stop()
                #expect(try await onThread { try socket.socket.reply() } == nil)
            }
        }

        @Test func acceptsNothingAfterAShutdown() async throws {
            // Another process or test may be given the port in between, so one refusal is enough.
            var wasRefused = false
            for _ in 0..<5 where !wasRefused {
                let port = try await withServer { server in server.port }
                do {
                    try await onThread { _ = try HTTPSocket(port: port) }
                } catch is SocketError {
                    wasRefused = true
                }
            }
            #expect(wasRefused)
        }

        @Test func saysThatAPortIsInUse() async throws {
            try await withServer { server in
                let second = FeatureServer(
                    serving: FakeServing(),
                    port: server.port,
                    logger: silentLogger()
                )
                let error = await #expect(throws: FeatureStoreError.self) {
                    try await second.run()
                }
                #expect(error?.code == .unavailable)
                #expect(
                    error?.message
                        == "port \(server.port) of 127.0.0.1 is in use; choose another with "
                        + "--port, or stop the server that uses it"
                )
            }
        }

        @Test func saysThatAHostIsNotOfThisMachine() async throws {
            let server = FeatureServer(
                serving: FakeServing(),
                host: "192.0.2.1",
                port: 0,
                security: ServerSecurity(isInsecureAllowed: true),
                logger: silentLogger()
            )
            let error = await #expect(throws: FeatureStoreError.self) { try await server.run() }
            #expect(error?.message.contains("--host") == true)
            // Nor is it taken without tokens, whether it is or not.
            let open = FeatureServer(
                serving: FakeServing(),
                host: "192.0.2.1",
                port: 0,
                logger: silentLogger()
            )
            let refusal = await #expect(throws: FeatureStoreError.self) { try await open.run() }
            #expect(refusal?.message.contains("--insecure") == true)
        }
    }

    @Suite struct Sockets {
        @Test func aClientOfTheSocketGetsTheSameAnswers() async throws {
            try await withTemporaryDirectory { directory in
                let path = directory.appendingPathComponent("s").path
                let client = ServerClient(unixSocketPath: path)
                #expect(!ServerClient.isServing(at: path))
                try await withServer(
                    FakeServing(load: { (text) throws(FeatureStoreError) in "\"\(text)\"" }),
                    unixSocketPath: path
                ) { server in
                    #expect(ServerClient.isServing(at: path))
                    let replies = try await onThread {
                        try [
                            client.post(readPath, body: Array(readBody.utf8)),
                            client.post(
                                "/materialize?summary=true",
                                body: Array(#"{"disable_event_timestamp":true}"#.utf8)
                            ),
                            client.post("/nope", body: []),
                        ]
                    }
                    #expect(replies.map(\.status) == [200, 200, 404])
                    #expect(String(decoding: replies[0].body, as: UTF8.self) == echoBody(1, 2))
                    #expect(String(decoding: replies[1].body, as: UTF8.self) == #""open open all""#)
                    let mode = try FileManager.default.attributesOfItem(atPath: path)[
                        .posixPermissions
                    ]
                    #expect(mode as? Int == 0o600)
                }
                #expect(!FileManager.default.fileExists(atPath: path))
                let error = #expect(throws: FeatureStoreError.self) {
                    try client.post(readPath, body: [])
                }
                #expect(error?.code == .unavailable)
                #expect(error?.message.contains("fstore serve") == true)
            }
        }

        @Test func takesOverTheSocketOfAServerThatWasKilledButNotOfOneThatRuns() async throws {
            try await withTemporaryDirectory { directory in
                let path = directory.appendingPathComponent("s").path
                try await withServer(unixSocketPath: path) { _ in
                    try FileManager.default.moveItem(atPath: path, toPath: path + ".kept")
                }
                // A socket file that nobody listens to.
                try FileManager.default.moveItem(atPath: path + ".kept", toPath: path)
                try await withServer(unixSocketPath: path) { _ in
                    let second = FeatureServer(
                        serving: FakeServing(),
                        port: 0,
                        unixSocketPath: path,
                        logger: silentLogger()
                    )
                    let error = await #expect(throws: FeatureStoreError.self) {
                        try await second.run()
                    }
                    #expect(error?.code == .conflict)
                    #expect(ServerClient.isServing(at: path))
                }
            }
        }

        @Test func refusesAPathThatIsTooLong() async throws {
            let path = "/tmp/" + String(repeating: "x", count: 103)
            let server = FeatureServer(
                serving: FakeServing(),
                port: 0,
                unixSocketPath: path,
                logger: silentLogger()
            )
            let error = await #expect(throws: FeatureStoreError.self) { try await server.run() }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains("has 108 bytes, but the system allows 107") == true)
            #expect(throws: FeatureStoreError.self) {
                try ServerClient(unixSocketPath: path).post("/", body: [])
            }
        }
    }
}

/// A socket on its way from one thread to the next, which never use it at a time.
private struct SendableSocket: @unchecked Sendable {
    let socket: HTTPSocket
}

private final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { self.count.load(ordering: .relaxed) }

    func increment() { self.count.wrappingAdd(1, ordering: .relaxed) }
}
