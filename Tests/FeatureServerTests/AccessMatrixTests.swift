import FeatureDefinitions
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

@testable import FeatureServer

/// Every kind of caller.
private enum Kind: String, CaseIterable {
    case none, wrong, expired, revoked, read, push, admin, otherView, otherProject, socket
}

/// What a caller of each kind is answered, in their order, by a request about the view `wanted`.
private struct Row {
    let method: String
    let body: String
    let statuses: [Int]
}

private let times = #""event_timestamp":["2026-01-02T00:00:00Z"]"#
private let rows: [Endpoint: Row] = [
    .onlineFeatures: Row(
        method: "POST",
        body: #"{"features":["wanted:x"],"entities":{"k":[1]}}"#,
        statuses: [401, 401, 401, 401, 200, 403, 200, 403, 403, 200]
    ),
    .historicalFeatures: Row(
        method: "POST",
        body: #"{"features":["wanted:x"],"entities":{"k":[1],\#(times)}}"#,
        statuses: [401, 401, 401, 401, 200, 403, 200, 403, 403, 200]
    ),
    .materialize: Row(
        method: "POST",
        body: #"{"disable_event_timestamp":true,"feature_views":["wanted"]}"#,
        statuses: [401, 401, 401, 401, 403, 403, 200, 403, 403, 200]
    ),
    .materializeIncremental: Row(
        method: "POST",
        body: #"{"end_ts":"2026-01-03T00:00:00Z","feature_views":["wanted"]}"#,
        statuses: [401, 401, 401, 401, 403, 403, 200, 403, 403, 200]
    ),
    .push: Row(
        method: "POST",
        body: #"{"push_source_name":"wanted_push","to":"online","df":{"k":[2],"x":[5],\#(times)}}"#,
        statuses: [401, 401, 401, 401, 403, 200, 200, 403, 403, 200]
    ),
    .writeToOnlineStore: Row(
        method: "POST",
        body: #"{"feature_view_name":"wanted","df":{"k":[3],"x":[5],\#(times)}}"#,
        statuses: [401, 401, 401, 401, 403, 200, 200, 403, 403, 200]
    ),
    .verify: Row(
        method: "POST",
        body: #"{"feature_views":["wanted"]}"#,
        statuses: [401, 401, 401, 401, 403, 403, 200, 403, 403, 200]
    ),
    .snapshot: Row(
        method: "POST",
        body: "",
        statuses: [401, 401, 401, 401, 403, 403, 200, 403, 403, 200]
    ),
    .forget: Row(
        method: "POST",
        body: #"{"entities":{"k":[1]}}"#,
        statuses: [401, 401, 401, 401, 403, 403, 200, 403, 403, 200]
    ),
    .collectGarbage: Row(
        method: "POST",
        body: "{}",
        statuses: [401, 401, 401, 401, 403, 403, 200, 403, 403, 200]
    ),
    .refresh: Row(
        method: "POST",
        body: "",
        // It is about no view.
        statuses: [401, 401, 401, 401, 403, 403, 200, 200, 403, 200]
    ),
    .health: Row(
        method: "GET",
        body: "",
        statuses: [200, 200, 200, 200, 200, 200, 200, 200, 200, 200]
    ),
    .status: Row(
        method: "GET",
        body: "",
        statuses: [401, 401, 401, 401, 200, 403, 200, 200, 403, 200]
    ),
    .live: Row(
        method: "GET",
        body: "",
        statuses: [200, 200, 200, 200, 200, 200, 200, 200, 200, 200]
    ),
    .ready: Row(
        method: "GET",
        body: "",
        statuses: [200, 200, 200, 200, 200, 200, 200, 200, 200, 200]
    ),
    .metrics: Row(
        method: "GET",
        body: "",
        statuses: [401, 401, 401, 401, 200, 403, 200, 200, 403, 200]
    ),
]

