import FeastRegistry
import FeatureDefinitions
import FeatureModel
import Foundation
import Testing

/// Registries that Feast's own SDK made; `scripts/fixtures/feast_registries.py` makes them anew.
@Suite("Registries of Feast 0.67")
struct FixtureTests {
    private func imported(_ name: String) throws -> FeastImport {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures/\(name).db")
        return try FeastImport(Array(Data(contentsOf: path)))
    }

    @Test("Views, push and request sources and services come over; Python code is listed")
    func drivers() throws {
        let imported = try self.imported("drivers")
        let repository = imported.repository
        #expect(imported.project == "driver_ranking")
        #expect(imported.description == "drivers")
        #expect(repository.problems() == [])
        #expect(
            repository.entities == [
                Entity(
                    name: "driver",
                    joinKeys: [.init(name: "driver_id", type: .int64)],
                    description: "a driver",
                    tags: ["team": "fleet"],
                    owner: "fleet@example.com"
                )
            ]
        )
        #expect(
            repository.dataSource("driver_stats_source")
                == DataSource(
                    name: "driver_stats_source",
                    kind: .csv(.init(path: "data/driver_stats_source.csv")),
                    timestampField: "event_timestamp",
                    createdTimestampColumn: "created",
                    fieldMapping: ["trips": "avg_daily_trips"],
                    description: "hourly",
                    tags: ["feast.type": "BATCH_FILE", "feast.uri": "driver_stats.parquet"]
                )
        )
        #expect(repository.dataSource("driver_push")?.batchSource == "driver_stats_source")
        #expect(
            repository.dataSource("vals")?.requestSchema == [
                Field(name: "val_to_add", type: .int64)
            ]
        )
        #expect(
            repository.dataSource("days.csv")?.kind == .csv(.init(path: "days.csv")),
            "a CSV file stays the file that it is"
        )
        let schema = [
            Field(
                name: "conv_rate",
                type: .float32,
                description: "converted",
                tags: ["unit": "1"]
            ),
            Field(name: "acc_rate", type: .float32),
            Field(name: "avg_daily_trips", type: .int64),
        ]
        let hourly = FeatureView(
            name: "driver_hourly_stats",
            entities: ["driver"],
            ttlMicroseconds: 86_400_000_000,
            schema: schema,
            source: "driver_stats_source",
            description: "hourly statistics",
            tags: ["team": "driver_performance"],
            owner: "ml@example.com"
        )
        let fresh = FeatureView(
            name: "driver_stats_fresh",
            entities: ["driver"],
            schema: schema,
            online: false,
            source: "driver_push"
        )
        let everywhere = FeatureView(
            name: "everywhere",
            entities: [],
            schema: [Field(name: "holiday", type: .bool)],
            source: "days.csv"
        )
        #expect(Set(repository.featureViews) == [hourly, fresh, everywhere])
        let pairs = FeatureService(
            name: "pairs",
            features: [
                .init(
                    view: "driver_hourly_stats",
                    alias: "first",
                    joinKeyMap: ["driver_id": "first_id"]
                ),
                .init(
                    view: "driver_hourly_stats",
                    alias: "second",
                    joinKeyMap: ["driver_id": "second_id"]
                ),
                .init(view: "everywhere"),
            ],
            description: "two drivers",
            tags: ["stage": "dev"]
        )
        let activity = FeatureService(
            name: "activity_v1",
            features: [.init(view: "driver_hourly_stats", features: ["conv_rate"])]
        )
        #expect(Set(repository.featureServices) == [pairs, activity])
        #expect(imported.missingFiles.map(\.path) == ["data/driver_stats_source.csv"])
        #expect(imported.code["transformed_conv_rate"]?.contains("val_to_add") == true)
        #expect(
            imported.notes.map(\.subject) == [
                "project \"driver_ranking\"", "on-demand feature view \"transformed_conv_rate\"",
                "feature service \"activity_v1\"", "registry",
            ]
        )
    }

    @Test("Every type of a feature and of a key has one here, and forbidden names become others")
    func types() throws {
        let imported = try self.imported("types")
        let repository = imported.repository
        #expect(repository.problems() == [])
        let keys = repository.entities.flatMap(\.joinKeys)
        #expect(
            Dictionary(uniqueKeysWithValues: keys.map { ($0.name, $0.type) }) == [
                "k32": .int32, "k64": .int64, "ks": .string, "kb": .bytes, "kt": .unixTimestamp,
                "kn": .string, "kd": .string,
            ]
        )
        let view = try #require(repository.featureView("all_types"))
        #expect(view.ttlMicroseconds == 2_000_000, "one and a half seconds, rounded up")
        let types = Dictionary(uniqueKeysWithValues: view.schema.map { ($0.name, $0.type) })
        for type in ["int32", "int64", "float32", "float64", "string", "bytes", "bool"] {
            #expect(types["f_\(type)"] == ValueType(type))
            #expect(types["a_\(type)"] == ValueType("array(\(type))"))
        }
        #expect(types["f_unix_timestamp"] == .unixTimestamp)
        #expect(types["a_unix_timestamp"] == .array(.unixTimestamp))
        #expect(types["map"] == .map)
        #expect(types["json"] == .json)
        #expect(types["uuid"] == .uuid)
        #expect(types["decimal"] == .decimal)
        #expect(types["s_int64"] == .array(.int64))
        #expect(types["nested"] == .json)
        #expect(types["struct"] == .map)
        #expect(types["a_b"] == .int64)
        #expect(repository.rowSource(of: view)?.fieldMapping == ["a:b": "a_b"])
        let noted = imported.notes.map(\.subject).filter { $0.hasPrefix("feature view") }
        #expect(
            noted == [
                "feature view \"all__types_\"", "feature view \"all__types_\", \"s_int64\"",
                "feature view \"all__types_\", \"s_string\"",
                "feature view \"all__types_\", \"maps\"",
                "feature view \"all__types_\", \"time_uuid\"",
                "feature view \"all__types_\", \"uuids\"",
                "feature view \"all__types_\", \"struct\"",
                "feature view \"all__types_\", \"nested\"",
                "feature view \"all__types_\", \"vector\"", "feature view \"all__types_\"",
            ]
        )
    }

    @Test("Streams, warehouses and what has no place here are named, one by one")
    func warehouse() throws {
        let imported = try self.imported("warehouse")
        let repository = imported.repository
        #expect(repository.problems() == [])
        #expect(Set(repository.featureViews.map(\.name)) == ["tabled", "queried", "streamed"])
        let stream = try #require(repository.dataSource("driver_stream"))
        #expect(stream.batchSource == "files")
        #expect(stream.tags["feast.topic"] == "drivers")
        #expect(repository.featureView("streamed")?.source == "driver_stream")
        #expect(repository.dataSource("bq")?.tags["feast.query"] == "SELECT * FROM trips")
        #expect(
            imported.missingFiles.map { "\($0.path) \($0.origin)" } == [
                "data/files.csv driver_stats.parquet",
                "data/bq.csv the query SELECT * FROM trips", "data/snow.csv the table rides",
                "data/pg.csv the configuration {\"table\": \"rides\"}",
            ]
        )
        let told = imported.notes.map(\.description).joined(separator: "\n")
        for text in [
            "feature view \"tabled\": has a field that this version does not know, number 31",
            "stream feature view \"streamed\": aggregates its stream",
            "data source \"driver_stream\": is a push source here: nothing reads the Kafka topic",
            "feature view \"queried\": is loaded in Feast's online store",
            "saved dataset \"training\": is left out", "permission \"readers\": is left out",
            "registry: has objects that this version does not know, field 40",
        ] {
            #expect(told.contains(text), "\(told)")
        }
    }

    @Test(
        "What was imported is written as definitions that read back",
        arguments: [
            "drivers", "types", "warehouse",
        ]
    )
    func definitionsReadBack(name: String) throws {
        let imported = try self.imported(name)
        let text = try RepositoryWriter().text(of: imported.repository)
        #expect(text.contains("feature_views:"))
        let exported = try FeastExport(
            imported.repository,
            project: imported.project,
            version: 1,
            appliedAt: Timestamp(microseconds: 0)
        )
        #expect(try FeastImport(exported.bytes).repository == imported.repository)
    }
}
