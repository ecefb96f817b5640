package import FeatureModel

extension SeededGenerator {
    /// A small random repository that validation finds nothing wrong with, with names and texts
    /// that are hard to write down.
    package mutating func validRepository() -> FeatureRepository {
        var repository = FeatureRepository()
        let keyTypes = self.keyTypes()
        for name in self.names(0...3) {
            repository.entities.append(self.entity(name, keyTypes: keyTypes))
        }
        for name in self.names(1...4) {
            repository.dataSources.append(self.source(name))
        }
        let batchSources = repository.dataSources
        for name in self.names(0...2) {
            let batch = batchSources.randomElement(using: &self)?.name
            repository.dataSources.append(self.pushSource("push " + name, batch: batch))
        }
        let sources = repository.dataSources
        for name in self.names(0...4) {
            repository.featureViews.append(self.view(name, of: repository, sources: sources))
        }
        for name in self.names(0...2) {
            let schema = self.names(1...3).map { self.field($0) }
            var source = DataSource(name: "ask " + name, kind: .request(.init(schema: schema)))
            source.description = self.text()
            repository.dataSources.append(source)
        }
        guard !repository.featureViews.isEmpty else { return repository }
        for name in self.names(0...2) {
            repository.onDemandFeatureViews.append(self.onDemandView("od " + name, of: repository))
        }
        for name in self.names(0...3) {
            repository.featureServices.append(self.service(name, of: repository))
        }
        precondition(repository.problems().isEmpty, "\(repository.problems())")
        return repository
    }

    /// Different names, whatever their case.
    package mutating func names(_ count: ClosedRange<Int>) -> [String] {
        let all = [
            "a", "b", "driver stats", "a_b", "ä", "e\u{301}", "😀", "\"'\\", "true", "null", "5",
            "1.5", "- x", "#c", "{d}", " lead", "trail ", "~", "2024-01-01", "0x1F", "%", "!t",
            "&r",
            "*r", "|", ">", "[", "'", "=", "<<", ".inf", "a.b", "alias", "feature_view",
            "join_key_map",
        ].shuffled(using: &self)
        return Array(all.prefix(Int.random(in: count, using: &self)))
    }

    /// A text that is often empty.
    package mutating func text() -> String {
        let all = [
            "", "", "", "x", "two words", "two\nlines", "SELECT *\nFROM t\n  WHERE 1", "x\n", "\nx",
            "x\n\n", " x", "x ", "tab\tx", "cr\r\n", "end \nx", "/\u{7f}\u{1b}", "ümläut", "😀",
            "\u{85}\u{2028}\u{feff}", "'\"\\", "a: b", "a # b", "${HOME}", "no", "1e3", "- a",
            String(repeating: "long ", count: 60), "0", "{a: b}", "\u{e000}\u{fffd}",
        ]
        return all.randomElement(using: &self) ?? ""
    }

    private mutating func someText() -> String {
        let text = self.text()
        return text.isEmpty ? "x" : text
    }

    private mutating func tags() -> [String: String] {
        guard Int.random(in: 0..<3, using: &self) == 0 else { return [:] }
        return Dictionary(self.names(1...2).map { ($0, self.text()) }) { first, _ in first }
    }

    /// The type that each join key has in all of the repository.
    private mutating func keyTypes() -> [(name: String, type: ValueType)] {
        let types: [ValueType] = [.int32, .int64, .string, .bytes, .unixTimestamp]
        return self.names(4...4).map { name in
            (name + " id", types.randomElement(using: &self) ?? .int64)
        }
    }

    private mutating func entity(
        _ name: String,
        keyTypes: [(name: String, type: ValueType)]
    ) -> Entity {
        let count = Int.random(in: 1...3, using: &self)
        let keys = keyTypes.shuffled(using: &self).prefix(count)
        return Entity(
            name: name,
            joinKeys: keys.map { .init(name: $0.name, type: $0.type) },
            description: self.text(),
            tags: self.tags(),
            owner: self.text()
        )
    }

    private mutating func source(_ name: String) -> DataSource {
        let kind: DataSource.Kind =
            switch Int.random(in: 0..<3, using: &self) {
            case 0:
                .csv(
                    .init(
                        path: self.someText(),
                        delimiter: [",", "\t", ";", " ", "\\"].randomElement(using: &self) ?? ",",
                        nullValues: Bool.random(using: &self) ? [""] : self.names(0...2)
                    )
                )
            case 1: .sqlite(.init(path: self.someText(), relation: .table(self.someText())))
            default: .sqlite(.init(path: "x.db", relation: .query(self.someText())))
            }
        let columns = self.names(0...2)
        return DataSource(
            name: name,
            kind: kind,
            timestampField: Bool.random(using: &self) ? self.someText() + " time" : nil,
            createdTimestampColumn: Bool.random(using: &self) ? self.someText() + " known" : nil,
            fieldMapping: Dictionary(columns.map { ($0, "mapped " + $0) }) { first, _ in first },
            timezone: Bool.random(using: &self) ? "America/New_York" : nil,
            latenessMicroseconds: Int64.random(in: 0...2, using: &self) * 3_600_000_000,
            description: self.text(),
            tags: self.tags(),
            owner: self.text()
        )
    }

    private mutating func pushSource(_ name: String, batch: String?) -> DataSource {
        let batchSource = Bool.random(using: &self) ? batch : nil
        return DataSource(
            name: name,
            kind: .push(.init(batchSource: batchSource)),
            timestampField: batchSource == nil ? "pushed at" : nil,
            createdTimestampColumn: batchSource == nil ? "pushed known" : nil,
            description: self.text(),
            tags: self.tags(),
            owner: self.text()
        )
    }