private let definitions = """
    entities:
      - { name: thing, join_keys: [k], value_type: int64 }
    data_sources:
      - { name: wanted_source, type: csv, path: rows.csv, timestamp_field: event_timestamp }
      - { name: wanted_push, type: push, batch_source: wanted_source }
    feature_views:
      - name: wanted
        entities: [thing]
        schema: [{ name: x, dtype: int64 }]
        source: wanted_source
      - name: other_view
        entities: [thing]
        schema: [{ name: x, dtype: int64 }]
        source: { type: csv, path: rows.csv, timestamp_field: event_timestamp }
    on_demand_feature_views:
      - name: computed
        sources: [wanted]
        features: [{ name: twice, dtype: int64, expression: "x + x" }]
      - name: computed_other
        sources: [other_view]
        features: [{ name: twice, dtype: int64, expression: "x + x" }]
    feature_services:
      - { name: mixed, features: [other_view, wanted] }
      - { name: alone, features: [other_view] }

    """

/// A store, the tokens of all kinds of callers, and a server that goes by them.
private struct Scene: Sendable {
    let store: FeatureStore
    let control: AccessControl
    let file: TokenFile
    let socketPath: String
    let secrets: [Kind: String]

    init(_ directory: URL) throws {
        func write(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: directory.appendingPathComponent(name))
        }
        try write("feature_store.yaml", "project: matrix\n")
        try write("a.yaml", definitions)
        try write("rows.csv", "k,event_timestamp,x\n1,2026-01-01T00:00:00Z,7\n")
        let files = try LoadedRepository(directory: directory.path)
        self.store = FeatureStore(files)
        try self.store.apply(self.store.plan(files))
        try self.store.materialize()
        self.file = TokenFile(path: self.store.tokenFilePath)
        self.socketPath = directory.path + "/s.sock"
        let past = Timestamp(microseconds: Timestamp.now().microseconds - 10_000_000)
        let ago = Timestamp(microseconds: past.microseconds - 10_000_000)
        var secrets: [Kind: String] = [
            .wrong: "fst_" + String(repeating: "A", count: 43),
            .expired: try self.file.create("expired", scopes: [.admin], expires: past, now: ago),
            .revoked: try self.file.create("revoked", scopes: [.admin]),
            .read: try self.file.create("read", scopes: [.read]),
            .push: try self.file.create("push", scopes: [.push]),
            .admin: try self.file.create("admin", scopes: [.admin]),
            .otherView: try self.file.create("other_view", scopes: [.admin], views: ["other*"]),
            .otherProject: try self.file.create("far", scopes: [.admin], project: "elsewhere"),
        ]
        secrets[.none] = nil
        try self.file.revoke("revoked")
        self.secrets = secrets
        self.control = try AccessControl(self.file, mustExist: true)
    }

    var security: ServerSecurity { ServerSecurity(accessControl: self.control) }

    func header(_ kind: Kind) -> String {
        self.secrets[kind].map { "Authorization: Bearer \($0)\r\n" } ?? ""
    }

    func connect(_ kind: Kind, _ server: RunningServer) throws -> HTTPSocket {
        kind == .socket ? try HTTPSocket(path: self.socketPath) : try server.connect()
    }

    func request(
        _ method: String,
        _ path: String,
        _ body: String,
        by kind: Kind,
        extra: String = ""
    ) -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: t\r\n\(self.header(kind))\(extra)"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
}

/// Runs a server with tokens while `body` does.
private func withScene(
    _ body: @escaping @Sendable (Scene, RunningServer) throws -> Void
) async throws {
    try await withTemporaryDirectory { directory in
        let scene = try Scene(directory)
        try await withServer(
            scene.store,
            unixSocketPath: scene.socketPath,
            security: scene.security
        ) { server in
            try await onThread { try body(scene, server) }
        }
    }
}

