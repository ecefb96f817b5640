import FeatureCompute
import FeatureModel
import OfflineStores

/// The entity rows of a training set, and where they come from.
struct ResolvedEntityRows {
    /// The rows.
    let rows: EntityRows
    /// How they were made, when nobody gave them.
    var generated: TrainingSetReport.GeneratedRows?
    /// The CSV that they were read from, unpacked; `nil` when there is none.
    var text: [UInt8]?
}

extension FeatureStore {
    /// Reads entity rows, or makes them of the keys that the views have.
    ///
    /// - Parameters:
    ///   - input: Where they come from.
    ///   - resolution: The wanted features.
    ///   - options: See ``HistoricalFeaturesOptions``.
    ///   - keepsText: Whether the CSV that is read is kept.
    ///   - progress: Called after each batch of rows of a source that is read for its keys.
    /// - Returns: The rows, and how they came to be.
    /// - Throws: `invalidArgument` for dates or views that no rows can be made for, or too many
    ///   rows; and what reading throws.
    func entityRows(
        _ input: EntityRowsInput,
        for resolution: FeatureResolution,
        options: HistoricalFeaturesOptions,
        keepsText: Bool = false,
        progress: (@Sendable (HistoricalFeaturesProgress) -> Void)? = nil
    ) throws(FeatureStoreError) -> ResolvedEntityRows {
        do {
            switch input {
            case .file(let path) where keepsText:
                return try ResolvedEntityRows(
                    text: EntityTable.bytes(path: path),
                    file: path,
                    options: options
                )
            case .file(let path):
                return try ResolvedEntityRows(EntityTable(path: path), options: options)
            case .standardInput where keepsText:
                return try ResolvedEntityRows(
                    text: EntityTable.standardInputBytes(),
                    file: EntityTable.standardInputName,
                    options: options
                )
            case .standardInput:
                return try ResolvedEntityRows(EntityTable.readStandardInput(), options: options)
            case .table(let table):
                return try ResolvedEntityRows(table, options: options)
            case .keys:
                break
            }
        } catch {
            throw FeatureStoreError(error)
        }
        guard case .keys(let start, let end, let every) = input else {
            preconditionFailure("every other input has been read")
        }
        guard resolution.requestFields.isEmpty else {
            let names = resolution.requestFields.map { "\"\($0.name)\" (\($0.type))" }
            throw FeatureStoreError(
                code: .missingRequestData,
                message: "the features need request data, which no source has: "
                    + "\(names.joined(separator: ", ")); give the entity rows with such columns "
                    + "instead of dates"
            )
        }
        let moments = try Moments(from: start, to: end ?? self.now(), every: every)
        return try self.rowsOfAllKeys(
            at: moments,
            resolution: resolution,
            options: options,
            progress: progress
        )
    }

    private func rowsOfAllKeys(
        at moments: Moments,
        resolution: FeatureResolution,
        options: HistoricalFeaturesOptions,
        progress: (@Sendable (HistoricalFeaturesProgress) -> Void)?
    ) throws(FeatureStoreError) -> ResolvedEntityRows {
        let joinKeys = try resolution.spineKeys()
        let timeColumn = options.timestampField
        guard !joinKeys.contains(where: { $0.name == timeColumn }) else {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "\"\(timeColumn)\" is a join key and cannot be the column of the times; "
                    + "name another with --timestamp-field"
            )
        }
        try resolution.check(columns: joinKeys.map(\.name) + [timeColumn])
        // Moments alone may be too many, and then the sources need not be read.
        try moments.check(keys: nil, limit: options.maximumGeneratedRows)
        var keys: SourceKeys?
        if !joinKeys.isEmpty {
            let views = resolution.joinViews(options: options).filter { view in
                FeatureResolution.isSpine(view.entityKeys, of: joinKeys)
            }
            do {
                keys = try SourceKeys(
                    of: views,
                    joinKeys: joinKeys,
                    window: (moments.from, moments.to),
                    reader: self.sources,
                    strict: options.strict,
                    progress: scanProgress(progress)
                )
            } catch {
                throw FeatureStoreError(error)
            }
        }
        let keyCount = keys?.count ?? 1
        try moments.check(keys: keyCount, limit: options.maximumGeneratedRows)
        let times = moments.times
        var columns: [Table.NamedColumn] = []
        for (key, column) in zip(joinKeys, keys?.repeated(times.count) ?? []) {
            columns.append(Table.NamedColumn(name: key.name, column: column))
        }
        var builder = ColumnBuilder(type: .unixTimestamp)
        builder.reserveCapacity(keyCount * times.count)
        for _ in 0..<keyCount {
            for time in times { builder.append(integer: time) }
        }
        columns.append(Table.NamedColumn(name: timeColumn, column: builder.finish()))
        let table = Table(columns: columns, rowCount: keyCount * times.count)
        do {
            var rows = try ResolvedEntityRows(table, options: options)
            rows.generated = TrainingSetReport.GeneratedRows(keys: keyCount, moments: times.count)
            return rows
        } catch {
            throw FeatureStoreError(error)
        }
    }
}

