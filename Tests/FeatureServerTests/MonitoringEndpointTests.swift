import FeatureStoreKit
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import FeatureServer

extension ServerTests {
    /// The endpoints for those who watch the server, over real connections.
    @Suite struct Monitoring {
        @Test("The numbers are those of the requests that were made")
        func tellsNumbers() async throws {
            let fake = FakeServing(
                read: { (request) throws(FeatureStoreError) in
                    if case .service = request.selection {
                        throw FeatureStoreError(code: .corruptData, message: "broken")
                    }
                    return echo(request)
                }
            )
            try await withServer(fake) { server in
                let text = try await onThread { () -> String in
                    let socket = try server.connect()
                    for _ in 0..<3 {
                        try socket.post(readPath, readBody)
                        _ = try socket.reply()
                    }
                    try socket.post(readPath, #"{"feature_service":"s","entities":{"k":[1]}}"#)
                    #expect(try socket.reply()?.status == 500)
                    for path in ["/secret-1", "/secret-2"] {
                        try socket.post(path, "")
                        #expect(try socket.reply()?.status == 404)
                    }
                    try socket.send("HEAD /livez HTTP/1.1\r\nHost: t\r\n\r\n")
                    #expect(try socket.reply(hasBody: false)?.status == 200)
                    try socket.send("GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n")
                    let reply = try #require(try socket.reply())
                    #expect(reply.status == 200)
                    #expect(
                        reply.headers.contains(
                            "content-type: text/plain; version=0.0.4; charset=utf-8"
                        )
                    )
                    try socket.send(
                        "GET /metrics HTTP/1.1\r\nHost: t\r\n"
                            + "Accept: application/openmetrics-text;version=1.0.0,"
                            + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n\r\n"
                    )
                    #expect(try socket.reply()?.body.hasSuffix("# EOF\n") == true)
                    return reply.body
                }
                let name = "fstore_http_request_duration_seconds"
                for line in [
                    "\(name)_count{endpoint=\"/get-online-features\",status=\"2xx\"} 3",
                    "\(name)_count{endpoint=\"/get-online-features\",status=\"5xx\"} 1",
                    "\(name)_bucket{endpoint=\"/get-online-features\",status=\"2xx\",le=\"+Inf\"} 3",
                    "\(name)_count{endpoint=\"other\",status=\"4xx\"} 2",
                    "\(name)_count{endpoint=\"/livez\",status=\"2xx\"} 1",
                    "fstore_http_connections 1", "fstore_ready 1",
                ] {
                    #expect(text.contains("\n\(line)\n"), "\(line)")
                }
                #expect(!text.contains("secret"))
            }
        }

        @Test("What is refused is counted by its reason, and who waits by the queue")
        func tellsRefusalsAndQueues() async throws {
            let started = DispatchSemaphore(value: 0)
            let gate = DispatchSemaphore(value: 0)
            let fake = FakeServing(
                load: { (_) throws(FeatureStoreError) in
                    started.signal()
                    gate.wait()
                    return "{}"
                }
            )
            var limits = testLimits()
            limits.maximumLoads = 2
            limits.maximumBodyBytes = 100
            try await withServer(fake, limits: limits) { server in
                let text = try await onThread { () -> String in
                    let load = #"{"disable_event_timestamp":true}"#
                    let sockets = try (0..<3).map { _ in try server.connect() }
                    try sockets[0].post("/materialize", load)
                    started.wait()
                    try sockets[1].post("/materialize", load)
                    let watcher = try server.connect()
                    func metrics() throws -> String {
                        try watcher.send("GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n")
                        return try #require(try watcher.reply()).body
                    }
                    // A third one is refused, once the second waits.
                    let waiting = "fstore_queue_waiting_requests{queue=\"loads\"} 1\n"
                    while try !metrics().contains(waiting) {}
                    let third = try server.connect()
                    try third.post("/materialize", load)
                    #expect(try third.reply()?.status == 409)
                    try sockets[2].post(readPath, String(repeating: " ", count: 101))
                    #expect(try sockets[2].reply()?.status == 413)
                    let malformed = try server.connect()
                    try malformed.send("nonsense\r\n\r\n")
                    #expect(try malformed.reply()?.status == 400)
                    let text = try metrics()
                    gate.signal()
                    gate.signal()
                    return text
                }
                for line in [
                    "fstore_http_refused_total{reason=\"busy\"} 1",
                    "fstore_http_refused_total{reason=\"body\"} 1",
                    "fstore_http_refused_total{reason=\"malformed\"} 1",
                    "fstore_queue_running_requests{queue=\"loads\"} 1",
                    "fstore_queue_waiting_requests{queue=\"loads\"} 1",
                    "fstore_queue_waiting_requests{queue=\"reads\"} 0",
                ] {
                    #expect(text.contains("\n\(line)\n"), "\(line)")
                }
            }
        }