extension ServerTests {
    @Suite struct AccessMatrix {
        @Test(
            "Every endpoint answers every kind of caller as the table says",
            .timeLimit(.minutes(2))
        )
        func everyEndpointAndCaller() async throws {
            try await withScene { scene, server in
                for endpoint in Endpoint.allCases {
                    let row = try #require(rows[endpoint], "no row for \(endpoint.rawValue)")
                    try #require(row.statuses.count == Kind.allCases.count)
                    for (kind, expected) in zip(Kind.allCases, row.statuses) {
                        let place = "\(endpoint.rawValue) by \(kind)"
                        let socket = try scene.connect(kind, server)
                        let text = scene.request(
                            row.method,
                            endpoint.rawValue,
                            row.body,
                            by: kind
                        )
                        // Twice over one connection: the second time the token is known.
                        for _ in 0..<2 {
                            try socket.send(text)
                            let reply = try #require(try socket.reply(), "\(place)")
                            #expect(reply.status == expected, "\(place): \(reply.body)")
                            try check(reply, place)
                            if reply.closes { break }
                        }
                    }
                }
                let counts = server.refusals.all
                #expect((counts[.unauthorized] ?? 0) >= 4 * (Endpoint.allCases.count - 3))
                #expect((counts[.forbidden] ?? 0) > 10)
            }
        }

        @Test("No way of asking goes round the rules")
        func everyWayOfAsking() async throws {
            try await withScene { scene, server in
                // Plain, through the decoder, in another form, by another spelling of the target.
                let body = rows[.onlineFeatures]?.body ?? ""
                let path = Endpoint.onlineFeatures.rawValue
                let ways: [(path: String, extra: String)] = [
                    (path, ""), (path, "X-A: 1\r\nConnection: Keep-Alive\r\n"),
                    (path, "Accept: application/x-fstore-f32\r\n"),
                    (path, "Expect: nothing\r\n"), (path + "?a=b", ""),
                    ("http://elsewhere" + path, ""), (path + "#x", ""),
                ]
                for (path, extra) in ways {
                    for (kind, expected) in zip(
                        Kind.allCases,
                        rows[.onlineFeatures]?.statuses ?? []
                    ) {
                        let socket = try scene.connect(kind, server)
                        try socket.send(
                            scene.request("POST", path, body, by: kind, extra: extra)
                        )
                        #expect(try socket.reply()?.status == expected, "\(path) \(extra) \(kind)")
                    }
                }
                // Two tokens are none.
                let socket = try server.connect()
                try socket.send(
                    scene.request("POST", path, body, by: .read, extra: scene.header(.admin))
                )
                #expect(try socket.reply()?.status == 401)
                // What is not there is not told to strangers.
                for (path, method) in [("/nowhere", "POST"), ("/push", "GET")] {
                    let stranger = try server.connect()
                    try stranger.send(scene.request(method, path, "", by: .none))
                    #expect(try stranger.reply()?.status == 401)
                    let known = try server.connect()
                    try known.send(scene.request(method, path, "", by: .push))
                    #expect(try known.reply()?.status == (method == "GET" ? 405 : 404))
                }
            }
        }

