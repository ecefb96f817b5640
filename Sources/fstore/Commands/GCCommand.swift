import ArgumentParser
import FeatureModel
import FeatureStoreKit

struct GCCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Remove what nothing uses any more, and rows past their retention.",
        discussion: """
            Views and generations that nothing serves, files that killed programs left behind, \
            caches of sources that are gone; and, where feature views or feature_store.yaml give a \
            retention, older online rows, pushed history, rejected rows and answers to pushes. \
            Without a retention no row is removed, however old it is.
            """
    )

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Only tell what would be removed.")
    var dryRun = false

    func run() throws {
        let access = try self.global.access()
        let report = try reportingFailure { () throws(FeatureStoreError) in
            try access.collectGarbage(isDryRun: self.dryRun)
        }
        if self.global.json {
            print(try jsonText(report))
            return
        }
        guard !report.items.isEmpty else {
            print("There is nothing to remove.")
            return
        }
        var rows = [[self.dryRun ? "would be removed" : "removed", "of", "bytes"]]
        for item in report.items {
            rows.append([item.kind.text(item.count), item.name, grouped(item.bytes)])
        }
        rows.append(["all", "", grouped(report.bytes)])
        print(aligned(rows, rightAligned: [2]))
    }
}

extension GarbageReport.Kind {
    /// So many things of the kind, as people say it.
    fileprivate func text(_ count: Int) -> String {
        switch self {
        case .generation: "a generation of \(counted(count, "row"))"
        case .onlineRows: counted(count, "online row")
        case .pushedRows: counted(count, "pushed row")
        case .rejects: counted(count, "rejected row")
        case .answers: counted(count, "answer")
        case .cache: "a cache"
        case .leftover: "a file that was left behind"
        }
    }
}
