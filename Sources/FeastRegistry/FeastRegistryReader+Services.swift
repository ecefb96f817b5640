import FeastProtos
import FeatureModel

extension FeastRegistryReader {
    // MARK: On-demand views

    /// Takes back the on-demand views of an export; those of Feast are code, and are left out.
    mutating func readOnDemandViews() {
        for message in self.registry.onDemandFeatureViews where self.isOwn(message.spec.project) {
            let spec = message.spec
            if let view = self.onDemandView(spec),
                self.repository.onDemandFeatureView(view.name) == nil,
                self.repository.featureView(view.name) == nil
            {
                self.repository.onDemandFeatureViews.append(view)
                continue
            }
            let code = spec.featureTransformation.userDefinedFunction.bodyText
            self.keepCode(code.isEmpty ? spec.userDefinedFunction.bodyText : code, of: spec.name)
            let features = spec.features.map(\.name).joined(separator: ", ")
            self.note(
                "on-demand feature view \"\(spec.name)\"",
                "is left out: Python code computes its features \(features)",
                advice: "define it under on_demand_feature_views, with an expression each"
            )
        }
    }

    private mutating func onDemandView(
        _ spec: FeastProtoOnDemandFeatureViewSpec
    ) -> OnDemandFeatureView? {
        guard let sources = spec.tags[FStoreTag.sources].flatMap({ FStoreTag.values($0) }) else {
            return nil
        }
        var view = OnDemandFeatureView(
            name: self.viewNames[spec.name],
            sources: [],
            features: [],
            description: spec.description_p,
            tags: FStoreTag.without(spec.tags),
            owner: spec.owner
        )
        guard Set(sources).count == sources.count else { return nil }
        for source in sources {
            let viewName = self.viewNames[source]
            let sourceName = self.sourceNames[source]
            let isView = self.repository.featureView(viewName) != nil
            let isRequest = self.repository.dataSource(sourceName)?.requestSchema != nil
            guard isView != isRequest else { return nil }
            view.sources.append(isView ? viewName : sourceName)
        }
        for column in spec.features {
            let transformation: OnDemandFeature.Transformation
            if let text = column.tags[FStoreTag.expression], !text.isEmpty {
                transformation = .expression(text)
            } else if let name = column.tags[FStoreTag.function], !name.isEmpty {
                transformation = .function(name)
            } else {
                return nil
            }
            let field = self.field(column, of: "on-demand feature view \"\(spec.name)\"")
            guard field.name != "event_timestamp",
                !view.features.contains(where: { $0.name == field.name })
            else { return nil }
            view.features.append(
                OnDemandFeature(
                    name: field.name,
                    type: field.type,
                    transformation: transformation,
                    description: field.description,
                    tags: field.tags
                )
            )
        }
        return view.features.isEmpty || view.sources.isEmpty ? nil : view
    }

    // MARK: Services

    mutating func readServices() {
        let messages = self.registry.featureServices.filter { self.isOwn($0.spec.project) }
        let names = NameTable(messages.map(\.spec.name), rule: .plain)
        for message in messages {
            let spec = message.spec
            let title = "feature service \"\(spec.name)\""
            self.noteFields(of: spec, .service, title)
            self.noteFields(of: message.meta, .objectMeta, title)
            let projections = self.projections(spec, title: title)
            guard !projections.isEmpty else {
                self.note(title, "is left out: nothing that it serves is carried over")
                continue
            }
            let name = names[spec.name]
            guard self.repository.featureService(name) == nil else {
                self.note(title, "is in the registry twice; the first counts")
                continue
            }
            if name != spec.name {
                self.note(title, "is called \"\(name)\" here", advice: "use that name in requests")
            }
            self.repository.featureServices.append(
                FeatureService(
                    name: name,
                    features: projections,
                    description: spec.description_p,
                    tags: FStoreTag.without(spec.tags),
                    owner: spec.owner
                )
            )
        }
    }

    private mutating func projections(
        _ spec: FeastProtoFeatureServiceSpec,
        title: String
    ) -> [FeatureService.Projection] {
        var projections: [FeatureService.Projection] = []
        var taken: Set<FeatureReference> = []
        for message in spec.features {
            self.noteFields(of: message, .projection, title)
            let name = self.viewNames[message.featureViewName]
            let columns: [String]
            var keys: [String] = []
            if let view = self.repository.featureView(name) {
                columns = view.schema.map(\.name)
                keys = self.repository.joinKeys(of: view).map(\.name)
            } else if let view = self.repository.onDemandFeatureView(name) {
                columns = view.features.map(\.name)
            } else {
                let features = message.featureColumns.map(\.name).joined(separator: ", ")
                self.note(
                    title,
                    "serves \"\(message.featureViewName)\" (\(features)), which is not carried "
                        + "over",
                    advice: "add it when you have defined that view"
                )
                continue
            }
            var projection = FeatureService.Projection(view: name)
            self.readNames(message, keys: keys, into: &projection, title: title)
            let features = self.features(
                message,
                known: columns,
                projection: projection,
                taken: &taken,
                title: title
            )
            guard !features.isEmpty else { continue }
            projection.features = features == columns ? nil : features
            projections.append(projection)
        }
        return projections
    }

    /// The alias, the version and the join-key map.
    private mutating func readNames(
        _ message: FeastProtoFeatureViewProjection,
        keys: [String],
        into projection: inout FeatureService.Projection,
        title: String
    ) {
        if message.hasVersionTag {
            self.note(
                title,
                "takes version \(message.versionTag) of \"\(message.featureViewName)\", and the "
                    + "one in force here",
                advice: "define that version as a view of its own if it differs"
            )
        }
        let alias = message.featureViewNameAlias
        if !alias.isEmpty, alias != message.featureViewName {
            let allowed = NameTable.allowed(alias, .view)
            projection.alias = allowed
            if allowed != alias {
                self.note(title, "the alias \"\(alias)\" is \"\(allowed)\" here")
            }
        }
        var columns = Set(keys)
        for (original, column) in message.joinKeyMap.sorted(by: { $0.key < $1.key }) {
            let key = self.columnNames[original]
            let name = NameTable.allowed(column, .plain)
            columns.remove(key)
            guard keys.contains(key), columns.insert(name).inserted else {
                columns.insert(key)
                self.note(
                    title,
                    "reads the join key \"\(original)\" of \"\(message.featureViewName)\" from "
                        + "\"\(column)\", which is left out: "
                        + (keys.contains(key)
                            ? "another key is read from there" : "the view has no such key")
                )
                continue
            }
            if name != key {
                projection.joinKeyMap[key] = name
            }
        }
    }

    private mutating func features(
        _ message: FeastProtoFeatureViewProjection,
        known: [String],
        projection: FeatureService.Projection,
        taken: inout Set<FeatureReference>,
        title: String
    ) -> [String] {
        var features: [String] = []
        for column in message.featureColumns {
            let feature = self.columnNames[column.name]
            let reference = FeatureReference(view: projection.viewName, feature: feature)
            guard known.contains(feature) else {
                self.note(title, "serves \"\(reference)\", which is not carried over")
                continue
            }
            guard taken.insert(reference).inserted else {
                self.note(title, "serves \"\(reference)\" more than once; once is enough")
                continue
            }
            features.append(feature)
        }
        if message.featureColumns.isEmpty {
            self.note(title, "serves nothing of \"\(message.featureViewName)\"")
        }
        return features
    }
}
