import ArgumentParser
import FeatureStoreKit
import Glibc

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Print what is applied and loaded, and how fresh it is."
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let access = try self.global.access()
        let status = try reportingFailure { () throws(FeatureStoreError) in
            try access.status()
        }
        if self.global.json {
            print(try jsonText(status))
            return
        }
        let applied = status.appliedAt.map { ", applied \($0)" } ?? ""
        print("project \(status.project): registry version \(status.registryVersion)\(applied)")
        print(
            [
                counted(status.entities, "entity"), counted(status.dataSources, "data source"),
                counted(status.featureViews.count { $0.pinnedBy.isEmpty }, "feature view"),
                counted(status.featureServices, "feature service"),
            ].joined(separator: ", ").replacing("entitys", with: "entities")
        )
        if let owner = access.store.onlineStoreOwner(), owner.processID != getpid() {
            let address = owner.address.map { " at \($0)" } ?? ""
            print("served by process \(owner.processID)\(address)")
        }
        var rows = [["feature view", "loaded", "up to", "newest event", "age", "keys written"]]
        for view in status.featureViews {
            let age = view.newestEventTime.map {
                ageText(microseconds: status.now.microseconds - $0.microseconds)
            }
            let services = view.pinnedBy.joined(separator: ", ")
            rows.append([
                services.isEmpty ? view.name : "\(view.name) (pinned by \(services))",
                view.loaded
                    ? (view.lastLoad?.description ?? "yes") : view.online ? "no" : "offline",
                view.loadedUpTo?.description ?? "", view.newestEventTime?.description ?? "",
                age ?? "", view.keysWritten.map(grouped) ?? "",
            ])
        }
        print(aligned(rows, rightAligned: [5]))
        if let pushes = status.pushes {
            var parts = ["last \(pushes.lastPush?.description ?? "never")"]
            if pushes.pending > 0 { parts.append("\(grouped(pushes.pending)) pending") }
            if pushes.waiting > 0 {
                parts.append("\(counted(pushes.waiting, "row")) waiting for their time")
            }
            parts.append(counted(pushes.rejects, "rejected row"))
            print(
                "\(counted(pushes.count, "push")): ".replacing("pushs", with: "pushes")
                    + parts.joined(separator: ", ")
            )
        }
        for view in status.featureViews {
            if let problem = view.problem {
                print("warning: \(view.name): \(problem)")
            }
        }
    }
}
