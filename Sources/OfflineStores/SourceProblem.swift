import FeatureCompute
package import FeatureModel
import Foundation
import NativeStorage

/// A problem of a view's source, found by looking at it.
package struct SourceProblem: Hashable, Sendable {
    /// The part of the feature view that it is about, such as `schema.temp`; or `source.` and a
    /// key of the source's own definition.
    package let part: String
    /// The problem, without a location.
    package let diagnostic: Diagnostic
}

extension SourceReader {
    /// How many rows are sampled to check types.
    package static let sampledRows = SchemaProposal.maximumSampledRows

    /// What is wrong with the sources of some views, on all cores.
    ///
    /// - Parameter views: Each with its source and its key columns.
    /// - Returns: See ``problems(of:source:joinKeys:)``, view by view.
    package func problems(
        of views: [(view: FeatureView, source: DataSource, joinKeys: [Entity.JoinKey])]
    ) -> [[SourceProblem]] {
        var problems: [[SourceProblem]] = []
        OrderedWork<Int, [SourceProblem]>.run(
            count: views.count,
            threads: ProcessInfo.processInfo.activeProcessorCount,
            start: {
                { number in
                    let (view, source, joinKeys) = views[number]
                    return self.problems(of: view, source: source, joinKeys: joinKeys)
                }
            },
            take: { problems.append($0) }
        )
        return problems
    }

    /// What is wrong with a source as far as a view needs it: whether it is there, has the columns,
    /// and its first rows can be read as the declared types.
    ///
    /// - Parameters:
    ///   - view: The view.
    ///   - source: Its source.
    ///   - joinKeys: The key columns of the view.
    /// - Returns: The problems in the order keys, times, features; none when all is well.
    package func problems(
        of view: FeatureView,
        source: DataSource,
        joinKeys: [Entity.JoinKey]
    ) -> [SourceProblem] {
        // No file has columns that could be wrong.
        guard !source.isPush else { return [] }
        let columns: [String]
        do {
            if let timezone = source.timezone { _ = try LocalTimeZone(name: timezone) }
            columns = try self.columns(of: source).map(\.name)
        } catch {
            let message = "source \"\(source.name)\": \(error.message)"
            let part = "source.\(Self.key(of: error))"
            return [SourceProblem(part: part, diagnostic: Diagnostic(message: message))]
        }
        let ignoresCase: Bool
        if case .sqlite = source.kind { ignoresCase = true } else { ignoresCase = false }
        let has = { (column: String) in
            columns.contains { name in
                name == column || ignoresCase && name.lowercased() == column.lowercased()
            }
        }
        let checks = self.checks(of: view, source: source, joinKeys: joinKeys)
        let present = checks.filter { has($0.column) }
        if present.isEmpty, !ignoresCase, let fix = CSVHeader.wayOutOfDelimiter(among: columns) {
            let message = "source \"\(source.name)\" has none of the columns that are needed"
            let diagnostic = Diagnostic(message: message, fix: fix)
            return [SourceProblem(part: "source.path", diagnostic: diagnostic)]
        }
        var problems = checks.filter { !has($0.column) }.map {
            Self.missing($0, source: source, columns: columns)
        }
        problems += source.fieldMapping.keys.sorted().filter { !has($0) }.map {
            Self.unmapped($0, source: source, columns: columns)
        }
        do {
            problems += try self.typeProblems(of: present, source: source)
        } catch {
            let message = "source \"\(source.name)\": \(error.message)"
            problems.append(
                SourceProblem(
                    part: "source.\(Self.key(of: error))",
                    diagnostic: Diagnostic(message: message)
                )
            )
        }
        return problems
    }

    /// The key of the source that an error of reading it is about.
    private static func key(of error: OfflineStoreError) -> String {
        switch error.code {
        case .missingTable: "table"
        case .invalidSQL: "query"
        case .unknownTimeZone: "timezone"
        default: "path"
        }
    }

    private func checks(
        of view: FeatureView,
        source: DataSource,
        joinKeys: [Entity.JoinKey]
    ) -> [ColumnCheck] {
        var checks = joinKeys.map { key in
            ColumnCheck(
                part: "entities",
                title: "join key \"\(key.name)\"",
                column: source.sourceColumn(for: key.name),
                type: key.type
            )
        }
        if let field = source.timestampField {
            checks.append(
                ColumnCheck(
                    part: "source.timestamp_field",
                    title: "timestamp_field \"\(field)\"",
                    column: source.sourceColumn(for: field),
                    type: .unixTimestamp
                )
            )
        }
        if let field = source.createdTimestampColumn {
            checks.append(
                ColumnCheck(
                    part: "source.created_timestamp_column",
                    title: "created_timestamp_column \"\(field)\"",
                    column: source.sourceColumn(for: field),
                    type: .unixTimestamp
                )
            )
        }
        return checks
            + view.schema.map { feature in
                ColumnCheck(
                    part: "schema.\(feature.name)",
                    title: "feature \"\(feature.name)\"",
                    column: source.sourceColumn(for: feature.name),
                    type: feature.type
                )
            }
    }

    private static func missing(
        _ check: ColumnCheck,
        source: DataSource,
        columns: [String]
    ) -> SourceProblem {
        SourceProblem(
            part: check.part,
            diagnostic: Diagnostic(
                message: """
                    \(check.title) needs the column "\(check.column)", which source \
                    "\(source.name)" does not have
                    """,
                fix: suggestion(for: check.column, among: columns, noun: "column")
            )
        )
    }

    /// A mapping of a column that is not there, which most likely is misspelt.
    private static func unmapped(
        _ column: String,
        source: DataSource,
        columns: [String]
    ) -> SourceProblem {
        SourceProblem(
            part: "source.field_mapping.\(column)",
            diagnostic: Diagnostic(
                message: """
                    field_mapping maps the column "\(column)", which source "\(source.name)" does \
                    not have
                    """,
                fix: suggestion(for: column, among: columns, noun: "column")
            )
        )
    }

    private func typeProblems(
        of checks: [ColumnCheck],
        source: DataSource
    ) throws(OfflineStoreError) -> [SourceProblem] {
        var sampler = TypeSampler(checks: checks)
        try self.sample(checks.map(\.column), of: source, &sampler)
        return sampler.problems(of: source)
    }
}
