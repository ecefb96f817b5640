import FeastProtos
import FeatureModel
import Foundation

extension FeastRegistryReader {
    // MARK: Which there are

    /// Finds the sources of the project, also those that only a view has.
    mutating func collectSources() {
        for source in self.registry.dataSources where self.isOwn(source.project) {
            var source = source
            // Only inside of a view does the label mean what an export means by it.
            if source.tags[FStoreTag.type] == "push" {
                source.tags[FStoreTag.type] = nil
            }
            self.collect(source, from: nil)
        }
        for view in self.views {
            for source in [view.batchSource, view.streamSource].compactMap(\.self) {
                var source = source
                if source.name.isEmpty {
                    source.name = "\(view.spec.name)_source"
                }
                self.collect(source, from: view.title)
            }
        }
        for view in self.registry.onDemandFeatureViews where self.isOwn(view.spec.project) {
            for (_, source) in view.spec.sources.sorted(by: { $0.key < $1.key })
            where !source.requestDataSource.name.isEmpty {
                self.collect(source.requestDataSource, from: nil)
            }
        }
    }

    private mutating func collect(_ source: FeastProtoDataSource, from view: String?) {
        // What an export put there for the SDK, and the SDK for the schema of some code's inputs.
        guard source.tags[FStoreTag.type] != "push", !source.name.hasPrefix("__input_schema__")
        else { return }
        if let known = self.sources.first(where: { $0.name == source.name }) {
            if let view, Self.definition(known) != Self.definition(source) {
                self.note(
                    view,
                    "has another definition of the source \"\(source.name)\" than the registry, "
                        + "whose counts here",
                    advice: "check which one is right"
                )
            }
        } else {
            self.sources.append(source)
        }
        if source.hasBatchSource {
            self.collect(source.batchSource, from: view)
        }
    }

    /// A source without what differs between its copies.
    private static func definition(_ source: FeastProtoDataSource) -> FeastProtoDataSource {
        var source = source
        source.project = ""
        source.dataSourceClassType = ""
        source.clearMeta()
        if source.hasBatchSource {
            source.batchSource = self.definition(source.batchSource)
        }
        return source
    }

    // MARK: What they are

    mutating func readSources() {
        for message in self.sources {
            let subject = "data source \"\(message.name)\""
            self.noteFields(of: message, .source, subject)
            var source = DataSource(
                name: self.sourceNames[message.name],
                kind: .push(.init()),
                description: message.description_p,
                tags: FStoreTag.without(message.tags),
                owner: message.owner
            )
            switch message.type {
            case .pushSource, .streamKafka, .streamKinesis:
                self.readPush(message, into: &source)
            case .requestSource:
                guard self.readRequest(message, into: &source) else { continue }
            default:
                self.readBatch(message, into: &source)
            }
            self.repository.dataSources.append(source)
        }
    }

    private mutating func readPush(_ message: FeastProtoDataSource, into source: inout DataSource) {
        let subject = "data source \"\(message.name)\""
        var batch: String?
        // Of several definitions of one name the first counts.
        let counting = self.sources.first { $0.name == message.batchSource.name }
        if message.hasBatchSource, let counting, self.hasHistory(counting) {
            batch = self.sourceNames[counting.name]
        } else if message.hasBatchSource, message.batchSource.tags[FStoreTag.type] != "push" {
            self.note(subject, "has a batch source that holds no history, which is left out")
        }
        source.kind = .push(.init(batchSource: batch))
        if batch == nil {
            let time = message.timestampField
            source.timestampField = time.isEmpty ? "event_timestamp" : time
            if !message.createdTimestampColumn.isEmpty {
                source.createdTimestampColumn = message.createdTimestampColumn
            }
            if !message.fieldMapping.isEmpty {
                self.note(
                    subject,
                    "maps columns to other names, which a push source does not do",
                    advice: "push rows with the names of the features"
                )
            }
        }
        guard message.type != .pushSource else { return }
        let kafka = message.kafkaOptions
        let stream =
            message.type == .streamKafka
            ? "Kafka topic \"\(kafka.topic)\" at \(kafka.kafkaBootstrapServers)"
            : "Kinesis stream \"\(message.kinesisOptions.streamName)\""
        self.keep(message, in: &source)
        self.note(
            subject,
            "is a push source here: nothing reads the \(stream)",
            advice: "have the job that reads the stream send its rows to POST /push"
        )
    }

