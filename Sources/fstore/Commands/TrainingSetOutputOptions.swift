import ArgumentParser
import FeatureStoreKit

/// Where a training set goes.
struct TrainingSetOutputOptions: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "Where the training set goes: .csv, .jsonl, .db or .sqlite, or - for standard output; "
                + "the default is standard output, and nowhere else with --save-as.",
            valueName: "file"
        )
    )
    var output: String?

    @Option(
        help: ArgumentHelp(
            "The table of an SQLite output; replaced (default: training_set).",
            valueName: "name"
        )
    )
    var table: String?

    @Option(
        help: ArgumentHelp(
            "Keep the training set under this name, with all it takes to make it again.",
            valueName: "name"
        )
    )
    var saveAs: String?

    @Flag(help: "Replace the saved dataset of that name.")
    var replace = false

    func validate() throws {
        if let table = self.table {
            if table.isEmpty {
                throw ValidationError("--table is empty; name the table of the SQLite output")
            }
            let endings = [".db", ".sqlite", ".sqlite3"]
            guard endings.contains(where: { self.output?.lowercased().hasSuffix($0) == true })
            else {
                throw ValidationError(
                    "--table is for an SQLite output; name a file that ends in .db with --output"
                )
            }
        }
        if self.replace, self.saveAs == nil {
            throw ValidationError("--replace is for --save-as; name the dataset to replace")
        }
    }

    /// Where the set is written; `nil` when it is only kept under a name.
    func destination(asJSON: Bool) -> TrainingSetDestination? {
        guard let output = self.output ?? (self.saveAs == nil ? "-" : nil) else { return nil }
        return output == "-" && asJSON
            ? .jsonLinesOnStandardOutput
            : .path(output, table: self.table ?? "training_set")
    }
}
