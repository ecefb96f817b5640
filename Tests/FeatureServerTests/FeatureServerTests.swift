import FeatureModel
import FeatureStoreKit
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import FeatureServer

let readPath = "/get-online-features"
let readBody = #"{"features":["a:b"],"entities":{"k":[1,2]}}"#

/// The body of the answer to `{"features":[…],"entities":{"k":[id]}}` by a fake store.
func echoBody(_ ids: Int...) -> String {
    func repeated(_ text: String) -> String { ids.map { _ in text }.joined(separator: ",") }
    return #"{"results":[{"values":[\#(ids.map(String.init).joined(separator: ","))],"#
        + #""statuses":[\#(repeated(#""PRESENT""#))],"event_timestamps":["#
        + #"\#(repeated(#""1970-01-01T00:00:00Z""#))]}],"metadata":{"feature_names":["k"]}}"#
}

func read(_ id: Int) -> String { #"{"features":["a:b"],"entities":{"k":[\#(id)]}}"# }

/// Everything with real sockets; one test at a time, because two cores serve them all.
@Suite(.serialized) enum ServerTests {}

extension ServerTests {
    @Suite struct Answers {
        @Test func givesFeastsAnswerToFeastsRequest() async throws {
            let fake = FakeServing(read: { (_) throws(FeatureStoreError) in capturedFeatures() })
            try await withServer(fake) { server in
                let reply = try await onThread {
                    let socket = try server.connect()
                    try socket.post(
                        readPath,
                        #"{"features":["drv:b_f32","drv:a_i64","drv:c_str"],"#
                            + #""entities":{"driver_id":[1,2,3,99]}}"#
                    )
                    return try socket.reply()
                }
                #expect(reply?.status == 200)
                #expect(reply?.body == capturedBody)
                #expect(reply?.headers.contains("content-type: application/json") == true)
                #expect(reply?.closes == false)
            }
            #expect(
                fake.requests.withLock { $0.map(\.selection) }
                    == [.features(["drv:b_f32", "drv:a_i64", "drv:c_str"])]
            )
        }

        @Test func mapsEveryErrorOfTheStore() async throws {
            func feast(_ name: String) -> String {
                #""{\"module\": \"feast.errors\", \"class\": \"\#(name)\", "#
                    + #"\"message\": \"the \\\"why\\\"\"}""#
            }
            let detail = #"{"detail":"the \"why\""}"#
            let cases: [(FeatureStoreError.Code, Int, String)] = [
                (.invalidArgument, 400, detail),
                (.featureViewNotFound, 404, feast("FeatureViewNotFoundException")),
                (.featureServiceNotFound, 404, feast("FeatureServiceNotFoundException")),
                (.featureNotFound, 400, detail),
                (.featureNameCollision, 400, feast("FeatureNameCollisionError")),
                (.missingJoinKey, 400, detail), (.invalidValue, 400, detail),
                (.invalidData, 400, detail), (.conflict, 409, detail), (.unavailable, 503, detail),
                (.corruptData, 500, detail),
            ]
            for (code, status, body) in cases {
                let fake = FakeServing(
                    load: { (_) throws(FeatureStoreError) in
                        throw FeatureStoreError(code: code, message: #"the "why""#)
                    },
                    read: { (_) throws(FeatureStoreError) in
                        throw FeatureStoreError(code: code, message: #"the "why""#)
                    }
                )
                try await withServer(fake) { server in
                    let replies = try await onThread {
                        let socket = try server.connect()
                        try socket.post(readPath, readBody)
                        let first = try socket.reply()
                        try socket.post("/materialize", #"{"disable_event_timestamp":true}"#)
                        return [first, try socket.reply()]
                    }
                    for reply in replies {
                        #expect(reply?.status == status, "\(code)")
                        #expect(reply?.body == body, "\(code)")
                        #expect(reply?.closes == false)
                    }
                }
            }
        }

        @Test func refusesByPathAndMethod() async throws {
            try await withServer { server in
                let replies = try await onThread {
                    let socket = try server.connect()
                    var replies: [Reply?] = []
                    for line in [
                        "GET /nope", "POST /", "GET \(readPath)", "PUT /materialize",
                        "DELETE /materialize-incremental", "POST /health", "GET /health",
                        "GET /health?x=1", "GET http://host:1/health",
                    ] {
                        try socket.send("\(line) HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n")
                        replies.append(try socket.reply())
                    }
                    return replies
                }
                #expect(
                    replies.map { $0?.status } == [404, 404, 405, 405, 405, 405, 200, 200, 200]
                )
                #expect(replies[0]?.body == #"{"detail":"Not Found"}"#)
                #expect(replies[2]?.body == #"{"detail":"Method Not Allowed"}"#)
                #expect(replies[2]?.headers.contains("allow: post") == true)
                #expect(replies[5]?.headers.contains("allow: get, head") == true)
                #expect(replies[6]?.body == "")
                #expect(replies.allSatisfy { $0?.closes == false })
            }
        }

        @Test func saysWhenItIsNotHealthy() async throws {
            try await withServer(FakeServing(isHealthy: false)) { server in
                let reply = try await onThread {
                    let socket = try server.connect()
                    try socket.send("HEAD /health HTTP/1.1\r\nHost: t\r\n\r\n")
                    let head = try socket.reply(hasBody: false)
                    try socket.send("GET /health HTTP/1.1\r\nHost: t\r\n\r\n")
                    return [head, try socket.reply()]
                }
                #expect(reply.map { $0?.status } == [503, 503])
            }
        }

        @Test func loadsAndAnswersNull() async throws {
            let fake = FakeServing(load: { (text) throws(FeatureStoreError) in "[\"\(text)\"]" })
            try await withServer(fake) { server in
                let bodies = try await onThread {
                    let socket = try server.connect()
                    var bodies: [String?] = []
                    for (path, body) in [
                        ("/materialize", #"{"start_ts":"2026-01-10","end_ts":"2026-01-11"}"#),
                        (
                            "/materialize?summary=true",
                            #"{"start_ts":"2026-01-10","end_ts":"2026-01-11","feature_views":["v"]}"#
                        ),
                        ("/materialize?summary=true", #"{"disable_event_timestamp":true}"#),
                        ("/materialize-incremental?a=b&summary=true", #"{"end_ts":"2026-01-11"}"#),
                        ("/materialize-incremental", "{}"),
                    ] {
                        try socket.post(path, body)
                        bodies.append(try socket.reply()?.body)
                    }
                    return bodies
                }
                #expect(
                    bodies == [
                        "null", #"["2026-01-10T00:00:00Z 2026-01-11T00:00:00Z v"]"#,
                        #"["open open all"]"#, #"["since last 2026-01-11T00:00:00Z all"]"#,
                        #"{"detail":[{"type":"missing","loc":["body","end_ts"],"#
                            + #""msg":"Field required"}]}"#,
                    ]
                )
            }
        }

        @Test func answersLargeReadsToo() async throws {
            var limits = testLimits()
            limits.maximumCellsOnEventLoop = 1
            limits.maximumEntityRows = 2
            try await withServer(limits: limits) { server in
                let replies = try await onThread {
                    let socket = try server.connect()
                    try socket.post(readPath, readBody)
                    let first = try socket.reply()
                    try socket.post(readPath, #"{"features":["a:b"],"entities":{"k":[1,2,3]}}"#)
                    return [first, try socket.reply()]
                }
                #expect(replies[0]?.body == echoBody(1, 2))
                #expect(replies[1]?.status == 400)
                #expect(replies[1]?.body.contains("limit of 2") == true)
            }
        }

        @Test func aServiceCountsWithAllItsFeatures() async throws {
            var limits = testLimits()
            limits.maximumCells = 600
            try await withServer(limits: limits) { server in
                let replies = try await onThread {
                    let socket = try server.connect()
                    try socket.post(
                        readPath,
                        #"{"feature_service":"wide","entities":{"k":[1,2]}}"#
                    )
                    let first = try socket.reply()
                    try socket.post(
                        readPath,
                        #"{"feature_service":"wide","entities":{"k":[1,2,3]}}"#
                    )
                    return [first, try socket.reply()]
                }
                #expect(replies[0]?.status == 200)
                #expect(replies[1]?.status == 400)
                #expect(replies[1]?.body.contains("the limit of 600 values") == true)
            }
        }

        @Test func aLoadHoldsUpNoRead() async throws {
            let gate = DispatchSemaphore(value: 0)
            let fake = FakeServing(
                load: { (_) throws(FeatureStoreError) in
                    gate.wait()
                    return "{}"
                }
            )
            var limits = testLimits()
            limits.maximumLoads = 2
            try await withServer(fake, limits: limits) { server in
                try await onThread {
                    defer { for _ in 0..<3 { gate.signal() } }
                    let loads = try (0..<3).map { _ in try server.connect() }
                    for load in loads.prefix(2) {
                        try load.post("/materialize", #"{"disable_event_timestamp":true}"#)
                    }
                    for id in 0..<100 {
                        let socket = try server.connect()
                        try socket.post(readPath, read(id))
                        #expect(try socket.reply()?.body == echoBody(id))
                    }
                    // Two run or wait by now, which is the limit.
                    try loads[2].post("/materialize", #"{"disable_event_timestamp":true}"#)
                    #expect(try loads[2].reply()?.status == 409)
                    gate.signal()
                    gate.signal()
                    #expect(try loads[0].reply()?.body == "null")
                    #expect(try loads[1].reply()?.body == "null")
                }
            }
        }

        @Test func looksForNewDefinitions() async throws {
            let fake = FakeServing(
                refreshError: FeatureStoreError(code: .unavailable, message: "locked")
            )
            try await withServer(fake) { server in
                let start = ContinuousClock.now
                while fake.refreshCount.load(ordering: .relaxed) < 3 {
                    try #require(ContinuousClock.now - start < .seconds(20))
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
        }
    }
}
