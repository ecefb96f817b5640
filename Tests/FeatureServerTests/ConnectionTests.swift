import FeatureStoreKit
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import FeatureServer

extension ServerTests {
    @Suite struct Connections {
        @Test func readsRequestsThatComeByteByByte() async throws {
            try await withServer { server in
                let bodies = try await onThread {
                    let socket = try server.connect()
                    let request =
                        "POST \(readPath) HTTP/1.1\r\nHost: t\r\nContent-Length: "
                        + "\(readBody.utf8.count)\r\n\r\n\(readBody)"
                    var bodies: [String?] = []
                    for _ in 0..<2 {
                        for byte in request.utf8 { try socket.send([byte]) }
                        bodies.append(try socket.reply()?.body)
                    }
                    return bodies
                }
                #expect(bodies == [echoBody(1, 2), echoBody(1, 2)])
            }
        }

        @Test(arguments: UInt64(0)..<20)
        func readsRequestsHoweverTheyAreSplit(seed: UInt64) async throws {
            try await withServer { server in
                try await onThread {
                    var random = SeededGenerator(seed: seed)
                    let socket = try server.connect()
                    var bytes: [UInt8] = []
                    for id in 0..<10 {
                        let body = read(id)
                        if Bool.random(using: &random) {
                            bytes += "POST \(readPath) HTTP/1.1\r\nHost: t\r\n".utf8
                            bytes += "Content-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8
                        } else {
                            bytes += "POST \(readPath) HTTP/1.1\r\nHost: t\r\n".utf8
                            bytes += "Transfer-Encoding: chunked\r\n\r\n".utf8
                            var rest = Array(body.utf8)
                            while !rest.isEmpty {
                                let count = Int.random(in: 1...rest.count, using: &random)
                                bytes += "\(String(count, radix: 16))\r\n".utf8
                                bytes += rest.prefix(count) + Array("\r\n".utf8)
                                rest.removeFirst(count)
                            }
                            bytes += "0\r\n\r\n".utf8
                        }
                    }
                    while !bytes.isEmpty {
                        let count = Int.random(in: 1...min(200, bytes.count), using: &random)
                        try socket.send(Array(bytes.prefix(count)))
                        bytes.removeFirst(count)
                    }
                    for id in 0..<10 {
                        #expect(try socket.reply()?.body == echoBody(id))
                    }
                }
            }
        }

        @Test func answersPipelinedRequestsInOrderThoughSomeRunOnThreads() async throws {
            let fake = FakeServing(
                load: { (text) throws(FeatureStoreError) in
                    usleep(2_000)
                    return "\"\(text)\""
                }
            )
            try await withServer(fake) { server in
                try await onThread {
                    let socket = try server.connect()
                    for id in 0..<60 {
                        if id % 7 == 3 {
                            try socket.post(
                                "/materialize?summary=true",
                                #"{"disable_event_timestamp":true,"feature_views":["\#(id)"]}"#
                            )
                        } else {
                            try socket.post(readPath, read(id))
                        }
                    }
                    for id in 0..<60 {
                        let expected = id % 7 == 3 ? "\"open open \(id)\"" : echoBody(id)
                        #expect(try socket.reply()?.body == expected)
                    }
                }
            }
        }

