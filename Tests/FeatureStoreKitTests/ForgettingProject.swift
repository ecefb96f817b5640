import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

/// A random project whose entities are forgotten now and then, and the test's own idea of which of
/// its rows count.
struct ForgettingProject {
    /// A row, of a source or pushed.
    ///
    /// Every row has a created time of its own, so that no two are as new as each other.
    struct Row {
        let user: Int64
        let place: String
        /// A row of the static table has one that does not matter.
        let time: Timestamp
        let created: Timestamp
        let value: Int64
    }

    enum Source: CaseIterable {
        case visits
        case homes
    }

    static let users = Int64(1)...4
    static let places = ["Oslo", "Bergen, \"Nord\"", ""]
    static let features = [
        "by_user:value", "by_both:value", "static_place:value", "only_pushed:value",
    ]

    let directory: URL
    let clock = TestClock(second(50))
    private(set) var store: FeatureStore
    private(set) var sourceRows: [(source: Source, row: Row)] = []
    private(set) var pushes: [(source: String, row: Row, target: PushTarget)] = []
    private(set) var forgotten: [(joinKey: String, id: Value, time: Timestamp)] = []
    private var created: Int64 = 0
    /// What was there when each snapshot was taken.
    private(set) var snapshots: [Snapshot] = []

    /// A snapshot, and what it has.
    struct Snapshot {
        let path: String
        let time: Timestamp
        let pushes: [(source: String, row: Row, target: PushTarget)]
        /// How many entities had been forgotten.
        let forgotten: Int
        /// What was served, by feature, to the questions of that time.
        let served: [[Value]]
    }

    init(_ directory: URL, cache: Bool) throws {
        self.directory = directory
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        self.store = Self.store(directory, cache: cache, self.clock)
        try self.writeSources()
        let files = LoadedRepository(
            directory: directory.path,
            configuration: self.store.configuration,
            repository: Self.repository
        )
        try self.store.apply(self.store.plan(files))
    }

    private static func store(_ directory: URL, cache: Bool, _ clock: TestClock) -> FeatureStore {
        FeatureStore(
            directory: directory.path,
            configuration: ProjectConfiguration(
                project: "people",
                sourceCache: cache ? "data/cache" : nil
            ),
            now: { clock.now }
        )
    }

    private static let repository = FeatureRepository(
        entities: [
            Entity(name: "user", joinKeys: [.init(name: "user_id", type: .int64)]),
            Entity(name: "place", joinKeys: [.init(name: "place", type: .string)]),
        ],
        dataSources: [
            DataSource(
                name: "visits",
                kind: .csv(.init(path: "visits.csv")),
                timestampField: "time",
                createdTimestampColumn: "created",
                fieldMapping: ["visitor": "user_id"]
            ),
            DataSource(
                name: "homes",
                kind: .csv(.init(path: "homes.csv")),
                createdTimestampColumn: "created"
            ),
            DataSource(name: "visits_push", kind: .push(.init(batchSource: "visits"))),
            DataSource(
                name: "alone",
                kind: .push(.init()),
                timestampField: "time",
                createdTimestampColumn: "created"
            ),
        ],
        featureViews: [
            ForgettingProject.view("by_user", ["user"], "visits", ttl: 0),
            ForgettingProject.view("by_both", ["user", "place"], "visits", ttl: 30),
            ForgettingProject.view("static_place", ["place"], "homes", ttl: 0),
            ForgettingProject.view("only_pushed", ["user"], "alone", ttl: 0),
        ]
    )

    private static func view(
        _ name: String,
        _ entities: [String],
        _ source: String,
        ttl: Int64
    ) -> FeatureView {
        FeatureView(
            name: name,
            entities: entities,
            ttlMicroseconds: ttl * 1_000_000,
            schema: [Field(name: "value", type: .int64)],
            source: source
        )
    }

    // MARK: What happens