        @Test("An answer has the request's id, or one that was made, and its trace")
        func answersWithIdentity() async throws {
            let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
            try await withServer { server in
                try await onThread {
                    let socket = try server.connect()
                    func reply(_ headers: String) throws -> Reply {
                        try socket.post(readPath, readBody, headers: headers)
                        return try #require(try socket.reply())
                    }
                    func value(_ name: String, _ reply: Reply) -> String? {
                        reply.headers.first { $0.hasPrefix(name + ": ") }
                            .map { String($0.dropFirst(name.count + 2)) }
                    }
                    let given = try reply("X-Request-ID: abc-1\r\n")
                    #expect(value("x-request-id", given) == "abc-1")
                    #expect(value("traceresponse", given) == nil)
                    let first = try #require(value("x-request-id", reply("")))
                    let second = try #require(value("x-request-id", reply("")))
                    #expect(first.count == 16 && second.count == 16 && first != second)
                    let hostile = try reply("X-Request-ID: a\"b\r\n")
                    #expect(value("x-request-id", hostile)?.count == 16)
                    let traced = try reply("traceparent: 00-\(trace)-00f067aa0ba902b7-01\r\n")
                    let parts = value("traceresponse", traced)?.split(separator: "-") ?? []
                    #expect(parts.count == 4 && parts[1] == trace && parts[3] == "01")
                    #expect(parts.count == 4 && parts[2] != "00f067aa0ba902b7")
                    let malformed = try reply("traceparent: 00-\(trace)-0-01\r\n")
                    #expect(malformed.status == 200 && value("traceresponse", malformed) == nil)
                }
            }
        }

        @Test("Requests behind others that are answered at a shutdown are answered too")
        func drainsPipelines() async throws {
            try await withServer { server in
                let socket = try await onThread { () -> SharedSocket in
                    let socket = try server.connect()
                    try socket.post(readPath, read(0))
                    _ = try socket.reply()
                    return SharedSocket(socket: socket)
                }
                await server.stop()
                try await onThread {
                    var closes: [Bool] = []
                    // In two pieces, of which the second comes while the first is answered.
                    for ids in [1...5, 6...9] {
                        let text = ids.map { id in
                            "POST \(readPath) HTTP/1.1\r\nHost: t\r\nContent-Length: "
                                + "\(read(id).utf8.count)\r\n\r\n\(read(id))"
                        }.joined()
                        try socket.socket.send(text)
                    }
                    for id in 1...9 {
                        let reply = try #require(try socket.socket.reply())
                        #expect(reply.body == echoBody(id))
                        closes.append(reply.closes)
                    }
                    // The last one closes, unless all were answered before the shutdown came here.
                    #expect(closes.dropLast().allSatisfy { !$0 }, "\(closes)")
                    #expect(try socket.socket.isEnded())
                }
            }
        }
    }
}

/// A socket on its way from one thread to the next, which never use it at a time.
private struct SharedSocket: @unchecked Sendable {
    let socket: HTTPSocket
}

@Suite struct ReadinessTests {
    private func readiness(
        isOpen: Bool = true,
        version: Int = 1,
        _ views: [StoreReadiness.View] = []
    ) -> StoreReadiness {
        StoreReadiness(
            isOpen: isOpen,
            registryVersion: version,
            views: views,
            now: Timestamp(microseconds: 10_000_000_000)
        )
    }

