import ArgumentParser
import FeatureStoreKit

struct GetHistoricalFeaturesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get-historical-features",
        abstract: "Make a training set: entity rows with the features known at their times.",
        discussion: """
            A row of a view qualifies when entity time - ttl <= event time <= entity time, both \
            inclusive; the newest wins. Every entity row comes out once, in order. The training \
            set goes to --output, the summary to standard error.
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var features: FeatureOptions

    @Option(
        name: [.customShort("d"), .long],
        help: ArgumentHelp(
            "The entity rows: a CSV file, or - for standard input.",
            valueName: "file"
        )
    )
    var entityDf: String

    @Option(help: ArgumentHelp("The column of the entity rows' times.", valueName: "column"))
    var timestampField = "event_timestamp"

    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "Where the training set goes: .csv, .jsonl, .db or .sqlite, or - for standard output.",
            valueName: "file"
        )
    )
    var output = "-"

    @Option(help: ArgumentHelp("The table of an SQLite output; replaced.", valueName: "name"))
    var table = "training_set"

    @Flag(help: "Use only what had been created by the time of the entity row.")
    var filterByCreatedTimestamp = false

    @Flag(help: "Fail on rows and cells that cannot be read.")
    var strict = false

    func validate() throws {
        if self.table.isEmpty {
            throw ValidationError("--table is empty; name the table of the SQLite output")
        }
    }

    func run() throws {
        let destination: TrainingSetDestination =
            self.output == "-" && self.global.json
            ? .jsonLinesOnStandardOutput : .path(self.output, table: self.table)
        var options = HistoricalFeaturesOptions()
        options.timestampField = self.timestampField
        options.fullFeatureNames = self.features.fullFeatureNames
        options.filterByCreatedTimestamp = self.filterByCreatedTimestamp
        options.strict = self.strict
        let store = try self.global.store()
        let progress = ProgressLine()
        defer { progress.clear() }
        let report = try reportingFailure { () throws(FeatureStoreError) in
            try store.check(destination)
            let trainingSet = try store.historicalFeatures(
                self.features.selection,
                entities: self.entityDf == "-" ? .standardInput : .file(self.entityDf),
                options: options,
                progress: { progress.update($0.view, rows: $0.rowsRead, fraction: $0.fraction) }
            )
            try trainingSet.write(to: destination)
            return trainingSet.report
        }
        progress.clear()
        if self.global.json {
            printError(try jsonText(report))
        } else {
            printError(report.summary)
        }
    }
}

extension TrainingSetReport {
    /// The lines that end a run.
    fileprivate var summary: String {
        var rows = [["feature", "values", "null", "why"]]
        for column in self.columns {
            let reasons = [
                (column.noRow, "no row"), (column.olderThanTTL, "older than ttl"),
                (column.onlyInFuture, "only in the future"),
                (column.nullInSource, "null in the source"), (column.nullKey, "null key"),
                (column.nullTime, "null time"), (column.notYetCreated, "not yet created"),
                (column.nullResult, "null result"), (column.notComputable, "not computable"),
            ]
            let why = reasons.filter { $0.0 > 0 }.map { "\(grouped($0.0)) \($0.1)" }
            rows.append([
                column.name, grouped(column.values), grouped(column.nulls),
                why.joined(separator: ", "),
            ])
        }
        let warnings = self.warnings.map { "warning: \($0)\n" }.joined()
        return warnings + aligned(rows, rightAligned: [1, 2])
            + "\n\(grouped(self.rows)) rows in = \(counted(self.rows, "row")) out, "
            + secondsText(self.seconds)
    }
}
