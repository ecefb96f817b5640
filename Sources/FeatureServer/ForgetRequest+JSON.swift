import FeatureModel
import FeatureStoreKit

extension ForgetRequest {
    /// Reads the body of `/forget`: `{"entities": {"user_id": [42]}, "dry_run": false}`.
    ///
    /// - Throws: The answer to a body that is no JSON, or names no entities.
    init(json: Span<UInt8>) throws(RequestError) {
        var parser = JSONParser(json)
        var columns: [OnlineFeaturesRequest.EntityColumn]?
        var isDryRun = false
        var members = try MemberReader(&parser)
        while let key = try members.next(&parser) {
            switch key {
            case "entities": columns = try parser.takeEntities()
            case "dry_run": isDryRun = try parser.takeOptionalBoolean(at: [.key(key)]) ?? false
            default: try parser.skipValue()
            }
        }
        try parser.finish()
        guard let columns else { throw .missing("entities") }
        self.init(
            columns.flatMap { column in
                column.values.map { Entity(joinKey: column.name, id: $0) }
            },
            isDryRun: isDryRun
        )
    }
}