    /// A view whose newest event and last load are so many seconds old.
    private func view(
        _ name: String,
        event: Int64?,
        load: Int64?,
        isStatic: Bool = false
    ) -> StoreReadiness.View {
        var view = StoreReadiness.View(name: name)
        view.isLoaded = event != nil || load != nil
        view.isStatic = isStatic
        view.newestEvent = event.map { Timestamp(microseconds: (10_000 - $0) * 1_000_000) }
        view.lastLoad = load.map { Timestamp(microseconds: (10_000 - $0) * 1_000_000) }
        return view
    }

    private func limits(_ texts: String...) -> StalenessLimits {
        var limits = StalenessLimits()
        for text in texts {
            let isRead = limits.add(text)
            #expect(isRead, "\(text)")
        }
        return limits
    }

    @Test("Without a database or definitions a server is not ready")
    func needsDatabaseAndDefinitions() {
        let none = StalenessLimits()
        #expect(self.readiness(isOpen: false).problems(none).map(\.check) == [.database])
        #expect(self.readiness(version: 0).problems(none).map(\.check) == [.definitions])
        let views = [
            self.view("a", event: nil, load: nil), self.view("b", event: 9_999, load: nil),
        ]
        #expect(self.readiness(views).problems(none) == [])
    }

    @Test("A view is too old when its newest event is, a static table when its load is")
    func judgesAges() throws {
        let readiness = self.readiness([
            self.view("fresh", event: 60, load: 5_000), self.view("old", event: 61, load: 1),
            self.view("static", event: nil, load: 61, isStatic: true),
            self.view("new", event: nil, load: nil), self.view("pushed", event: 3, load: nil),
            self.view("empty", event: nil, load: 1),
        ])
        func names(_ limits: StalenessLimits) -> [String] {
            readiness.problems(limits).compactMap(\.featureView)
        }
        #expect(names(self.limits("60s")) == ["old", "static", "new", "empty"])
        #expect(names(self.limits("1m", "old=2m", "new=0", "empty=0")) == ["static"])
        #expect(names(self.limits("old=1s", "pushed=2s")) == ["old", "pushed"])
        #expect(names(self.limits("0", "old=0")) == [])
        let problem = try #require(readiness.problems(self.limits("old=1m")).first)
        #expect(problem.ageSeconds == 61 && problem.maximumSeconds == 60)
        let unknown = try #require(readiness.problems(self.limits("olt=1m")).first)
        #expect(unknown.featureView == "olt" && unknown.message.contains(#"did you mean "old"?"#))
    }

    @Test(
        "What is no age is refused",
        arguments: ["", "2", "-1s", "h", "=2h", "v=", "2h=v", "1.5h"]
    )
    func refusesAges(text: String) {
        var limits = StalenessLimits()
        let isRead = limits.add(text)
        #expect(!isRead)
    }
}

@Suite struct TraceContextTests {
    private static let id = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let parent = "00f067aa0ba902b7"

    @Test("A trace is read, and answered with the server's own span")
    func reads() throws {
        let text = "00-\(Self.id)-\(Self.parent)-01"
        let trace = try #require(TraceContext(traceparent: text, spanID: "0123456789abcdef"))
        #expect(trace.traceID == Self.id)
        #expect(trace.response == "00-\(Self.id)-0123456789abcdef-01")
        // A later version may say more.
        #expect(TraceContext(traceparent: "cc" + text.dropFirst(2) + "-more", spanID: "") != nil)
    }

    @Test(
        "A malformed trace is none",
        arguments: [
            "", "00", "00-\(id)-\(parent)", "00-\(id)-\(parent)-01-more", "ff-\(id)-\(parent)-01",
            "00-\(String(repeating: "0", count: 32))-\(parent)-01", "0-\(id)-\(parent)-01",
            "00-\(id)-\(String(repeating: "0", count: 16))-01", "00-\(id)-\(parent)-0",
            "00-\(id.uppercased())-\(parent)-01", "00-\(id)x-\(parent)-01", "00-\(id)-\(parent)-é",
            "00-\(id.dropLast())-\(parent)-01", "00 \(id) \(parent) 01",
        ]
    )
    func ignores(text: String) {
        #expect(TraceContext(traceparent: text, spanID: "") == nil)
    }
}
