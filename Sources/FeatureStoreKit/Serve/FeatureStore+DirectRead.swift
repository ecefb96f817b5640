import FeatureModel
import OnlineStores

extension FeatureStore {
    /// Compiles the selection of a request for direct reads.
    ///
    /// - Returns: `nil` when such requests must be answered the general way.
    package func directRead(for request: OnlineFeaturesRequest) -> DirectRead? {
        // Counted before they are looked at: newer ones make the result stale, and not wrong.
        let number = self.definitionsNumber
        guard let definitions = try? self.appliedSnapshot(), let online = try? self.online() else {
            return nil
        }
        return online.directRead(request, definitions: definitions, number: number)
    }

    /// Reads the newest values as of now.
    ///
    /// What is found is what ``onlineFeatures(_:)`` finds for the same ids, text by text.
    ///
    /// - Parameters:
    ///   - read: What to read.
    ///   - entities: The ids, of every key of the read, all columns of one length.
    ///   - body: The bytes that the ids stand in.
    ///   - mayReadFiles: Whether the call may wait for a disk.
    ///   - rows: Gets what was found; what it held before is gone.
    /// - Returns: What became of it; only `found` says that `rows` are whole.
    package func read(
        _ read: DirectRead,
        entities: borrowing DirectEntities,
        body: Span<UInt8>,
        mayReadFiles: Bool,
        into rows: inout DirectRows
    ) -> DirectOutcome {
        guard read.definitions == self.definitionsNumber, read.catalogue == read.store.version,
            self.waitingRows.isWatched || !self.waitingRows.isDue(by: self.now())
        else { return .unfit }
        rows.makeKeys(read, entities: entities, body: body)
        let keyViews = rows.keyViews
        do throws(OnlineStoreError) {
            try read.store.readTexts(
                rows.keys,
                mayReadFiles: mayReadFiles,
                into: &rows.batch
            ) { index, row, found, text in
                let view = read.plan.views[keyViews[index]]
                guard let layout = view.layout(schemaID: found.schemaID) else { return false }
                return RowText.write(row, found, layout: layout.layout, to: &text)
            }
        } catch {
            return error.code == .notInMemory ? .needsFiles : .unfit
        }
        guard rows.judge(read, entityCount: entities.rowCount, now: self.now()) else {
            return .unfit
        }
        // An apply meanwhile may have removed rows that only the definitions before it serve.
        return read.definitions == self.definitionsNumber ? .found : .unfit
    }
}

extension DirectRows {
    /// Makes the keys of every entity row for every view that has any rows.
    fileprivate mutating func makeKeys(
        _ read: DirectRead,
        entities: borrowing DirectEntities,
        body: Span<UInt8>
    ) {
        self.keys.removeAll()
        self.keyViews.removeAll(keepingCapacity: true)
        let rowCount = entities.rowCount
        for viewIndex in read.plan.views.indices {
            let view = read.plan.views[viewIndex]
            guard let encoder = view.encoder else { continue }
            for row in 0..<rowCount {
                encoder.begin(into: &self.keys.bytes)
                for key in view.keyColumns {
                    let column = entities.keys.firstIndex(of: key) ?? 0
                    let id = entities.ids[column * rowCount + row]
                    if read.keys[key].isText {
                        encoder.append(
                            bytes: body.extracting(id.start + 1..<id.end - 1),
                            into: &self.keys.bytes
                        )
                    } else {
                        encoder.append(integer: id.integer, into: &self.keys.bytes)
                    }
                }
                encoder.finish(into: &self.keys.bytes)
                self.keys.endKey()
                self.keyViews.append(viewIndex)
            }
        }
    }

    /// Applies the rules of time to what was found.
    ///
    /// - Returns: False when a row has a schema that the read does not know, or no text.
    fileprivate mutating func judge(
        _ read: DirectRead,
        entityCount: Int,
        now: Timestamp
    ) -> Bool {
        self.rows.removeAll(keepingCapacity: true)
        self.counts.removeAll(keepingCapacity: true)
        var next = 0
        for viewIndex in read.plan.views.indices {
            let view = read.plan.views[viewIndex]
            let hasKeys = view.encoder != nil
            var counts = RowCounts()
            for _ in 0..<entityCount {
                var row = Row()
                if hasKeys {
                    let found = self.batch.found[next]
                    next += 1
                    if found.isPresent {
                        guard found.end > found.start,
                            let layout = read.layouts[viewIndex].first(where: {
                                $0.schemaID == found.schemaID
                            })
                        else { return false }
                        row.state = view.state(of: found, now: now)
                        row.fieldsStart = layout.fieldsStart
                        row.endsStart = found.start
                        row.partsStart = found.start + layout.headerLength
                        row.end = found.end
                    }
                }
                switch row.state {
                case .nothing: counts.notFound += 1
                case .expired: counts.expired += 1
                case .present: counts.found += 1
                }
                self.rows.append(row)
            }
            self.counts.append(counts)
        }
        return true
    }
}

extension ReadPlan.View {
    /// What a row is at a time.
    func state(of row: FoundRow, now: Timestamp) -> DirectRows.Row.State {
        // A row from the future is not known yet; the rule of the join, with now as entity time.
        guard row.eventTime <= now.microseconds else { return .nothing }
        if self.obeysCreatedTimes, row.writeTime > now.microseconds { return .nothing }
        if self.ttlMicroseconds > 0 {
            let age = now.microseconds.subtractingReportingOverflow(row.eventTime)
            if age.overflow || age.partialValue > self.ttlMicroseconds { return .expired }
        }
        return .present
    }
}
