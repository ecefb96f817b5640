import ArgumentParser
import FeatureStoreKit

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare what is served with the history, value by value; or prove a snapshot.",
        discussion: """
            Every key of a view's history is read online, and must give what a training row with \
            the time now would get. Rows that arrived after the last load differ: run \
            `fstore materialize-incremental` first. Exits with 1 when a value differs.

            With --snapshot everything in a snapshot is read instead: hashes, the registry, \
            pushes, and the checksum of each online row. Exits with 1 when it is not whole.
            """
    )

    @OptionGroup var global: GlobalOptions

    @Option(
        name: [.customShort("v"), .long],
        parsing: .singleValue,
        help: ArgumentHelp("Only this view; repeat for several.", valueName: "view")
    )
    var views: [String] = []

    @Option(
        help: ArgumentHelp(
            "Prove that this snapshot is whole; no repository is needed.",
            valueName: "dir"
        )
    )
    var snapshot: String?

    func validate() throws {
        guard self.snapshot == nil || self.views.isEmpty else {
            throw ValidationError("a snapshot is verified as a whole; leave --views out")
        }
    }

    func run() throws {
        if let snapshot = self.snapshot {
            try self.verify(snapshot: snapshot)
            return
        }
        let access = try self.global.access()
        let report = try reportingFailure { () throws(FeatureStoreError) in
            try access.verify(views: self.views.isEmpty ? nil : self.views)
        }
        if self.global.json {
            print(try jsonText(report))
        } else {
            for view in report.views {
                self.tell(view)
            }
        }
        if !report.isEqual {
            throw ExitCode.failure
        }
    }

    private func verify(snapshot: String) throws {
        let report = SnapshotReport(ofSnapshotAt: snapshot)
        if self.global.json {
            print(try jsonText(report))
        } else if report.isWhole, let manifest = report.manifest {
            print("\(snapshot) is whole: \(manifest.summary)")
            print(
                "read: \(counted(report.onlineRows, "online row")), "
                    + "\(counted(report.pushedRows, "pushed row")), "
                    + counted(report.savedDatasets, "saved dataset")
            )
        } else {
            for problem in report.problems { printError("problem: \(problem)") }
            printError("error: \(snapshot) is not whole; do not restore it")
        }
        if !report.isWhole { throw ExitCode.failure }
    }

    private func tell(_ view: VerificationReport.View) {
        if let error = view.error {
            print("\(view.view): not compared: \(error)")
            return
        }
        print(
            "\(view.view): \(counted(view.keys, "key")), \(counted(view.values, "value")), "
                + "\(grouped(view.different)) different"
                + (view.missing > 0 ? ", \(counted(view.missing, "key")) not served" : "")
        )
        for sample in view.samples {
            print(
                "  \(sample.entity.joined(separator: ", ")): \(sample.feature) is "
                    + "\(sample.offline) in the history, \(sample.online) online"
            )
        }
        if view.different > Int(view.samples.count) {
            print("  … and \(grouped(view.different - view.samples.count)) more")
        }
        if view.different > 0 {
            print(
                "  run `fstore materialize-incremental` if rows arrived since the last load; rows "
                    + "pushed to the online store alone stay until history has newer ones"
            )
        }
        if view.onlyOnline > 0 {
            print(
                "  \(counted(view.onlyOnline, "row")) online of keys that the history does not "
                    + "have: pushed to the online store alone, or gone from the source"
            )
        }
    }
}
