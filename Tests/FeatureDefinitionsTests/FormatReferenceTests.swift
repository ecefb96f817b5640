import FeatureDefinitions
import FeatureModel
import Foundation
import Testing

/// The parser, the JSON Schemas and the reference of the format say the same.
@Suite struct FormatReferenceTests {
    private static let docs = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("docs")

    private static func text(_ name: String) throws -> String {
        try String(contentsOf: Self.docs.appendingPathComponent(name), encoding: .utf8)
    }

    private static func schema(_ name: String) throws -> JSONSchema {
        try JSONSchema(parsing: Self.text(name))
    }

    // MARK: Keys

    @Test func `The schema of definitions has the keys that the parser knows`() throws {
        let schema = try Self.schema("feature_repo.schema.json")
        for keys in DefinitionKeys.definitionMaps {
            let map = try #require(schema.root["definitions"]?[keys.map], "\(keys.map)")
            #expect(map["properties"]?.words.sorted() == keys.all.sorted(), "\(keys.map)")
            // A source inside of a view may do without its name.
            let required = keys.required.filter { $0 != "name" || !keys.map.hasSuffix("_source") }
            #expect(map["required"]?.words.sorted() == required.sorted(), "\(keys.map)")
        }
        let lists = DefinitionKind.allCases.map(\.listKey)
        #expect(schema.root["properties"]?.words.sorted() == lists.sorted())
        let others = ["duration", "value_type", "key_type", "names", "source"]
        let maps = DefinitionKeys.definitionMaps.map(\.map)
        #expect(schema.root["definitions"]?.words.sorted() == (maps + others).sorted())
    }

    @Test func `The schema of the configuration has the keys that the parser knows`() throws {
        let schema = try Self.schema("feature_store.schema.json")
        for keys in DefinitionKeys.configurationMaps {
            let map =
                keys.map == "configuration"
                ? schema.root : try #require(schema.root["definitions"]?[keys.map], "\(keys.map)")
            #expect(map["properties"]?.words.sorted() == keys.all.sorted(), "\(keys.map)")
            #expect(map["required"]?.words.sorted() == keys.required.sorted(), "\(keys.map)")
        }
        let count = schema.root["definitions"]?.words.count
        #expect(count == DefinitionKeys.configurationMaps.count - 1)
    }

    @Test func `The reference has the keys that the parser knows`() throws {
        let reference = try MarkdownTables(Self.text("definitions.md"))
        for keys in DefinitionKeys.definitionMaps + DefinitionKeys.configurationMaps {
            let rows = try #require(reference.tables[keys.map], "no table for \(keys.map)")
            #expect(rows.map(\.key).sorted() == keys.all.sorted(), "\(keys.map)")
            let required = rows.filter { $0.cells.contains("required") }.map(\.key)
            #expect(required.sorted() == keys.required.sorted(), "\(keys.map)")
        }
        let types = try #require(reference.tables["value_type"])
        let all = types.map(\.key).flatMap { type in
            type == "array(T)"
                ? ValueType.allNames.filter { $0.hasPrefix("array") } : [type]
        }
        #expect(all.sorted() == ValueType.allNames.sorted())
    }

    @Test func `The schema knows the value types that the parser knows`() throws {
        let schema = try Self.schema("feature_repo.schema.json")
        let types = schema.root["definitions"]?["value_type"]?["anyOf"]?.elements.first?["enum"]
        #expect(types?.words.sorted() == ValueType.allNames.sorted())
    }

    @Test func `The messages of the reference are what the parser says`() throws {
        let messages = try MarkdownTables(Self.text("definitions.md")).messages
        let said = (entityMistakes + sourceMistakes + viewMistakes + serviceMistakes)
            .flatMap(\.problems)
        #expect(messages.count >= 9)
        for message in messages {
            #expect(said.contains { $0.hasSuffix("error: \(message)") }, "\(message)")
        }
    }

    // MARK: Documents