    /// Whether a source is carried over as one that holds history.
    func hasHistory(_ source: FeastProtoDataSource) -> Bool {
        switch source.type {
        case .pushSource, .streamKafka, .streamKinesis, .requestSource: false
        default: source.tags[FStoreTag.type] != "push"
        }
    }

    private mutating func readRequest(
        _ message: FeastProtoDataSource,
        into source: inout DataSource
    ) -> Bool {
        let subject = "data source \"\(message.name)\""
        let options = message.requestDataOptions
        var columns = options.schema
        for (name, type) in options.deprecatedSchema.sorted(by: { $0.key < $1.key })
        where !columns.contains(where: { $0.name == name }) {
            var column = FeastProtoFeatureSpecV2()
            column.name = name
            column.valueType = type
            columns.append(column)
        }
        var schema: [Field] = []
        for column in columns {
            let field = self.field(column, of: subject)
            guard !schema.contains(where: { $0.name == field.name }) else {
                self.note(subject, "has the value \"\(field.name)\" twice; the first counts")
                continue
            }
            schema.append(field)
        }
        guard !schema.isEmpty else {
            self.note(subject, "is left out: a request source without values asks for nothing")
            return false
        }
        source.kind = .request(.init(schema: schema))
        return true
    }

    private mutating func readBatch(
        _ message: FeastProtoDataSource,
        into source: inout DataSource
    ) {
        let tags = message.tags
        if tags[FStoreTag.isStatic] != "true", !message.timestampField.isEmpty {
            source.timestampField = message.timestampField
        }
        if !message.createdTimestampColumn.isEmpty {
            source.createdTimestampColumn = message.createdTimestampColumn
        }
        source.fieldMapping = self.fieldMapping(message)
        source.timezone = tags[FStoreTag.timezone].flatMap {
            TimeZone(identifier: $0) == nil ? nil : $0
        }
        source.latenessMicroseconds = Self.lateness(tags)
        if let kind = Self.exportedKind(message) {
            source.kind = kind
            return
        }
        let uri = message.fileOptions.uri
        let isCSV = uri.hasSuffix(".csv") || uri.hasSuffix(".csv.gz")
        if message.type == .batchFile, isCSV, !uri.contains("://") {
            source.kind = .csv(.init(path: uri))
            return
        }
        self.keep(message, in: &source)
        let path = self.path(for: source.name)
        source.kind = .csv(.init(path: path))
        self.missingFiles.append(
            .init(path: path, source: source.name, origin: Self.origin(of: message))
        )
    }

    /// The kind that an export says a source has; `nil` for a source of Feast.
    private static func exportedKind(_ message: FeastProtoDataSource) -> DataSource.Kind? {
        let tags = message.tags
        let path = message.fileOptions.uri
        switch tags[FStoreTag.type] {
        case "csv" where !path.isEmpty:
            var options = DataSource.CSVOptions(path: path)
            if let delimiter = tags[FStoreTag.delimiter], delimiter.unicodeScalars.count == 1,
                delimiter.utf8.allSatisfy({ $0 < 0x80 }), !["\"", "\r", "\n"].contains(delimiter)
            {
                options.delimiter = delimiter
            }
            if let values = tags[FStoreTag.nullValues].flatMap({ FStoreTag.values($0) }) {
                options.nullValues = values
            }
            return .csv(options)
        case "sqlite":
            let database = path.isEmpty ? nil : path
            if let query = tags[FStoreTag.query], !query.isEmpty {
                return .sqlite(.init(path: database, relation: .query(query)))
            }
            guard let table = tags[FStoreTag.table], !table.isEmpty else { return nil }
            return .sqlite(.init(path: database, relation: .table(table)))
        default:
            return nil
        }
    }

