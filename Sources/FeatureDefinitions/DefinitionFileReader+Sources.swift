import FeatureModel
import Foundation
import Yams

extension DefinitionFileReader {
    /// The keys with the times of rows.
    private static let timeKeys = ["timestamp_field", "created_timestamp_column"]

    /// Reads a source of a list, or one that is written inside of a view.
    ///
    /// - Returns: The source's name; `nil` when it could not be read.
    func readSource(_ map: DefinitionMap, isInline: Bool, fallbackName: String?) -> String? {
        var map = map
        let name = map.beginObject(.dataSource, fallback: fallbackName)
        let type = self.sourceType(map)
        self.checkSourceKeys(map, type: type, requiresName: !isInline)
        guard let kind = self.sourceKind(map, type: type) else {
            if map.owner != nil {
                self.appendSource(name: name, kind: .csv(.init(path: "")), map)
                map.markUnreadable("path")
            }
            return map.owner?.name
        }
        self.appendSource(name: name, kind: kind, map)
        return map.owner?.name
    }

    private func appendSource(name: String, kind: DataSource.Kind, _ map: DefinitionMap) {
        // Pushed rows always have a time.
        let isPushedAlone = kind == .push(.init())
        let source = DataSource(
            name: name,
            kind: kind,
            timestampField: map.nonEmptyText("timestamp_field")
                ?? (isPushedAlone ? "event_timestamp" : nil),
            createdTimestampColumn: map.nonEmptyText("created_timestamp_column"),
            fieldMapping: map.textMap("field_mapping") ?? [:],
            timezone: self.timezone(map),
            latenessMicroseconds: map.duration("lateness") ?? 0,
            description: map.text("description") ?? "",
            tags: map.tags(),
            owner: map.text("owner") ?? ""
        )
        if map.owner != nil {
            self.collector.repository.dataSources.append(source)
        }
    }

    private func sourceType(_ map: DefinitionMap) -> String? {
        guard let node = map["type"], let type = map.text(node, key: "type") else { return nil }
        let known = DefinitionKeys.sources.keys.sorted()
        guard !known.contains(type.lowercased()) else { return type.lowercased() }
        let near = nearestNames(to: type, among: known)
        map.report(
            "type",
            node,
            "\(map.subject) has an unknown type \"\(type)\"",
            fix: near.isEmpty
                ? "the types are: \(known.joined(separator: ", "))"
                : suggestion(for: type, among: known, noun: "type")
        )
        return nil
    }

    private func checkSourceKeys(_ map: DefinitionMap, type: String?, requiresName: Bool) {
        let everyKey = Set(DefinitionKeys.sources.values.flatMap(\.all))
        guard let type, let keys = DefinitionKeys.sources[type] else {
            // Which keys belong to a type that is not known cannot be said.
            let required = requiresName ? ["name", "type"] : ["type"]
            let optional = everyKey.subtracting(required).sorted()
            map.checkKeys(required: required, optional: optional)
            return
        }
        var foreign: [String: String] = [:]
        for key in everyKey.subtracting(keys.all) {
            foreign[key] = "which a source of the type \(type) does not have"
        }
        map.checkKeys(
            required: requiresName ? keys.required : keys.required.filter { $0 != "name" },
            optional: requiresName ? keys.optional : ["name"] + keys.optional,
            foreign: foreign
        )
    }

    private func sourceKind(_ map: DefinitionMap, type: String?) -> DataSource.Kind? {
        switch type {
        case "csv":
            // A delimiter or list that cannot be read is reported, and the default stands for it.
            let delimiter = self.delimiter(map) ?? ","
            let nullValues = self.nullValues(map) ?? [""]
            guard let path = map.nonEmptyText("path") else { return nil }
            return .csv(.init(path: path, delimiter: delimiter, nullValues: nullValues))
        case "sqlite":
            let path = map.nonEmptyText("path")
            guard let relation = self.relation(map) else { return nil }
            return .sqlite(.init(path: path, relation: relation))
        case "push":
            return .push(.init(batchSource: self.batchSource(map)))
        case "request":
            return .request(.init(schema: self.schema(map, noun: "value")))
        default:
            return nil
        }
    }

    /// The batch source of a push source, whose times are then those of the pushed rows.
    private func batchSource(_ map: DefinitionMap) -> String? {
        guard let name = map.nonEmptyText("batch_source") else { return nil }
        for key in Self.timeKeys {
            guard let node = map[key] else { continue }
            map.report(
                key,
                node,
                "\(map.subject) has both \"batch_source\" and \"\(key)\"",
                fix: "remove \"\(key)\": pushed rows have the times of the batch source"
            )
        }
        return name
    }

    private func relation(_ map: DefinitionMap) -> DataSource.SQLiteOptions.Relation? {
        switch (map["table"], map["query"]) {
        case (.some, nil):
            return map.nonEmptyText("table").map { .table($0) }
        case (nil, .some):
            return map.nonEmptyText("query").map { .query($0) }
        case (.some, .some(let query)):
            map.report(
                "query",
                query,
                "\(map.subject) has both \"table\" and \"query\"",
                fix: "keep one of them"
            )
        case (nil, nil):
            let near = map.keys.flatMap { nearestNames(to: $0, among: ["table", "query"]) }
            if near.isEmpty {
                self.collector.report(
                    "\(map.subject) has neither \"table\" nor \"query\"",
                    fix: "add \"table: …\" or \"query: SELECT …\"",
                    at: map.place
                )
            }
        }
        return nil
    }

    private func delimiter(_ map: DefinitionMap) -> String? {
        guard let node = map["delimiter"] else { return nil }
        let text = node.scalar?.string ?? ""
        if text == "tab" || text == "\\t" { return "\t" }
        let scalars = Array(text.unicodeScalars)
        guard scalars.count == 1, scalars[0].isASCII, !["\"", "\r", "\n"].contains(text) else {
            map.report(
                "delimiter",
                node,
                mustBe: "one ASCII character",
                fix: "write it in quotes, such as \";\" or \"\\t\"; a double quote or a line break "
                    + "cannot be one"
            )
            return nil
        }
        return text
    }

    private func nullValues(_ map: DefinitionMap) -> [String]? {
        guard let nodes = map.list("null_values") else { return nil }
        var values: [String] = []
        for node in nodes {
            // The text counts, whatever YAML takes it for: NULL, -999 and false are common here.
            guard let scalar = node.scalar, !(node.isNull && scalar.string.isEmpty) else {
                map.report(
                    "null_values",
                    node,
                    "\"null_values\" of \(map.subject) has \(node.title) in it",
                    fix: "list texts; the empty field is \"\""
                )
                continue
            }
            values.append(scalar.string)
        }
        return values
    }

    private func timezone(_ map: DefinitionMap) -> String? {
        guard let node = map["timezone"], let name = map.text(node, key: "timezone") else {
            return nil
        }
        guard TimeZone(identifier: name) != nil else {
            let near = nearestNames(to: name, among: TimeZone.knownTimeZoneIdentifiers)
            map.report(
                "timezone",
                node,
                "\(map.subject) has an unknown time zone \"\(name)\"",
                fix: near.isEmpty
                    ? "write an IANA name, such as Europe/Berlin"
                    : suggestion(
                        for: name,
                        among: TimeZone.knownTimeZoneIdentifiers,
                        noun: "time zone"
                    )
            )
            return nil
        }
        return name
    }
}
