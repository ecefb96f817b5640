import ArgumentParser
import FeatureStoreKit

struct InitCommand: ParsableCommand {
    /// What the new repository holds.
    enum Template: String, ExpressibleByArgument, CaseIterable {
        /// Feast's driver statistics, with sample data that ends now.
        case local
        /// feature_store.yaml alone.
        case minimal
    }

    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a small feature repository that works at once."
    )

    @Argument(help: "The folder to make; its name is the project's.")
    var directory = "feature_repo"

    @Option(name: [.short, .long], help: "local (driver statistics) or minimal.")
    var template = Template.local

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() throws {
        let repository = NewRepository(directory: self.directory, now: Timestamp.now())
        do {
            try repository.write(self.template)
        } catch let error as NewRepositoryError {
            printError("error: \(error.message)")
            throw ExitCode.failure
        }
        if self.json {
            print(try jsonText(["directory": self.directory, "template": self.template.rawValue]))
            return
        }
        print("Made a feature repository in \(self.directory). Next:")
        print("  cd \(self.directory)")
        switch self.template {
        case .local:
            print("  fstore apply")
            print(
                "  fstore get-historical-features -d data/entities.csv "
                    + "--feature-service driver_activity_v1"
            )
            print("  fstore materialize")
            print(
                "  fstore get-online-features -e driver_id=1001 "
                    + "--feature-service driver_activity_v1"
            )
            print("  fstore serve")
        case .minimal:
            print("  write entities, data_sources and feature_views into a .yaml file")
            print("  fstore plan")
        }
    }
}
