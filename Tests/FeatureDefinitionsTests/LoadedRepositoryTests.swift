import FeatureDefinitions
import FeatureModel
import Foundation
import TestSupport
import Testing

@Suite struct LoadedRepositoryTests {
    @Test func everyKeyOfTheFormatIsRead() throws {
        let everything = try loaded(
            [
                "feature_store.yaml": """
                project: driver_ranking
                registry: ${ROOT}/registry.db
                provider: local
                entity_key_serialization_version: 3
                offline_store: { type: sqlite, path: data/offline.db }
                online_store: { type: rocksdb, path: data/rows }
                """,
                "everything.yaml": everythingText,
            ],
            environment: ["ROOT": "/srv"]
        )

        #expect(
            everything.configuration
                == ProjectConfiguration(
                    project: "driver_ranking",
                    registry: "/srv/registry.db",
                    offlineStore: .sqlite(path: "data/offline.db"),
                    onlineStore: .rocksdb(path: "data/rows"),
                    allowedPaths: []
                )
        )
        #expect(everything.repository.entities == expected.entities)
        #expect(everything.repository.dataSources == expected.dataSources)
        #expect(everything.repository.featureViews == expected.featureViews)
        #expect(everything.repository.featureServices == expected.featureServices)
    }

    @Test func aMinimalConfigurationHasTheDefaults() throws {
        let repository = try loaded(["feature_store.yaml": "project: a\n"])
        let defaults = ProjectConfiguration(project: "a", allowedPaths: [])
        #expect(repository.configuration == defaults)
        #expect(repository.repository == FeatureRepository())
        #expect(repository.directory.hasPrefix("/"))
    }

    @Test(
        "The caches of sources lie where it is said, or beside the registry, or nowhere",
        arguments: [
            ("type: file, cache: true", "data/cache"), ("type: file, cache: a/b", "a/b"),
            ("type: sqlite, cache: \"true\"", "true"), ("type: file, cache: false", nil),
            ("type: file", nil),
        ]
    )
    func caches(offlineStore: String, cache: String?) throws {
        let text = "project: a\noffline_store: { \(offlineStore) }\n"
        #expect(try loaded(["feature_store.yaml": text]).configuration.sourceCache == cache)
        let besides = try loaded(["feature_store.yaml": "registry: r.db\n" + text])
        #expect(besides.configuration.sourceCache == (cache == "data/cache" ? "cache" : cache))
    }

    @Test(
        "A cache is no number, no list and not empty",
        arguments: [
            ("3", "true, false or a folder"), ("[a]", "true, false or a folder"),
            ("\"\"", "is empty"), ("\"${NOWHERE}\"", "NOWHERE"),
        ]
    )
    func wrongCaches(value: String, message: String) throws {
        let text = "project: a\noffline_store: { type: file, cache: \(value) }\n"
        let error = #expect(throws: DiagnosticsError.self) {
            try loaded(["feature_store.yaml": text])
        }
        #expect(error?.description.contains(message) ?? false)
        #expect(error?.description.contains("feature_store.yaml:2:") ?? false)
    }

    @Test func definitionsMayLieInSeveralFilesAndDocuments() throws {
        let repository = try loaded([
            "feature_store.yaml": goodConfiguration,
            "b/one.yml": "entities: [{ name: b, value_type: string }]\n",
            "a.yaml": """
            entities: [{ name: a2, value_type: string }]
            ---
            entities: [{ name: a1, value_type: string }]
            """,
            "b/two.yaml": "\u{FEFF}entities: [{ name: c, value_type: string }]\n",
            ".hidden/x.yaml": "nonsense: true\n",
            ".hidden.yaml": "nonsense: true\n",
            "saved/snapshot/feature_store.yaml": "nonsense: true\n",
            "saved/snapshot/manifest.json": "{}",
            "saved/snapshot/old.yaml": "nonsense: true\n",
            "notes.txt": "nonsense",
        ])
        #expect(repository.repository.entities.map(\.name) == ["a2", "a1", "b", "c"])
        let place = repository.locations.location(of: .entity, "a1")
        #expect(place == SourceLocation(file: "a.yaml", line: 3, column: 12))
    }

    @Test func ignoredFilesAreNotRead() throws {
        let repository = try loaded([
            "feature_store.yaml": goodConfiguration,
            ".fstoreignore": "# comment\n\nskip.yaml\n/root.yaml\nfolder/\ndeep/**/x*.yml  \n",
            "a.yaml": "entities: [{ name: a, value_type: string }]\n",
            "skip.yaml": "nonsense: true\n",
            "sub/skip.yaml": "nonsense: true\n",
            "root.yaml": "nonsense: true\n",
            "sub/root.yaml": "entities: [{ name: b, value_type: string }]\n",
            "folder/feature_store.yaml": "project: other\n",
            "sub/folder/x.yaml": "nonsense: true\n",
            "deep/x1.yml": "nonsense: true\n",
            "deep/a/b/x2.yml": "nonsense: true\n",
            "deep/a/y.yml": "entities: [{ name: c, value_type: string }]\n",
        ])
        #expect(repository.repository.entities.map(\.name) == ["a", "c", "b"])
    }

    @Test func allProblemsOfAllFilesAreReportedInOrder() throws {
        let found = try problems([
            "feature_store.yaml": "project: _x\nregistry: ${NOT_SET}/r.db\nonline_stor: 1\n",
            "z.yaml": "entities:\n  - { name: a, value_type: in64 }\n  - { name: a, vt: string }\n",
            "a.yaml": "feature_views:\n  - { name: v, entities: [b], source: s, schema: [] }\n",
            "sub/feature_store.yaml": "project: other\n",
            ".fstoreignore": "!keep\n",
        ])
        let places = found.map { $0.prefix { $0 != " " } }
        #expect(
            places == [
                ".fstoreignore:1:1:", "a.yaml:2:27:", "a.yaml:2:39:", "a.yaml:2:50:",
                "feature_store.yaml:1:10:", "feature_store.yaml:2:11:", "feature_store.yaml:3:1:",
                "sub/feature_store.yaml:1:1:", "z.yaml:2:28:", "z.yaml:3:5:", "z.yaml:3:5:",
                "z.yaml:3:16:",
            ]
        )
    }

    @Test func aFileThatCannotBeReadHidesNoOtherProblem() throws {
        let found = try problems([
            "feature_store.yaml": goodConfiguration,
            "broken.yaml": "entities: [\n",
            "view.yaml": """
            feature_views:
              - { name: v, entities: [hidden], ttl: x, source: hidden,
                  schema: [{ name: f, dtype: int64 }] }
            """,
        ])
        #expect(found.map { $0.prefix { $0 != " " } } == ["broken.yaml:2:1:", "view.yaml:2:41:"])
    }

    @Test(arguments: [
        ("", "feature_store.yaml:1:1: error: feature_store.yaml is empty; add \"project: …\""),
        (
            "project: a\n---\nproject: b\n",
            "feature_store.yaml:3:1: error: feature_store.yaml holds more than one document; "
                + "keep one, without \"---\" lines"
        ),
        (
            "registry: a.db\n",
            "feature_store.yaml:1:1: error: feature_store.yaml has no \"project\"; "
                + "add \"project: …\""
        ),
        (
            "project: a b\n",
            "feature_store.yaml:1:10: error: the project's name \"a b\" is not allowed; "
                + "use letters, digits, _ and -, and begin with a letter or digit"
        ),
        (
            "project: a\noffline_store: { type: sqllite }\n",
            "feature_store.yaml:2:24: error: \"offline_store\" has an unknown type \"sqllite\"; "
                + "did you mean \"sqlite\"?"
        ),
        (
            "project: a\noffline_store: { type: file, path: x }\n",
            "feature_store.yaml:2:30: error: \"offline_store\" has the key \"path\", "
                + "which the type file does not have; remove it"
        ),
        (
            "project: a\nonline_store: redis\n",
            "feature_store.yaml:2:15: error: \"online_store\" must be a map, "
                + "not the text \"redis\"; write \"key: value\" pairs"
        ),
        (
            "project: a\nonline_store: { type: rocksdb, row_cache: 64 }\n",
            "feature_store.yaml:2:43: error: \"row_cache\" of \"online_store\" must be a size, "
                + "not the number 64; write a whole number and a unit, such as 64KB, 256MB or "
                + "2GB, or 0 for none"
        ),
        (
            "project: a\nprovider: gcp\n",
            "feature_store.yaml:2:11: error: \"provider\" of feature_store.yaml must be local, "
                + "not the text \"gcp\"; write provider: local, or remove the key"
        ),
        (
            "project: a\nregistry: x/${HOME_OF\n",
            "feature_store.yaml:2:11: error: \"registry\" of feature_store.yaml has a \"${\" "
                + "without its \"}\"; write ${NAME}"
        ),
        (
            "project: a\nregistry: x/${HOME_OF}\n",
            "feature_store.yaml:2:11: error: \"registry\" of feature_store.yaml needs the "
                + "environment variable \"HOME_OF\", which is not set; set it, or write the value "
                + "here"
        ),
    ])
    func aWrongConfigurationGivesOneProblem(text: String, problem: String) throws {
        #expect(try problems(["feature_store.yaml": text]) == [problem])
    }

    @Test func aFolderThatIsNoRepositorySaysSo() throws {
        let found = try problems(["a.yaml": ""])
        #expect(found.count == 1)
        #expect(found.first?.contains("is no feature repository") == true)
    }

    @Test func bytesThatAreNotTextAreAProblemOfTheirLine() throws {
        try withTemporaryDirectory { directory in
            try Data("project: a\n".utf8)
                .write(to: directory.appendingPathComponent("feature_store.yaml"))
            try Data("# fine\n# \u{FF}\n".utf8.map { $0 == 0xC3 ? 0xFF : $0 })
                .write(to: directory.appendingPathComponent("a.yaml"))
            let error = #expect(throws: DiagnosticsError.self) {
                try LoadedRepository(directory: directory.path)
            }
            #expect(
                error?.description
                    == "a.yaml:2:1: error: a.yaml is not UTF-8 text; "
                    + "save it with the encoding UTF-8"
            )
        }
    }

    @Test func deepNestingIsAProblemAndNoTrap() throws {
        for sign in ["[", "{a: ", "- "] {
            let text = "entities: " + String(repeating: sign, count: 100_000)
            let found = try problems(["feature_store.yaml": goodConfiguration, "a.yaml": text])
            #expect(found.count == 1)
        }
    }

    /// Whatever a stranger writes, reading ends in definitions or in problems with places.
    @Test(arguments: UInt64(0)..<60)
    func damagedFilesNeverTrap(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<10 {
            var characters = Array(everythingText)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: characters.indices, using: &random)
                let other = "[]{}:,-#&*!|>'\"%@`\n\t ax0~?<=".randomElement(using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: characters.remove(at: index)
                case 1: characters.insert(other ?? " ", at: index)
                default: characters[index] = other ?? " "
                }
            }
            let found = try problems([
                "feature_store.yaml": goodConfiguration, "a.yaml": String(characters),
            ])
            #expect(found.allSatisfy { $0.hasPrefix("a.yaml:") }, "\(found)")
        }
    }
}

