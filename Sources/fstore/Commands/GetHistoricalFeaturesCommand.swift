import ArgumentParser
import FeatureModel
import FeatureStoreKit

struct GetHistoricalFeaturesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get-historical-features",
        abstract: "Make a training set: entity rows with the features known at their times.",
        discussion: """
            A row of a view qualifies when entity time - ttl <= event time <= entity time, both \
            inclusive; the newest wins. Every entity row comes out once, in order. The training \
            set goes to --output, the summary to standard error.

            Without an entity file there is a row for each key that the views have with an event \
            time from --start-date to --end-date: one at the end date, or with --every one at the \
            start date and every so often after it.
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var features: FeatureOptions
    @OptionGroup var entityRows: EntityRowsOptions
    @OptionGroup var output: TrainingSetOutputOptions

    @Flag(help: "Use only what had been created by the time of the entity row.")
    var filterByCreatedTimestamp = false

    @Flag(help: "Fail on rows and cells that cannot be read.")
    var strict = false

    @Option(
        help: ArgumentHelp(
            "About how much memory the entity rows and features may take, such as 512MB; a larger "
                + "set is made in parts, which read the sources once each.",
            valueName: "size"
        ),
        transform: parseSize
    )
    var memoryLimit: Int?

    @Flag(help: "Print how each source will be read, and why, and then what was read.")
    var explain = false

    func validate() throws {
        if self.memoryLimit != nil, self.output.saveAs != nil {
            throw ValidationError(
                "--memory-limit is for a set that is written with --output; --save-as holds it all"
            )
        }
    }

    func run() throws {
        let destination = self.output.destination(asJSON: self.global.json)
        let store = try self.global.store()
        let progress = ProgressLine()
        defer { progress.clear() }
        let (report, dataset) = try reportingFailure { () throws(FeatureStoreError) in
            if let destination { try store.check(destination) }
            return try self.make(store, destination, progress)
        }
        progress.clear()
        if self.global.json {
            printError(try jsonText(report))
        } else {
            printError(report.summary)
            if let dataset {
                let version = dataset.registryVersion
                printError("saved as \(dataset.name), by version \(version) of the registry")
            }
        }
    }

    /// Makes the set and writes it, and keeps it when a name is given.
    private func make(
        _ store: FeatureStore,
        _ destination: TrainingSetDestination?,
        _ progress: ProgressLine
    ) throws(FeatureStoreError) -> (TrainingSetReport, SavedDataset?) {
        var options = HistoricalFeaturesOptions()
        options.timestampField = self.entityRows.timestampField
        options.fullFeatureNames = self.features.fullFeatureNames
        options.filterByCreatedTimestamp = self.filterByCreatedTimestamp
        options.strict = self.strict
        options.maximumGeneratedRows = self.entityRows.maxRows
        options.memoryLimit = self.memoryLimit
        if self.explain {
            let isText = !self.global.json
            options.explain = { plan in if isText { printError(plan.text) } }
        }
        let update = { @Sendable (state: HistoricalFeaturesProgress) in
            progress.update(state.view, rows: state.rowsRead, fraction: state.fraction)
        }
        guard let name = self.output.saveAs else {
            let report = try store.writeHistoricalFeatures(
                self.features.selection,
                entities: self.entityRows.input,
                options: options,
                to: destination ?? .path("-"),
                progress: update
            )
            return (report, nil)
        }
        let saved = try store.saveDataset(
            name,
            self.features.selection,
            entities: self.entityRows.input,
            options: options,
            replacing: self.output.replace,
            progress: update
        )
        if let destination { try saved.trainingSet.write(to: destination) }
        return (saved.trainingSet.report, saved.dataset)
    }
}

private func parseSize(_ text: String) throws -> Int {
    guard let bytes = SizeText.bytes(text) else {
        throw ValidationError("\"\(text)\" is no size; write it as 512MB, 2GB or 1GiB")
    }
    return bytes
}

extension TrainingSetReport {
    /// The lines that end a run.
    var summary: String {
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
        let plan = self.plan.map { $0.runText + "\n" } ?? ""
        return warnings + plan + aligned(rows, rightAligned: [1, 2])
            + "\n\(self.generatedText)\(counted(self.rows, "row")) in = "
            + "\(counted(self.rows, "row")) out, \(secondsText(self.seconds))"
    }

    /// How rows that nobody gave were made.
    private var generatedText: String {
        guard let generated = self.generated else { return "" }
        return "\(counted(generated.keys, "key")) × \(counted(generated.moments, "moment")) = "
    }
}
