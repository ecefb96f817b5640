import FeatureCompute
import FeatureModel
import OnlineStores

/// Turns the rows that a read found into the columns of its answer.
struct OnlineAnswerBuilder {
    /// What is known of one view's row for one entity; without references, so that a loop over
    /// rows copies nothing else.
    struct Found {
        /// Which of the view's layouts the row has; -1 when its values are not served.
        var layout = -1
        /// Where the row lies in the bytes of the batch.
        var start = 0
        var end = 0
    }

    /// What all features of one view have in common.
    struct FoundView {
        /// One for each entity row.
        var rows: [Found] = []
        /// The status of each value that is not null itself.
        var statuses: [FeatureStatus] = []
        var eventTimestamps: [Timestamp] = []

        /// Forgets the rows, and keeps the memory.
        mutating func reset(rowCount: Int) {
            self.rows.removeAll(keepingCapacity: true)
            self.statuses.removeAll(keepingCapacity: true)
            self.eventTimestamps.removeAll(keepingCapacity: true)
            self.rows.reserveCapacity(rowCount)
            self.statuses.reserveCapacity(rowCount)
            self.eventTimestamps.reserveCapacity(rowCount)
        }
    }

    let plan: ReadPlan
    let entities: EntityColumns
    let rows: RowBatch
    /// For each view and entity row, the index of the row in ``rows``, or -1.
    let keyIndices: [Int]
    let now: Timestamp
    let evaluator: OnDemandEvaluator
    /// When computing must have ended; `nil` for never.
    let deadline: ContinuousClock.Instant?

    /// Makes the answer.
    ///
    /// - Parameters:
    ///   - answer: Gets the answer; has room for the features.
    ///   - views: Memory for what is known of the rows.
    /// - Returns: False when a row has a schema that the plan does not know.
    /// - Throws: `corruptData` for a damaged row, and what computing a feature throws.
    func write(
        to answer: inout OnlineFeatures,
        views: inout [FoundView]
    ) throws(FeatureStoreError) -> Bool {
        while views.count < self.plan.views.count {
            views.append(FoundView())
        }
        for index in self.plan.views.indices {
            do {
                guard try self.find(index, &views[index]) else { return false }
            } catch {
                throw FeatureStoreError(error)
            }
        }
        answer.entities = self.entities.columns
        answer.rowCount = self.entities.rowCount
        var inputs: [FeatureResolution.Cell: Column] = [:]
        for index in self.plan.columns.indices {
            let column = self.plan.columns[index]
            answer.features[index].name = column.name
            switch column.origin {
            case .feature(let cell):
                try self.read(
                    cell,
                    type: column.type,
                    of: views[cell.view],
                    into: &answer.features[index]
                )
            case .onDemand(let number):
                try self.compute(
                    self.plan.computations[number],
                    views: views,
                    inputs: &inputs,
                    into: &answer.features[index]
                )
            }
        }
        self.countRows(views, in: &answer)
        return true
    }

    /// Notes what became of the rows of each view.
    private func countRows(_ views: [FoundView], in answer: inout OnlineFeatures) {
        answer.viewRows.removeAll(keepingCapacity: true)
        for (index, view) in self.plan.views.enumerated() {
            var counts = RowCounts()
            for status in views[index].statuses {
                switch status {
                case .present, .nullValue: counts.found += 1
                case .outsideMaxAge: counts.expired += 1
                case .notFound: counts.notFound += 1
                }
            }
            answer.viewRows.append(ViewRowCounts(name: view.name, counts: counts))
        }
        for (column, feature) in zip(self.plan.columns, answer.features) {
            guard case .feature(let cell) = column.origin else { continue }
            for status in feature.statuses where status == .nullValue {
                answer.viewRows[cell.view].counts.nullValues += 1
            }
        }
    }

