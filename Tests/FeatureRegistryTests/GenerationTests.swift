import FeatureModel
import FeatureRegistry
import Foundation
import NativeStorage
import TestSupport
import Testing

@Suite("Generations in plans and in the registry")
struct GenerationTests {
    private static let noon = Timestamp(microseconds: 43_200_000_000)

    private static let base = FeatureRepository(
        entities: [Entity(name: "airport", joinKeys: [.init(name: "airport_id", type: .int64)])],
        dataSources: [
            DataSource(
                name: "weather_csv",
                kind: .csv(.init(path: "weather.csv")),
                timestampField: "time"
            )
        ],
        featureViews: [
            FeatureView(
                name: "weather",
                entities: ["airport"],
                schema: [
                    Field(name: "temp", type: .float32), Field(name: "wind", type: .float64),
                ],
                source: "weather_csv"
            )
        ]
    )

    private static func service(_ name: String, _ version: Int?) -> FeatureService {
        FeatureService(name: name, features: [.init(view: "weather", version: version)])
    }

    private static func plan(
        _ services: [FeatureService] = [],
        _ change: (inout FeatureRepository) -> Void
    ) -> RegistryPlan {
        var old = self.base
        old.featureServices = services
        var new = old
        change(&new)
        let applied = RegistrySnapshot(version: 1, project: "p", repository: old)
        return RegistryPlan(from: applied, to: new, project: "p")
    }

    @Test("A view keeps its generation when nothing about its rows changes")
    func compatibleEdits() {
        let edits: [(inout FeatureRepository) -> Void] = [
            { $0.featureViews[0].schema.append(Field(name: "snow", type: .bool)) },
            { $0.featureViews[0].schema.reverse() },
            { $0.featureViews[0].schema[0].description = "degrees" },
            { $0.featureViews[0].ttlMicroseconds = 1 },
            { $0.featureViews[0].tags = ["a": "b"] },
            { $0.dataSources[0].latenessMicroseconds = 5 },
            { $0.dataSources[0].description = "a file" },
            { $0.entities[0].owner = "me" },
            { repository in
                repository.dataSources.append(
                    DataSource(name: "push", kind: .push(.init(batchSource: "weather_csv")))
                )
                repository.featureViews[0].source = "push"
            },
            { repository in
                repository.dataSources[0].name = "renamed"
                repository.featureViews[0].source = "renamed"
            },
            { repository in
                let keys = repository.entities[0].joinKeys
                repository.entities.append(Entity(name: "field", joinKeys: keys))
                repository.featureViews[0].entities = ["field"]
            },
        ]
        for edit in edits {
            let plan = Self.plan([Self.service("s", nil)], edit)
            #expect(plan.changes.allSatisfy { $0.generation == nil && $0.notes.isEmpty })
            #expect(!plan.isDestructive, "\(plan)")
            #expect(plan.generations.newest == ["weather": 1])
        }
    }

