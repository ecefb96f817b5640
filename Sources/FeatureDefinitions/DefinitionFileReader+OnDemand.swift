import FeatureModel
import Yams

extension DefinitionFileReader {
    func readOnDemandView(_ map: DefinitionMap) {
        var map = map
        let name = map.beginObject(.onDemandFeatureView)
        map.check(.onDemandFeatureView)
        let view = OnDemandFeatureView(
            name: name,
            sources: map.texts("sources") ?? [],
            features: self.onDemandFeatures(map),
            description: map.text("description") ?? "",
            tags: map.tags(),
            owner: map.text("owner") ?? ""
        )
        if map.owner != nil {
            self.collector.repository.onDemandFeatureViews.append(view)
        }
    }

    private func onDemandFeatures(_ map: DefinitionMap) -> [OnDemandFeature] {
        var features: [OnDemandFeature] = []
        for (index, node) in (map.list("features") ?? []).enumerated() {
            let subject = "feature \(index + 1) of \(map.subject)"
            guard var feature = map.map(node, under: "features", subject: subject) else { continue }
            let name = feature.text("name")
            if let name {
                feature.subject = "feature \"\(name)\" of \(map.subject)"
            }
            feature.check(.onDemandFeature)
            let type = feature["dtype"].flatMap { feature.valueType($0, key: "dtype") }
            let transformation = self.transformation(feature)
            let description = feature.text("description") ?? ""
            let tags = feature.tags()
            guard let name else { continue }
            map.record(node, part: "features.[\(features.count)]")
            map.record(node, part: "features.\(name)")
            for key in ["dtype", "expression", "function"] {
                if let value = feature[key] {
                    map.record(value, part: "features.\(name).\(key)")
                }
            }
            features.append(
                OnDemandFeature(
                    name: name,
                    type: type ?? .string,
                    transformation: transformation ?? .expression("NULL"),
                    description: description,
                    tags: tags
                )
            )
        }
        return features
    }

    private func transformation(_ map: DefinitionMap) -> OnDemandFeature.Transformation? {
        switch (map["expression"], map["function"]) {
        case (.some, nil):
            return self.expression(map).map { .expression($0) }
        case (nil, .some):
            return map.nonEmptyText("function").map { .function($0) }
        case (.some, .some(let function)):
            map.report(
                "function",
                function,
                "\(map.subject) has both \"expression\" and \"function\"",
                fix: "keep one of them"
            )
        case (nil, nil):
            let near = map.keys.flatMap { nearestNames(to: $0, among: ["expression", "function"]) }
            if near.isEmpty {
                self.collector.report(
                    "\(map.subject) has no \"expression\"",
                    fix:
                        "add \"expression: …\", an SQL expression over the features of its sources",
                    at: map.place
                )
                map.markUnreadable("features")
            }
        }
        return nil
    }

    /// An expression; a number alone is one too.
    private func expression(_ map: DefinitionMap) -> String? {
        guard let node = map["expression"] else { return nil }
        guard let text = node.scalar?.string, !node.isNull, !text.isEmpty else {
            map.report(
                "expression",
                node,
                mustBe: "an SQL expression",
                fix: "write it in quotes, such as \"conv_rate + val_to_add\""
            )
            return nil
        }
        return text
    }
}
