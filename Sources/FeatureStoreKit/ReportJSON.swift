import Foundation

/// How reports become JSON: their names in snake case, as everywhere on the wire.
package enum ReportJSON {
    /// A report as JSON.
    ///
    /// - Parameters:
    ///   - report: The report.
    ///   - isIndented: Whether it is for people too, a line a member.
    /// - Returns: JSON in UTF-8, keys in order.
    /// - Throws: `corruptData` for what JSON cannot say, such as a number that is not finite.
    package static func encode(
        _ report: some Encodable,
        isIndented: Bool = false
    ) throws(FeatureStoreError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if isIndented { encoder.outputFormatting.insert(.prettyPrinted) }
        do {
            return Array(try encoder.encode(report))
        } catch {
            throw FeatureStoreError(code: .corruptData, message: "\(error)", cause: error)
        }
    }

    /// What ``encode(_:isIndented:)`` made JSON of.
    ///
    /// - Parameter json: JSON in UTF-8.
    /// - Returns: The report.
    /// - Throws: What the decoder says of other JSON.
    package static func decode<Report: Decodable>(_ json: [UInt8]) throws -> Report {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Report.self, from: Data(json))
    }
}
