import Foundation

/// A small repository whose data never changes, so that all output is known.
struct FleetRepository {
    let directory: String

    static let configuration = """
        project: fleet
        registry: data/registry.db
        offline_store: { type: sqlite, path: data/offline.db }
        online_store: { type: rocksdb, path: data/online }

        """

    static let definitions = """
        entities:
          - name: driver
            join_keys: [driver_id]
            value_type: int64
            description: a driver

        data_sources:
          - name: stats
            type: csv
            path: data/stats.csv
            timestamp_field: event_timestamp
            created_timestamp_column: created

        feature_views:
          - name: driver_stats
            entities: [driver]
            ttl: 0
            schema:
              - { name: conv_rate, dtype: float32 }
              - { name: trips, dtype: int64, description: trips a day }
              - { name: city, dtype: string }
            source: stats
          - name: driver_recent
            entities: [driver]
            ttl: 1d
            schema:
              - { name: trips, dtype: int64 }
            source: stats

        feature_services:
          - name: activity
            features:
              - driver_stats: [conv_rate, city]
              - driver_recent

        """

    static let stats = """
        event_timestamp,driver_id,conv_rate,trips,city,created
        2024-01-01T00:00:00Z,1001,0.5,10,Oslo,2024-01-01T00:05:00Z
        2024-01-02 00:00:00,1001,0.25,20,,2024-01-02T00:05:00Z
        2024-01-02T06:00:00.5+01:00,1002,0.75,30,"Bergen, Nord",2024-01-02T06:00:00Z
        2024-01-03T00:00:00Z,1003,,40,Bodø,2024-01-03T00:05:00Z

        """

    static let entityRows = """
        driver_id,event_timestamp,label
        1001,2024-01-01T12:00:00Z,a
        1001,2024-01-02 12:00:00,b
        1002,2024-01-02T06:00:00+01:00,"c,d"
        1003,2024-01-05T00:00:00Z,
        1004,2024-01-05T00:00:00Z,e

        """

    init(at directory: URL) throws {
        self.directory = directory.path
        try FileManager.default.createDirectory(
            atPath: self.directory + "/data",
            withIntermediateDirectories: true
        )
        try self.write("feature_store.yaml", Self.configuration)
        try self.write("driver.yaml", Self.definitions)
        try self.write("data/stats.csv", Self.stats)
        try self.write("data/entities.csv", Self.entityRows)
    }

    func write(_ name: String, _ text: String) throws {
        let file = URL(fileURLWithPath: self.directory + "/" + name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(text.utf8).write(to: file)
    }

    func text(_ name: String) throws -> String {
        try String(contentsOfFile: self.directory + "/" + name, encoding: .utf8)
    }

    /// Replaces a part of the definitions.
    func edit(_ old: String, _ new: String) throws {
        let definitions = try self.text("driver.yaml")
        guard definitions.contains(old) else {
            throw ProgramFailure(description: "the definitions have no \(old)")
        }
        try self.write("driver.yaml", definitions.replacingOccurrences(of: old, with: new))
    }

    /// Runs a command in the repository.
    @discardableResult
    func run(
        _ arguments: String...,
        input: String? = nil,
        environment: [String: String] = [:]
    ) throws -> Program.Result {
        try Program.run(arguments, in: self.directory, input: input, environment: environment)
    }

    /// Runs commands that must succeed.
    func prepare(_ commands: String...) throws {
        for command in commands {
            let arguments = command.split(separator: " ").map(String.init)
            let result = try Program.run(arguments, in: self.directory)
            guard result.exitCode == 0, result.signal == 0 else {
                throw ProgramFailure(description: "fstore \(command): \(result)")
            }
        }
    }
}

extension String {
    /// The text with what differs from run to run replaced: times of now, durations, the folder.
    func stable(in directory: String = "") -> String {
        var text = self
        if !directory.isEmpty {
            text = text.replacingOccurrences(of: directory, with: "<repo>")
        }
        let patterns = [
            (#"20(2[5-9]|[3-9]\d)-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"#, "<now>"),
            (#"\d+\.\d\d s\b"#, "<time>"), (#" *[\d,]+ days\b"#, " <age>"),
        ]
        for (pattern, replacement) in patterns {
            text = text.replacingOccurrences(
                of: pattern,
                with: replacement,
                options: .regularExpression
            )
        }
        return text
    }
}
