import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

/// What may be asked for online, and what is said to the rest.
@Suite struct OnlineRequestTests {
    /// Two views: one by driver, one by driver and city; both have a feature `rate`.
    private func withStore(_ body: (FeatureStore) throws -> Void) throws {
        try withTemporaryDirectory { directory in
            var project = SmallProject(directory: directory)
            try project.write([
                SmallProject.line(1, 10, trips: "10", rate: "0.5"),
                SmallProject.line(9_007_199_254_740_993, 10, trips: "20", rate: "0.25"),
            ])
            try project.write(
                ["1,Rome,7,A", "1,,8,B"],
                header: "driver_id,city,rate,label",
                to: "city.csv"
            )
            project.repository.entities.append(
                Entity(name: "city_entity", joinKeys: [.init(name: "city", type: .string)])
            )
            project.repository.dataSources.append(
                DataSource(name: "city_source", kind: .csv(.init(path: "city.csv")))
            )
            project.repository.featureViews.append(
                FeatureView(
                    name: "city_stats",
                    entities: ["driver", "city_entity"],
                    schema: [
                        Field(name: "rate", type: .int32), Field(name: "label", type: .string),
                    ],
                    source: "city_source"
                )
            )
            project.repository.featureServices = [
                FeatureService(
                    name: "ranking",
                    features: [
                        .init(view: "city_stats", features: ["label"]), .init(view: "stats"),
                    ]
                )
            ]
            try project.apply()
            try project.store.materialize()
            try body(project.store)
        }
    }

    private func error(
        _ store: FeatureStore,
        _ features: [String],
        _ entities: KeyValuePairs<String, [Value]> = ["driver_id": [1]]
    ) -> FeatureStoreError? {
        failure { try store.onlineFeatures(.features(features), entities: entities) }
    }

