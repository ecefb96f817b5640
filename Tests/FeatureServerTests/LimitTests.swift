import FeatureStoreKit
import Foundation
import NIOPosix
import TestSupport
import Testing

@testable import FeatureServer

extension ServerTests {
    /// What a hostile client may try, over real sockets.
    @Suite struct Limits {
        /// Sends pieces until the server answers; gives the answer.
        private func flood(
            _ server: RunningServer,
            begin: String,
            piece: String,
            most: Int
        ) throws -> (reply: Reply?, sent: Int) {
            let socket = try server.connect()
            try socket.send(begin)
            var sent = 0
            let bytes = Array(piece.utf8)
            while sent < most {
                do {
                    try socket.send(bytes)
                } catch {
                    break
                }
                sent += bytes.count
                if socket.hasInput() { break }
            }
            return (try socket.reply(), sent)
        }

        @Test("Endless and many header fields are 431")
        func largeHeads() async throws {
            try await withServer { server in
                let replies = try await onThread {
                    let line = String(repeating: "a", count: 4_000)
                    return [
                        try self.flood(
                            server,
                            begin: "GET /health HTTP/1.1\r\nHost: t\r\nX: ",
                            piece: line,
                            most: 10 << 20
                        ),
                        try self.flood(
                            server,
                            begin: "GET /health HTTP/1.1\r\nHost: t\r\n",
                            piece: String(repeating: "A: b\r\n", count: 20),
                            most: 10 << 20
                        ),
                        try self.flood(server, begin: "GET /", piece: line, most: 10 << 20),
                        try self.flood(
                            server,
                            begin:
                                "POST /push HTTP/1.1\r\nHost: t\r\n"
                                + "Transfer-Encoding: chunked\r\n\r\n"
                                + "0\r\n",
                            piece: "T: \(line)\r\n",
                            most: 10 << 20
                        ),
                    ]
                }
                for (reply, sent) in replies {
                    #expect(reply?.status == 431)
                    #expect(reply?.closes == true)
                    #expect(sent < 5 << 20)
                }
                #expect(server.refusals.all[.head] == 4)
            }
        }

        @Test("A body that is too large is 413, before it is sent and while it is")
        func largeBodies() async throws {
            try await withServer { server in
                try await onThread {
                    for length in ["1073741824", "99999999999999999999999999", "10000001"] {
                        let socket = try server.connect()
                        try socket.send(
                            "POST /push HTTP/1.1\r\nHost: t\r\nContent-Length: \(length)\r\n\r\n"
                        )
                        let status = try socket.reply()?.status
                        #expect(status == 413 || length.count > 20 && status == 400, "\(length)")
                    }
                    let chunk = "10000\r\n" + String(repeating: "x", count: 65_536) + "\r\n"
                    let (reply, sent) = try self.flood(
                        server,
                        begin:
                            "POST /push HTTP/1.1\r\nHost: t\r\n"
                            + "Transfer-Encoding: chunked\r\n\r\n",
                        piece: chunk,
                        most: 1 << 30
                    )
                    #expect(reply?.status == 413)
                    #expect(sent < 40_000_000)
                }
                #expect((server.refusals.all[.body] ?? 0) >= 3)
            }
        }

        @Test("A client that sends a byte now and then is 408, wherever it stops")
        func slowClients() async throws {
            var limits = testLimits()
            limits.idleTimeout = .milliseconds(300)
            try await withServer(limits: limits) { server in
                try await onThread {
                    let whole =
                        "POST \(readPath) HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\n{\"a\":"
                    for length in [1, 10, 30, whole.utf8.count - 6, whole.utf8.count - 1] {
                        let socket = try server.connect()
                        let began = ContinuousClock.now
                        for byte in whole.utf8.prefix(length) {
                            guard (try? socket.send([byte])) != nil, !socket.hasInput() else {
                                break
                            }
                            usleep(5_000)
                        }
                        #expect(try socket.reply()?.status == 408, "after \(length)")
                        // However busy it keeps the connection.
                        #expect(ContinuousClock.now - began < .seconds(10))
                    }
                }
                #expect(server.refusals.all[.slow] == 5)
            }
        }

        @Test("A flood of requests whose answers nobody reads holds up nobody else")
        func unreadAnswers() async throws {
            try await withServer { server in
                try await onThread {
                    let greedy = try server.connect()
                    let request = "GET /status HTTP/1.1\r\nHost: t\r\n\r\n"
                    let piece = Array(String(repeating: request, count: 1_000).utf8)
                    var sent = 0
                    while sent < 64 << 20, greedy.sendsAtOnce(piece) { sent += piece.count }
                    // The server has stopped to read: the kernel holds what is sent.
                    #expect(sent < 64 << 20)
                    let other = try server.connect()
                    try other.post(readPath, readBody)
                    #expect(try other.reply()?.status == 200)
                }
            }
        }

        @Test("Work beyond what may wait is 503 with Retry-After, and so is what waited too long")
        func fullQueues() async throws {
            let pool = NIOThreadPool(numberOfThreads: 1)
            pool.start()
            let queue = WorkQueue(
                on: pool,
                maximumCount: 2,
                maximumWait: .milliseconds(20),
                full: .busy("full")
            )
            let gate = DispatchSemaphore(value: 0)
            func work(_ outcome: RequestHandler.Outcome) throws -> @Sendable () -> HTTPAnswer {
                guard case .work(_, let work) = outcome else {
                    throw SocketError(description: "no work")
                }
                return {
                    guard case .answer(let answer) = work() else {
                        return .detail("no answer", status: .internalServerError)
                    }
                    return answer
                }
            }
            let first = try work(
                queue.outcome {
                    gate.wait()
                    return HTTPAnswer(status: .ok)
                }
            )
            let second = try work(queue.outcome { HTTPAnswer(status: .ok) })
            guard case .answer(let refused) = queue.outcome({ HTTPAnswer(status: .ok) }) else {
                Issue.record("a third one is taken in")
                return
            }
            #expect(refused.status == .serviceUnavailable)
            #expect(refused.fields == [.init(name: "retry-after", value: "1")])
            #expect(refused.refusal == .busy)
            let running = pool.runIfActive(eventLoop: MultiThreadedEventLoopGroup.singleton.next())
            {
                first()
            }
            let waiting = pool.runIfActive(eventLoop: MultiThreadedEventLoopGroup.singleton.next())
            {
                second()
            }
            usleep(50_000)
            gate.signal()
            // The first one began in time, however long it takes.
            #expect(try await running.get().status == .ok)
            #expect(try await waiting.get().status == .serviceUnavailable)
            #expect(queue.isIdle)
            try await pool.shutdownGracefully()
        }
    }
}
