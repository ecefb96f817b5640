import FeastProtos
import FeatureModel
import SwiftProtobuf

/// A feature view or stream feature view of Feast, in the form of the former.
struct ViewMessage {
    let spec: FeastProtoFeatureViewSpec
    /// What notes call it: `feature view "drivers"`.
    let title: String

    var batchSource: FeastProtoDataSource? {
        self.spec.hasBatchSource ? self.spec.batchSource : nil
    }
    var streamSource: FeastProtoDataSource? {
        self.spec.hasStreamSource ? self.spec.streamSource : nil
    }

    /// The name of a source, which the registry may leave out.
    func sourceName(_ source: FeastProtoDataSource) -> String {
        source.name.isEmpty ? "\(self.spec.name)_source" : source.name
    }
}

extension FeastRegistryReader {
    /// The project's views, with everything noted that they say beyond a feature view here.
    mutating func viewMessages() -> [ViewMessage] {
        var views: [ViewMessage] = []
        for message in self.registry.featureViews where self.isOwn(message.spec.project) {
            let title = "feature view \"\(message.spec.name)\""
            self.noteFields(of: message.spec, .featureView, title)
            self.noteFields(of: message.meta, .featureViewMeta, title)
            let transformation = message.spec.featureTransformation.userDefinedFunction
            self.keepCode(transformation.bodyText, of: message.spec.name)
            views.append(ViewMessage(spec: message.spec, title: title))
        }
        for message in self.registry.streamFeatureViews where self.isOwn(message.spec.project) {
            let title = "stream feature view \"\(message.spec.name)\""
            self.note(title, "is a feature view here, without what computes it from a stream")
            self.noteFields(of: message.spec, .streamView, title)
            self.noteFields(of: message.meta, .featureViewMeta, title)
            let stream = message.spec
            self.keepCode(
                stream.userDefinedFunction.bodyText.isEmpty
                    ? stream.featureTransformation.userDefinedFunction.bodyText
                    : stream.userDefinedFunction.bodyText,
                of: stream.name
            )
            var spec = FeastProtoFeatureViewSpec()
            spec.name = stream.name
            spec.project = stream.project
            spec.entities = stream.entities
            spec.features = stream.features
            spec.entityColumns = stream.entityColumns
            spec.description_p = stream.description_p
            spec.tags = stream.tags
            spec.owner = stream.owner
            spec.ttl = stream.ttl
            spec.online = stream.online
            if stream.hasBatchSource {
                spec.batchSource = stream.batchSource
            }
            if stream.hasStreamSource {
                spec.streamSource = stream.streamSource
            }
            views.append(ViewMessage(spec: spec, title: title))
        }
        return views
    }

    /// Keeps Python code that computes something, so that somebody can write it anew.
    mutating func keepCode(_ text: String, of name: String) {
        guard !text.isEmpty else { return }
        self.code[name] = text
    }

    mutating func readViews() {
        for message in self.views {
            guard let view = self.view(message) else { continue }
            guard self.repository.featureView(view.name) == nil else {
                self.note(message.title, "is in the registry twice; the first counts")
                continue
            }
            self.repository.featureViews.append(view)
        }
    }

    private mutating func view(_ message: ViewMessage) -> FeatureView? {
        let spec = message.spec
        guard let entities = self.entities(of: message) else { return nil }
        guard let source = self.source(of: message) else {
            self.note(message.title, "is left out: it has no source")
            return nil
        }
        var view = FeatureView(
            name: self.viewNames[spec.name],
            entities: entities,
            ttlMicroseconds: self.ttl(of: message),
            schema: [],
            online: spec.online,
            source: source,
            description: spec.description_p,
            tags: FStoreTag.without(spec.tags),
            owner: spec.owner
        )
        let rows = self.repository.rowSource(of: view)
        view.filterByCreatedTimestamp =
            spec.tags[FStoreTag.filterByCreatedTimestamp] == "true"
            && rows?.createdTimestampColumn != nil
        view.schema = self.schema(of: message, view: view, rows: rows)
        guard !view.schema.isEmpty else {
            self.note(message.title, "is left out: it has no features")
            return nil
        }
        self.mapRenamedColumns(of: message, source: rows?.name)
        return view
    }

    private mutating func entities(of message: ViewMessage) -> [String]? {
        var entities: [String] = []
        for original in message.spec.entities where original != FeastRegistryWriter.noEntity {
            guard let name = self.entities[original] else {
                self.note(
                    message.title,
                    "is left out: its entity \"\(original)\" is not in the registry"
                )
                return nil
            }
            if !entities.contains(name) {
                entities.append(name)
            }
        }
        return entities
    }

