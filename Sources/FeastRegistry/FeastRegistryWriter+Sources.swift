import FeastProtos
import FeatureModel

extension FeastRegistryWriter {
    /// The classes of the SDK that stand for sources.
    ///
    /// It has none for CSV and SQLite and needs one to load the registry; it reads no history
    /// through it as long as the server does.
    private static let classes: [FeastProtoDataSource.SourceType: String] = [
        .batchFile: "feast.infra.offline_stores.file_source.FileSource",
        .pushSource: "feast.data_source.PushSource",
        .requestSource: "feast.data_source.RequestSource",
    ]

    mutating func message(_ source: DataSource) -> FeastProtoDataSource {
        var message = FeastProtoDataSource()
        message.name = source.name
        message.project = self.project
        message.description_p = source.description
        message.owner = source.owner
        message.tags = self.tags(source.tags, of: .dataSource, source.name)
        message.timestampField = source.timestampField ?? ""
        message.createdTimestampColumn = source.createdTimestampColumn ?? ""
        message.fieldMapping = source.fieldMapping
        if source.isStatic, !source.isPush, source.requestSchema == nil {
            // The SDK writes no row without a time.
            message.timestampField = "event_timestamp"
            message.tags[FStoreTag.isStatic] = "true"
        }
        message.meta.createdTimestamp = self.meta.createdTimestamp
        message.meta.lastUpdatedTimestamp = self.meta.lastUpdatedTimestamp
        if let timezone = source.timezone {
            message.tags[FStoreTag.timezone] = timezone
        }
        if source.latenessMicroseconds != 0 {
            message.tags[FStoreTag.latenessMicroseconds] = String(source.latenessMicroseconds)
        }
        switch source.kind {
        case .csv(let options):
            message.type = .batchFile
            message.tags[FStoreTag.type] = "csv"
            message.fileOptions.uri = options.path
            if options.delimiter != "," {
                message.tags[FStoreTag.delimiter] = options.delimiter
            }
            if options.nullValues != [""] {
                message.tags[FStoreTag.nullValues] = FStoreTag.text(options.nullValues)
            }
        case .sqlite(let options):
            message.type = .batchFile
            message.tags[FStoreTag.type] = "sqlite"
            message.fileOptions.uri = options.path ?? ""
            switch options.relation {
            case .table(let name): message.tags[FStoreTag.table] = name
            case .query(let text): message.tags[FStoreTag.query] = text
            }
        case .push(let options):
            message.type = .pushSource
            if let batch = options.batchSource.flatMap(self.repository.dataSource) {
                message.batchSource = self.message(batch)
                message.timestampField = message.batchSource.timestampField
                message.createdTimestampColumn = message.batchSource.createdTimestampColumn
                message.fieldMapping = message.batchSource.fieldMapping
            }
        case .request(let options):
            message.type = .requestSource
            message.requestDataOptions.schema = options.schema.map {
                self.message($0, of: .dataSource, source.name)
            }
        }
        message.dataSourceClassType = Self.classes[message.type] ?? ""
        return message
    }

    /// Gives a view its batch source, and the push source through which the SDK pushes to it.
    mutating func addSources(of view: FeatureView, to spec: inout FeastProtoFeatureViewSpec) {
        if let rows = self.repository.rowSource(of: view) {
            spec.batchSource = rows.isPush ? self.placeholder(for: rows) : self.message(rows)
        }
        let pushSources = self.repository.pushSources(of: view)
        let own = pushSources.first { $0.name == view.source }
        guard let chosen = own ?? pushSources.first else { return }
        spec.streamSource = self.message(chosen)
        if own == nil {
            spec.tags[FStoreTag.source] = view.source
        }
        for other in pushSources where other.name != chosen.name {
            self.notes.append(
                FeastNote(
                    "feature view \"\(view.name)\"",
                    "takes rows of \(pushSources.count) push sources, and of one in Feast: a "
                        + "client that pushes to \"\(other.name)\" does not reach it",
                    advice: "push to \"\(chosen.name)\""
                )
            )
        }
    }

    /// The batch source of a view whose rows are all pushed, which the SDK cannot do without.
    private func placeholder(for source: DataSource) -> FeastProtoDataSource {
        var message = FeastProtoDataSource()
        message.name = source.name
        message.project = self.project
        message.type = .batchFile
        message.dataSourceClassType = Self.classes[.batchFile] ?? ""
        message.timestampField = source.timestampField ?? ""
        message.createdTimestampColumn = source.createdTimestampColumn ?? ""
        message.tags[FStoreTag.type] = "push"
        return message
    }
}