        @Test("A token for some views reads those, by every name that leads to them")
        func limitedToViews() async throws {
            try await withScene { scene, server in
                let cases: [(String, Int)] = [
                    (#"{"features":["other_view:x"],"entities":{"k":[1]}}"#, 200),
                    (#"{"features":["other_view@v1:x"],"entities":{"k":[1]}}"#, 200),
                    (#"{"features":["other_view:x","wanted:x"],"entities":{"k":[1]}}"#, 403),
                    (#"{"features":["wanted@v1:x"],"entities":{"k":[1]}}"#, 403),
                    (#"{"features":["computed:twice"],"entities":{"k":[1]}}"#, 403),
                    (#"{"features":["computed_other:twice"],"entities":{"k":[1]}}"#, 200),
                    (
                        #"{"feature_service":"mixed","full_feature_names":true,"entities":{"k":[1]}}"#,
                        403
                    ),
                    (#"{"feature_service":"alone","entities":{"k":[1]}}"#, 200),
                    (#"{"features":["secret:x"],"entities":{"k":[1]}}"#, 403),
                    (#"{"features":["other_unknown:x"],"entities":{"k":[1]}}"#, 404),
                ]
                let path = Endpoint.onlineFeatures.rawValue
                for (body, expected) in cases {
                    // First by someone who may, so that the way of answering is known already.
                    let admin = try server.connect()
                    try admin.send(scene.request("POST", path, body, by: .admin))
                    _ = try admin.reply()
                    for _ in 0..<2 {
                        let socket = try server.connect()
                        try socket.send(scene.request("POST", path, body, by: .otherView))
                        let reply = try #require(try socket.reply())
                        #expect(reply.status == expected, "\(body): \(reply.body)")
                        if expected == 403 { #expect(reply.body.contains("feature view")) }
                    }
                }
                // Without a list, all views are meant.
                for (path, body) in [
                    ("/materialize", #"{"disable_event_timestamp":true}"#), ("/verify", "{}"),
                ] {
                    let socket = try server.connect()
                    try socket.send(scene.request("POST", path, body, by: .otherView))
                    #expect(try socket.reply()?.status == 403, "\(path)")
                }
            }
        }

        @Test("Over one connection each request goes by its own token")
        func oneConnection() async throws {
            try await withScene { scene, server in
                let path = Endpoint.onlineFeatures.rawValue
                let body = rows[.onlineFeatures]?.body ?? ""
                let socket = try server.connect()
                for kind in [Kind.read, .push, .read, .otherView, .admin, .push, .read] {
                    let isAllowed = kind == .read || kind == .admin
                    let used = isAllowed ? socket : try server.connect()
                    try used.send(scene.request("POST", path, body, by: kind))
                    #expect(try used.reply()?.status == (isAllowed ? 200 : 403))
                }
                // What was shown before counts for nothing without its header.
                try socket.send(scene.request("POST", path, body, by: .none))
                #expect(try socket.reply()?.status == 401)
            }
        }

        @Test("Tokens change under open connections")
        func changesWhileServing() async throws {
            try await withScene { scene, server in
                let path = Endpoint.onlineFeatures.rawValue
                let body = rows[.onlineFeatures]?.body ?? ""
                let socket = try server.connect()
                try socket.send(scene.request("POST", path, body, by: .read))
                #expect(try socket.reply()?.status == 200)
                let second = try scene.file.rotate("read")
                // The old one ends within some refreshes.
                let deadline = ContinuousClock.now + .seconds(10)
                var status = 200
                while status == 200, ContinuousClock.now < deadline {
                    let fresh = try server.connect()
                    try fresh.send(scene.request("POST", path, body, by: .read))
                    status = try fresh.reply()?.status ?? 0
                }
                #expect(status == 401)
                try socket.send(scene.request("POST", path, body, by: .read))
                #expect(try socket.reply()?.status == 401)
                let new = try server.connect()
                let header = "Authorization: Bearer \(second)\r\n"
                try new.send(scene.request("POST", path, body, by: .none, extra: header))
                #expect(try new.reply()?.status == 200)
            }
        }

        @Test("The audit log says which token pushed")
        func auditsTokens() async throws {
            try await withScene { scene, server in
                let row = try #require(rows[.push])
                for kind in [Kind.push, .socket] {
                    let socket = try scene.connect(kind, server)
                    let extra = "X-Request-ID: r-\(kind)\r\n"
                    try socket.send(
                        scene.request("POST", "/push", row.body, by: kind, extra: extra)
                    )
                    #expect(try socket.reply()?.status == 200)
                }
                let path = try #require(scene.store.auditLogPath)
                let lines = try String(contentsOfFile: path, encoding: .utf8)
                    .split(separator: "\n").suffix(2)
                #expect(lines.first?.contains(#""who":"token push","request":"r-push""#) == true)
                #expect(lines.last?.contains(#""who":"uid \#(getuid())""#) == true)
                #expect(lines.last?.contains(#""request":"r-socket""#) == true)
            }
        }
    }
}

/// What every refusal must say.
private func check(_ reply: Reply, _ place: String) throws {
    let challenge = reply.headers.first { $0.hasPrefix("www-authenticate: ") }
    switch reply.status {
    case 401:
        #expect(challenge?.contains(#"bearer realm="fstore""#) == true, "\(place)")
        #expect(reply.closes, "\(place)")
    case 403: #expect(challenge?.contains("insufficient_scope") == true, "\(place)")
    default: #expect(challenge == nil, "\(place)")
    }
}
