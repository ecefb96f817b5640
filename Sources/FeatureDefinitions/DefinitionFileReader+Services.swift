import FeatureModel
import Yams

extension DefinitionFileReader {
    func readService(_ map: DefinitionMap) {
        var map = map
        let name = map.beginObject(.featureService)
        map.check(.featureService)
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
        guard let mapping = node.mapping else { return self.wholeView(map, node) }
        let subject = "\"features\" of \(map.subject)"
        guard let item = map.map(node, under: "features", subject: subject) else { return nil }
        // A view may be called feature_view; then its features are a list.
        let isWrittenOut =
            item["feature_view"]?.scalar != nil || item["alias"] != nil
            || item["join_key_map"] != nil || item["view"]?.scalar != nil
            || mapping.count > 1 && item["features"] != nil
        if isWrittenOut { return self.writtenOut(item, index: index) }
        guard mapping.count == 1, let view = item.keys.first else {
            map.report(
                "features",
                node,
                "\"features\" of \(map.subject) has a map with \(mapping.count) keys in it",
                fix: "write one item for each view, \"- view: [feature, …]\""
            )
            return nil
        }
        guard let reference = self.viewReference(item, node, text: view) else { return nil }
        guard let features = self.features(item, key: view, index: index) else { return nil }
        return FeatureService.Projection(
            view: reference.view,
            version: reference.version,
            features: features
        )
    }

    /// An item that is a view's name alone.
    private func wholeView(_ map: DefinitionMap, _ node: Node) -> FeatureService.Projection? {
        guard node.scalarKind == .text, let text = node.scalar?.string else {
            map.report(
                "features",
                node,
                "\"features\" of \(map.subject) has \(node.title) in it",
                fix: "write a view's name for all of its features, or \"view: [feature, …]\""
            )
            return nil
        }
        if let reference = FeatureReference(text) {
            let view = ViewReference(view: reference.view, version: reference.version)
            map.report(
                "features",
                node,
                "\(map.subject) names a feature as \"\(text)\"",
                fix: "write \"\(view): [\(reference.feature)]\""
            )
            return nil
        }
        return self.viewReference(map, node, text: text).map {
            FeatureService.Projection(view: $0.view, version: $0.version)
        }
    }

    /// An item with keys of its own: `feature_view`, `features`, `alias` and `join_key_map`.
    private func writtenOut(
        _ item: DefinitionMap,
        index: Int
    ) -> FeatureService.Projection? {
        item.check(.projection)
        for key in ["alias", "join_key_map"] {
            if let node = item[key] {
                item.record(node, part: "features.\(index).\(key)")
            }
        }
        let map = item.textMap("join_key_map") ?? [:]
        if let entries = item["join_key_map"]?.mapping {
            for (key, value) in entries {
                if let name = key.scalar?.string {
                    item.record(value, part: "features.\(index).join_key_map.\(name)")
                }
            }
        }
        var features: [String]?
        if item["features"] != nil {
            guard let listed = self.features(item, key: "features", index: index) else {
                return nil
            }
            features = listed
        }
        guard let node = item["feature_view"], let text = item.nonEmptyText("feature_view"),
            let reference = self.viewReference(item, node, text: text)
        else { return nil }
        return FeatureService.Projection(
            view: reference.view,
            version: reference.version,
            features: features,
            alias: item.nonEmptyText("alias"),
            joinKeyMap: map
        )
    }

    private func viewReference(
        _ map: DefinitionMap,
        _ node: Node,
        text: String
    ) -> ViewReference? {
        if let reference = ViewReference(text) { return reference }
        map.report(
            "features",
            node,
            "\(map.subject) names a view as \"\(text)\"",
            fix: "write the name, or name@v1 for a generation of it"
        )
        return nil
    }

    /// The features of a list; `nil` when there are some and none could be read, which is reported.
    private func features(_ map: DefinitionMap, key: String, index: Int) -> [String]? {
        guard let nodes = map.list(key) else { return nil }
        var features: [String] = []
        for node in nodes {
            guard let feature = map.text(node, key: key) else { continue }
            map.record(node, part: "features.\(index).\(features.count)")
            features.append(feature)
        }
        return features.isEmpty && !nodes.isEmpty ? nil : features
    }
}
