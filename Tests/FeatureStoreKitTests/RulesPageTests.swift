import FeatureDefinitions
import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

/// The examples of docs/rules.md, run as they stand there.
@Suite struct RulesPageTests {
    private static let page: String? = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try? String(
            contentsOf: root.appendingPathComponent("docs/rules.md"),
            encoding: .utf8
        )
    }()

    static let examples = Self.blocks("rule").enumerated().map {
        RuleExample(number: $0 + 1, lines: $1)
    }

    @Test func `The page has examples, and the definitions that they start from`() {
        #expect(Self.examples.count >= 20)
        let definitions = Self.blocks("yaml").first?.map { $0 + "\n" }.joined()
        #expect(definitions == RuleExample.definitions(view: [], source: []))
    }

    @Test(arguments: Self.examples)
    func `An example of the rules holds`(_ example: RuleExample) throws {
        try withTemporaryDirectory { directory in
            var run = RuleRun(directory: directory)
            for step in example.steps {
                try run.perform(step)
            }
            #expect(run.checks > 0, "the example shows nothing")
            #expect(run.error == nil)
        }
    }

    /// The lines of the fenced blocks of one language.
    private static func blocks(_ language: String) -> [[String]] {
        var blocks: [[String]] = []
        var isInside = false
        for line in (Self.page ?? "").split(separator: "\n", omittingEmptySubsequences: false) {
            if isInside {
                if line == "```" {
                    isInside = false
                } else {
                    blocks[blocks.count - 1].append(String(line))
                }
            } else if line == "```\(language)" {
                isInside = true
                blocks.append([])
            }
        }
        return blocks
    }
}

/// One example: steps, each a `# title` with lines under it.
struct RuleExample: Sendable, CustomTestStringConvertible {
    struct Step: Sendable {
        let words: [String]
        var lines: [String] = []

        /// The lines as a file.
        var text: String { self.lines.map { $0 + "\n" }.joined() }
    }

    let number: Int
    private(set) var steps: [Step] = []

    init(number: Int, lines: [String]) {
        self.number = number
        for line in lines {
            if line.hasPrefix("# ") {
                self.steps.append(
                    Step(words: line.dropFirst(2).split(separator: " ").map(String.init))
                )
            } else if !self.steps.isEmpty {
                self.steps[self.steps.count - 1].lines.append(line)
            }
        }
    }

    var testDescription: String { "example \(self.number)" }

    /// The definitions of the page, with lines that replace keys of the view or add to the source.
    static func definitions(view: [String], source: [String]) -> String {
        let replaced = view.map { $0.prefix { $0 != ":" } }
        let lines = [
            "entities: [driver]", "schema: [{ name: trips, dtype: int64 }]", "source: rides",
        ].filter { line in !replaced.contains { line.hasPrefix($0 + ":") } }
        return """
            entities:
              - name: driver
                join_keys: [driver]
                value_type: int64
            data_sources:
              - name: rides
                type: csv
                path: rides.csv
                timestamp_field: at
            \(source.map { "    \($0)\n" }.joined())feature_views:
              - name: rides
            \((lines + view).map { "    \($0)\n" }.joined())
            """
    }
}

/// What an example has done so far.
private struct RuleRun {
    private let directory: URL
    private let clock = TestClock(Timestamp("2024-06-01T00:00:00Z") ?? .epoch)
    private let store: FeatureStore
    private var definitions: String?
    private var view: [String] = []
    private var source: [String] = []
    private var isApplied = false
    private var features = ["rides:trips"]
    private var options = HistoricalFeaturesOptions()
    private var warnings: [String] = []
    /// How many results were compared.
    private(set) var checks = 0
    /// An error that no step has named yet.
    private(set) var error: String?

    init(directory: URL) {
        self.directory = directory
        let clock = self.clock
        self.store = FeatureStore(
            directory: directory.path,
            configuration: ProjectConfiguration(project: "rules"),
            now: { clock.now }
        )
        try? Data("project: rules\n".utf8)
            .write(to: directory.appendingPathComponent("feature_store.yaml"))
    }

