import ArgumentParser
import FeatureDefinitions
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
        let first = try? self.global.quietStore()
        var seen = first.flatMap { store in
            LoadedRepository.files(inDirectory: store.directory).map {
                store.filesToApply($0, program: FStore.version)
            }
        }
        if let first, let seen, let version = first.appliedVersion(of: seen) {
            return try self.tellNothing(of: first, version: version)
        }
        let base = try? first?.appliedRegistry()
        let files = try self.global.repository()
        let access = try self.global.access(files)
        if let first { access.store.learnDefinitions(from: first) }
        seen?.add(files.repository, of: access.store)
        let plan = try reportingFailure { () throws(FeatureStoreError) in
            try access.store.plan(files, since: base)
        }
        printWarnings(of: plan)
        if !self.global.json {
            print(plan.description)
        }
        let applied = try reportingFailure { () throws(FeatureStoreError) in
            try access.apply(plan, allowDestroy: self.allowDestroy)
        }
        // What is odd is told by every apply.
        if let seen, plan.warnings.isEmpty, applied.plan.baseVersion == plan.baseVersion {
            access.store.remember(seen, version: plan.baseVersion + (plan.isEmpty ? 0 : 1))
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

    /// Nothing has changed since the last apply.
    private func tellNothing(of store: FeatureStore, version: Int) throws {
        let access = try self.global.access()
        try reportingFailure { () throws(FeatureStoreError) in try access.refreshOwner() }
        let project = store.configuration.project
        let report = RegistryPlan.emptyReport(project: project, version: version)
        print(self.global.json ? try jsonText(report) : RegistryPlan.nothingText)
    }
}