    private mutating func source(of message: ViewMessage) -> String? {
        let known = Set(self.repository.dataSources.map(\.name))
        if let named = message.spec.tags[FStoreTag.source], known.contains(self.sourceNames[named])
        {
            return self.sourceNames[named]
        }
        let stream = message.streamSource.map { self.sourceNames[message.sourceName($0)] }
        let batch = message.batchSource.flatMap { source in
            self.hasHistory(source) ? self.sourceNames[message.sourceName(source)] : nil
        }
        guard let stream, known.contains(stream),
            let source = self.repository.dataSource(stream), source.isPush
        else {
            return batch.flatMap { known.contains($0) ? $0 : nil }
        }
        if let batch, known.contains(batch), source.batchSource != batch {
            self.note(
                message.title,
                "has the history of \"\(batch)\", and its push source \"\(stream)\" that of "
                    + "another source",
                advice: "name \"\(batch)\" as the batch_source of \"\(stream)\""
            )
            return batch
        }
        return stream
    }

    private mutating func ttl(of message: ViewMessage) -> Int64 {
        let ttl = message.spec.ttl
        // Ten thousand years, as everywhere.
        guard ttl.seconds >= 0, ttl.nanos >= 0, ttl.seconds <= 315_360_000_000 else {
            self.note(
                message.title,
                "has a ttl of \(ttl.seconds) seconds, which is none here: rows stay valid for ever"
            )
            return 0
        }
        guard ttl.nanos > 0 else { return ttl.seconds * 1_000_000 }
        self.note(
            message.title,
            "has a ttl with a fraction of a second, which is \(ttl.seconds + 1) seconds here"
        )
        return (ttl.seconds + 1) * 1_000_000
    }

    private mutating func schema(
        of message: ViewMessage,
        view: FeatureView,
        rows: DataSource?
    ) -> [Field] {
        let keys = Set(self.repository.joinKeys(of: view).map(\.name))
        let keyColumns = Set(message.spec.entityColumns.map(\.name))
        var fields: [Field] = []
        for column in message.spec.features {
            // Feast lists keys among the features of some views.
            if keyColumns.contains(column.name), keys.contains(self.columnNames[column.name]) {
                continue
            }
            let field = self.field(column, of: message.title)
            var role: String?
            if keys.contains(field.name) {
                role = "is a join key"
            } else if field.name == rows?.timestampField || field.name == "event_timestamp" {
                role = "is the time of its rows"
            } else if field.name == rows?.createdTimestampColumn {
                role = "is the created time of its rows"
            } else if fields.contains(where: { $0.name == field.name }) {
                role = "is a feature of it already"
            }
            if let role {
                self.note(
                    message.title,
                    "the feature \"\(column.name)\" is left out, because a column of that name "
                        + role,
                    advice: "rename it in the source if it holds something else"
                )
                continue
            }
            fields.append(field)
        }
        return fields
    }

    /// A typed column, with everything noted that it says beyond one.
    mutating func field(_ column: FeastProtoFeatureSpecV2, of title: String) -> Field {
        let subject = "\(title), \"\(column.name)\""
        self.noteFields(of: column, .column, subject)
        var type = ValueType.string
        if let translation = column.valueType.translation {
            type = translation.type
            if let loss = translation.loss {
                self.note(
                    subject,
                    "has the type \(column.valueType.title), \(loss), which is \(type) here"
                )
            }
        } else {
            self.note(
                subject,
                "has no type, or one of no meaning here (\(column.valueType.title)), which is "
                    + "string here",
                advice: "write the right dtype"
            )
        }
        return Field(
            name: self.columnNames[column.name],
            type: type,
            description: column.description_p,
            tags: FStoreTag.without(column.tags)
        )
    }

    /// Lets the source give columns of a view the names that they have here.
    private mutating func mapRenamedColumns(of message: ViewMessage, source: String?) {
        guard let index = self.repository.dataSources.firstIndex(where: { $0.name == source })
        else {
            return
        }
        let columns = message.spec.features + message.spec.entityColumns
        for column in columns where self.columnNames[column.name] != column.name {
            let name = self.columnNames[column.name]
            let mapping = self.repository.dataSources[index].fieldMapping
            guard !mapping.values.contains(name), mapping[column.name] == nil,
                !self.repository.dataSources[index].isPush
            else { continue }
            self.repository.dataSources[index].fieldMapping[column.name] = name
        }
    }
}
