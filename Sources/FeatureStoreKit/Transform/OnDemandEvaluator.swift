import FeatureCompute
import FeatureModel
import NativeStorage
import Synchronization

/// Computes on-demand features, the same way for training and for serving.
///
/// Each thread that computes has a connection and compiled statements to itself while it does;
/// there are as many as threads ever computed at once.
final class OnDemandEvaluator: Sendable {
    /// One connection; whoever took it from ``idle`` is the only one to lock it.
    private final class Worker: Sendable {
        let statements: Mutex<ExpressionStatements>

        init() throws(SQLiteError) {
            self.statements = Mutex(try ExpressionStatements())
        }
    }

    private let idle = Mutex<[Worker]>([])

    /// The values of a feature.
    ///
    /// - Parameters:
    ///   - feature: The feature.
    ///   - inputs: Its inputs in their order, `[rowCount]` values each.
    ///   - rowCount: How many rows there are.
    ///   - deadline: When it must have ended; `nil` for never. It is looked at between rows.
    /// - Returns: `[rowCount]` values, and how many of them are null because they failed.
    /// - Throws: `invalidArgument` when the expression does not compile or the function asks for
    ///   what it does not declare; `unavailable` when there is no memory for a connection;
    ///   `deadlineExceeded`. A row that cannot be computed is null and counted.
    func values(
        of feature: ComputedFeature,
        inputs: [Column],
        rowCount: Int,
        deadline: ContinuousClock.Instant? = nil
    ) throws(FeatureStoreError) -> ComputedColumn {
        let values: ComputedColumn
        let limit = RowDeadline(deadline, inputs: inputs)
        do throws(OnDemandError) {
            switch feature.formula {
            case .expression(let expression):
                values = try self.values(
                    of: expression,
                    type: feature.feature.type,
                    inputs: inputs,
                    rowCount: rowCount,
                    limit: limit
                )
            case .function(let function):
                values = try ComputedColumn(
                    function,
                    type: feature.feature.type,
                    inputs: inputs,
                    rowCount: rowCount,
                    limit: limit
                )
            }
        } catch {
            throw FeatureStoreError(error, of: feature.feature.name, view: feature.view)
        }
        guard values.column.count == rowCount else {
            throw FeatureStoreError(
                code: .deadlineExceeded,
                message: "feature \"\(feature.feature.name)\" of on-demand feature view "
                    + "\"\(feature.view)\" was not computed within the time of one request; "
                    + "ask for fewer rows, or send shorter texts"
            )
        }
        return values
    }

    /// The values of an expression.
    ///
    /// - Returns: `[rowCount]` values, fewer when the time was over; see
    ///   ``values(of:inputs:rowCount:deadline:)``.
    func values(
        of expression: SQLExpression,
        type: ValueType,
        inputs: [Column],
        rowCount: Int,
        limit: RowDeadline? = nil
    ) throws(OnDemandError) -> ComputedColumn {
        let worker: Worker
        if let free = self.idle.withLock({ $0.popLast() }) {
            worker = free
        } else {
            do {
                worker = try Worker()
            } catch {
                throw OnDemandError(
                    "cannot be computed now: \(error.message)",
                    fix: "free some memory"
                )
            }
        }
        defer { self.idle.withLock { $0.append(worker) } }
        return try worker.statements.withLock { (statements) throws(OnDemandError) in
            do throws(SQLExpressionError) {
                return try statements.values(
                    of: expression,
                    type: type,
                    inputs: inputs,
                    rowCount: rowCount,
                    limit: limit
                )
            } catch {
                throw OnDemandError(error, in: expression.text)
            }
        }
    }
}

extension FeatureStoreError {
    /// A feature that cannot be computed.
    init(_ error: OnDemandError, of feature: String, view: String) {
        self.init(
            code: .invalidArgument,
            message: "feature \"\(feature)\" of on-demand feature view \"\(view)\" "
                + "\(error.message); \(error.fix)"
        )
    }
}

/// The values of one feature, and how many rows could not be computed.
struct ComputedColumn: Sendable {
    let column: Column
    /// Rows that are null because the formula failed or its result cannot be the type.
    let failures: Int
    /// The first of them, from 0, and what went wrong.
    let firstFailure: (row: Int, reason: String)?

