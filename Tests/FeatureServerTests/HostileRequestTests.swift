import FeatureStoreKit
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import FeatureServer

/// A POST of one chunk of text.
private func reply(
    _ server: RunningServer,
    _ path: String,
    _ body: String,
    headers: String = ""
) throws -> Reply {
    let socket = try server.connect()
    try socket.post(path, body, headers: headers)
    return try #require(try socket.reply())
}

private func letters(_ count: Int) -> String { String(repeating: "n", count: count) }

extension ServerTests {
    /// What made the server slow, or do more than was asked for.
    @Suite struct Hostile {
        @Test("A read that computes, or has a large body, holds up no event loop")
        func eventLoopsStayFree() async throws {
            let gate = DispatchSemaphore(value: 0)
            let serving = FakeServing(read: { (_) throws(FeatureStoreError) in
                gate.wait()
                return answer(entities: [], features: [])
            })
            let padding = letters(70_000)
            let bodies = [
                #"{"features":["computed:x"],"entities":{"k":[1]}}"#,
                #"{"features":["a:b"],"entities":{"k":["\#(padding)"]}}"#,
            ]
            for accept in ["*/*", "application/x-fstore-f32"] {
                for body in bodies {
                    try await withServer(serving) { server in
                        try await onThread {
                            let slow = try server.connect()
                            try slow.post(readPath, body, headers: "Accept: \(accept)\r\n")
                            defer { gate.signal() }
                            while serving.requests.withLock({ $0.isEmpty }) { usleep(1_000) }
                            // More than event loops, so that one shares that of the read.
                            for _ in 0..<(2 * ProcessInfo.processInfo.processorCount) {
                                let other = try server.connect()
                                try other.send("GET /livez HTTP/1.1\r\nHost: t\r\n\r\n")
                                #expect(
                                    try other.reply()?.status == 200,
                                    "\(accept) \(body.prefix(40))"
                                )
                            }
                        }
                    }
                    serving.requests.withLock { $0 = [] }
                }
            }
        }

        @Test("A read has a deadline, and what is not computed in time is 400 and no retry")
        func deadline() async throws {
            let serving = FakeServing(read: { (request) throws(FeatureStoreError) in
                let deadline = request.deadline ?? .now.advanced(by: .seconds(3_600))
                guard deadline < .now.advanced(by: .seconds(60)) else { return echo(request) }
                throw FeatureStoreError(code: .deadlineExceeded, message: "it took too long")
            })
            try await withServer(serving) { server in
                try await onThread {
                    let answer = try reply(server, readPath, readBody)
                    #expect(answer.status == 400)
                    #expect(answer.body.contains("it took too long"))
                }
                #expect(server.refusals.all[.time] == 1)
            }
        }

