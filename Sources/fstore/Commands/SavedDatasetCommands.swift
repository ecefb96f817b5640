import ArgumentParser
import FeatureModel
import FeatureStoreKit

struct SavedDatasetsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "saved-datasets",
        abstract: "Training sets that were kept with get-historical-features --save-as.",
        subcommands: [
            ListSavedDatasets.self, DescribeSavedDataset.self, GetSavedDataset.self,
            RebuildSavedDataset.self, DeleteSavedDataset.self,
        ]
    )
}

struct ListSavedDatasets: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the saved datasets."
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let store = try self.global.store()
        let datasets = try reportingFailure { () throws(FeatureStoreError) in
            try store.savedDatasets()
        }
        if self.global.json {
            print(try jsonText(datasets))
            return
        }
        var rows = [["name", "rows", "columns", "created", "registry version"]]
        for dataset in datasets {
            rows.append([
                dataset.name, grouped(dataset.rows), grouped(dataset.columns.count),
                dataset.created.description, String(dataset.registryVersion),
            ])
        }
        print(aligned(rows, rightAligned: [1, 2]))
    }
}

struct DescribeSavedDataset: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe",
        abstract: "Print what a saved dataset was made from, and how."
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The name.")
    var name: String

    func run() throws {
        let store = try self.global.store()
        let dataset = try reportingFailure { () throws(FeatureStoreError) in
            try store.savedDataset(self.name)
        }
        if self.global.json {
            print(try jsonText(dataset))
        } else {
            print(dataset.description(in: store))
        }
    }
}

struct GetSavedDataset: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Copy a saved dataset, letter for letter."
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The name.")
    var name: String

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("A .csv file, or - for standard output.", valueName: "file")
    )
    var output = "-"

    func run() throws {
        let store = try self.global.store()
        try reportingFailure { () throws(FeatureStoreError) in
            try store.writeSavedDataset(self.name, to: self.output)
        }
    }
}