    /// The values of a function.
    init(
        _ function: OnDemandFunction,
        type: ValueType,
        inputs: [Column],
        rowCount: Int,
        limit: RowDeadline?
    ) throws(OnDemandError) {
        var results = ResultCollector(type: type, rowCount: rowCount)
        var row = OnDemandInputs(names: function.inputs, columns: inputs)
        for index in 0..<rowCount {
            if let limit, limit.isOver(before: index) { break }
            row.row = index
            do {
                let value = try function.body(row)
                if !results.builder.append(result: value) {
                    results.fail(row: index, "\(value) is no \(type)")
                }
            } catch let error as UndeclaredInputError {
                throw OnDemandError("has a wrong function: \(error)", fix: "declare the input")
            } catch {
                results.fail(row: index, "\(error)")
            }
        }
        self = results.finish()
    }

    fileprivate init(
        column: Column,
        failures: Int,
        firstFailure: (row: Int, reason: String)?
    ) {
        self.column = column
        self.failures = failures
        self.firstFailure = firstFailure
    }
}

/// Collects results row by row.
private struct ResultCollector {
    var builder: ColumnBuilder
    private var failures = 0
    private var firstFailure: (row: Int, reason: String)?

    init(type: ValueType, rowCount: Int) {
        self.builder = ColumnBuilder(type: type)
        self.builder.reserveCapacity(rowCount)
    }

    mutating func fail(row: Int, _ reason: @autoclosure () -> String) {
        self.builder.appendNull()
        self.failures += 1
        if self.firstFailure == nil {
            self.firstFailure = (row, reason())
        }
    }

    consuming func finish() -> ComputedColumn {
        ComputedColumn(
            column: self.builder.finish(),
            failures: self.failures,
            firstFailure: self.firstFailure
        )
    }
}

/// One connection and the expressions that were compiled on it; for one thread at a time.
private final class ExpressionStatements {
    private final class Compiled {
        let statement: SQLiteStatement

        init(_ statement: consuming SQLiteStatement) {
            self.statement = statement
        }
    }

    /// Past so many, the definitions have changed often, and most are of no use any more.
    private static let maximumStatements = 2048

    private let database: SQLiteDatabase
    private var compiled: [String: Compiled] = [:]

    init() throws(SQLiteError) {
        self.database = try SQLiteDatabase.forExpressions()
    }

    func values(
        of expression: SQLExpression,
        type: ValueType,
        inputs: [Column],
        rowCount: Int,
        limit: RowDeadline?
    ) throws(SQLExpressionError) -> ComputedColumn {
        let compiled = try self.compiled(expression)
        var results = ResultCollector(type: type, rowCount: rowCount)
        for row in 0..<rowCount {
            if let limit, limit.isOver(before: row) { break }
            do throws(SQLiteError) {
                for index in inputs.indices {
                    try compiled.statement.bind(inputs[index], row: row, at: index + 1)
                }
                _ = try compiled.statement.step()
                if !compiled.statement.appendResult(to: &results.builder) {
                    let text = compiled.statement.text(at: 0) ?? ""
                    results.fail(row: row, "\"\(text.prefix(60))\" is no \(type)")
                }
            } catch {
                results.fail(row: row, self.database.lastMessage)
            }
            compiled.statement.reset()
        }
        return results.finish()
    }

    private func compiled(_ expression: SQLExpression) throws(SQLExpressionError) -> Compiled {
        if let known = self.compiled[expression.sql] { return known }
        if self.compiled.count >= Self.maximumStatements {
            self.compiled = [:]
        }
        let new = Compiled(try self.database.prepare(expression))
        self.compiled[expression.sql] = new
        return new
    }
}

extension SQLiteStatement {
    /// Binds a cell: whole numbers, bools and times (microseconds) as INTEGER, floats as REAL,
    /// where a NaN is null, bytes as BLOB, everything else as TEXT.
    fileprivate borrowing func bind(
        _ column: Column,
        row: Int,
        at index: Int
    ) throws(SQLiteError) {
        if column.isNull(at: row) { return try self.bindNull(at: index) }
        switch column.storage {
        case .integers(let values):
            try self.bind(values[row], at: index)
        case .floats(let values):
            try self.bind(values[row], at: index)
        case .bytes(let values):
            let bytes = values.bytes.span.extracting(values.range(at: row))
            if case .bytes = column.type {
                try self.bind(blob: bytes, at: index)
            } else {
                try self.bind(text: bytes, at: index)
            }
        }
    }

    /// Adds the value of the current row; false, and nothing is added, when it cannot be the type.
    fileprivate borrowing func appendResult(to builder: inout ColumnBuilder) -> Bool {
        switch self.storageType(at: 0) {
        case .null:
            builder.appendNull()
            return true
        case .integer: return builder.append(result: self.integer(at: 0))
        case .real: return builder.append(result: self.real(at: 0))
        case .text: return self.withBytes(at: 0) { builder.append(result: $0) }
        case .blob: return self.withBytes(at: 0) { builder.append(resultBlob: $0) }
        }
    }
}
