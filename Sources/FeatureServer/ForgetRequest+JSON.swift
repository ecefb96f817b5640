import FeatureModel
import FeatureStoreKit

extension ForgetRequest {
    /// Reads the body of `/forget`: `{"entities": {"user_id": [42]}, "dry_run": false}`.
    ///
    /// - Throws: The answer to a body that is no JSON, names no entities or too many, or has
    ///   anything else in it.
    init(json: Span<UInt8>, limits: ServerLimits) throws(RequestError) {
        var parser = JSONParser(json)
        var columns: [OnlineFeaturesRequest.EntityColumn]?
        var isDryRun = false
        var members = try MemberReader(&parser)
        while let key = try members.next(&parser) {
            switch key {
            case "entities": columns = try parser.takeEntities()
            case "dry_run": isDryRun = try parser.takeBoolean(at: [.key(key)])
            default: throw MemberReader.unknown(key, known: ["entities", "dry_run"])
            }
        }
        try parser.finish()
        guard let columns else { throw .missing("entities") }
        let count = columns.reduce(0) { $0 + $1.values.count }
        guard count <= limits.maximumForgottenIDs else {
            throw .invalid(
                "too_long",
                at: [.key("entities")],
                "\(count) ids are more than the limit of \(limits.maximumForgottenIDs); "
                    + "forget them in several requests"
            )
        }
        self.init(
            columns.flatMap { column in
                column.values.enumerated().map { row, id in
                    Entity(joinKey: column.name, id: id, digits: column.digits[row])
                }
            },
            isDryRun: isDryRun
        )
    }
}