    private mutating func view(
        _ name: String,
        of repository: FeatureRepository,
        sources: [DataSource]
    ) -> FeatureView {
        let source = sources.randomElement(using: &self)
        let entities = repository.entities.shuffled(using: &self).map(\.name)
        let seconds = [0, 1, 90, 3600, 86_400, 1_209_600].randomElement(using: &self) ?? 0
        var rows = source
        if let batch = source?.batchSource {
            rows = repository.dataSource(batch)
        }
        let filters = rows?.createdTimestampColumn != nil && Bool.random(using: &self)
        return FeatureView(
            name: name,
            entities: Array(entities.prefix(Int.random(in: 0...2, using: &self))),
            ttlMicroseconds: Int64(seconds) * 1_000_000,
            schema: self.names(1...4).map { self.field($0) },
            online: Bool.random(using: &self),
            source: source?.name ?? "",
            filterByCreatedTimestamp: filters,
            description: self.text(),
            tags: self.tags(),
            owner: self.text()
        )
    }

    private mutating func field(_ name: String) -> Field {
        let type = ValueType.allNames.randomElement(using: &self).flatMap { ValueType($0) }
        return Field(
            name: name,
            type: type ?? .int64,
            description: self.text(),
            tags: self.tags()
        )
    }

    private mutating func onDemandView(
        _ name: String,
        of repository: FeatureRepository
    ) -> OnDemandFeatureView {
        var sources = repository.featureViews.map(\.name)
        sources += repository.dataSources.filter { $0.requestSchema != nil }.map(\.name)
        sources.shuffle(using: &self)
        let expressions: [(ValueType, String)] = [
            (.int64, "1"), (.float64, "1.5"), (.string, "'a: # b'"), (.bool, "true"),
        ]
        return OnDemandFeatureView(
            name: name,
            sources: Array(sources.prefix(Int.random(in: 1...2, using: &self))),
            features: self.names(1...3).map { name in
                let (type, text) = expressions.randomElement(using: &self) ?? (.int64, "1")
                let isExpression = Bool.random(using: &self)
                return OnDemandFeature(
                    name: "computed " + name,
                    type: type,
                    transformation: isExpression ? .expression(text) : .function(name),
                    description: self.text(),
                    tags: self.tags()
                )
            },
            description: self.text(),
            tags: self.tags(),
            owner: self.text()
        )
    }

    private mutating func service(
        _ name: String,
        of repository: FeatureRepository
    ) -> FeatureService {
        var projections: [FeatureService.Projection] = []
        for view in repository.featureViews.shuffled(using: &self).prefix(3) {
            projections.append(self.projection(view, of: repository))
        }
        for view in repository.onDemandFeatureViews where Bool.random(using: &self) {
            projections.append(.init(view: view.name))
        }
        return FeatureService(
            name: name,
            features: projections,
            description: self.text(),
            tags: self.tags(),
            owner: self.text()
        )
    }

    private mutating func projection(
        _ view: FeatureView,
        of repository: FeatureRepository
    ) -> FeatureService.Projection {
        let names = view.schema.map(\.name).shuffled(using: &self)
        let count = Int.random(in: 1...names.count, using: &self)
        let keys = repository.joinKeys(of: view).map(\.name).filter { _ in
            Bool.random(using: &self)
        }
        return .init(
            view: view.name,
            version: Int.random(in: 0..<4, using: &self) == 0 ? 2 : nil,
            features: Bool.random(using: &self) ? Array(names.prefix(count)) : nil,
            alias: Bool.random(using: &self) ? "alias of " + view.name : nil,
            joinKeyMap: Dictionary(keys.map { ($0, "other " + $0) }) { first, _ in first }
        )
    }
}

extension FeatureRepository {
    /// Whether both are the same, code point by code point; `==` takes canonically equivalent texts
    /// for the same.
    package func isIdentical(to other: FeatureRepository) -> Bool {
        self == other && scalars(of: self) == scalars(of: other)
    }
}

/// All texts of a value, in an order that equal values share.
private func scalars(of repository: FeatureRepository) -> [[Unicode.Scalar]] {
    var texts: [String] = []
    func add(_ map: [String: String]) {
        for (key, value) in map.sorted(by: { $0.key < $1.key }) {
            texts += [key, value]
        }
    }
    for entity in repository.entities {
        texts += [entity.name, entity.description, entity.owner] + entity.joinKeys.map(\.name)
        add(entity.tags)
    }
    for source in repository.dataSources {
        texts += [source.name, source.description, source.owner, source.batchSource ?? ""]
        switch source.kind {
        case .csv, .sqlite: texts.append("\(source.kind)")
        case .push, .request: break
        }
        texts += [source.timestampField ?? "", source.createdTimestampColumn ?? ""]
        texts += (source.requestSchema ?? []).flatMap { [$0.name, $0.description] }
        add(source.tags)
        add(source.fieldMapping)
    }
    for view in repository.featureViews {
        texts += [view.name, view.description, view.owner, view.source] + view.entities
        add(view.tags)
        for field in view.schema {
            texts += [field.name, field.description]
            add(field.tags)
        }
    }
    for view in repository.onDemandFeatureViews {
        texts += [view.name, view.description, view.owner] + view.sources
        add(view.tags)
        for feature in view.features {
            texts += [feature.name, feature.description, "\(feature.transformation)"]
            add(feature.tags)
        }
    }
    for service in repository.featureServices {
        texts += [service.name, service.description, service.owner]
        add(service.tags)
        for projection in service.features {
            texts += [projection.view, projection.alias ?? ""] + (projection.features ?? [])
            add(projection.joinKeyMap)
        }
    }
    return texts.map { Array($0.unicodeScalars) }
}
