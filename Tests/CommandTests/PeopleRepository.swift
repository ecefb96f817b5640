import Foundation

/// A repository that keeps the ids of people in every place that there is.
struct PeopleRepository {
    /// Long enough that no other bytes are the same by chance.
    static let person: Int64 = 7_341_985_126_034_917
    static let mail = "q\"uux.9f3c-71ab@example.org"
    /// Somebody else, whose answers must stay.
    static let others: [Int64] = [11, 12]

    let directory: String

    private static let configuration = """
        project: people
        registry: data/registry.db
        offline_store: { type: file, cache: true }
        online_store: { type: rocksdb, path: data/online }

        """

    private static let definitions = """
        entities:
          - { name: person, join_keys: [person_id], value_type: int64 }
          - { name: mail, join_keys: [mail], value_type: string }
        data_sources:
          - name: visits
            type: csv
            path: sources/visits.csv
            timestamp_field: time
            created_timestamp_column: created
          - name: visits_push
            type: push
            batch_source: visits
        feature_views:
          - name: by_person
            entities: [person]
            ttl: 0
            schema: [{ name: pages, dtype: int64 }]
            source: visits
          - name: by_mail
            entities: [mail]
            ttl: 0
            schema: [{ name: pages, dtype: int64 }]
            source: visits
          - name: by_both
            entities: [mail, person]
            ttl: 0
            schema: [{ name: pages, dtype: int64 }]
            source: visits

        """