struct RebuildSavedDataset: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild",
        abstract: "Make a saved dataset again, and compare byte for byte.",
        discussion: """
            By the definitions of the registry's version at the time, from the entity rows that \
            were kept and the inputs as they are now. An input that is not what it was is named \
            with what happened to it, and the exit code is 1; so it is when the bytes differ. \
            With --allow-changed-inputs the set is made from what there is now.
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The name.")
    var name: String

    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "Where the new set goes as well: .csv, .jsonl, .db or .sqlite, or - for standard "
                + "output.",
            valueName: "file"
        )
    )
    var output: String?

    @Flag(help: "Make the set also when inputs are not what they were.")
    var allowChangedInputs = false

    func run() throws {
        let store = try self.global.store()
        let progress = ProgressLine()
        defer { progress.clear() }
        let rebuilt = try reportingFailure { () throws(FeatureStoreError) in
            if let output = self.output { try store.check(.path(output)) }
            let rebuilt = try store.rebuildDataset(
                self.name,
                allowChangedInputs: self.allowChangedInputs,
                progress: { progress.update($0.view, rows: $0.rowsRead, fraction: $0.fraction) }
            )
            // A set that should be the same and is not, is nothing to go on with.
            if let output = self.output, let set = rebuilt.trainingSet,
                rebuilt.isIdentical || self.allowChangedInputs
            {
                try set.write(to: .path(output))
            }
            return rebuilt
        }
        progress.clear()
        if self.global.json {
            try self.printReport(rebuilt)
            return
        }
        for change in rebuilt.changedInputs {
            printError("changed input: \(change)")
        }
        guard rebuilt.trainingSet != nil else {
            printError(
                "error: \(self.name) was not made again, for its inputs are not what they were; "
                    + "--allow-changed-inputs makes it from what there is now"
            )
            throw ExitCode.failure
        }
        let rows = counted(rebuilt.dataset.rows, "row")
        guard let difference = rebuilt.difference else {
            printError("\(self.name): \(rows), the same byte for byte")
            return
        }
        guard !rebuilt.changedInputs.isEmpty else {
            printError(
                "error: \(self.name) is not the same, though its definitions and inputs are: "
                    + difference
            )
            throw ExitCode.failure
        }
        printError("\(self.name): made from changed inputs, and not the same: \(difference)")
    }

    /// The outcome as JSON: on standard error when the set itself goes to standard output.
    private func printReport(_ rebuilt: RebuiltDataset) throws {
        let report = try jsonText(Report(rebuilt))
        if self.output == "-" {
            printError(report)
        } else {
            print(report)
        }
        let isAsWanted = rebuilt.isIdentical || !rebuilt.changedInputs.isEmpty
        guard rebuilt.trainingSet != nil, isAsWanted else { throw ExitCode.failure }
    }

    private struct Report: Encodable {
        private enum CodingKeys: String, CodingKey {
            case name
            case rows
            case isMade = "is_made"
            case isIdentical = "is_identical"
            case difference
            case changedInputs = "changed_inputs"
        }

        let name: String
        let rows: Int
        let isMade: Bool
        let isIdentical: Bool
        let difference: String?
        let changedInputs: [String]

        init(_ rebuilt: RebuiltDataset) {
            self.name = rebuilt.dataset.name
            self.rows = rebuilt.dataset.rows
            self.isMade = rebuilt.trainingSet != nil
            self.isIdentical = rebuilt.isIdentical
            self.difference = rebuilt.difference
            self.changedInputs = rebuilt.changedInputs.map(\.description)
        }
    }
}

struct DeleteSavedDataset: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Remove a saved dataset."
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The name.")
    var name: String

    func run() throws {
        let store = try self.global.store()
        try reportingFailure { () throws(FeatureStoreError) in
            try store.deleteSavedDataset(self.name)
        }
        print(
            self.global.json
                ? try jsonText(["deleted": self.name])
                : "Deleted the saved dataset \(self.name)."
        )
    }
}

extension SavedDataset {
    /// All that is known, a line each.
    fileprivate func description(in store: FeatureStore) -> String {
        var lines = [
            "name: \(self.name)", "project: \(self.project)", "created: \(self.created)",
            "registry_version: \(self.registryVersion)",
        ]
        if let service = self.features.service {
            lines.append("feature_service: \(service)")
        } else {
            lines.append("features: \((self.features.references ?? []).joined(separator: ", "))")
        }
        lines.append("entity_rows: \(self.entityRows.summary)")
        lines.append("timestamp_field: \(self.options.timestampField)")
        if self.options.fullFeatureNames { lines.append("full_feature_names: true") }
        if self.options.filterByCreatedTimestamp {
            lines.append("filter_by_created_timestamp: true")
        }
        if self.options.strict { lines.append("strict: true") }
        for definition in self.definitions {
            let title = DefinitionKind(rawValue: definition.kind)?.title ?? definition.kind
            lines.append("definition: \(title) \"\(definition.name)\", sha256 \(definition.sha256)")
        }
        for input in self.inputs {
            let unit = input.kind == .file ? "byte" : "row"
            lines.append("input: \(input), \(counted(input.size, unit)), sha256 \(input.sha256)")
        }
        lines.append("columns: \(self.columns.joined(separator: ", "))")
        lines.append("rows: \(grouped(self.rows))")
        lines.append(
            "training_set: \(counted(self.trainingSet.size, "byte")), sha256 "
                + self.trainingSet.sha256
        )
        lines.append("folder: \(store.folder(ofSavedDataset: self.name))")
        return lines.joined(separator: "\n")
    }
}

extension SavedDataset.EntityRows {
    fileprivate var summary: String {
        switch self.origin {
        case .file: return "from \(self.path ?? "a file")"
        case .standardInput: return "from standard input"
        case .table: return "from a table made in code"
        case .keys:
            var text = "all keys"
            if let start = self.start { text += " from \(start)" }
            if let end = self.end { text += " to \(end)" }
            if let every = self.everyMicroseconds {
                text += ", every \(DurationText.text(microseconds: every))"
            }
            return text
        }
    }
}