    @Test("Whatever changes the rows of a view starts a generation, and names who uses the old one")
    func incompatibleEdits() {
        let edits: [((inout FeatureRepository) -> Void, String)] = [
            ({ $0.featureViews[0].schema.removeFirst() }, "drops feature \"temp\""),
            (
                { $0.featureViews[0].schema[0].type = .string },
                "changes feature \"temp\" from float32 to string"
            ),
            (
                { $0.entities[0].joinKeys[0].type = .string },
                "changes the join keys from [airport_id int64] to [airport_id string]"
            ),
            (
                { $0.dataSources[0].timezone = "Europe/Oslo" },
                "reads data source \"weather_csv\" in another way"
            ),
            (
                { $0.dataSources[0].fieldMapping = ["t": "temp"] },
                "reads data source \"weather_csv\" in another way"
            ),
            (
                { $0.dataSources[0].kind = .csv(.init(path: "weather.csv", nullValues: ["-"])) },
                "reads data source \"weather_csv\" in another way"
            ),
            (
                { $0.dataSources[0].kind = .sqlite(.init(path: "w.db", relation: .table("w"))) },
                "reads data source \"weather_csv\" in another way"
            ),
            (
                { $0.dataSources[0].createdTimestampColumn = "created" },
                "reads data source \"weather_csv\" in another way"
            ),
            (
                { $0.featureViews[0].filterByCreatedTimestamp = true },
                "filters rows by their created time"
            ),
        ]
        for (edit, reason) in edits {
            let plan = Self.plan([Self.service("s", nil), Self.service("t", nil)], edit)
            #expect(plan.generations.newest == ["weather": 2])
            #expect(plan.generations.held.isEmpty)
            #expect(
                plan.changes.flatMap(\.destructiveReasons) == [
                    "starts generation 2: \(reason)",
                    "feature services \"s\", \"t\" use the view unpinned and would get nothing "
                        + "from it until the next load; pin \"weather@v1\" in them to stay with "
                        + "generation 1",
                ]
            )
            // Without services, only what a load cannot bring back is a loss.
            let alone = Self.plan([], edit)
            #expect(alone.generations.newest == ["weather": 2])
            let isLoss = reason.hasPrefix("drops") || reason.hasPrefix("changes")
            #expect(alone.isDestructive == isLoss)
            let texts = alone.changes.flatMap { $0.notes + $0.destructiveReasons }
            #expect(texts == ["starts generation 2: \(reason)"])
        }
    }

    @Test("What is pushed to one source is not what is pushed to another")
    func pushSources() {
        func plan(_ batch: String?, to other: String?) -> RegistryPlan {
            var old = Self.base
            old.dataSources += [
                DataSource(name: "one", kind: .push(.init(batchSource: batch))),
                DataSource(name: "two", kind: .push(.init(batchSource: other))),
            ]
            old.featureViews[0].source = "one"
            var new = old
            new.featureViews[0].source = "two"
            let applied = RegistrySnapshot(version: 1, project: "p", repository: old)
            return RegistryPlan(from: applied, to: new, project: "p")
        }
        #expect(plan("weather_csv", to: "weather_csv").generations.newest == ["weather": 2])
        #expect(plan(nil, to: nil).generations.newest == ["weather": 2])
        #expect(plan("weather_csv", to: nil).generations.newest == ["weather": 2])
    }

    @Test("Rows of a push source may be added to a view, and not taken from it")
    func fewerPushSources() {
        func reasons(
            _ old: [String],
            of first: String,
            to new: [String],
            of second: String
        ) -> [String] {
            func repository(_ names: [String], _ source: String) -> FeatureRepository {
                var repository = Self.base
                repository.dataSources += names.map {
                    DataSource(name: $0, kind: .push(.init(batchSource: "weather_csv")))
                }
                repository.featureViews[0].source = source
                return repository
            }
            let before = repository(old, first)
            let applied = RegistrySnapshot(version: 1, project: "p", repository: before)
            return RegistryPlan(from: applied, to: repository(new, second), project: "p").changes
                .compactMap(\.generation).flatMap(\.reasons)
        }
        let two = ["one", "two"]
        #expect(reasons(two, of: "one", to: two, of: "weather_csv").isEmpty)
        #expect(reasons(["one"], of: "weather_csv", to: two, of: "weather_csv").isEmpty)
        #expect(reasons(["one"], of: "weather_csv", to: ["one"], of: "one").isEmpty)
        let reason = "no longer has the rows of push source \"two\""
        #expect(reasons(two, of: "weather_csv", to: two, of: "one") == [reason])
        #expect(reasons(two, of: "weather_csv", to: ["one"], of: "weather_csv") == [reason])
        #expect(reasons(two, of: "two", to: two, of: "one") == [reason])
    }

    @Test("Texts that look the same when they are printed are not the same source")
    func lookalikes() {
        func generation(_ old: DataSource.Kind, _ new: DataSource.Kind) -> Int? {
            var before = Self.base
            before.dataSources[0].kind = old
            var after = before
            after.dataSources[0].kind = new
            let applied = RegistrySnapshot(version: 1, project: "p", repository: before)
            return RegistryPlan(from: applied, to: after, project: "p").generations
                .newest["weather"]
        }
        func query(_ text: String) -> DataSource.Kind { .sqlite(.init(relation: .query(text))) }
        func csv(_ nulls: [String]) -> DataSource.Kind {
            .csv(.init(path: "a", nullValues: nulls))
        }
        #expect(generation(query("SELECT '\n'"), query("SELECT '\\n'")) == 2)
        #expect(generation(csv(["a", "b"]), csv(["a\", \"b"])) == 2)
        #expect(generation(csv(["a", "b"]), csv(["a", "b"])) == 1)
    }

    @Test("A service that reads an on-demand feature view uses the views below it")
    func throughOnDemandViews() {
        var old = Self.base
        old.onDemandFeatureViews = [
            OnDemandFeatureView(
                name: "warm",
                sources: ["weather"],
                features: [.init(name: "x", type: .float64, transformation: .expression("temp"))]
            )
        ]
        old.featureServices = [FeatureService(name: "s", features: [.init(view: "warm")])]
        var new = old
        new.dataSources[0].timezone = "Europe/Oslo"
        let applied = RegistrySnapshot(version: 1, project: "p", repository: old)
        let changed = RegistryPlan(from: applied, to: new, project: "p")
        #expect(changed.changes.flatMap(\.destructiveReasons).last?.contains("\"s\"") == true)
    }

    @Test("A pinned generation stays with its source and keys until nobody pins it")
    func pinned() throws {
        try withTemporaryDirectory { directory in
            let registry = Registry(path: directory.appendingPathComponent("r.db").path)
            func apply(_ repository: FeatureRepository) throws -> RegistryPlan {
                let before = try registry.snapshot()
                let plan = RegistryPlan(from: before, to: repository, project: "p")
                #expect(plan.pinProblems(locations: DefinitionLocations()).isEmpty)
                let applied = try registry.apply(plan, at: Self.noon)
                #expect(try Registry(path: registry.path).snapshot() == applied)
                return plan
            }
            var next = Self.base
            next.featureServices = [Self.service("old", 1), Self.service("new", nil)]
            #expect(try apply(next).changes.allSatisfy { $0.generation == nil })

            // Pinned by both: nobody would notice, so nothing need be allowed.
            next.featureServices[1] = Self.service("new", 2)
            next.featureViews[0].schema.removeFirst()
            next.dataSources[0].kind = .csv(.init(path: "other.csv"))
            next.entities[0].joinKeys = [.init(name: "iata", type: .string)]
            let plan = try apply(next)
            #expect(!plan.isDestructive)
            #expect(
                plan.changes.flatMap(\.notes) == [
                    "starts generation 2: drops feature \"temp\", changes the join keys from "
                        + "[airport_id int64] to [iata string], reads data source \"weather_csv\" "
                        + "in another way",
                    "keeps generation 1, which feature service \"old\" pins",
                ]
            )
            let snapshot = try registry.snapshot()
            let held = try #require(snapshot.generation(of: "weather", version: 1))
            #expect(held.view == Self.base.featureViews[0])
            #expect(held.source == Self.base.dataSources[0])
            #expect(held.joinKeys == Self.base.entities[0].joinKeys)
            #expect(snapshot.generations(of: "weather").map(\.number) == [1, 2])
            #expect(snapshot.generation(of: "weather", version: nil)?.view == next.featureViews[0])

            next.featureViews[0].schema[0].type = .int32
            _ = try apply(next)
            #expect(try registry.snapshot().generations(of: "weather").map(\.number) == [1, 2, 3])

            next.featureServices = [Self.service("new", 2)]
            let unpinned = try apply(next)
            #expect(
                unpinned.changes.flatMap(\.notes) == [
                    "drops generation 1, which no feature service pins any more"
                ]
            )
            #expect(!unpinned.isDestructive)
            #expect(try registry.snapshot().generations(of: "weather").map(\.number) == [2, 3])

            // Deleted and made again, torn down and made again: never a number twice.
            let view = next.featureViews.removeLast()
            next.featureServices = []
            _ = try apply(next)
            #expect(try registry.snapshot().generations(of: "weather").isEmpty)
            next.featureViews = [view]
            let again = try apply(next)
            #expect(
                again.changes.flatMap(\.notes) == [
                    "starts generation 4: there was a view of this name before"
                ]
            )
            _ = try registry.teardown(at: Self.noon)
            _ = try apply(Self.base)
            #expect(try registry.snapshot().generationInForce(of: "weather")?.number == 5)
            // The past is as it was.
            let past = try registry.snapshot(version: 3)
            #expect(past.generations(of: "weather").map(\.number) == [1, 2, 3])
        }
    }

    @Test("A registry of an earlier version opens, and its deleted views count")
    func earlierRegistries() throws {
        try withTemporaryDirectory { directory in
            let registry = Registry(path: directory.appendingPathComponent("r.db").path)
            func apply(_ repository: FeatureRepository) throws {
                let before = try registry.snapshot()
                let plan = RegistryPlan(from: before, to: repository, project: "p")
                _ = try registry.apply(plan, at: Self.noon)
            }
            try apply(Self.base)
            var none = Self.base
            none.featureViews = []
            try apply(none)
            // What this version adds to changes, earlier ones did not write.
            let database = try SQLiteDatabase(path: registry.path, mode: .readWriteCreate)
            try database.execute(
                "UPDATE version SET changes = json_remove(changes, '$[0].definition_hash')"
            )
            #expect(try registry.history().count == 2)
            #expect(try registry.history()[0].changes[0].definitionHash == nil)
            try apply(Self.base)
            #expect(try registry.snapshot().generationInForce(of: "weather")?.number == 2)
            #expect(try registry.snapshot(version: 1).generationInForce(of: "weather")?.number == 1)
        }
    }

    @Test("A pin of what is not there is told with its place and with what there is")
    func wrongPins() {
        var locations = DefinitionLocations()
        let place = SourceLocation(file: "services.yaml", line: 7, column: 9)
        locations.record(place, of: .featureService, "s", part: "features.0")
        func problems(_ projection: FeatureService.Projection) -> [Diagnostic] {
            var old = Self.base
            old.featureServices = [Self.service("keeper", 1)]
            var new = old
            new.featureViews[0].schema.removeFirst()
            new.entities[0].joinKeys[0].name = "iata"
            new.featureServices.append(FeatureService(name: "s", features: [projection]))
            let applied = RegistrySnapshot(version: 1, project: "p", repository: old)
            return RegistryPlan(from: applied, to: new, project: "p")
                .pinProblems(locations: locations)
        }
        #expect(problems(.init(view: "weather", version: 1, features: ["temp"])).isEmpty)
        #expect(problems(.init(view: "weather", version: 2, features: ["wind"])).isEmpty)
        #expect(
            problems(.init(view: "weather", version: 3)).map(\.description) == [
                "services.yaml:7:9: error: feature service \"s\" pins generation 3 of feature view "
                    + "\"weather\", which it does not have; generation 2 is in force, and 1 is "
                    + "pinned"
            ]
        )
        #expect(
            problems(.init(view: "weather", version: 2, features: ["temp"])).map(\.message) == [
                "feature service \"s\" names a feature \"temp\", which \"weather@v2\" does not have"
            ]
        )
        #expect(
            problems(.init(view: "weather", version: 1, joinKeyMap: ["iata": "origin"]))
                .map(\.description) == [
                    "services.yaml:7:9: error: feature service \"s\" maps \"iata\", which is no "
                        + "join key of \"weather@v1\"; the join keys are: airport_id"
                ]
        )
    }

    @Test("Equal definitions have equal hashes, and each value counts")
    func hashes() throws {
        let view = Self.base.featureViews[0]
        let hash = try DefinitionHash.text(of: view)
        #expect(hash == (try DefinitionHash.text(of: view)))
        #expect(hash.count == 64)
        // Written down, so that no later version gives another one.
        #expect(hash == "be017879a66473257489a090d11864aeb9c50b8bb6762ddcfc20547427b19c0e")
        var others: Set<String> = [hash]
        let edits: [(inout FeatureView) -> Void] = [
            { $0.name = "x" }, { $0.ttlMicroseconds = 1 }, { $0.schema.removeLast() },
            { $0.schema.reverse() }, { $0.online = false }, { $0.owner = "me" },
            { $0.tags = ["a": "b"] }, { $0.source = "y" }, { $0.entities = [] },
        ]
        for edit in edits {
            var other = view
            edit(&other)
            others.insert(try DefinitionHash.text(of: other))
        }
        #expect(others.count == edits.count + 1)
    }
}