private let everythingText = """
    entities:
      - name: driver
        join_keys: [driver_id, city]
        value_type: { city: STRING, driver_id: Int64 }
        description: a driver
        tags: { team: ranking, level: 3 }
        owner: ml@example.com
      - { name: region, value_type: string }
      - { name: car, join_key: car_id, value_type: unix_timestamp }
    data_sources:
      - name: stats
        type: csv
        path: data/*.csv
        timestamp_field: event_time
        created_timestamp_column: created
        field_mapping: { cr: conv_rate }
        null_values: ["", NA, -999, NULL]
        delimiter: "\\t"
        timezone: America/New_York
        lateness: 6h
        description: hourly
        tags: { a: b }
        owner: someone
      - { name: trips, type: sqlite, path: data/warehouse.db, table: trips }
      - { name: query, type: sqlite, query: "SELECT 1" }
    feature_views:
      - name: driver_stats
        entities: [driver, region]
        ttl: 2w
        schema:
          - { name: conv_rate, dtype: float32, description: rate, tags: { pii: no } }
          - { name: embedding, dtype: array(float32) }
        online: false
        source: stats
        tags: { team: x }
        owner: ml
        description: stats of a driver
        filter_by_created_timestamp: true
      - name: global
        ttl: 0
        schema: [{ name: rate, dtype: decimal }]
        source: { type: csv, path: rates.csv, delimiter: ";" }
      - name: named
        schema: [{ name: rate, dtype: json }]
        source: { name: inline, type: sqlite, table: t, timestamp_field: at }
    feature_services:
      - name: ranking
        features:
          - driver_stats: [embedding, conv_rate]
          - global
        description: for the model
        tags: { stage: live }
        owner: ml

    """

