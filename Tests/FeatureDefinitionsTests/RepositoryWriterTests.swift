import FeatureDefinitions
import FeatureModel
import Foundation
import TestSupport
import Testing

@Suite("Definitions written as YAML")
struct RepositoryWriterTests {
    @Test("Random definitions read back as they were, code point by code point")
    func definitionsReadBack() throws {
        for seed in 0..<300 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let repository = generator.validRepository()
            let text = try RepositoryWriter().text(of: repository)
            let files = ["feature_store.yaml": "project: demo\n", "all.yaml": text]
            let read = try loaded(files).repository
            #expect(read.isIdentical(to: repository), "seed \(seed)\n\(text)")
        }
    }

    @Test(
        "Configurations read back as they were",
        arguments: [
            ProjectConfiguration(project: "demo"),
            ProjectConfiguration(
                project: "5",
                registry: "a b/#1.db",
                offlineStore: .sqlite(path: "true"),
                sourceCache: "true",
                onlineStore: .rocksdb(path: "- {x}: \"y\"\n'z'"),
                rowCacheBytes: 3 << 20
            ),
            ProjectConfiguration(project: "no-cache", rowCacheBytes: 0),
            ProjectConfiguration(project: "odd-cache", rowCacheBytes: 1023),
            ProjectConfiguration(project: "silent", auditLog: .none),
            ProjectConfiguration(
                project: "watched",
                allowedPaths: ["/data/warehouse", "../common"],
                auditLog: .file(path: "data/changes.jsonl")
            ),
            ProjectConfiguration(
                project: "defaults",
                onlineStore: .rocksdb(path: "data/online")
            ),
        ]
    )
    func configurationsReadBack(configuration: ProjectConfiguration) throws {
        let text = try RepositoryWriter().text(of: configuration)
        var expected = configuration
        // Definitions in files stay in the repository unless they are allowed to leave it.
        expected.allowedPaths = configuration.allowedPaths ?? []
        #expect(try loaded(["feature_store.yaml": text]).configuration == expected)
    }

    @Test("A definition is written as a person would write it")
    func definitionsAreReadable() throws {
        let repository = FeatureRepository(
            entities: [Entity(name: "driver", joinKeys: [.init(name: "driver_id", type: .int64)])],
            dataSources: [
                DataSource(
                    name: "stats",
                    kind: .sqlite(.init(path: "a.db", relation: .query("SELECT *\nFROM t"))),
                    timestampField: "event_timestamp"
                )
            ],
            featureViews: [
                FeatureView(
                    name: "hourly",
                    entities: ["driver"],
                    ttlMicroseconds: 86_400_000_000,
                    schema: [
                        Field(name: "rate", type: .array(.float32), description: "it's 5: five")
                    ],
                    source: "stats",
                    tags: ["team": "5"]
                )
            ],
            featureServices: [FeatureService(name: "v1", features: [.init(view: "hourly")])]
        )
        let wanted = """
            entities:
            - name: driver
              join_keys: [driver_id]
              value_type: int64

            data_sources:
            - name: stats
              type: sqlite
              path: a.db
              query: |-
                SELECT *
                FROM t
              timestamp_field: event_timestamp

            feature_views:
            - name: hourly
              entities: [driver]
              ttl: 1d
              schema:
              - {name: rate, dtype: array(float32), description: "it's 5: five"}
              source: stats
              tags:
                team: "5"

            feature_services:
            - name: v1
              features:
              - hourly

            """
        let text = try RepositoryWriter().text(of: repository)
        #expect(text == wanted, "\(text)")
    }

    @Test("What YAML cannot say is refused, by name")
    func refusesWhatCannotBeSaid() throws {
        var view = FeatureView(
            name: "v",
            entities: [],
            schema: [Field(name: "f", type: .int64)],
            source: "s"
        )
        view.ttlMicroseconds = 1_500_000
        #expect {
            try RepositoryWriter().text(of: FeatureRepository(featureViews: [view]))
        } throws: { error in
            "\(error)".contains("\"ttl\" of feature view \"v\" is 1.5s")
        }
        #expect {
            try RepositoryWriter().text(
                of: ProjectConfiguration(project: "p", registry: "${HOME}/r.db")
            )
        } throws: { error in
            "\(error)".contains("${HOME}/r.db")
        }
        #expect(try RepositoryWriter().text(of: FeatureRepository()) == "")
    }
}
