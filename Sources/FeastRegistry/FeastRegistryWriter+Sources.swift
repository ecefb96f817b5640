import FeastProtos
import FeatureModel

extension FeastRegistryWriter {
    /// The class of the SDK that stands for files.
    static let fileSourceClass = "feast.infra.offline_stores.file_source.FileSource"

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
        message.meta.createdTimestamp = self.meta.createdTimestamp
        message.meta.lastUpdatedTimestamp = self.meta.lastUpdatedTimestamp
        if let timezone = source.timezone {
            message.tags[FStoreTag.timezone] = timezone
        }
        if source.latenessMicroseconds != 0 {
            message.tags[FStoreTag.latenessMicroseconds] = String(source.latenessMicroseconds)
        }
        // The SDK has no class for these files; it needs one to load the registry, and reads history
        // through none of them as long as the server does.
        message.type = .batchFile
        message.dataSourceClassType = Self.fileSourceClass
        switch source.kind {
        case .csv(let options):
            message.tags[FStoreTag.type] = "csv"
            message.fileOptions.uri = options.path
            if options.delimiter != "," {
                message.tags[FStoreTag.delimiter] = options.delimiter
            }
            if options.nullValues != [""] {
                message.tags[FStoreTag.nullValues] = FStoreTag.text(options.nullValues)
            }
        case .sqlite(let options):
            message.tags[FStoreTag.type] = "sqlite"
            message.fileOptions.uri = options.path ?? ""
            switch options.relation {
            case .table(let name): message.tags[FStoreTag.table] = name
            case .query(let text): message.tags[FStoreTag.query] = text
            }
        }
        return message
    }
}
