package import FeatureModel

/// Looks at the first rows of a source for the types that its columns seem to have.
struct SchemaSampler {
    private(set) var columns: [ColumnSamples]
    private(set) var rowCount = 0

    init(_ columns: [SourceReader.SourceColumn]) {
        self.columns = columns.map { ColumnSamples(declaredType: $0.declaredType) }
    }
}

extension SchemaSampler: RowSampler {
    var isFull: Bool { self.rowCount == SourceReader.sampledRows }

    mutating func add<Row: SourceRow & ~Copyable & ~Escapable>(_ row: inout Row) {
        self.rowCount += 1
        for index in self.columns.indices where !row.isNull(at: index) {
            self.columns[index].add(row.sampledValue(at: index))
        }
    }
}

extension SourceReader {
    /// The schema that a view's source suggests for it.
    ///
    /// Join keys, the time and the created time are left out; a column is called what the source's
    /// `field_mapping` calls it.
    ///
    /// - Parameters:
    ///   - view: The view; its own schema does not matter.
    ///   - source: Its source.
    ///   - joinKeys: The key columns of the view.
    /// - Returns: A feature for each column that is left.
    /// - Throws: When the source cannot be read.
    /// - Complexity: O(columns × ``sampledRows``).
    package func proposedSchema(
        of view: FeatureView,
        source: DataSource,
        joinKeys: [Entity.JoinKey]
    ) throws(OfflineStoreError) -> SchemaProposal {
        let columns = try self.columns(of: source)
        var sampler = SchemaSampler(columns)
        try self.sample(columns.map(\.name), of: source, &sampler)
        var roles = joinKeys.map(\.name)
        roles += [source.timestampField, source.createdTimestampColumn].compactMap(\.self)
        let taken = Set(roles.map { $0.lowercased() })
        var proposal = SchemaProposal(
            view: view.name,
            features: [],
            sampledRows: sampler.rowCount
        )
        var names: Set<String> = []
        for (column, samples) in zip(columns, sampler.columns) {
            let name = source.fieldMapping[column.name] ?? column.name
            if taken.contains(name.lowercased()) { continue }
            if let flaw = Self.flaw(ofFeature: name) {
                proposal.leftOut.append(
                    "column \"\(column.name)\" \(flaw): give it a name with field_mapping"
                )
            } else if names.insert(name).inserted {
                let (type, remark) = samples.proposal()
                proposal.features.append(.init(name: name, type: type, remark: remark))
            }
        }
        return proposal
    }

    /// Why a column cannot be a feature under its name, if it cannot.
    private static func flaw(ofFeature name: String) -> String? {
        if name.isEmpty { return "has no name" }
        if name == "event_timestamp" { return "has the name of every result's time column" }
        for scalar in name.unicodeScalars where ":@,".unicodeScalars.contains(scalar) {
            return "has a \"\(scalar)\" in its name"
        }
        let hasControl = name.unicodeScalars.contains {
            $0.properties.generalCategory == .control
        }
        return hasControl ? "has a control character in its name" : nil
    }
}
