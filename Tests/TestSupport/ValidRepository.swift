package import FeatureModel

extension SeededGenerator {
    /// A small random repository that validation finds nothing wrong with, with names and texts that
    /// are hard to write down.
    package mutating func validRepository() -> FeatureRepository {
        var repository = FeatureRepository()
        let keyTypes = self.keyTypes()
        for name in self.names(0...3) {
            repository.entities.append(self.entity(name, keyTypes: keyTypes))
        }
        for name in self.names(1...4) {
            repository.dataSources.append(self.source(name))
        }
        for name in self.names(0...4) {
            repository.featureViews.append(self.view(name, of: repository))
        }
        guard !repository.featureViews.isEmpty else { return repository }
        for name in self.names(0...3) {
            repository.featureServices.append(self.service(name, of: repository.featureViews))
        }
        precondition(repository.problems().isEmpty, "\(repository.problems())")
        return repository
    }

    /// Different names, whatever their case.
    package mutating func names(_ count: ClosedRange<Int>) -> [String] {
        let all = [
            "a", "b", "driver stats", "a_b", "ä", "e\u{301}", "😀", "\"'\\", "true", "null", "5",
            "1.5", "- x", "#c", "{d}", " lead", "trail ", "~", "2024-01-01", "0x1F", "%", "!t", "&r",
            "*r", "|", ">", "[", "'", "=", "<<", ".inf", "a.b",
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

    private mutating func view(_ name: String, of repository: FeatureRepository) -> FeatureView {
        let source = repository.dataSources.randomElement(using: &self)
        let entities = repository.entities.shuffled(using: &self).map(\.name)
        let seconds = [0, 1, 90, 3600, 86_400, 1_209_600].randomElement(using: &self) ?? 0
        let filters = source?.createdTimestampColumn != nil && Bool.random(using: &self)
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

    private mutating func service(_ name: String, of views: [FeatureView]) -> FeatureService {
        let chosen = views.shuffled(using: &self).prefix(Int.random(in: 1...3, using: &self))
        return FeatureService(
            name: name,
            features: chosen.map { view in
                let names = view.schema.map(\.name).shuffled(using: &self)
                let count = Int.random(in: 1...names.count, using: &self)
                let features = Bool.random(using: &self) ? Array(names.prefix(count)) : nil
                return .init(view: view.name, features: features)
            },
            description: self.text(),
            tags: self.tags(),
            owner: self.text()
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
        texts += [source.name, source.description, source.owner, "\(source.kind)"]
        texts += [source.timestampField ?? "", source.createdTimestampColumn ?? ""]
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
    for service in repository.featureServices {
        texts += [service.name, service.description, service.owner]
        add(service.tags)
        for projection in service.features {
            texts += [projection.view] + (projection.features ?? [])
        }
    }
    return texts.map { Array($0.unicodeScalars) }
}
