import FeatureStoreKit
import Foundation
import Logging
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import FeatureServer

extension ServerTests {
    /// Heads that leave something in doubt, what requests are called, and what they may take.
    @Suite struct RequestHeads {
        @Test(
            "A head without one host, or with another coding than chunks, is refused",
            arguments: [
                ("GET /health HTTP/1.1\r\n\r\n", 400),
                ("GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
                ("POST \(readPath) HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", 400),
                ("GET /health HTTP/1.1\r\nHost:\r\n\r\n", 200),
                ("GET /health HTTP/1.0\r\n\r\n", 200),
                (
                    "POST \(readPath) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n"
                        + "\r\n0\r\n\r\n", 501
                ),
                (
                    "POST \(readPath) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n"
                        + "\r\n0\r\n\r\n", 422
                ),
                ("HEAD /status HTTP/1.1\r\nHost: a\r\n\r\n", 200),
            ]
        )
        func heads(text: String, status: Int) async throws {
            try await withServer { server in
                try await onThread {
                    let socket = try server.connect()
                    try socket.send(text)
                    #expect(try socket.reply(hasBody: !text.hasPrefix("HEAD"))?.status == status)
                }
            }
        }

        @Test(
            "The time of a request runs from its first byte, however long its connection was idle"
        )
        func timeFromTheFirstByte() async throws {
            var limits = testLimits()
            limits.idleTimeout = .seconds(2)
            try await withServer(limits: limits) { [limits] server in
                try await onThread {
                    let socket = try server.connect()
                    let text = "GET /livez HTTP/1.1\r\nHost: t\r\n\r\n"
                    try socket.send(text)
                    #expect(try socket.reply()?.status == 200)
                    // Nearly all of the time that it may be idle, and then more than is left of it.
                    usleep(1_500_000)
                    try socket.send(String(text.prefix(10)))
                    usleep(1_000_000)
                    try socket.send(String(text.dropFirst(10)))
                    #expect(try socket.reply()?.status == 200)

                    // A whole head gives no more time to the body.
                    let slow = try server.connect()
                    let began = ContinuousClock.now
                    try slow.send("POST \(readPath) HTTP/1.1\r\nHost: t\r\n")
                    usleep(1_500_000)
                    try slow.send("Content-Length: 5\r\n\r\n{")
                    #expect(try slow.reply()?.status == 408)
                    let seconds = Double(limits.idleTimeout.nanoseconds) / 1e9
                    #expect(ContinuousClock.now - began < .seconds(seconds + 1.2))
                }
            }
        }

        @Test("Without a token that may read, /readyz has no reasons")
        func readiness() async throws {
            try await withTemporaryDirectory { directory in
                let file = TokenFile(path: directory.path + "/tokens.json")
                let reader = try file.create("reader", scopes: [.read])
                let pusher = try file.create("pusher", scopes: [.push])
                let security = ServerSecurity(
                    accessControl: try AccessControl(file, mustExist: true)
                )
                try await withServer(FakeServing(isHealthy: false), security: security) { server in
                    try await onThread {
                        for (token, isTold) in [("", false), (pusher, false), (reader, true)] {
                            let socket = try server.connect()
                            let header = token.isEmpty ? "" : "Authorization: Bearer \(token)\r\n"
                            try socket.send("GET /readyz HTTP/1.1\r\nHost: t\r\n\(header)\r\n")
                            let answer = try #require(try socket.reply())
                            #expect(answer.status == 503)
                            #expect(answer.body.contains("problems") == isTold, "\(answer.body)")
                            #expect(answer.body.contains(#""status":"not_ready""#))
                        }
                    }
                }
            }
        }

        @Test("A load of an unknown view is not logged as a failure, one that fails is")
        func loggedLoads() async throws {
            let fake = FakeServing(
                load: { (what) throws(FeatureStoreError) in
                    throw FeatureStoreError(
                        code: what.contains("nobody") ? .featureViewNotFound : .unavailable,
                        message: "no"
                    )
                }
            )
            let lines = RecordedLog()
            try await withServer(fake, logger: lines.logger) { server in
                try await onThread {
                    let socket = try server.connect()
                    for (view, status) in [("nobody", 404), ("stats", 503)] {
                        try socket.post(
                            "/materialize",
                            #"{"disable_event_timestamp":true,"feature_views":["\#(view)"]}"#
                        )
                        #expect(try socket.reply()?.status == status)
                    }
                }
            }
            let failed = lines.all.filter { $0.contains("request failed") }
            #expect(failed.count == 1)
            #expect(failed.first?.contains("unavailable") == true)
        }

        @Test(
            "Refused changes of a known client have a line, those of strangers none"
        )
        func refusedChanges() async throws {
            try await withTemporaryDirectory { directory in
                let file = TokenFile(path: directory.path + "/tokens.json")
                let reader = try file.create("reader", scopes: [.read])
                let other = try file.create("far", scopes: [.admin], project: "elsewhere")
                let viewer = try file.create("viewer", scopes: [.admin], views: ["w*"])
                let serving = FakeServing()
                let control = try AccessControl(file, mustExist: true)
                let security = ServerSecurity(accessControl: control)
                let rows = #"{"push_source_name":"p","df":{"k":[1]}}"#
                try await withServer(serving, security: security) { server in
                    let names = try await onThread {
                        var names: [String] = []
                        for (path, token, id) in [
                            ("/push", reader, "r-1"), ("/forget", reader, "r-2"),
                            ("/gc", other, "r-3"), ("/push", viewer, "r-4"),
                            ("/materialize", viewer, #"a"b"#), ("/snapshot", "fst_wrong", "r-6"),
                            ("/verify", reader, "r-7"),
                        ] {
                            let socket = try server.connect()
                            let body = path == "/push" ? rows : #"{"disable_event_timestamp":true}"#
                            try socket.post(
                                path,
                                body,
                                headers: "Authorization: Bearer \(token)\r\nX-Request-ID: \(id)\r\n"
                            )
                            let answer = try #require(try socket.reply())
                            #expect(answer.status == (token == "fst_wrong" ? 401 : 403), "\(path)")
                            let name = answer.headers.first { $0.hasPrefix("x-request-id: ") }
                            names.append(String(name?.dropFirst(14) ?? "none"))
                        }
                        return names
                    }
                    // The line is written beside the answer.
                    for _ in 0..<2_000 where serving.refusedChanges.withLock({ $0.count }) < 5 {
                        try await Task.sleep(for: .milliseconds(5))
                    }
                    #expect(names[0] == "r-1")
                    #expect(names[4] != #"a"b"#)
                    #expect(
                        serving.refusedChanges.withLock { $0 } == [
                            "push scope token reader r-1 ", "forget scope token reader r-2 ",
                            "gc project token far r-3 ", "push view token viewer r-4 p",
                            "materialize view token viewer \(names[4]) v,w",
                        ]
                    )
                }
            }
        }
    }
}

/// Keeps the lines of a log.
private final class RecordedLog: Sendable {
    private struct Handler: LogHandler {
        let log: RecordedLog
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            self.log.lines.withLock {
                $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])")
            }
        }
    }

    private let lines = Mutex<[String]>([])

    var all: [String] { self.lines.withLock { $0 } }

    var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }
}
