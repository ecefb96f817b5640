import FeatureModel
import TestSupport

extension SeededGenerator {
    /// A repository of small random parts; what it names need not exist.
    mutating func repository() -> FeatureRepository {
        FeatureRepository(
            entities: self.names().map { self.entity($0) },
            dataSources: self.names().map { self.source($0) },
            featureViews: self.names().map { self.view($0) },
            featureServices: self.names().map { self.service($0) }
        )
    }

    private mutating func names() -> [String] {
        let all = ["a", "b", "ä", "d e", "😀", "\"'\\"].shuffled(using: &self)
        return Array(all.prefix(Int.random(in: 0...4, using: &self)))
    }

    private mutating func text() -> String {
        ["", "", "x", "two\nlines", "/\u{0}\u{7f}", "ümläut"].randomElement(using: &self) ?? ""
    }

    private mutating func tags() -> [String: String] {
        Dictionary(self.names().map { ($0, self.text()) }) { first, _ in first }
    }

    private mutating func type() -> ValueType {
        let name = ValueType.allNames.randomElement(using: &self) ?? "int64"
        return ValueType(name) ?? .int64
    }

    private mutating func entity(_ name: String) -> Entity {
        Entity(
            name: name,
            joinKeys: self.names().map { .init(name: $0, type: self.type()) },
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
                        path: self.text(),
                        delimiter: Bool.random(using: &self) ? "," : "\t",
                        nullValues: Bool.random(using: &self) ? [""] : self.names()
                    )
                )
            case 1: .sqlite(.init(path: self.text(), relation: .table(self.text())))
            default: .sqlite(.init(relation: .query(self.text())))
            }
        return DataSource(
            name: name,
            kind: kind,
            timestampField: Bool.random(using: &self) ? "t" : nil,
            createdTimestampColumn: Bool.random(using: &self) ? "c" : nil,
            fieldMapping: self.tags(),
            timezone: Bool.random(using: &self) ? "UTC" : nil,
            latenessMicroseconds: Int64.random(in: 0...2, using: &self) * 3_600_000_000,
            description: self.text(),
            tags: self.tags(),
            owner: self.text()
        )
    }

    private mutating func view(_ name: String) -> FeatureView {
        FeatureView(
            name: name,
            entities: self.names(),
            ttlMicroseconds: Int64.random(in: 0...2, using: &self) * 86_400_000_000,
            schema: self.names().map { name in
                Field(
                    name: name,
                    type: self.type(),
                    description: self.text(),
                    tags: self.tags()
                )
            },
            online: Bool.random(using: &self),
            source: self.text(),
            filterByCreatedTimestamp: Bool.random(using: &self),
            description: self.text(),
            tags: self.tags(),
            owner: self.text()
        )
    }

    private mutating func service(_ name: String) -> FeatureService {
        FeatureService(
            name: name,
            features: self.names().map { view in
                let features = Bool.random(using: &self) ? self.names() : nil
                return .init(view: view, features: features)
            },
            description: self.text(),
            tags: self.tags(),
            owner: self.text()
        )
    }
}