    private func find(_ index: Int, _ result: inout FoundView) throws(OnlineStoreError) -> Bool {
        let view = self.plan.views[index]
        let count = self.entities.rowCount
        result.reset(rowCount: count)
        for key in self.keyIndices[index * count..<(index + 1) * count] {
            var found = Found()
            var status = FeatureStatus.notFound
            var eventTime = Timestamp.epoch
            if key >= 0, self.rows.found[key].isPresent {
                let row = self.rows.found[key]
                guard let layout = view.layoutIndex(schemaID: row.schemaID) else { return false }
                switch view.state(of: row, now: self.now) {
                case .nothing: break
                case .expired:
                    status = .outsideMaxAge
                    eventTime = Timestamp(microseconds: row.eventTime)
                case .present:
                    status = .present
                    eventTime = Timestamp(microseconds: row.eventTime)
                    found = Found(layout: layout, start: row.start, end: row.end)
                    try view.layouts[layout].layout.validateOffsets(
                        self.rows.bytes.span.extracting(row.start..<row.end)
                    )
                }
            }
            result.rows.append(found)
            result.statuses.append(status)
            result.eventTimestamps.append(eventTime)
        }
        return true
    }

    /// A computed feature: of no time, and present wherever its value is not null.
    private func compute(
        _ computation: FeatureResolution.Computation,
        views: [FoundView],
        inputs known: inout [FeatureResolution.Cell: Column],
        into column: inout OnlineFeatures.FeatureColumn
    ) throws(FeatureStoreError) {
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
                var values = ColumnBuilder(type: input.field.type)
                try self.append(cell, of: views[cell.view], to: &values) { _ in }
                let finished = values.finish()
                known[cell] = finished
                inputs.append(finished)
            }
        }
        let values = try self.evaluator.values(
            of: computation.computed,
            inputs: inputs,
            rowCount: self.entities.rowCount,
            deadline: self.deadline
        ).column
        column.values = values
        column.statuses = (0..<values.count).map { values.isNull(at: $0) ? .nullValue : .present }
        column.eventTimestamps = Array(repeating: .epoch, count: values.count)
    }

    private func read(
        _ cell: FeatureResolution.Cell,
        type: ValueType,
        of view: FoundView,
        into column: inout OnlineFeatures.FeatureColumn
    ) throws(FeatureStoreError) {
        var values = column.values.recycled(as: type)
        // Shared by all features of the view until a value is null.
        column.statuses = view.statuses
        column.eventTimestamps = view.eventTimestamps
        try self.append(cell, of: view, to: &values) { column.statuses[$0] = .nullValue }
        column.values = values.finish()
    }

    /// Appends one feature of every entity row.
    ///
    /// - Parameters:
    ///   - cell: The feature.
    ///   - found: What is known of its view's rows.
    ///   - values: Gets the values.
    ///   - markNull: Called with each row that is served and whose value is null.
    /// - Throws: `corruptData` when a row is damaged.
    private func append(
        _ cell: FeatureResolution.Cell,
        of found: FoundView,
        to values: inout ColumnBuilder,
        markNull: (Int) -> Void
    ) throws(FeatureStoreError) {
        do {
            try self.append(cell, of: found.rows, to: &values, markNull: markNull)
        } catch {
            throw FeatureStoreError(error)
        }
    }

    private func append(
        _ cell: FeatureResolution.Cell,
        of found: [Found],
        to values: inout ColumnBuilder,
        markNull: (Int) -> Void
    ) throws(OnlineStoreError) {
        values.reserveCapacity(found.count)
        let view = self.plan.views[cell.view]
        let bytes = self.rows.bytes.span
        // Rows of one layout follow one another.
        var layout = -1
        var field: RowLayout.Field?
        for index in found.indices {
            let row = found[index]
            guard row.layout >= 0 else {
                values.appendNull()
                continue
            }
            if row.layout != layout {
                layout = row.layout
                field = view.layouts[layout].field(at: cell.position)
            }
            // Without a field, the row was written before the view had the feature.
            switch try field?.cell(in: bytes.extracting(row.start..<row.end)) {
            case .integer(let value): values.append(integer: value)
            case .float(let value): values.append(float: value)
            case .bytes(let range):
                let start = row.start + range.lowerBound
                values.append(bytes: bytes.extracting(start..<start + range.count))
            case .null, nil:
                values.appendNull()
                markNull(index)
            }
        }
    }
}