extension ResolvedEntityRows {
    fileprivate init(
        _ table: EntityTable,
        text: [UInt8]? = nil,
        options: HistoricalFeaturesOptions
    ) throws(OfflineStoreError) {
        self.rows = try EntityRows(
            table,
            timestampColumn: options.timestampField,
            strict: options.strict
        )
        self.text = text
    }

    /// The rows of CSV in memory.
    init(
        text: [UInt8],
        file: String,
        options: HistoricalFeaturesOptions
    ) throws(OfflineStoreError) {
        try self.init(EntityTable(bytes: text, file: file), text: text, options: options)
    }

    fileprivate init(
        _ table: Table,
        options: HistoricalFeaturesOptions
    ) throws(OfflineStoreError) {
        self.rows = try EntityRows(
            table: table,
            timestampColumn: options.timestampField,
            strict: options.strict
        )
    }
}

extension FeatureResolution {
    /// The keys that entity rows for all views must have, as the first view that has them all
    /// orders them.
    ///
    /// - Throws: `invalidArgument` when no view has the keys of all.
    fileprivate func spineKeys() throws(FeatureStoreError) -> [Entity.JoinKey] {
        let all = self.joinKeys
        if let spine = self.views.first(where: { Self.isSpine($0.entityKeys, of: all) }) {
            return spine.entityKeys
        }
        let views = self.views.map { view in
            "\(view.name) (\(view.entityKeys.map(\.name).joined(separator: ", ")))"
        }
        throw FeatureStoreError(
            code: .invalidArgument,
            message: "the views have different join keys, and none has those of all: "
                + "\(views.joined(separator: ", ")); so which keys belong together is not known: "
                + "give the entity rows in a file with the columns "
                + "\(all.map(\.name).joined(separator: ", ")) and the times"
        )
    }
}

extension FeatureResolution {
    /// Whether the rows of a view with these keys have all the keys, each in a column of its own.
    fileprivate static func isSpine(_ keys: [Entity.JoinKey], of all: [Entity.JoinKey]) -> Bool {
        keys.count == all.count && Set(keys) == Set(all)
    }
}

/// The moments for which rows are made.
private struct Moments {
    /// The first event time of rows whose keys count; `nil` for the beginning.
    let from: Timestamp?
    /// The last one.
    let to: Timestamp
    /// The first moment.
    private let first: Int64
    /// How far they lie apart, in microseconds.
    private let step: Int64
    private let count: Int

    init(from: Timestamp?, to: Timestamp, every: Int64?) throws(FeatureStoreError) {
        self.from = from
        self.to = to
        if let from, from > to {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "the start date \(from) is later than the end date \(to); "
                    + "give the earlier one first"
            )
        }
        guard let every else {
            self.first = to.microseconds
            self.step = 1
            self.count = 1
            return
        }
        guard let from else {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "rows every so often need the start date that they are counted from; "
                    + "give one with --start-date"
            )
        }
        guard every > 0 else {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "rows every so often need a length of time above zero, such as 1d"
            )
        }
        let (length, overflow) = to.microseconds
            .subtractingReportingOverflow(from.microseconds)
        guard !overflow else {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "the time from the start date \(from) to the end date \(to) is too long"
            )
        }
        self.first = from.microseconds
        self.step = every
        self.count = Int(length / every) &+ 1
    }

    /// The moments in microseconds, ascending.
    var times: [Int64] {
        (0..<self.count).map { self.first &+ Int64($0) &* self.step }
    }

    /// Refuses more rows than the limit; without `keys` those of a single key.
    func check(keys: Int?, limit: Int) throws(FeatureStoreError) {
        let (rows, overflow) = (keys ?? 1).multipliedReportingOverflow(by: self.count)
        guard overflow || rows > limit else { return }
        let moments = countedNoun(self.count, "moment")
        let product =
            keys.map {
                "\(countedNoun($0, "key")) × \(moments) = "
                    + (overflow ? "too many rows" : countedNoun(rows, "row"))
            }
            ?? "\(moments) make \(self.count) rows for each key"
        throw FeatureStoreError(
            code: .invalidArgument,
            message:
                "\(product), and the limit is \(countedNoun(limit, "row")); choose a shorter "
                + "time, a longer step, or a higher limit (--max-rows)"
        )
    }
}