    mutating func step(using random: inout SeededGenerator) throws {
        switch Int.random(in: 0..<10, using: &random) {
        case 0...2:
            let source = Source.allCases.randomElement(using: &random) ?? .visits
            self.sourceRows.append((source, self.row(using: &random)))
            try self.writeSources()
        case 3...5:
            let row = self.row(using: &random)
            let source = Bool.random(using: &random) ? "visits_push" : "alone"
            let target = PushTarget.allCases.randomElement(using: &random) ?? .online
            try self.push(source, row, target)
        case 6, 7:
            try self.store.materialize()
        case 8:
            self.clock.now = Timestamp(microseconds: self.clock.now.microseconds + 3_000_000)
        default:
            try self.forget(using: &random)
        }
    }

    private mutating func row(using random: inout SeededGenerator) -> Row {
        self.created += 1
        let now = (self.clock.now.microseconds - testStart) / 1_000_000
        return Row(
            user: Int64.random(in: Self.users, using: &random),
            place: Self.places.randomElement(using: &random) ?? "",
            time: second(Int64.random(in: max(0, now - 20)...now, using: &random)),
            created: Timestamp(microseconds: self.clock.now.microseconds + self.created),
            value: Int64.random(in: 0...999, using: &random)
        )
    }

    private mutating func push(_ source: String, _ row: Row, _ target: PushTarget) throws {
        try self.store.push(
            source,
            rows: PushRows([
                (source == "alone" ? "user_id" : "visitor"): [.integer(row.user)],
                "place": [.string(row.place)], "time": [.timestamp(row.time)],
                "created": [.timestamp(row.created)], "value": [.integer(row.value)],
            ]),
            to: target
        )
        self.pushes.append((source, row, target))
    }

    mutating func forget(using random: inout SeededGenerator) throws {
        let isUser = Bool.random(using: &random)
        let joinKey = isUser ? "user_id" : "place"
        let id: Value =
            isUser
            ? .integer(Int64.random(in: Self.users, using: &random))
            : .string(Self.places.randomElement(using: &random) ?? "")
        let receipt = try self.store.forget(ForgetRequest([.init(joinKey: joinKey, id: id)]))
        self.forgotten.append((joinKey, id, receipt.time))
    }

    /// Takes a snapshot into a folder beside the project.
    mutating func takeSnapshot() throws {
        let path = "\(self.directory.path)-snapshot\(self.snapshots.count)"
        let questions = Self.questions(at: [self.clock.now])
        self.snapshots.append(
            Snapshot(
                path: path,
                time: self.clock.now,
                pushes: self.pushes,
                forgotten: self.forgotten.count,
                served: try self.online(questions)
            )
        )
        try self.store.stageSnapshot().publish(to: path, program: "1")
    }

    /// Restores a snapshot as another process would, and opens the project anew.
    @discardableResult
    mutating func restore(_ snapshot: Snapshot) throws -> RestoreReport {
        let hasCache = self.store.configuration.sourceCache != nil
        self.store = Self.store(self.directory, cache: hasCache, self.clock)
        let report = try self.store.restore(from: snapshot.path, replacing: true)
        self.pushes = snapshot.pushes
        return report
    }

    private func writeSources() throws {
        for (source, name, key) in [
            (Source.visits, "visits.csv", "visitor"), (.homes, "homes.csv", "user_id"),
        ] {
            let rows = self.sourceRows.filter { $0.source == source }.map(\.row)
            let lines = ["\(key),place,time,created,value"] + rows.map(Self.line)
            let text = lines.map { $0 + "\n" }.joined()
            try Data(text.utf8).write(to: self.directory.appendingPathComponent(name))
        }
    }

    private static func line(_ row: Row) -> String {
        let place = "\"" + row.place.replacingOccurrences(of: "\"", with: "\"\"") + "\""
        return "\(row.user),\(place),\(row.time),\(row.created),\(row.value)"
    }

    // MARK: What it must come to

    /// One thing to ask for: a user, a place and a time.
    struct Question {
        let user: Int64
        let place: String
        let time: Timestamp
    }

    static func questions(at times: [Timestamp]) -> [Question] {
        Self.users.flatMap { user in
            Self.places.flatMap { place in
                times.map { Question(user: user, place: place, time: $0) }
            }
        }
    }

