public import ArgumentParser
public import FeatureStoreKit

/// What both ways of loading understand.
struct LoadOptions: ParsableArguments {
    @Option(
        name: [.customShort("v"), .long],
        parsing: .singleValue,
        help: ArgumentHelp(
            "Load this view, or one generation of it (view@v1); repeat for more.",
            valueName: "view"
        )
    )
    var views: [String] = []

    @Flag(help: "Fail a view on its first bad row instead of leaving the row out.")
    var strict = false

    /// The views, or `nil` for all.
    var selectedViews: [String]? { self.views.isEmpty ? nil : self.views }
}

struct MaterializeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "materialize",
        abstract: "Load the newest row of each key in [START, END] into the online store.",
        discussion: """
            Both ends are inclusive, and without dates everything is loaded. The newest row wins, \
            whatever was loaded before. A load is atomic: killed, it leaves the old state. It \
            holds up to 168 MB in memory and the rest in files; FSTORE_LOAD_MEMORY_MB sets another \
            limit.
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var load: LoadOptions

    @Argument(help: "The first event time, such as 2026-01-10T12:00:00Z; without zone it is UTC.")
    var start: Timestamp?

    @Argument(help: "The last event time.")
    var end: Timestamp?

    func validate() throws {
        if self.start != nil, self.end == nil {
            throw ValidationError("give both START and END, or neither")
        }
    }

    func run() throws {
        try runLoad(self.global) { access, progress throws(FeatureStoreError) in
            try access.materialize(
                from: self.start,
                to: self.end,
                views: self.load.selectedViews,
                strict: self.load.strict,
                progress: progress
            )
        }
    }
}

struct MaterializeIncrementalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "materialize-incremental",
        abstract: "Load what arrived since the last load, up to END.",
        discussion: """
            Rows that arrived late, with old event times, are loaded too. Of CSV files that hold \
            all that the last incremental load has read, only what was added is read.
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var load: LoadOptions

    @Argument(help: "The last event time, such as 2026-01-10T12:00:00Z; without zone it is UTC.")
    var end: Timestamp

    func run() throws {
        try runLoad(self.global) { access, progress throws(FeatureStoreError) in
            try access.materializeIncremental(
                to: self.end,
                views: self.load.selectedViews,
                strict: self.load.strict,
                progress: progress
            )
        }
    }
}

extension Timestamp: ExpressibleByArgument {
    /// Reads RFC 3339, a date with or without time, or seconds since 1970.
    public init?(argument: String) {
        self.init(argument)
    }
}

/// Loads, and prints what was done; also for the views that were loaded when others failed.
private func runLoad(
    _ global: GlobalOptions,
    _ load: (StoreAccess, ProgressLine) throws(FeatureStoreError) -> MaterializationReport
) throws {
    let access = try global.access()
    let progress = ProgressLine()
    defer { progress.clear() }
    do {
        let report = try load(access, progress)
        progress.clear()
        try report.print(asJSON: global.json)
    } catch let error as FeatureStoreError {
        progress.clear()
        if let partial = error.cause as? PartialMaterialization {
            try partial.report.print(asJSON: global.json)
        }
        printError("error: \(error.message)")
        throw ExitCode.failure
    }
}

extension MaterializationReport {
    fileprivate func print(asJSON: Bool) throws {
        if asJSON {
            Swift.print(try jsonText(self))
            return
        }
        for note in self.notes {
            printError("note: \(note)")
        }
        for view in self.views {
            Swift.print(view.line)
            for sample in view.samples.prefix(3) {
                printError("warning: \(view.name): \(sample)")
            }
        }
        if self.views.isEmpty {
            Swift.print("No feature view is served online.")
        }
    }
}

extension MaterializationReport.View {
    fileprivate var line: String {
        if self.error != nil { return "\(self.name): not loaded" }
        let newRows = self.rowsRead - self.rowsKnown
        var parts = [
            "\(counted(self.rowsRead, "row")) "
                + (self.rowsKnown > 0 ? "(\(grouped(newRows)) new)" : "read"),
            "\(counted(self.keysWritten, "key")) written",
            "\(grouped(self.stale)) stale", "\(grouped(self.bad)) bad",
        ]
        if self.nullKey > 0 { parts.append("\(grouped(self.nullKey)) with a null key") }
        if self.nullTime > 0 { parts.append("\(grouped(self.nullTime)) without time") }
        if self.afterEnd > 0 { parts.append("\(grouped(self.afterEnd)) after the end") }
        if self.createdLater > 0 { parts.append("\(grouped(self.createdLater)) created later") }
        if let newest = self.newestEventTime { parts.append("newest event \(newest)") }
        return "\(self.name): " + parts.joined(separator: ", ") + ", "
            + secondsText(self.seconds)
    }
}
