extension RepositoryValidator {
    // MARK: Sources

    mutating func check(_ source: DataSource) {
        let name = source.name
        switch source.kind {
        case .csv(let options):
            if options.path.isEmpty, !self.unreadable.contains("path", of: .dataSource, name) {
                self.report(
                    .dataSource,
                    name,
                    part: "path",
                    "has an empty path",
                    fix: "name a file or a glob, such as data/*.csv"
                )
            }
        case .sqlite(let options):
            let isPathUnreadable = self.unreadable.contains("path", of: .dataSource, name)
            if options.path == nil, self.configuration?.offlineStore == .file, !isPathUnreadable {
                self.report(
                    .dataSource,
                    name,
                    part: "path",
                    "names no database, and the offline store is of the type file",
                    fix: "add \"path: …\", or set offline_store: {type: sqlite, path: …}"
                )
            }
        case .push(let options):
            self.check(options, of: source)
        case .request(let options):
            self.check(options, of: source)
        }
        self.checkMapping(of: source)
    }

    private mutating func checkMapping(of source: DataSource) {
        let name = source.name
        var columns: [String: String] = [:]
        for (column, mapped) in source.fieldMapping.sorted(by: { $0.key < $1.key }) {
            if let other = columns[mapped] {
                self.report(
                    .dataSource,
                    name,
                    part: "field_mapping.\(column)",
                    "maps the columns \"\(other)\" and \"\(column)\" to one name, \"\(mapped)\"",
                    fix: "give each column its own name"
                )
            } else {
                columns[mapped] = column
            }
        }
    }

    private mutating func check(_ options: DataSource.PushOptions, of source: DataSource) {
        guard let batch = options.batchSource,
            !self.unreadable.contains("batch_source", of: .dataSource, source.name)
        else { return }
        let problem: (message: String, fix: String)
        switch self.dataSources[batch]?.kind {
        case .csv, .sqlite:
            return
        case .push, .request:
            problem = (
                "has the batch source \"\(batch)\", which holds no history",
                "name a source of the type csv or sqlite"
            )
        case nil:
            guard !self.unreadable.contains(objectsOf: .dataSource) else { return }
            let names = self.repository.dataSources.filter { !$0.isPush && $0.requestSchema == nil }
            problem = (
                "names an unknown batch source \"\(batch)\"",
                DefinitionKind.dataSource.wayOut(of: batch, among: names.map(\.name))
            )
        }
        self.report(
            .dataSource,
            source.name,
            part: "batch_source",
            problem.message,
            fix: problem.fix
        )
    }

    private mutating func check(_ options: DataSource.RequestOptions, of source: DataSource) {
        if options.schema.isEmpty, !self.unreadable.contains("schema", of: .dataSource, source.name)
        {
            self.report(
                .dataSource,
                source.name,
                part: "schema",
                "has no values",
                fix: "list what a request brings: schema: [{ name: …, dtype: int64 }]"
            )
        }
        var seen: Set<String> = []
        for (index, field) in options.schema.enumerated() {
            if !seen.insert(field.name).inserted {
                self.report(
                    .dataSource,
                    source.name,
                    part: "schema.[\(index)]",
                    "defines the value \"\(field.name)\" more than once",
                    fix: "rename or remove one of them"
                )
            } else if let reason = Self.flaw(ofName: field.name) {
                self.report(
                    .dataSource,
                    source.name,
                    part: "schema.\(field.name)",
                    "has a value \"\(field.name)\" that \(reason)",
                    fix: "rename it"
                )
            }
        }
    }
}