private let expected = FeatureRepository(
    entities: [
        Entity(
            name: "driver",
            joinKeys: [.init(name: "driver_id", type: .int64), .init(name: "city", type: .string)],
            description: "a driver",
            tags: ["team": "ranking", "level": "3"],
            owner: "ml@example.com"
        ),
        Entity(name: "region", joinKeys: [.init(name: "region", type: .string)]),
        Entity(name: "car", joinKeys: [.init(name: "car_id", type: .unixTimestamp)]),
    ],
    dataSources: [
        DataSource(
            name: "stats",
            kind: .csv(
                .init(
                    path: "data/*.csv",
                    delimiter: "\t",
                    nullValues: ["", "NA", "-999", "NULL"]
                )
            ),
            timestampField: "event_time",
            createdTimestampColumn: "created",
            fieldMapping: ["cr": "conv_rate"],
            timezone: "America/New_York",
            latenessMicroseconds: 21_600_000_000,
            description: "hourly",
            tags: ["a": "b"],
            owner: "someone"
        ),
        DataSource(
            name: "trips",
            kind: .sqlite(.init(path: "data/warehouse.db", relation: .table("trips")))
        ),
        DataSource(name: "query", kind: .sqlite(.init(relation: .query("SELECT 1")))),
        DataSource(name: "global_source", kind: .csv(.init(path: "rates.csv", delimiter: ";"))),
        DataSource(
            name: "inline",
            kind: .sqlite(.init(relation: .table("t"))),
            timestampField: "at"
        ),
    ],
    featureViews: [
        FeatureView(
            name: "driver_stats",
            entities: ["driver", "region"],
            ttlMicroseconds: 1_209_600_000_000,
            schema: [
                Field(
                    name: "conv_rate",
                    type: .float32,
                    description: "rate",
                    tags: ["pii": "no"]
                ),
                Field(name: "embedding", type: .array(.float32)),
            ],
            online: false,
            source: "stats",
            filterByCreatedTimestamp: true,
            description: "stats of a driver",
            tags: ["team": "x"],
            owner: "ml"
        ),
        FeatureView(
            name: "global",
            entities: [],
            schema: [Field(name: "rate", type: .decimal)],
            source: "global_source"
        ),
        FeatureView(
            name: "named",
            entities: [],
            schema: [Field(name: "rate", type: .json)],
            source: "inline"
        ),
    ],
    featureServices: [
        FeatureService(
            name: "ranking",
            features: [
                .init(view: "driver_stats", features: ["embedding", "conv_rate"]),
                .init(view: "global"),
            ],
            description: "for the model",
            tags: ["stage": "live"],
            owner: "ml"
        )
    ]
)
