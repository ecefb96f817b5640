import ArgumentParser
import FeatureStoreKit

/// Which features a command is about.
struct FeatureOptions: ParsableArguments {
    @Option(
        name: [.customShort("f"), .long],
        parsing: .singleValue,
        help: ArgumentHelp(
            "Features as view:feature; repeat, or separate with commas.",
            valueName: "view:feature"
        )
    )
    var features: [String] = []

    @Option(help: ArgumentHelp("A feature service instead of a list.", valueName: "name"))
    var featureService: String?

    @Flag(help: "Name the columns view__feature.")
    var fullFeatureNames = false

    func validate() throws {
        switch (self.features.isEmpty, self.featureService) {
        case (true, nil):
            throw ValidationError(
                "no features were asked for; give --features view:feature or --feature-service name"
            )
        case (false, .some):
            throw ValidationError("give either --features or --feature-service, not both")
        case (true, ""):
            throw ValidationError("--feature-service is empty; name a service")
        default: break
        }
    }

    /// What was asked for.
    var selection: FeatureSelection {
        if let service = self.featureService { return .service(service) }
        return .features(
            self.features.flatMap { $0.unicodeScalars.split(separator: ",").map { String($0) } }
        )
    }
}