    mutating func perform(_ step: RuleExample.Step) throws {
        let arguments = step.words.dropFirst()
        if self.error != nil, step.words != ["error"] { return }
        switch step.words.first ?? "" {
        case "definitions": self.definitions = step.text
        case "view":
            self.view = step.lines
            if step.lines.contains(where: { $0.hasPrefix("schema:") }) { self.features = [] }
            self.isApplied = false
        case "source": self.source = step.lines
        case "now": self.clock.now = try #require(Timestamp(arguments.joined()))
        case "features": self.features = Array(arguments)
        case "load": try self.load(Array(arguments))
        case "online": try self.online(step.lines)
        case "entity": try self.makeTrainingSet(step.text, options: arguments.dropFirst())
        case "training":
            let text = try String(
                contentsOf: self.directory.appendingPathComponent("training.csv"),
                encoding: .utf8
            )
            #expect(text == step.text)
            self.checks += 1
        case "warning":
            let line = step.lines.joined()
            #expect(self.warnings.contains { $0.contains(line) }, "\(self.warnings)")
        case "error":
            let line = step.lines.joined()
            #expect(self.error?.contains(line) == true, "\(self.error ?? "no error")")
            self.error = nil
            self.checks += 1
        case let name:
            try #require(name.hasSuffix(".csv"), "no step \(name)")
            try self.write(step.text, to: name)
        }
    }

    private func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: self.directory.appendingPathComponent(name))
    }

    private mutating func apply() throws {
        guard !self.isApplied else { return }
        let text =
            self.definitions ?? RuleExample.definitions(view: self.view, source: self.source)
        try self.write(text, to: "definitions.yaml")
        let files = try LoadedRepository(directory: self.directory.path)
        try self.store.apply(self.store.plan(files), allowDestroy: true)
        self.isApplied = true
        if self.features.isEmpty {
            self.features = files.repository.featureViews.flatMap { view in
                view.schema.map { "\(view.name):\($0.name)" }
            }
        }
    }

    private mutating func attempt(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as FeatureStoreError {
            self.error = error.message
        }
    }

    private mutating func load(_ arguments: [String]) throws {
        try self.apply()
        if arguments == ["incremental"] {
            _ = try self.store.materializeIncremental()
        } else if arguments.count == 2 {
            let times = arguments.compactMap { Timestamp($0) }
            try #require(times.count == 2)
            _ = try self.store.materialize(from: times[0], to: times[1])
        } else {
            _ = try self.store.materialize()
        }
    }

    private mutating func makeTrainingSet(_ rows: String, options: ArraySlice<String>) throws {
        // A wrong row of a source does not stop an apply that samples it only when it is a stray.
        try self.apply()
        try self.write(rows, to: "entities.csv")
        self.options = HistoricalFeaturesOptions()
        for option in options {
            switch option {
            case "--filter-by-created-timestamp": self.options.filterByCreatedTimestamp = true
            case "--full-feature-names": self.options.fullFeatureNames = true
            case "--strict": self.options.strict = true
            default: Issue.record("no option \(option)")
            }
        }
        let store = self.store
        let features = self.features
        let settings = self.options
        let folder = self.directory.path
        var warnings: [String] = []
        try self.attempt {
            let training = try store.historicalFeatures(
                .features(features),
                entities: .file(folder + "/entities.csv"),
                options: settings
            )
            warnings = training.report.warnings
            try training.write(to: .path(folder + "/training.csv"))
        }
        self.warnings = warnings
    }

    /// Asks for the keys in the first columns, and compares the columns after them.
    private mutating func online(_ lines: [String]) throws {
        try self.apply()
        let rows = lines.map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        let header = try #require(rows.first)
        let repository = try self.store.appliedRegistry().repository
        let keys = header.prefix { name in
            repository.entities.contains { $0.joinKeys.contains { $0.name == name } }
        }
        let feature = header[keys.count]
        let view = try #require(
            repository.featureViews.first { $0.schema.contains { $0.name == feature } }
        )
        let entities = keys.enumerated().map { position, name in
            OnlineFeaturesRequest.EntityColumn(
                name: name,
                values: rows.dropFirst().map {
                    $0[position].isEmpty ? .null : .string($0[position])
                }
            )
        }
        let request = OnlineFeaturesRequest(
            selection: .features(["\(view.name):\(feature)"]),
            entities: entities
        )
        let store = self.store
        var answer: OnlineFeatures?
        try self.attempt { answer = try store.onlineFeatures(request) }
        guard let column = answer?.features.first else { return }
        for (row, expected) in rows.dropFirst().enumerated() {
            var value: [UInt8] = []
            CellFormatter.append(csvField: column.values, row: row, to: &value)
            let found = [
                String(decoding: value, as: UTF8.self), column.statuses[row].name,
                column.eventTimestamps[row].description,
            ]
            #expect(found == Array(expected.dropFirst(keys.count)))
            self.checks += 1
        }
    }
}
