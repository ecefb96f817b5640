import ArgumentParser
import FeatureStoreKit

struct TeardownCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "teardown",
        abstract: "Remove all registered objects and all online rows; sources are never touched."
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let access = try self.global.access()
        let version = try reportingFailure { () throws(FeatureStoreError) in
            try access.teardown()
        }
        if self.global.json {
            print(try jsonText(["registry_version": version]))
        } else {
            print(
                "Removed all objects and online rows of \(access.store.configuration.project); "
                    + "the registry is at version \(version)."
            )
        }
    }
}
