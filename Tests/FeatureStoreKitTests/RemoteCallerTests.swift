import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

/// What clients may ask, spend and learn.
@Suite struct RemoteCallerTests {
    /// Drivers 1 and 2^53 + 1, and a view that computes with texts of a request.
    private func withProject(_ body: (SmallProject) throws -> Void) throws {
        try withTemporaryDirectory { directory in
            var project = SmallProject(directory: directory)
            try project.write([
                SmallProject.line(1, 10, trips: "10", rate: "0.5"),
                SmallProject.line(9_007_199_254_740_993, 10, trips: "20", rate: "0.25"),
            ])
            project.repository.dataSources.append(
                DataSource(
                    name: "ask",
                    kind: .request(
                        .init(schema: [
                            Field(name: "t", type: .string), Field(name: "p", type: .string),
                            Field(name: "n", type: .int64),
                        ])
                    )
                )
            )
            project.repository.onDemandFeatureViews = [
                OnDemandFeatureView(
                    name: "computed",
                    sources: ["stats", "ask"],
                    features: [
                        OnDemandFeature(
                            name: "hit",
                            type: .bool,
                            transformation: .expression("t LIKE p")
                        ),
                        OnDemandFeature(
                            name: "same",
                            type: .int64,
                            transformation: .expression("n")
                        ),
                    ]
                )
            ]
            try project.apply()
            try project.store.materialize()
            try body(project)
        }
    }

    private func read(
        _ store: FeatureStore,
        _ feature: String,
        _ columns: [OnlineFeaturesRequest.EntityColumn],
        deadline: ContinuousClock.Instant? = nil
    ) throws(FeatureStoreError) -> OnlineFeatures {
        try store.onlineFeatures(
            OnlineFeaturesRequest(
                selection: .features([feature]),
                entities: columns,
                deadline: deadline
            )
        )
    }

    @Test func `An id and a whole number of a request are those that their digits say`() throws {
        try self.withProject { project in
            let store = project.store
            let answer = try self.read(
                store,
                "stats:trips",
                [
                    .init(
                        name: "driver_id",
                        values: [.float(9_007_199_254_740_992), .float(1)],
                        digits: [0: "9007199254740993.0", 1: "1e0"]
                    )
                ]
            )
            #expect(answer.entities[0].values.values == [9_007_199_254_740_993, 1])
            #expect(answer.features[0].values.values == [20, 10])
            for digits in ["4503599627370496.25", "9223372036854775808", "1e19"] {
                let error = failure {
                    try self.read(
                        store,
                        "stats:trips",
                        [.init(name: "driver_id", values: [.float(1)], digits: [0: digits])]
                    )
                }
                #expect(error?.code == .invalidValue)
                #expect(error?.message.contains("and \(digits) (row 0) is not") == true)
            }
            let same = try self.read(
                store,
                "computed:same",
                [.init(name: "n", values: [.float(1e18)], digits: [0: "1e18"])]
            )
            #expect(same.features[0].values.values == [1_000_000_000_000_000_000])
            // What is forgotten is the entity of the digits, and no neighbour of it.
            let receipt = try store.forget(
                ForgetRequest([
                    .init(
                        joinKey: "driver_id",
                        id: .float(9_007_199_254_740_992),
                        digits: "9007199254740993.0"
                    )
                ])
            )
            #expect(receipt.online.map(\.rows) == [1])
        }
    }

    @Test func `A pattern has 64 bytes at most, and a computation that takes too long ends`() throws
    {
        try self.withProject { project in
            let store = project.store
            #expect(store.computesFeatures(of: .features(["stats:trips", "computed:hit"])))
            #expect(!store.computesFeatures(of: .features(["stats:trips", "stats:rate"])))
            let pattern = "%" + String(repeating: "a", count: 62) + "b"
            let text = Value.string(String(repeating: "a", count: 64_000))
            let began = ContinuousClock.now
            let answer = try self.read(
                store,
                "computed:hit",
                [
                    .init(name: "t", values: [text, "ab", text]),
                    .init(name: "p", values: [.string(pattern), "%b", .string("%a" + pattern)]),
                ],
                deadline: .now + .seconds(60)
            )
            #expect(answer.features[0].values.values == [false, true, nil])
            #expect(ContinuousClock.now - began < .seconds(1))
            let error = failure {
                try self.read(
                    store,
                    "computed:hit",
                    [.init(name: "t", values: ["a", "b"]), .init(name: "p", values: ["a", "b"])],
                    deadline: .now
                )
            }
            #expect(error?.code == .deadlineExceeded)
            #expect(error?.message.contains("\"hit\"") == true)
        }
    }