        @Test func thousandsOfPipelinedRequestsBehindASlowOneAreAnswered() async throws {
            let fake = FakeServing(
                load: { (_) throws(FeatureStoreError) in
                    usleep(50_000)
                    return "{}"
                }
            )
            try await withServer(fake) { server in
                try await onThread {
                    let socket = try server.connect()
                    try socket.post("/materialize", #"{"disable_event_timestamp":true}"#)
                    let request = "GET /health HTTP/1.1\r\nHost: t\r\n\r\n"
                    try socket.send(String(repeating: request, count: 8_000))
                    #expect(try socket.reply()?.body == "null")
                    for _ in 0..<8_000 {
                        guard try socket.reply()?.status == 200 else {
                            Issue.record("an answer is missing")
                            return
                        }
                    }
                }
            }
        }

        @Test func aClientThatDoesNotReadHoldsUpOnlyItself() async throws {
            let fake = FakeServing(
                read: { (request) throws(FeatureStoreError) in
                    let text = String(repeating: "x", count: 100_000)
                    return answer(
                        entities: [],
                        features: [feature("f", answerColumn(.string, [.string(text)]))]
                    )
                }
            )
            try await withServer(fake) { server in
                try await onThread {
                    let slow = try server.connect()
                    let requests = String(
                        repeating: "POST \(readPath) HTTP/1.1\r\nHost: t\r\nContent-Length: "
                            + "\(read(1).utf8.count)\r\n\r\n\(read(1))",
                        count: 300
                    )
                    try slow.send(requests)
                    let other = try server.connect()
                    try other.post(readPath, read(1))
                    #expect(try other.reply()?.status == 200)
                    // What was answered before the slow client reads anything.
                    var answered = 0
                    while answered != fake.requests.withLock({ $0.count }) {
                        answered = fake.requests.withLock { $0.count }
                        usleep(100_000)
                    }
                    #expect(answered < 301)
                    for _ in 0..<300 {
                        #expect(try slow.reply()?.status == 200)
                    }
                }
            }
        }

        @Test func keepsOrClosesAsTheClientAsks() async throws {
            try await withServer { server in
                try await onThread {
                    func exchange(_ head: String) throws -> (reply: Reply?, isEnded: Bool) {
                        let socket = try server.connect()
                        try socket.send("GET /health HTTP/\(head)\r\nHost: t\r\n\r\n")
                        let reply = try socket.reply()
                        guard reply?.closes == true || head == "1.0" else {
                            try socket.send("GET /health HTTP/1.1\r\nHost: t\r\n\r\n")
                            return (reply, try socket.reply() == nil)
                        }
                        return (reply, try socket.isEnded())
                    }
                    let closed = try exchange("1.1\r\nConnection: close")
                    #expect(closed.reply?.closes == true)
                    #expect(closed.isEnded)
                    let old = try exchange("1.0")
                    #expect(old.reply?.closes == true)
                    #expect(old.isEnded)
                    let oldKept = try exchange("1.0\r\nConnection: keep-alive")
                    #expect(oldKept.reply?.headers.contains("connection: keep-alive") == true)
                    #expect(!oldKept.isEnded)
                    #expect(try !exchange("1.1").isEnded)
                    let upgrade = try exchange("1.1\r\nConnection: upgrade\r\nUpgrade: websocket")
                    #expect(upgrade.reply?.status == 200)
                    #expect(upgrade.isEnded)
                }
            }
        }

        @Test func asksForTheBodyThatIsExpectedToBeAskedFor() async throws {
            try await withServer { server in
                try await onThread {
                    let socket = try server.connect()
                    try socket.send(
                        "POST \(readPath) HTTP/1.1\r\nHost: t\r\n"
                            + "Expect: 100-continue\r\nContent-Length: "
                            + "\(readBody.utf8.count)\r\n\r\n"
                    )
                    #expect(try socket.reply()?.status == 100)
                    try socket.send(readBody)
                    #expect(try socket.reply()?.body == echoBody(1, 2))
                    try socket.send(
                        "POST \(readPath) HTTP/1.1\r\nHost: t\r\n"
                            + "Expect: 100-continue\r\nContent-Length: "
                            + "99999999999\r\n\r\n"
                    )
                    #expect(try socket.reply()?.status == 413)
                }
            }
        }

        @Test func refusesABodyOverTheLimitWithoutReadingIt() async throws {
            var limits = testLimits()
            limits.maximumBodyBytes = 1_000
            try await withServer(limits: limits) { server in
                try await onThread {
                    let declared = try server.connect()
                    try declared.send(
                        "POST \(readPath) HTTP/1.1\r\nHost: t\r\nContent-Length: 1001\r\n\r\n"
                    )
                    let reply = try declared.reply()
                    #expect(reply?.status == 413)
                    #expect(reply?.body.contains("limit of 1000 bytes") == true)
                    #expect(reply?.closes == true)
                    #expect(try declared.isEnded())

                    // The answer arrives though the client goes on sending.
                    let chunked = try server.connect()
                    try chunked.send(
                        "POST \(readPath) HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
                    )
                    for _ in 0..<100 {
                        try chunked.send("400\r\n" + String(repeating: " ", count: 1_024) + "\r\n")
                    }
                    #expect(try chunked.reply()?.status == 413)
                    #expect(try chunked.isEnded())

                    let exact = try server.connect()
                    let padding = String(repeating: " ", count: 1_000 - readBody.utf8.count)
                    try exact.post(readPath, readBody + padding)
                    #expect(try exact.reply()?.status == 200)
                }
            }
        }

        @Test(arguments: [
            "GARBAGE\r\n\r\n", "GET / HTTP/3.7\r\n\r\n",
            "POST /x HTTP/1.1\r\nHost: t\r\nContent-Length: x\r\n\r\n",
            "POST /x HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "0\r\n\r\n",
            "POST /x HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "GET /\u{0} HTTP/1.1\r\nHost: t\r\n\r\n", "GET /health HTTP/1.1\r\nA b: c\r\n\r\n",
        ])
        func refusesWhatIsNoHTTP(text: String) async throws {
            try await withServer { server in
                let reply = try await onThread {
                    let socket = try server.connect()
                    try socket.send("GET /health HTTP/1.1\r\nHost: t\r\n\r\n")
                    _ = try socket.reply()
                    try? socket.send(text)
                    socket.endOutput()
                    return try socket.reply()
                }
                #expect(reply?.status == 400)
                #expect(reply?.body == #"{"detail":"Invalid HTTP request received."}"#)
                #expect(reply?.closes == true)
            }
        }

        @Test func answersAClientThatHasHalfClosed() async throws {
            let fake = FakeServing(
                load: { (_) throws(FeatureStoreError) in
                    usleep(20_000)
                    return "{}"
                }
            )
            try await withServer(fake) { server in
                try await onThread {
                    let socket = try server.connect()
                    try socket.post("/materialize", #"{"disable_event_timestamp":true}"#)
                    try socket.post(readPath, readBody)
                    socket.endOutput()
                    #expect(try socket.reply()?.body == "null")
                    #expect(try socket.reply()?.body == echoBody(1, 2))
                    #expect(try socket.isEnded())
                    let cut = try server.connect()
                    try cut.send(
                        "POST \(readPath) HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\n{"
                    )
                    cut.endOutput()
                    #expect(try cut.reply()?.status == 400)
                    let silent = try server.connect()
                    silent.endOutput()
                    #expect(try silent.isEnded())
                }
            }
        }

        @Test func closesConnectionsThatSayNothingOrTooLittle() async throws {
            var limits = testLimits()
            limits.idleTimeout = .milliseconds(150)
            try await withServer(limits: limits) { server in
                try await onThread {
                    let silent = try server.connect()
                    let slow = try server.connect()
                    try slow.send(
                        "POST \(readPath) HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\n{"
                    )
                    #expect(try silent.isEnded())
                    #expect(try slow.reply()?.status == 408)
                    #expect(try slow.isEnded())
                }
            }
        }

        @Test func refusesConnectionsOverTheLimit() async throws {
            var limits = testLimits()
            limits.maximumConnections = 2
            try await withServer(limits: limits) { server in
                try await onThread {
                    let kept = try (0..<2).map { _ in try server.connect() }
                    for socket in kept {
                        try socket.post(readPath, readBody)
                        #expect(try socket.reply()?.status == 200)
                    }
                    let refused = try server.connect()
                    let reply = try refused.reply()
                    #expect(reply?.status == 503)
                    #expect(reply?.headers.contains("retry-after: 1") == true)
                    #expect(try refused.isEnded())
                    try kept[0].post(readPath, readBody)
                    #expect(try kept[0].reply()?.status == 200)
                }
            }
        }

        @Test func servesManyConnectionsAtATime() async throws {
            try await withServer { server in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for worker in 0..<16 {
                        group.addTask {
                            try await onThread {
                                let sockets = try (0..<20).map { _ in try server.connect() }
                                for round in 0..<5 {
                                    for (index, socket) in sockets.enumerated() {
                                        let id = worker * 10_000 + round * 100 + index
                                        try socket.post(readPath, read(id))
                                    }
                                    for (index, socket) in sockets.enumerated() {
                                        let id = worker * 10_000 + round * 100 + index
                                        #expect(try socket.reply()?.body == echoBody(id))
                                    }
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }
}
