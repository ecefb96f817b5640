import FeatureCompute
import FeatureModel
import OnlineStores

/// Turns the rows that a read found into the columns of its answer.
struct OnlineAnswerBuilder {
    let plan: ReadPlan
    let entities: EntityColumns
    /// The bytes of all rows that were found.
    let bytes: [UInt8]
    /// What was found for each key.
    let rows: [FoundRow]
    /// For each view and entity row, the index of its key, or -1.
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
        answer.viewRows.removeAll(keepingCapacity: true)
        for index in self.plan.views.indices {
            do {
                guard try self.find(index, &views[index]) else { return false }
            } catch {
                throw FeatureStoreError(error)
            }
            answer.viewRows.append(
                ViewRowCounts(name: self.plan.views[index].name, counts: views[index].counts)
            )
        }
        answer.entities = self.entities.columns
        answer.rowCount = self.entities.rowCount
        var inputs: [FeatureResolution.Cell: Column] = [:]
        // Features of one view follow one another: it is taken out once for all of them.
        var view = FoundView()
        var viewIndex = -1
        var nulls: [Int] = []
        for index in self.plan.columns.indices {
            let column = self.plan.columns[index]
            if answer.features[index].name != column.name {
                answer.features[index].name = column.name
            }
            switch column.origin {
            case .feature(let cell):
                if cell.view != viewIndex {
                    viewIndex = cell.view
                    view = views[viewIndex]
                }
                self.read(
                    cell,
                    type: column.type,
                    of: view,
                    into: &answer.features[index],
                    nulls: &nulls
                )
                answer.viewRows[viewIndex].counts.nullValues += nulls.count
            case .onDemand(let number):
                try self.compute(
                    self.plan.computations[number],
                    views: views,
                    inputs: &inputs,
                    into: &answer.features[index]
                )
            }
        }
        return true
    }

    /// Judges the rows of one view.
    private func find(_ index: Int, _ result: inout FoundView) throws(OnlineStoreError) -> Bool {
        let view = self.plan.views[index]
        let count = self.entities.rowCount
        let bytes = self.bytes.span
        result.reset(rowCount: count)
        // Rows of one layout follow one another.
        var layout: RowLayout?
        var layoutIndex = -1
        for key in self.keyIndices[index * count..<(index + 1) * count] {
            guard key >= 0, self.rows[key].isPresent else {
                result.appendNothing()
                continue
            }
            let row = self.rows[key]
            if layout?.schema.id != row.schemaID {
                guard let found = view.layoutIndex(schemaID: row.schemaID) else { return false }
                layoutIndex = found
                layout = view.layouts[found].layout
            }
            let eventTime = Timestamp(microseconds: row.eventTime)
            switch view.state(of: row, now: self.now) {
            case .nothing: result.appendNothing()
            case .expired: result.appendExpired(eventTime)
            case .present:
                try layout?.validateOffsets(bytes.extracting(row.start..<row.end))
                result.append(
                    RowPlace(layout: layoutIndex, start: row.start, end: row.end),
                    eventTime
                )
            }
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
        var nulls: [Int] = []
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
                var values = Column.empty(input.field.type)
                self.fill(
                    &values,
                    with: cell,
                    type: input.field.type,
                    of: views[cell.view],
                    nulls: &nulls
                )
                known[cell] = values
                inputs.append(values)
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

    /// Reads one feature of every entity row, with its statuses and times.
    private func read(
        _ cell: FeatureResolution.Cell,
        type: ValueType,
        of view: FoundView,
        into column: inout OnlineFeatures.FeatureColumn,
        nulls: inout [Int]
    ) {
        self.fill(&column.values, with: cell, type: type, of: view, nulls: &nulls)
        // Shared by all features of the view until a value is null.
        column.statuses = view.statuses
        column.eventTimestamps = view.eventTimestamps
        for row in nulls {
            column.statuses[row] = .nullValue
        }
    }

    /// Makes a column one feature of every entity row, in the memory that it has.
    ///
    /// - Parameters:
    ///   - column: The column.
    ///   - cell: The feature.
    ///   - type: Its type.
    ///   - found: What is known of its view's rows.
    ///   - nulls: Gets the rows that are served and whose value is null, ascending.
    private func fill(
        _ column: inout Column,
        with cell: FeatureResolution.Cell,
        type: ValueType,
        of found: FoundView,
        nulls: inout [Int]
    ) {
        if !nulls.isEmpty { nulls.removeAll(keepingCapacity: true) }
        let source = self.plan.views[cell.view].columns[cell.position]
        let rows = found.rows.span
        let bytes = self.bytes.span
        let count = rows.count
        let storage: Column.Storage
        switch type.physicalType {
        case .integer:
            var values = column.takeIntegers(count: count)
            var output = values.mutableSpan
            source.readIntegers(of: rows, in: bytes, to: &output, nulls: &nulls)
            storage = .integers(values)
        case .float:
            var values = column.takeFloats(count: count)
            var output = values.mutableSpan
            source.readFloats(of: rows, in: bytes, to: &output, nulls: &nulls)
            storage = .floats(values)
        case .bytes:
            var values = column.takeBytes(count: count)
            // Taken out, so that each is written to by itself.
            var ends = values.ends
            values.ends = []
            var output = ends.mutableSpan
            source.readBytes(
                of: rows,
                in: bytes,
                to: &values.bytes,
                ends: &output,
                nulls: &nulls
            )
            values.ends = ends
            storage = .bytes(values)
        }
        var bitmap = found.unserved
        if !nulls.isEmpty {
            var bits = bitmap ?? Bitmap(count: count)
            for row in nulls {
                bits[row] = true
            }
            bitmap = bits
        }
        column = Column(type: type, storage: storage, nulls: bitmap)
    }
}
