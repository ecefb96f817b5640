import ArgumentParser
import FeatureStoreKit

struct ApplyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Check the definitions and put them in force, in one transaction.",
        discussion: """
            The registry is made what the files say. What others apply while the command runs \
            stays, when it is about other objects; when both change the same, one wins and the \
            other is told to plan again. A server that runs serves the new definitions on return.
            """
    )

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Allow changes that lose data or that a feature service would notice.")
    var allowDestroy = false

    func run() throws {
        // Before the files are read: what others apply from here on is theirs, and stays. What is
        // wrong with the repository is told below, all at once.
        let base = try? self.global.quietStore().appliedRegistry()
        let files = try self.global.repository()
        let access = try self.global.access(files)
        let plan = try reportingFailure { () throws(FeatureStoreError) in
            try access.store.plan(files, since: base)
        }
        if !self.global.json {
            print(plan.description)
        }
        let applied = try reportingFailure { () throws(FeatureStoreError) in
            try access.apply(plan, allowDestroy: self.allowDestroy)
        }
        if self.global.json {
            print(try jsonText(applied.plan.report))
            return
        }
        if applied.plan.changes != plan.changes {
            print("Others applied version \(applied.plan.baseVersion) meanwhile; planned again:")
            print(applied.plan.description)
        }
        if !applied.plan.isEmpty {
            print("Applied: the registry is at version \(applied.version).")
        }
    }
}