    @Test func `An expression with a pattern that is always too long is no definition`() throws {
        try self.withProject { project in
            var project = project
            let pattern = String(repeating: "a", count: 65)
            project.repository.onDemandFeatureViews[0].features[0].transformation =
                .expression("t LIKE '\(pattern)'")
            let error = failure { try project.apply() }
            #expect(
                error?.message.contains("at most 64 bytes") == true,
                "\(String(describing: error))"
            )
        }
    }

    @Test func `Over the network a missing source is named as its definition writes it`() throws {
        try self.withProject { project in
            let store = project.store
            let folder = project.directory.path
            try FileManager.default.removeItem(atPath: folder + "/stats.csv")
            let remote = Caller(name: "anonymous 10.0.0.1", isRemote: true)
            let local = Caller(name: "uid 1")
            let entities = try SmallProject.entities([(.integer(1), .timestamp(second(50)))])
            for error in [
                failure {
                    try store.historicalFeatures(.features(["stats:trips"]), entities: entities)
                },
                failure { try store.materialize() },
            ] {
                let error = try #require(error)
                #expect(error.code == .unavailable)
                #expect(store.message(of: error, for: local) == error.message)
                #expect(error.message.contains(folder))
                let told = store.message(of: error, for: remote)
                #expect(told.contains("the data source \"stats_source\" cannot be read: stats.csv"))
                #expect(!told.contains(folder) && !told.contains("registry.db"), "\(told)")
                #expect(!told.contains("audit.jsonl"))
            }
            let report: VerificationReport = try Caller.$current.withValue(remote) {
                try store.verify(views: nil)
            }
            #expect(report.views.compactMap(\.error).allSatisfy { !$0.contains(folder) })
            #expect(store.withoutFolders("\(folder)/a.csv:3: x in \(folder)") == "a.csv:3: x in .")
            #expect(store.withoutFolders("\(folder)2/a.csv") == "\(folder)2/a.csv")
        }
    }

    @Test func `The audit log has names that the definitions know, and no others`() throws {
        try self.withProject { project in
            let store = project.store
            let rows = try PushRows(["driver_id": [.integer(1)]])
            let secret = "person@example.com"
            _ = failure { try store.push(secret, rows: rows) }
            _ = failure { try store.writeToOnlineStore(view: secret, rows: rows) }
            _ = failure { try store.materialize(views: [secret, "stats"]) }
            _ = failure { try store.forget(ForgetRequest([.init(joinKey: secret, id: 1)])) }
            try store.forget(ForgetRequest([.init(joinKey: "driver_id", id: 1)]))
            let file = TokenFile(path: store.tokenFilePath)
            _ = failure { try store.createToken("\(secret)\n", in: file, scopes: [.read]) }
            let path = project.directory.appendingPathComponent("data/audit.jsonl")
            let text = try String(contentsOf: path, encoding: .utf8)
            #expect(!text.contains("person"))
            let objects = text.split(separator: "\n").suffix(6).map { line in
                line.split(separator: "\"objects\":")[1].prefix { $0 != "]" }
            }
            #expect(
                objects == [
                    "[\"unknown\"", "[\"unknown\"", "[\"unknown\",\"stats\"", "[\"unknown\"",
                    "[\"driver_id\"", "[\"unknown\"",
                ]
            )
            for (name, views) in [("", ["", "stats"]), ("p", [""])] {
                let error = failure {
                    try file.create("t", scopes: [.read], project: name, views: views)
                }
                #expect(error?.code == .invalidArgument)
            }
        }
    }
}
