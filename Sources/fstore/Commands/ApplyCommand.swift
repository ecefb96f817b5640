import ArgumentParser
import FeatureStoreKit

struct ApplyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Check the definitions and put them in force, in one transaction."
    )

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Allow changes that lose data or that a feature service would notice.")
    var allowDestroy = false

    func run() throws {
        let files = try self.global.repository()
        let store = FeatureStore(files)
        let plan = try reportingFailure { () throws(FeatureStoreError) in try store.plan(files) }
        if !self.global.json {
            print(plan.description)
        }
        let version = try reportingFailure { () throws(FeatureStoreError) in
            try store.apply(plan, allowDestroy: self.allowDestroy)
        }
        if self.global.json {
            print(try jsonText(plan.report))
        } else if !plan.isEmpty {
            print("Applied: the registry is at version \(version).")
        }
    }
}
