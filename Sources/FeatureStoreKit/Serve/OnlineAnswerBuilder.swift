import FeatureCompute
import FeatureModel
import OnlineStores

/// Turns the rows that a read found into the columns of its answer.
struct OnlineAnswerBuilder {
    /// What is known of one view's row for one entity.
    private enum Found {
        case nothing
        case expired(eventTime: Int64)
        case row(Range<Int>, layout: ReadPlan.Layout, eventTime: Int64)
    }

    let plan: ReadPlan
    let entities: EntityColumns
    let rows: RowBatch
    /// For each view and entity row, the index of the row in ``rows``, or -1.
    let keyIndices: [Int]
    let now: Timestamp
    let evaluator: OnDemandEvaluator

    /// - Returns: `nil` when a row has a schema that the plan does not know.
    func answer() throws(FeatureStoreError) -> OnlineFeatures? {
        let found: [Found]
        do {
            guard let entries = try self.findAll() else { return nil }
            found = entries
        } catch {
            throw FeatureStoreError(error)
        }
        var features: [OnlineFeatures.FeatureColumn] = []
        features.reserveCapacity(self.plan.columns.count)
        var inputs: [FeatureResolution.Cell: Column] = [:]
        for column in self.plan.columns {
            switch column.origin {
            case .feature(let cell):
                features.append(
                    try self.feature(column.name, type: column.type, cell: cell, found: found)
                )
            case .onDemand(let index):
                features.append(try self.computed(column, index, found: found, inputs: &inputs))
            }
        }
        return OnlineFeatures(
            entities: self.entities.columns,
            features: features,
            rowCount: self.entities.rowCount,
            viewRows: self.viewRows(found, features)
        )
    }

    /// What became of the rows of each view.
    private func viewRows(
        _ found: [Found],
        _ features: [OnlineFeatures.FeatureColumn]
    ) -> [ViewRowCounts] {
        var counts = [RowCounts](repeating: RowCounts(), count: self.plan.views.count)
        for index in found.indices {
            let view = index / self.entities.rowCount
            switch found[index] {
            case .nothing: counts[view].notFound += 1
            case .expired: counts[view].expired += 1
            case .row: counts[view].found += 1
            }
        }
        for (column, feature) in zip(self.plan.columns, features) {
            guard case .feature(let cell) = column.origin else { continue }
            counts[cell.view].nullValues += feature.statuses.count { $0 == .nullValue }
        }
        return zip(self.plan.views, counts).map { ViewRowCounts(name: $0.name, counts: $1) }
    }

    private func findAll() throws(OnlineStoreError) -> [Found]? {
        var found: [Found] = []
        found.reserveCapacity(self.keyIndices.count)
        for (index, view) in self.plan.views.enumerated() {
            for row in 0..<self.entities.rowCount {
                let key = self.keyIndices[index * self.entities.rowCount + row]
                guard let entry = try self.find(key, in: view) else { return nil }
                found.append(entry)
            }
        }
        return found
    }

    /// A computed feature: of no time, and present wherever its value is not null.
    private func computed(
        _ column: FeatureResolution.Column,
        _ index: Int,
        found: [Found],
        inputs known: inout [FeatureResolution.Cell: Column]
    ) throws(FeatureStoreError) -> OnlineFeatures.FeatureColumn {
        let computation = self.plan.computations[index]
        var inputs: [Column] = []
        inputs.reserveCapacity(computation.inputs.count)
        for (input, origin) in zip(computation.computed.inputs, computation.inputs) {
            switch origin {
            case .request(let field):
                inputs.append(self.entities.requestColumns[field])
            case .feature(let cell):
                if let values = known[cell] {
                    inputs.append(values)
                    continue
                }
                let type = input.field.type
                let values = try self.feature("", type: type, cell: cell, found: found).values
                known[cell] = values
                inputs.append(values)
            }
        }
        let values = try self.evaluator.values(
            of: computation.computed,
            inputs: inputs,
            rowCount: self.entities.rowCount
        ).column
        return OnlineFeatures.FeatureColumn(
            name: column.name,
            values: values,
            statuses: (0..<values.count).map { values.isNull(at: $0) ? .nullValue : .present },
            eventTimestamps: Array(repeating: .epoch, count: values.count)
        )
    }

    private func feature(
        _ name: String,
        type: ValueType,
        cell: FeatureResolution.Cell,
        found: [Found]
    ) throws(FeatureStoreError) -> OnlineFeatures.FeatureColumn {
        let start = cell.view * self.entities.rowCount
        let ofView = found[start..<start + self.entities.rowCount]
        do {
            return try self.feature(name, type: type, at: cell.position, found: ofView)
        } catch {
            throw FeatureStoreError(error)
        }
    }

    private func find(_ key: Int, in view: ReadPlan.View) throws(OnlineStoreError) -> Found? {
        guard key >= 0, let range = self.rows.range(at: key) else { return .nothing }
        let found = self.rows.found[key]
        guard let layout = view.layout(schemaID: found.schemaID) else { return nil }
        switch view.state(of: found, now: self.now) {
        case .nothing: return .nothing
        case .expired: return .expired(eventTime: found.eventTime)
        case .present:
            try layout.layout.validateOffsets(self.rows.bytes.span.extracting(range))
            return .row(range, layout: layout, eventTime: found.eventTime)
        }
    }

    private func feature(
        _ name: String,
        type: ValueType,
        at position: Int,
        found: ArraySlice<Found>
    ) throws(OnlineStoreError) -> OnlineFeatures.FeatureColumn {
        var values = ColumnBuilder(type: type)
        var statuses: [FeatureStatus] = []
        var times: [Timestamp] = []
        values.reserveCapacity(found.count)
        statuses.reserveCapacity(found.count)
        times.reserveCapacity(found.count)
        let bytes = self.rows.bytes.span
        for entry in found {
            switch entry {
            case .nothing:
                values.appendNull()
                statuses.append(.notFound)
                times.append(.epoch)
            case .expired(let eventTime):
                values.appendNull()
                statuses.append(.outsideMaxAge)
                times.append(Timestamp(microseconds: eventTime))
            case .row(let range, let layout, let eventTime):
                times.append(Timestamp(microseconds: eventTime))
                let row = bytes.extracting(range)
                guard let field = layout.fields[position] else {
                    // The row was written before the view had the feature.
                    values.appendNull()
                    statuses.append(.nullValue)
                    continue
                }
                switch try layout.layout.cell(field, in: row) {
                case .null:
                    values.appendNull()
                    statuses.append(.nullValue)
                    continue
                case .integer(let value):
                    values.append(integer: value)
                case .float(let value):
                    values.append(float: value)
                case .bytes(let cell):
                    values.append(bytes: row.extracting(cell))
                }
                statuses.append(.present)
            }
        }
        return OnlineFeatures.FeatureColumn(
            name: name,
            values: values.finish(),
            statuses: statuses,
            eventTimestamps: times
        )
    }
}