    private static func csv(_ text: String) -> String {
        "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }

    private static func json(_ text: String) -> String {
        "\"" + text.replacingOccurrences(of: "\"", with: "\\\"") + "\""
    }

    /// Makes the repository, and fills all places.
    init(at directory: URL) throws {
        self.directory = directory.path
        try FileManager.default.createDirectory(
            atPath: self.directory + "/sources",
            withIntermediateDirectories: true
        )
        try self.write("feature_store.yaml", Self.configuration)
        try self.write("people.yaml", Self.definitions)
        var lines = ["person_id,mail,time,created,pages"]
        for number in 0..<300 {
            lines.append("\(number),m\(number)@x,2024-01-01,2024-01-02,\(number)")
        }
        lines.append("\(Self.person),\(Self.csv(Self.mail)),2024-01-01,2024-01-02,5")
        lines.append("\(Self.person),m1@x,2024-01-02,2024-01-02,6")
        lines.append("12,\(Self.csv(Self.mail)),2024-01-03,2024-01-04,7")
        try self.write("sources/visits.csv", lines.map { $0 + "\n" }.joined())
        try self.run("apply")
        try self.run("materialize")
        try self.fill()
        // The first generation of a view is gone, but not its bytes.
        let changed = Self.definitions.replacingOccurrences(
            of: "entities: [person]\n    ttl: 0\n    schema: [{ name: pages, dtype: int64 }]",
            with: "entities: [person]\n    ttl: 0\n    schema: [{ name: pages, dtype: float64 }]"
        )
        try self.write("people.yaml", changed)
        let applied = try self.run("apply", "--allow-destroy")
        guard applied.output.contains("1 to change") else {
            throw ProgramFailure(description: "no view was changed: \(applied)")
        }
        try self.run("materialize")
    }

    /// Pushes, makes a dataset, and loads again.
    private func fill() throws {
        let rows =
            "{\"person_id\":[\(Self.person),11,\(Self.person)],"
            + "\"mail\":[\(Self.json(Self.mail)),\"m11@x\",\"m2@x\"],"
            + "\"time\":[\"2024-02-01\",\"2024-02-01\",\"2030-02-01\"],"
            + "\"created\":[null,null,null],\"pages\":[8,9,10]}"
        try self.write("sources/rows.json", rows)
        let wrong =
            "[{\"person_id\":\"\(Self.person)\",\"mail\":\(Self.json(Self.mail)),"
            + "\"time\":\"2024-02-01\",\"created\":null,\"pages\":\"many\"},"
            + "{\"person_id\":\"p\(Self.person)\",\"mail\":\"m\",\"time\":\"2024-02-01\","
            + "\"created\":null,\"pages\":1},"
            + "{\"person_id\":\"-\",\"mail\":\(Self.json(Self.mail)),\"time\":\"2024-02-01\","
            + "\"created\":null,\"pages\":1}]"
        try self.write("sources/wrong.json", wrong)
        let push = ["push", "visits_push"]
        try self.run(
            push + ["sources/rows.json", "--to", "online_and_offline"]
                + ["--idempotency-key", "person-\(Self.person)-1"]
        )
        try self.run(push + ["sources/rows.json"])
        try self.run(
            push + ["sources/wrong.json", "--idempotency-key", "wrong"],
            exitCode: 1
        )
        try self.write(
            "sources/entities.csv",
            "person_id,mail,event_timestamp\n\(Self.person),\(Self.csv(Self.mail)),2024-03-01\n"
                + "11,m11@x,2024-03-01\n"
        )
        try self.run(
            ["get-historical-features", "-d", "sources/entities.csv", "-o", "-"]
                + ["-f", "by_person:pages,by_mail:pages", "--full-feature-names"]
                + ["--save-as", "set"]
        )
        try self.run("materialize")
    }

    func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: self.directory + "/" + name))
    }

    @discardableResult
    func run(_ arguments: String...) throws -> Program.Result {
        try self.run(arguments)
    }

    @discardableResult
    func run(_ arguments: [String], exitCode: Int32 = 0) throws -> Program.Result {
        let result = try Program.run(arguments, in: self.directory)
        guard result.exitCode == exitCode, result.signal == 0 else {
            throw ProgramFailure(description: "fstore \(arguments): \(result)")
        }
        return result
    }

    static let forget = [
        "forget", "--entity", "person_id=\(person)", "--entity", "mail=\(mail)",
    ]

    /// What is served of the others, and what a training set of them has.
    func answersOfOthers() throws -> String {
        var read = ["get-online-features", "--json", "-f", "by_person:pages,by_mail:pages"]
        for id in Self.others { read += ["-e", "person_id=\(id)", "-e", "mail=m\(id)@x"] }
        try self.write(
            "sources/others.csv",
            "person_id,mail,event_timestamp\n11,m11@x,2024-03-01\n12,m12@x,2024-03-01\n"
        )
        let train = ["get-historical-features", "-d", "sources/others.csv", "-o", "-"]
        return try self.run(read + ["--full-feature-names"]).output
            + self.run(train + ["-f", "by_person:pages"]).output
    }

    /// The files of the project that hold an id in any spelling.
    func filesThatHoldIDs() throws -> [String] {
        var spellings: [(name: String, bytes: [UInt8])] = []
        func add(_ name: String, _ bytes: some Sequence<UInt8>) {
            spellings.append((name, Array(bytes)))
        }
        func add(text: String) {
            add("text", text.utf8)
            add("JSON", Self.json(text).utf8.dropFirst().dropLast())
            add("CSV", Self.csv(text).utf8.dropFirst().dropLast())
            let bytes = Array(text.utf8)
            add("hexadecimal", bytes.map { String(format: "%02x", $0) }.joined().utf8)
            add("HEXADECIMAL", bytes.map { String(format: "%02X", $0) }.joined().utf8)
            for skipped in 0..<3 {
                // A text in the middle of another: the letters that depend on it alone.
                let part = Data(bytes.dropFirst(skipped)).base64EncodedString()
                add("base64", part.utf8.filter { $0 != UInt8(ascii: "=") }.dropLast())
            }
        }
        add(text: "\(Self.person)")
        add(text: Self.mail)
        let bits = UInt64(bitPattern: Self.person)
        // The first bytes of a key may be said to be those of the key before.
        add("big end", (0..<6).reversed().map { UInt8(truncatingIfNeeded: bits >> ($0 * 8)) })
        add("little end", (0..<7).map { UInt8(truncatingIfNeeded: bits >> ($0 * 8)) })
        add("hexadecimal number", String(bits, radix: 16).utf8)

        let root = URL(fileURLWithPath: self.directory + "/data")
        let files = FileManager.default.enumerator(atPath: root.path)
        var found: [String] = []
        while let name = files?.nextObject() as? String {
            guard let data = FileManager.default.contents(atPath: root.path + "/" + name) else {
                continue
            }
            for spelling in spellings where data.range(of: Data(spelling.bytes)) != nil {
                found.append("\(name) (\(spelling.name))")
            }
        }
        return found
    }
}
