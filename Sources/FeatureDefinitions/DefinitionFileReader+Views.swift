import FeatureModel
import Yams

extension DefinitionFileReader {
    // MARK: Views

    func readView(_ map: DefinitionMap) {
        var map = map
        let name = map.beginObject(.featureView)
        map.checkKeys(
            required: ["name", "source"],
            optional: [
                "schema", "entities", "ttl", "online", "description", "tags", "owner",
                "filter_by_created_timestamp",
            ]
        )
        let view = FeatureView(
            name: name,
            entities: map.texts("entities") ?? [],
            ttlMicroseconds: map.duration("ttl") ?? 0,
            schema: self.schema(map),
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

    private func schema(_ map: DefinitionMap) -> [Field] {
        var fields: [Field] = []
        for (index, node) in (map.list("schema") ?? []).enumerated() {
            let subject = "feature \(index + 1) of \(map.subject)"
            guard var feature = map.map(node, under: "schema", subject: subject) else { continue }
            let name = feature.text("name")
            if let name {
                feature.subject = "feature \"\(name)\" of \(map.subject)"
            }
            feature.checkKeys(required: ["name", "dtype"], optional: ["description", "tags"])
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

    // MARK: Services

    func readService(_ map: DefinitionMap) {
        var map = map
        let name = map.beginObject(.featureService)
        map.checkKeys(
            required: ["name", "features"],
            optional: ["description", "tags", "owner"]
        )
        var projections: [FeatureService.Projection] = []
        for node in map.list("features") ?? [] {
            guard let projection = self.projection(map, node, index: projections.count) else {
                continue
            }
            map.record(node, part: "features.\(projections.count)")
            projections.append(projection)
        }
        let service = FeatureService(
            name: name,
            features: projections,
            description: map.text("description") ?? "",
            tags: map.tags(),
            owner: map.text("owner") ?? ""
        )
        if map.owner != nil {
            self.collector.repository.featureServices.append(service)
        }
    }

    private func projection(
        _ map: DefinitionMap,
        _ node: Node,
        index: Int
    ) -> FeatureService.Projection? {
        let help = "write a view's name for all of its features, or \"view: [feature, …]\""
        guard let mapping = node.mapping else {
            guard node.scalarKind == .text, let text = node.scalar?.string else {
                map.report(
                    "features",
                    node,
                    "\"features\" of \(map.subject) has \(node.title) in it",
                    fix: help
                )
                return nil
            }
            if let reference = FeatureReference(text) {
                map.report(
                    "features",
                    node,
                    "\(map.subject) names a feature as \"\(text)\"",
                    fix: "write \"\(reference.view): [\(reference.feature)]\""
                )
                return nil
            }
            return FeatureService.Projection(view: text)
        }
        let subject = "\"features\" of \(map.subject)"
        guard mapping.count == 1, let only = map.map(node, under: "features", subject: subject),
            let view = only.keys.first
        else {
            map.report(
                "features",
                node,
                "\"features\" of \(map.subject) has a map with \(mapping.count) keys in it",
                fix: "write one item for each view, \"- view: [feature, …]\""
            )
            return nil
        }
        guard let nodes = only.list(view) else { return nil }
        var features: [String] = []
        for node in nodes {
            guard let feature = only.text(node, key: view) else { continue }
            map.record(node, part: "features.\(index).\(features.count)")
            features.append(feature)
        }
        // Items that could not be read are reported; an empty list would be reported again.
        guard !features.isEmpty || nodes.isEmpty else { return nil }
        return FeatureService.Projection(view: view, features: features)
    }
}
