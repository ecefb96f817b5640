import FeatureModel
import FeatureStoreKit

extension OnlineFeaturesRequest {
    /// Reads the body of a `/get-online-features` request.
    ///
    /// Unknown keys are ignored, a key of value null counts as absent, and `feature_service` wins
    /// over `features`. An id without fraction and exponent is an integer, exactly; one with
    /// either, or beyond 64 bits, is a float with its digits, which say whether it is whole.
    ///
    /// - Throws: The answer to a body that is no JSON, lacks a part, or exceeds a limit.
    init(json: Span<UInt8>, limits: ServerLimits) throws(RequestError) {
        var body = RequestBody()
        var parser = JSONParser(json)
        try body.read(from: &parser)
        guard let entities = body.entities else { throw .missing("entities") }
        self.init(
            selection: try FeatureSelection(service: body.service, features: body.features),
            entities: entities,
            fullFeatureNames: body.fullFeatureNames ?? false
        )
        if let message = limits.problem(of: self) { throw .badRequest(message, refusal: .size) }
    }
}

/// The parts of a body, as far as they have been read.
private struct RequestBody {
    var features: [String]?
    var service: String?
    var entities: [OnlineFeaturesRequest.EntityColumn]?
    var fullFeatureNames: Bool?

    mutating func read(from parser: inout JSONParser) throws(RequestError) {
        var members = try MemberReader(&parser)
        while let key = try members.next(&parser) {
            switch key {
            case "features": self.features = try parser.takeStrings(at: [.key(key)])
            case "feature_service": self.service = try parser.takeOptionalString(at: [.key(key)])
            case "full_feature_names":
                self.fullFeatureNames = try parser.takeOptionalBoolean(at: [.key(key)])
            case "entities": self.entities = try parser.takeEntities()
            default: try parser.skipValue()
            }
        }
        try parser.finish()
    }
}

extension JSONParser {
    /// Takes an object that has a list of ids for each join key, under "entities"; `nil` for null.
    mutating func takeEntities() throws(RequestError) -> [OnlineFeaturesRequest.EntityColumn]? {
        guard try self.enterColumns("entities", of: "join key") else { return nil }
        var columns: [OnlineFeaturesRequest.EntityColumn] = []
        var names: Set<String> = []
        while let name = try self.nextColumn("entities", index: columns.count) {
            guard names.insert(name).inserted else {
                throw .invalid(
                    "value_error",
                    at: [.key("entities"), .key(name)],
                    "The join key is given twice"
                )
            }
            columns.append(try self.takeIDs(of: name))
        }
        return columns
    }

    /// The values of a list whose beginning was taken.
    private mutating func takeIDs(
        of name: String
    ) throws(RequestError) -> OnlineFeaturesRequest.EntityColumn {
        var values: [Value] = []
        var digits: [Int: String] = [:]
        while try self.hasElement() {
            switch try self.peek() {
            case .number:
                let start = self.position
                switch try self.takeNumber() {
                // Minus nought is a float: as an integer it would lose its sign.
                case .integer(0) where self.position - start > 1:
                    digits[values.count] = self.text(from: start)
                    values.append(.float(-0.0))
                case .integer(let integer): values.append(.integer(integer))
                case .float(let float):
                    digits[values.count] = self.text(from: start)
                    values.append(.float(float))
                }
            case .string: values.append(.string(try self.takeString()))
            case .boolean: values.append(.bool(try self.takeBoolean()))
            case .null:
                try self.takeNull()
                values.append(.null)
            case .object, .array:
                throw .invalid(
                    "value_error",
                    at: [.key("entities"), .key(name), .index(values.count)],
                    "Input should be a number, a string, a boolean or null"
                )
            }
        }
        return .init(name: name, values: values, digits: digits)
    }
}
