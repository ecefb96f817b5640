import FeatureStoreKit
import Foundation
import Logging
import NIOCore
import ServiceLifecycle
import TestSupport
import Testing

@testable import FeatureServer

extension ServerTests {
    /// Plain reads and others over one connection, however the bytes come in.
    @Suite struct DirectConnections {
        @Test("Answers come in the order of their requests, whichever way they are made")
        func keepsTheOrder() async throws {
            try await withTemporaryDirectory { directory in
                var random = SeededGenerator(seed: 3)
                let project = try DirectProject(
                    directory: directory,
                    rowCache: "1MB",
                    using: &random
                )
                let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
                let server = FeatureServer(
                    serving: project.store,
                    port: 0,
                    limits: testLimits(),
                    logger: silentLogger(),
                    onListening: { continuation.yield($0) }
                )
                let group = ServiceGroup(services: [server], logger: silentLogger())
                let running = Task { try await group.run() }
                let port = try #require(await ports.first { _ in true })
                let failures = try await onThread { try exchange(port: port) }
                #expect(failures == [])
                await group.triggerGracefulShutdown()
                try await running.value
            }
        }
    }
}

/// Sends the same requests in pieces of many sizes; gives what was answered wrongly.
private func exchange(port: Int) throws -> [String] {
    func post(_ path: String, _ body: String, _ headers: String = "") -> String {
        "POST \(path) HTTP/1.1\r\nHost: a\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n"
            + body
    }
    func body(_ id: Int) -> String {
        #"{"features":["known:f0"],"entities":{"driver_id":[\#(id)]}}"#
    }
    let plain = #"{"results":[{"values":["#
    let requests: [(text: String, start: String)] = [
        (post(readPath, body(1)), plain + "1]"), (post(readPath, body(2)), plain + "2]"),
        ("GET /health HTTP/1.1\r\nHost: t\r\n\r\n", ""), (post(readPath, body(3)), plain + "3]"),
        ("GET /status HTTP/1.1\r\nHost: a\r\n\r\n", "{"), (post(readPath, body(4)), plain + "4]"),
        (post("/nowhere", body(4)), #"{"detail":"Not Found"}"#),
        (post(readPath, body(5)), plain + "5]"), (post(readPath, "{"), #"{"detail":["#),
        (post(readPath, body(6), "X-Request: 1\r\n"), plain + "6]"),
        (
            "POST \(readPath) HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "\(String(body(7).utf8.count, radix: 16))\r\n\(body(7))\r\n0\r\n\r\n",
            plain + "7]"
        ),
        (post(readPath, body(8)), plain + "8]"),
    ]
    var failures: [String] = []
    let bytes = requests.flatMap { Array($0.text.utf8) }
    for size in [1, 7, 60, 133, 200, 500, bytes.count] {
        let socket = try HTTPSocket(port: port)
        for start in stride(from: 0, to: bytes.count, by: size) {
            try socket.send(Array(bytes[start..<min(start + size, bytes.count)]))
            if size > 1 { usleep(200) }
        }
        for (number, request) in requests.enumerated() {
            let reply = try socket.reply()
            if reply?.body.hasPrefix(request.start) != true {
                failures.append("pieces of \(size), \(number): \(reply?.body ?? "nothing")")
            }
        }
    }
    return failures
}