    /// The lateness that an export says, in whole seconds.
    private static func lateness(_ tags: [String: String]) -> Int64 {
        guard let microseconds = tags[FStoreTag.latenessMicroseconds].flatMap({ Int64($0) }),
            (0...315_360_000_000_000_000).contains(microseconds)
        else { return 0 }
        return microseconds - microseconds % 1_000_000
    }

    private mutating func fieldMapping(_ message: FeastProtoDataSource) -> [String: String] {
        var mapping: [String: String] = [:]
        var names: Set<String> = []
        for (column, name) in message.fieldMapping.sorted(by: { $0.key < $1.key }) {
            let mapped = self.columnNames.known(name)
            guard names.insert(mapped).inserted else {
                self.note(
                    "data source \"\(message.name)\"",
                    "maps several columns to \"\(name)\"; \"\(column)\" is left out"
                )
                continue
            }
            mapping[column] = mapped
        }
        return mapping
    }

    /// A free path for the rows of a source.
    private mutating func path(for name: String) -> String {
        let word = String(
            name.unicodeScalars.map { scalar in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", "_", "-": Character(scalar)
                default: "_"
                }
            }
        )
        let path = free("data/\(word.isEmpty ? "source" : word)", taken: &self.takenPaths)
        return path + ".csv"
    }

    /// Keeps in labels what a source says about where its rows lie.
    private func keep(_ message: FeastProtoDataSource, in source: inout DataSource) {
        for (name, value) in Self.options(of: message) where !value.isEmpty {
            source.tags["feast.\(name)"] = value
        }
    }

    private static func origin(of message: FeastProtoDataSource) -> String {
        let options = self.options(of: message)
        for name in ["uri", "path", "query", "table", "configuration"] {
            if let value = options.first(where: { $0.name == name })?.value, !value.isEmpty {
                return name == "uri" || name == "path" ? value : "the \(name) \(value)"
            }
        }
        return "a source of the type \(message.type.title)"
    }

    /// Everything that a source says about where its rows lie.
    private static func options(
        of message: FeastProtoDataSource
    ) -> [(name: String, value: String)] {
        var options: [(name: String, value: String)] = [("type", message.type.title)]
        switch message.options {
        case .fileOptions(let file):
            options += [("uri", file.uri), ("s3_endpoint_override", file.s3EndpointOverride)]
            if case .deltaFormat = file.fileFormat.format {
                options.append(("file_format", "delta"))
            }
        case .bigqueryOptions(let table), .trinoOptions(let table):
            options += [("table", table.table), ("query", table.query)]
        case .redshiftOptions(let table), .snowflakeOptions(let table):
            options += [("table", table.table), ("query", table.query)]
            options += [("schema", table.schema), ("database", table.database)]
        case .athenaOptions(let table):
            options += [("table", table.table), ("query", table.query)]
            options += [("database", table.database), ("data_source", table.dataSource)]
        case .sparkOptions(let spark):
            options += [("table", spark.table), ("query", spark.query), ("path", spark.path)]
            options += [("file_format", spark.fileFormat)]
            options += [("date_partition_format", spark.datePartitionColumnFormat)]
        case .kafkaOptions(let kafka):
            options += [("topic", kafka.topic), ("servers", kafka.kafkaBootstrapServers)]
        case .kinesisOptions(let kinesis):
            options += [("stream", kinesis.streamName), ("region", kinesis.region)]
        case .customOptions(let custom):
            options.append(("class", message.dataSourceClassType))
            options.append(
                ("configuration", String(decoding: custom.configuration, as: UTF8.self))
            )
        case .pushOptions, .requestDataOptions, nil:
            break
        }
        return options
    }
}