        @Test(
            "Names beyond a kilobyte and columns beyond all are 422, and no message has them whole"
        )
        func longNames() async throws {
            let long = letters(9_000_000)
            let columns = (0..<5_001).map { #""c\#($0)":[]"# }.joined(separator: ",")
            let keys = (0..<101).map { #""k\#($0)":1"# }.joined(separator: ",")
            let times = #""t":["2026-01-01T00:00:00Z"]"#
            let cases = [
                (readPath, #"{"features":["\#(long):x"],"entities":{"k":[1]}}"#),
                (readPath, #"{"feature_service":"\#(long)","entities":{"k":[1]}}"#),
                (readPath, #"{"features":["a:b"],"entities":{"\#(long)":[1]}}"#),
                (readPath, #"{"features":["a:b"],"entities":{\#(columns)}}"#),
                (readPath, #"{"\#(long)":1}"#), (readPath, "{\(keys)}"),
                ("/push", #"{"push_source_name":"\#(long)","df":{\#(times)}}"#),
                ("/push", #"{"push_source_name":"a","df":{"\#(long)":[1]}}"#),
                ("/push", #"{"push_source_name":"a","df":{\#(columns)}}"#),
                ("/get-historical-features", #"{"features":["a:b"],"entities":{\#(columns)}}"#),
                ("/materialize", #"{"feature_views":["\#(long)"]}"#),
                ("/forget", #"{"\#(long)":1}"#),
            ]
            try await withServer { server in
                try await onThread {
                    for (path, body) in cases {
                        let answer = try reply(server, path, body)
                        #expect(answer.status == 422, "\(path) \(body.prefix(60))")
                        #expect(answer.bytes.count < 1_000)
                    }
                }
            }
        }

        @Test("A message of the store is cut before it is too long for anybody")
        func longMessages() async throws {
            let serving = FakeServing(read: { (_) throws(FeatureStoreError) in
                throw FeatureStoreError(code: .featureViewNotFound, message: letters(1_000_000))
            })
            try await withServer(serving) { server in
                try await onThread {
                    let answer = try reply(server, readPath, readBody)
                    #expect(answer.status == 404)
                    #expect(answer.bytes.count < 20_000)
                }
            }
        }

        @Test("What fstore's own endpoints do not know they refuse, and do nothing")
        func misspeltKeys() async throws {
            let entities = #""entities":{"k":[1]}"#
            let ids = (0...10_000).map(String.init).joined(separator: ",")
            let cases: [(path: String, body: String, says: String)] = [
                ("/forget", #"{\#(entities),"dry-run":true}"#, #"did you mean \"dry_run\""#),
                ("/forget", #"{\#(entities),"dry_run":null}"#, "valid boolean"),
                ("/forget", #"{\#(entities),"dry_run":"true"}"#, "valid boolean"),
                ("/forget", #"{"entities":{"k":[\#(ids)]}}"#, "10001 ids are more than"),
                ("/forget?dry_run=true", "{\(entities)}", "takes no query"),
                ("/gc", #"{"dryRun":true}"#, #"did you mean \"dry_run\""#),
                ("/gc", #"{"dry_run":null}"#, "valid boolean"),
                ("/verify", #"{"views":["a"]}"#, #"\"feature_views\""#),
                ("/snapshot", #"{"dry_run":true}"#, "there are no keys"),
                ("/refresh", #"{"a":1}"#, "there are no keys"),
            ]
            try await withServer { server in
                try await onThread {
                    for (path, body, says) in cases {
                        let answer = try reply(server, path, body)
                        #expect(answer.status == 422, "\(path) \(body.prefix(60)): \(answer.body)")
                        #expect(answer.body.contains(says), "\(answer.body)")
                    }
                    // Feast's own keep Feast's rule.
                    #expect(
                        try reply(server, readPath, #"{"features":["a:b"],\#(entities),"x":1}"#)
                            .status
                            == 200
                    )
                    for (path, body) in [
                        ("/forget", "{\(entities)}"), ("/gc", "{}"), ("/gc", #"{"dry_run":true}"#),
                        ("/verify", #"{"feature_views":null}"#), ("/snapshot", ""),
                        ("/refresh", "{}"),
                    ] {
                        #expect(try reply(server, path, body).status == 200, "\(path) \(body)")
                    }
                }
            }
        }

        @Test("Over the network messages have no folders, and over the socket they are whole")
        func folders() async throws {
            try await withTemporaryDirectory { directory in
                let serving = FakeServing(read: { (_) throws(FeatureStoreError) in
                    throw FeatureStoreError(
                        code: .unavailable,
                        message: "/secret/folder/data/a.csv is gone"
                    )
                })
                let path = directory.path + "/s.sock"
                try await withServer(serving, unixSocketPath: path) { server in
                    try await onThread {
                        let answer = try reply(server, readPath, readBody)
                        #expect(answer.status == 503)
                        #expect(answer.body == #"{"detail":"data/a.csv is gone"}"#)
                        let local = try HTTPSocket(path: path)
                        try local.post(readPath, readBody)
                        #expect(try local.reply()?.body.contains("/secret/folder/") == true)
                    }
                }
            }
        }
    }
}