    @Test func `The schema accepts what the parser accepts`() throws {
        let schema = try Self.schema("feature_repo.schema.json")
        let examples = try MarkdownTables(Self.text("definitions.md")).examples
        #expect(examples.count >= 10)
        for example in examples + [goodDefinitions, unusualDefinitions] {
            if example.contains("project:") { continue }
            #expect(try schema.accepts(Document(parsing: example)), "\(example)")
        }
        #expect(
            try problems(["feature_store.yaml": "project: a", "a.yaml": unusualDefinitions]) == []
        )
    }

    @Test func `The examples of the reference make one repository`() throws {
        let examples = try MarkdownTables(Self.text("definitions.md")).examples
        let configuration = try #require(examples.first { $0.contains("project:") })
        var files = ["feature_store.yaml": configuration]
        for (number, example) in examples.enumerated() where example != configuration {
            files["\(number).yaml"] = example
        }
        #expect(try problems(files) == [])
        let schema = try Self.schema("feature_store.schema.json")
        #expect(try schema.accepts(Document(parsing: configuration)))
    }

    @Test(arguments: ["coming-from-feast.md", "rules.md"])
    func `The definitions on the other pages are good`(_ page: String) throws {
        let schema = try Self.schema("feature_repo.schema.json")
        let examples = try MarkdownTables(Self.text(page)).examples
        #expect(!examples.isEmpty)
        for example in examples {
            #expect(try problems(["feature_store.yaml": "project: a\n", "a.yaml": example]) == [])
            #expect(try schema.accepts(Document(parsing: example)))
        }
    }

    @Test func `The pages link to files that are there`() throws {
        for page in ["README.md", "definitions.md", "rules.md", "coming-from-feast.md"] {
            for part in try Self.text(page).components(separatedBy: "](").dropFirst() {
                let target = part.prefix { $0 != ")" && $0 != "#" }
                guard !target.isEmpty else { continue }
                let path = Self.docs.appendingPathComponent(String(target)).path
                #expect(FileManager.default.fileExists(atPath: path), "\(page): \(target)")
            }
        }
    }

    @Test(
        arguments: entityMistakes + sourceMistakes + viewMistakes + serviceMistakes + fileMistakes
    )
    func `The schema rejects the mistakes that a schema can see`(_ mistake: Mistake) throws {
        guard !mistake.problems.contains(where: { $0.contains("this is not YAML") }) else { return }
        let text = changed(mistake.old, to: mistake.new)["all.yaml"] ?? ""
        guard let document = try? Document(parsing: text) else { return }
        let isBeyondIt = mistake.problems.allSatisfy { problem in
            beyondSchemas.contains { problem.contains($0) }
        }
        let schema = try Self.schema("feature_repo.schema.json")
        #expect(try schema.accepts(document) == isBeyondIt, "\(mistake.problems)")
    }

    @Test(arguments: configurationDocuments)
    func `The configuration's schema judges as the parser does`(_ text: String) throws {
        let isGood = try problems(["feature_store.yaml": text]) == []
        let schema = try Self.schema("feature_store.schema.json")
        #expect(try schema.accepts(Document(parsing: text)) == isGood)
    }
}

/// What no schema can see: other parts of the definitions, files, time zones, and one rule that
/// would need the names of the keys.
private let beyondSchemas = [
    "names an unknown", "defines the feature", "takes the feature", "is defined again",
    "differs only in case",
    "like a join key", "like the timestamp field", "like the created column", "unknown time zone",
    "to one name", "gives it int64", "join keys, but one \"value_type\"", "filters by created",
    "names no database", "\"value_type\" of entity \"airport\" has an unknown key",
    "is in the way", "has a feature named", "is no request source",
]

/// Documents with spellings that are allowed and rare.
private let unusualDefinitions = """
    entities:
      - { name: airport, value_type: INT64, tags: { a: 1, b: true } }
      - { name: trip, join_keys: [city, day], value_type: { city: String, day: UnixTimestamp } }
      - { name: old, join_key: old_id, value_type: Bytes }
    data_sources:
      - name: tabs
        type: CSV
        path: "data/*.csv.gz"
        delimiter: "\\t"
        null_values: ["", NA, -999, false, 'null']
        timestamp_field: at
        timezone: Europe/Berlin
        lateness: 90m
        field_mapping: { a: b }
      - { name: pushed, type: push, timestamp_field: at }
      - { name: pushed_too, type: push, batch_source: tabs }
      - { name: asked, type: request, schema: [{ name: amount, dtype: Float64 }] }
    feature_views:
      - name: one
        entities: []
        ttl: 0
        online: no
        schema: [{ name: x, dtype: Array(Unix_Timestamp), description: a, tags: {} }]
        source: { type: sqlite, path: a.db, query: SELECT 1 }
      - { name: two, entities: [trip, airport], source: pushed_too }
    on_demand_feature_views:
      - name: three
        sources: [two, asked]
        features:
          - { name: y, dtype: float64, expression: amount * 2 }
          - { name: z, dtype: int64, expression: 1 }
    feature_services:
      - name: all
        features:
          - one: [x]
          - two
          - { feature_view: one, features: [x], alias: again }

    """

private let configurationDocuments = [
    "project: a\n", "project: 7\n", "project: a b\n", "registry: r.db\n", "projekt: a\n",
    "project: a\nregistry: ''\n", "project: a\nregistry: [r.db]\n",
    "project: a\noffline_store: {type: file}\n",
    "project: a\noffline_store: {type: file, path: a.db}\n",
    "project: a\noffline_store: {type: sqlite, path: a.db}\n",
    "project: a\noffline_store: {path: a.db}\n", "project: a\noffline_store: sqlite\n",
    "project: a\noffline_store: {type: duckdb}\n", "project: a\nonline_store: {type: rocksdb}\n",
    "project: a\nonline_store: {type: rocksdb, path: ''}\n",
    "project: a\nonline_store: {type: rocksdb, row_cache: 64MB}\n",
    "project: a\nonline_store: {type: rocksdb, row_cache: 0}\n",
    "project: a\nonline_store: {type: rocksdb, row_cache: 64}\n",
    "project: a\nonline_store: {type: rocksdb, row_cache: -1MB}\n",
    "project: a\nonline_store: {type: rocksdb, row_cache: [1MB]}\n",
    "project: a\nonline_store: {type: redis}\n", "project: a\nprovider: local\n",
    "project: a\nprovider: gcp\n", "project: a\nentity_key_serialization_version: 3\n",
    "project: a\nentity_key_serialization_version: 2\n", "- project: a\n",
]
