import ArgumentParser
import FeatureModel
import FeatureStoreKit

struct RejectsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rejects",
        abstract: "List the pushed rows that could not be used, and why.",
        discussion: "Rejected rows are kept until --clear; those of the newest push come first."
    )

    @OptionGroup var global: GlobalOptions

    @Option(help: ArgumentHelp("List at most so many.", valueName: "n"))
    var limit = 100

    @Flag(help: "Forget the rejected rows instead.")
    var clear = false

    @Argument(help: "The push source, or feature view; all without.")
    var source: String?

    /// Refuses a name of which there are no rejects and that nothing has.
    private func checkName() throws {
        guard let name = self.source else { return }
        let repository = try self.global.appliedRegistry().repository
        let names =
            repository.dataSources.filter(\.isPush).map(\.name)
            + repository.featureViews.map(\.name)
        guard !names.contains(name) else { return }
        printError(
            "error: there is no push source or feature view \"\(name)\"; "
                + suggestion(for: name, among: names, noun: "name")
        )
        throw ExitCode.failure
    }

    func validate() throws {
        guard self.limit >= 0 else { throw ValidationError("--limit cannot be negative") }
    }

    func run() throws {
        let store = try self.global.store()
        if self.clear {
            let count = try reportingFailure { () throws(FeatureStoreError) in
                try store.clearRejects(of: self.source)
            }
            if count == 0 { try self.checkName() }
            print(
                self.global.json
                    ? try jsonText(["cleared": count])
                    : "Forgot \(counted(count, "rejected row"))."
            )
            return
        }
        let rejects = try reportingFailure { () throws(FeatureStoreError) in
            try store.rejects(of: self.source, limit: self.limit)
        }
        if rejects.isEmpty, self.limit > 0 { try self.checkName() }
        if self.global.json {
            print(try jsonText(rejects))
            return
        }
        guard !rejects.isEmpty else {
            print("No rejected rows.")
            return
        }
        var rows = [["push", "source", "time", "row", "column", "reason", "cells"]]
        for reject in rejects {
            rows.append([
                "\(reject.sequence)", reject.source, reject.rejectedAt.description,
                "\(reject.row)", reject.column ?? "", reject.reason, reject.cells,
            ])
        }
        print(aligned(rows, rightAligned: [0, 3]))
    }
}
