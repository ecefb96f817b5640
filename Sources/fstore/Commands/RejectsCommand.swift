import ArgumentParser
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

    func validate() throws {
        guard self.limit >= 0 else { throw ValidationError("--limit cannot be negative") }
    }

    func run() throws {
        let store = try self.global.store()
        if self.clear {
            let count = try reportingFailure { () throws(FeatureStoreError) in
                try store.clearRejects(of: self.source)
            }
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
