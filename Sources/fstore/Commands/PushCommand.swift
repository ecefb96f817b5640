public import ArgumentParser
public import FeatureStoreKit

extension PushTarget: ExpressibleByArgument {}

struct PushCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Push the rows of a CSV or JSON file to a push source.",
        discussion: """
            Every feature view that names the push source or its batch source gets the rows. The \
            newest row of a key wins. A row that cannot be used is told and kept (`fstore \
            rejects`), does not stop the others, and makes the command exit with 1.
            """
    )

    /// How many rows are told about; --json tells about all.
    private static let maximumTold = 10

    @OptionGroup var global: GlobalOptions

    @Option(help: "online, offline or online_and_offline.")
    var to = PushTarget.online

    @Option(
        help: ArgumentHelp(
            "A name for this push: with the same name again, nothing is written.",
            valueName: "key"
        )
    )
    var idempotencyKey: String?

    @Argument(help: "The push source.")
    var source: String

    @Argument(help: "CSV, JSON (an array of objects, or columns) or JSON Lines; - for stdin.")
    var file: String

    func run() throws {
        let access = try self.global.access()
        let result = try reportingFailure { () throws(FeatureStoreError) in
            let rows = try self.file == "-" ? .readStandardInput() : PushRows(file: self.file)
            return try access.push(
                PushRequest(
                    .source(self.source),
                    rows: rows,
                    to: self.to,
                    idempotencyKey: self.idempotencyKey
                )
            )
        }
        if self.global.json {
            Swift.print(try jsonText(result))
        } else {
            self.print(result)
        }
        if result.rejected > 0 { throw ExitCode.failure }
    }

    private func print(_ result: PushResult) {
        var parts = [
            "\(grouped(result.accepted)) accepted", "\(grouped(result.stale)) stale",
            "\(grouped(result.rejected)) rejected",
        ]
        if result.future > 0 { parts.append("\(grouped(result.future)) from the future") }
        let name = result.sequence.map { ", push \($0)" } ?? ""
        Swift.print(
            "\(self.source) (\(result.target.rawValue)\(name)): "
                + parts.joined(separator: ", ")
        )
        if !result.ignoredColumns.isEmpty {
            let names = result.ignoredColumns.map { "\"\($0)\"" }.joined(separator: ", ")
            printError("note: no feature view has the columns \(names); they were ignored")
        }
        let rejects = result.results.filter { $0.status == .rejected }
        for row in rejects.prefix(Self.maximumTold) {
            let column = row.column.map { "column \"\($0)\": " } ?? ""
            printError("rejected: row \(row.row): \(column)\(row.reason ?? "")")
        }
        if rejects.count > Self.maximumTold {
            printError("… and \(grouped(rejects.count - Self.maximumTold)) more: fstore rejects")
        }
    }
}
