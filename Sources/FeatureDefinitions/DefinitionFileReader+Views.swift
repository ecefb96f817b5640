import FeatureModel
import Yams

extension DefinitionFileReader {
    // MARK: Views

    func readView(_ map: DefinitionMap) {
        var map = map
        let name = map.beginObject(.featureView)
        map.check(.featureView)
        let view = FeatureView(
            name: name,
            entities: map.texts("entities") ?? [],
            ttlMicroseconds: map.duration("ttl") ?? 0,
            retentionMicroseconds: map.duration("retention").flatMap { $0 == 0 ? nil : $0 },
            schema: self.schema(map, noun: "feature"),
            online: map.bool("online") ?? true,
            source: self.sourceName(map, view: name) ?? "",
            filterByCreatedTimestamp: map.bool("filter_by_created_timestamp") ?? false,
            description: map.text("description") ?? "",
            tags: map.tags(),
            owner: map.text("owner") ?? ""
        )
        if map.owner != nil {
            if map["schema"] == nil {
                // What applies the definitions proposes one.
                map.markUnreadable("schema")
                self.collector.viewsWithoutSchema.insert(name)
            }
            self.collector.repository.featureViews.append(view)
        }
    }

    /// The typed names of a list `schema`; `noun` is what messages call one of them.
    func schema(_ map: DefinitionMap, noun: String) -> [Field] {
        var fields: [Field] = []
        for (index, node) in (map.list("schema") ?? []).enumerated() {
            let subject = "\(noun) \(index + 1) of \(map.subject)"
            guard var feature = map.map(node, under: "schema", subject: subject) else { continue }
            let name = feature.text("name")
            if let name {
                feature.subject = "\(noun) \"\(name)\" of \(map.subject)"
            }
            feature.check(.field)
            let type = feature["dtype"].flatMap { feature.valueType($0, key: "dtype") }
            let description = feature.text("description") ?? ""
            let tags = feature.tags()
            guard let name else { continue }
            // The place is kept by name for what is said about a feature, and by number for a
            // second feature of one name.
            map.record(node, part: "schema.[\(fields.count)]")
            map.record(node, part: "schema.\(name)")
            if let dtype = feature["dtype"] {
                map.record(dtype, part: "schema.\(name).dtype")
            }
            fields.append(
                Field(name: name, type: type ?? .string, description: description, tags: tags)
            )
        }
        return fields
    }

    private func sourceName(_ map: DefinitionMap, view: String) -> String? {
        guard let node = map["source"] else { return nil }
        if node.scalar != nil { return map.text(node, key: "source") }
        guard node.mapping != nil else {
            map.report(
                "source",
                node,
                mustBe: "the name of a data source, or the source itself as a map",
                fix: "write source: name, or source: { type: csv, path: … }"
            )
            return nil
        }
        let subject = "the source of \(map.subject)"
        guard
            let source = DefinitionMap(
                node,
                file: self.file,
                subject: subject,
                collector: self.collector
            )
        else { return nil }
        let fallback = map.owner == nil ? nil : "\(view)_source"
        guard let name = self.readSource(source, isInline: true, fallbackName: fallback) else {
            map.markUnreadable("source")
            return nil
        }
        return name
    }
}