    /// The value of a feature by the definition: of all rows that ever came, the newest that is not
    /// forgotten, known, and not too old.
    ///
    /// - Parameters:
    ///   - feature: The feature.
    ///   - question: For whom, and when.
    ///   - isOnline: Whether rows that were pushed to the online store alone count.
    /// - Returns: The value.
    func expected(_ feature: String, _ question: Question, isOnline: Bool) -> Value {
        let view = String(feature.prefix { $0 != ":" })
        let isStatic = view == "static_place"
        let keys: Set<String> =
            switch view {
            case "by_user", "only_pushed": ["user_id"]
            case "by_both": ["user_id", "place"]
            default: ["place"]
            }
        var rows: [Row] = []
        switch view {
        case "static_place": rows = self.sourceRows.filter { $0.source == .homes }.map(\.row)
        case "only_pushed": rows = self.pushedRows("alone", isOnline: isOnline)
        default:
            rows = self.sourceRows.filter { $0.source == .visits }.map(\.row)
            rows += self.pushedRows("visits_push", isOnline: isOnline)
        }
        let fitting = rows.filter { row in
            let moment = isStatic ? row.created : row.time
            let isForgotten = self.forgotten.contains { forgotten in
                guard keys.contains(forgotten.joinKey), moment <= forgotten.time else {
                    return false
                }
                return forgotten.id == .integer(row.user) || forgotten.id == .string(row.place)
            }
            return !isForgotten
                && (!keys.contains("user_id") || row.user == question.user)
                && (!keys.contains("place") || row.place == question.place)
                && (isStatic || row.time <= question.time)
        }
        let newest = fitting.max { left, right in
            isStatic || left.time == right.time
                ? left.created < right.created : left.time < right.time
        }
        guard let newest else { return .null }
        let age = question.time.microseconds - newest.time.microseconds
        return view == "by_both" && age > 30_000_000 ? .null : .integer(newest.value)
    }

    private func pushedRows(_ source: String, isOnline: Bool) -> [Row] {
        self.pushes.filter { $0.source == source && (isOnline || $0.target != .online) }.map(\.row)
    }

    /// What a training set has of every feature, by question.
    func training(_ questions: [Question]) throws -> [[Value]] {
        let table = Table(
            columns: [
                .init(
                    name: "user_id",
                    column: try Column(type: .int64, values: questions.map { .integer($0.user) })
                ),
                .init(
                    name: "place",
                    column: try Column(type: .string, values: questions.map { .string($0.place) })
                ),
                .init(
                    name: "event_timestamp",
                    column: try Column(
                        type: .unixTimestamp,
                        values: questions.map { .timestamp($0.time) }
                    )
                ),
            ],
            rowCount: questions.count
        )
        var options = HistoricalFeaturesOptions()
        options.fullFeatureNames = true
        let set = try self.store.historicalFeatures(
            .features(Self.features),
            entities: .table(table),
            options: options
        )
        return set.table.columns.suffix(Self.features.count).map(\.column.values)
    }

    /// What is served of every feature, by question; their times are now.
    func online(_ questions: [Question]) throws -> [[Value]] {
        try self.store.onlineFeatures(
            .features(Self.features),
            entities: [
                "user_id": questions.map { .integer($0.user) },
                "place": questions.map { .string($0.place) },
            ],
            fullFeatureNames: true
        ).features.map(\.values.values)
    }
}

extension ForgettingProject {
    /// Compares training sets, as of now and of a while ago, with the model.
    func checkTraining(_ step: String) throws {
        let now = self.clock.now
        let times = [now, Timestamp(microseconds: now.microseconds - 9_000_000)]
        let questions = Self.questions(at: times)
        for (feature, column) in zip(Self.features, try self.training(questions)) {
            for (question, value) in zip(questions, column) {
                let expected = self.expected(feature, question, isOnline: false)
                #expect(value == expected, "\(step): training \(feature) \(question)")
            }
        }
    }

    /// Compares what is served with the model.
    func checkOnline(_ step: String) throws {
        let questions = Self.questions(at: [self.clock.now])
        for (feature, column) in zip(Self.features, try self.online(questions)) {
            for (question, value) in zip(questions, column) {
                let expected = self.expected(feature, question, isOnline: true)
                #expect(value == expected, "\(step): online \(feature) \(question)")
            }
        }
    }
}
