import ArgumentParser
import FeatureStoreKit

struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Print what apply would change, and change nothing."
    )

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Exit with 2 when there are changes.")
    var detailedExitcode = false

    func run() throws {
        let files = try self.global.repository()
        let store = FeatureStore(files)
        let plan = try reportingFailure { () throws(FeatureStoreError) in try store.plan(files) }
        printWarnings(of: plan)
        print(self.global.json ? try jsonText(plan.report) : plan.description)
        if self.detailedExitcode, !plan.isEmpty {
            throw ExitCode(2)
        }
    }
}

/// Tells what is odd about a repository, one line each, beside the output.
func printWarnings(of plan: RegistryPlan) {
    for warning in plan.warnings {
        printError(warning.description)
    }
}