    @Test("Unknown names are told all at once, with the nearest names that there are")
    func unknownNames() throws {
        try withStore { store in
            let view = error(store, ["stat:trips", "stats:trisp", "stats"])
            #expect(view?.code == .invalidArgument)
            #expect(view?.message.contains("\"stats\"; the form is view:feature") ?? false)
            let both = error(store, ["stat:trips", "stats:trisp", "stats:trisp"])
            #expect(both?.code == .featureViewNotFound)
            #expect(
                both?.message == """
                    Feature view stat does not exist in project drivers; did you mean "stats" or \
                    "city_stats"?
                    feature view "stats" has no feature "trisp"; did you mean "trips"?
                    """
            )
            #expect(error(store, ["stats:trisp"])?.code == .featureNotFound)
            let service = failure {
                try store.onlineFeatures(.service("rankin"), entities: ["driver_id": [1]])
            }
            #expect(service?.code == .featureServiceNotFound)
            #expect(service?.message.contains("did you mean \"ranking\"?") ?? false)
            #expect(error(store, [])?.code == .invalidArgument)
        }
    }

    @Test("Two columns of one name are refused, and full names tell them apart")
    func collisions() throws {
        try withStore { store in
            let features = ["stats:rate", "city_stats:rate"]
            let entities: KeyValuePairs<String, [Value]> = ["driver_id": [1], "city": ["Rome"]]
            let collision = error(store, features, entities)
            #expect(collision?.code == .featureNameCollision)
            #expect(
                collision?.message.hasPrefix("Duplicate features named rate found; use the full")
                    ?? false
            )
            let answer = try store.onlineFeatures(
                .features(features),
                entities: entities,
                fullFeatureNames: true
            )
            #expect(answer.features.map(\.name) == ["stats__rate", "city_stats__rate"])
            #expect(answer.features.map { $0.values[0] } == [0.5, 7])
            let twice = failure {
                try store.onlineFeatures(
                    .features(["stats:rate", "stats:rate"]),
                    entities: entities,
                    fullFeatureNames: true
                )
            }
            #expect(twice?.code == .featureNameCollision)
            #expect(twice?.message.contains("ask for each feature once") ?? false)
        }
    }

    @Test("Join keys must be there, of one length, and given once")
    func joinKeys() throws {
        try withStore { store in
            let missing = error(store, ["city_stats:label", "stats:trips"], ["cty": ["Rome"]])
            #expect(missing?.code == .missingJoinKey)
            #expect(
                missing?.message
                    == "Missing join key values for keys: driver_id, city; given were: cty; "
                    + "did you mean \"city\" by \"cty\"?"
            )
            #expect(error(store, ["stats:trips"], [:])?.code == .missingJoinKey)
            let ragged = error(store, ["stats:trips"], ["driver_id": [1, 2], "city": ["Rome"]])
            #expect(ragged?.code == .invalidArgument)
            #expect(ragged?.message.contains("\"driver_id\" has 2, \"city\" has 1") ?? false)
            let twice = error(store, ["stats:trips"], ["driver_id": [1], "driver": [2]])
            #expect(twice?.code == .invalidArgument)
            #expect(twice?.message.contains("\"driver_id\" is given twice") ?? false)
        }
    }

    @Test(
        "An id that cannot be the declared type is refused by name, value, row and type",
        arguments: [
            (Value.float(1.5), "1.5"), (.string("abc"), "\"abc\""), (.bool(true), "true"),
            (.string("1.5"), "\"1.5\""), (.string(""), "\"\""), (.string(" 1"), "\" 1\""),
            (.string("9223372036854775808"), "\"9223372036854775808\""),
            (.float(9.3e18), "9.3e+18"), (.float(.nan), "nan"), (.list([1]), "a list of 1"),
            (.bytes([1]), "1 byte"), (.timestamp(.epoch), "1970-01-01T00:00:00Z"),
        ]
    )
    func wrongIDs(id: Value, text: String) throws {
        try withStore { store in
            let error = error(store, ["stats:trips"], ["driver_id": [1, nil, id]])
            #expect(error?.code == .invalidValue)
            #expect(
                error?.message
                    == "join key \"driver_id\" is int64, and \(text) (row 2) is not; "
                    + "send a whole number of 64 bits"
            )
        }
    }

    @Test("Ids may be text, nulls, duplicates and unknown, and one does not disturb another")
    func batches() throws {
        try withStore { store in
            let ids: [Value] = [
                "1", nil, 1, 77, 1.0, "9007199254740993", 9_007_199_254_740_992, "01",
            ]
            let answer = try store.onlineFeatures(
                .features(["stats:rate", "stats:trips"]),
                entities: ["driver": ids]
            )
            #expect(answer.entities.map(\.name) == ["driver_id"])
            #expect(
                answer.entities[0].values.values == [
                    1, nil, 1, 77, 1, 9_007_199_254_740_993, 9_007_199_254_740_992, 1,
                ]
            )
            #expect(answer.features.map(\.name) == ["rate", "trips"])
            #expect(answer.features[1].values.values == [10, nil, 10, nil, 10, 20, nil, 10])
            #expect(
                answer.features[0].statuses == [
                    .present, .notFound, .present, .notFound, .present, .present, .notFound,
                    .present,
                ]
            )
            let none = try store.onlineFeatures(
                .features(["stats:trips"]),
                entities: ["driver_id": []]
            )
            #expect(none.rowCount == 0 && none.features[0].values.count == 0)
        }
    }

    @Test("Columns come in the order asked for, across views, and unneeded ids are echoed")
    func order() throws {
        try withStore { store in
            let answer = try store.onlineFeatures(
                .features(["stats:trips", "city_stats:label", "stats:rate"]),
                entities: [
                    "city": ["Rome", "", "rome", nil], "other": [1, 2, 3, 4],
                    "driver": [1, 1, 1, 1],
                ]
            )
            #expect(answer.entities.map(\.name) == ["city", "driver_id"])
            #expect(answer.features.map(\.name) == ["trips", "label", "rate"])
            #expect(answer.features[1].values.values == ["A", nil, nil, nil])
            #expect(answer.features[0].values.values == [10, 10, 10, 10])

            let service = try store.onlineFeatures(
                .service("ranking"),
                entities: ["driver_id": [1], "city": ["Rome"]]
            )
            #expect(service.features.map(\.name) == ["label", "trips", "rate"])
            #expect(service.features.map { $0.values[0] } == ["A", 10, 0.5])
            let echo = try store.onlineFeatures(
                .features(["stats:trips"]),
                entities: ["city": ["Rome"], "driver_id": [1]]
            )
            #expect(echo.entities.map(\.name) == ["city", "driver_id"])
        }
    }

    @Test("The example request finds something")
    func example() throws {
        try withStore { store in
            let request = try #require(try store.exampleRequest())
            #expect(request.selection == .service("ranking"))
            let answer = try store.onlineFeatures(request)
            #expect(answer.features.allSatisfy { $0.statuses.contains(.present) })
        }
    }

    @Test("Before anything was applied, the way on is said")
    func nothingApplied() throws {
        try withTemporaryDirectory { directory in
            let store = SmallProject(directory: directory).store
            let error = error(store, ["stats:trips"])
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains("run `fstore apply`") ?? false)
        }
    }
}

@Suite("Requests with a great many mistakes")
struct ManyMistakesTests {
    @Test("The first mistakes are told, and the rest counted")
    func manyMistakes() throws {
        try withTemporaryDirectory { directory in
            let files = LoadedRepository(
                directory: directory.path,
                configuration: ProjectConfiguration(project: "p"),
                repository: FeatureRepository(
                    entities: [Entity(name: "thing", joinKeys: [.init(name: "id", type: .int64)])]
                )
            )
            let store = FeatureStore(files)
            try store.apply(store.plan(files))
            // Each view is asked for twice, and told once.
            let references = (0..<6000).map { "view\($0 % 3000):feature\($0 / 3000)" }
            let error = #expect(throws: FeatureStoreError.self) {
                try store.onlineFeatures(.features(references), entities: ["id": []])
            }
            let lines = error?.message.split(separator: "\n") ?? []
            #expect(lines.count == 21)
            #expect(lines.last == "… and 2980 more")
        }
    }
}
