import FeatureCompute
import FeatureStoreKit

extension PushRequest {
    /// Reads the body of a `/push` or `/write-to-online-store` request.
    ///
    /// Unknown keys are ignored, and a key of value null counts as absent. A number without
    /// fraction and exponent is a whole number, exactly.
    ///
    /// - Parameters:
    ///   - json: The body.
    ///   - isView: Whether the rows are for one feature view.
    ///   - headerKey: The idempotency key of the request's head; it wins over the body's.
    ///   - limits: What a client may ask for.
    /// - Throws: The answer to a body that is no JSON, lacks a part, or exceeds a limit.
    init(
        json: Span<UInt8>,
        isView: Bool,
        headerKey: String?,
        limits: ServerLimits
    ) throws(RequestError) {
        let nameKey = isView ? "feature_view_name" : "push_source_name"
        var name: String?
        var columns: [PushRows.Column]?
        var target = PushTarget.online
        var idempotencyKey: String?
        var parser = JSONParser(json)
        var members = try MemberReader(&parser)
        while let key = try members.next(&parser) {
            switch key {
            case nameKey: name = try parser.takeOptionalString(at: [.key(key)])
            case "df": columns = try Self.columns(from: &parser, json, limits: limits)
            case "to" where !isView:
                target = try Self.target(parser.takeOptionalString(at: [.key(key)]))
            case "idempotency_key":
                idempotencyKey = try parser.takeOptionalString(at: [.key(key)])
            default: try parser.skipValue()
            }
        }
        try parser.finish()
        guard let name else { throw .missing(nameKey) }
        guard let columns else { throw .missing("df") }
        let rows: PushRows
        do {
            rows = try PushRows(columns: columns)
        } catch {
            throw .badRequest(error.message)
        }
        self.init(
            isView ? .view(name) : .source(name),
            rows: rows,
            to: target,
            idempotencyKey: headerKey ?? idempotencyKey
        )
    }

    private static func target(_ text: String?) throws(RequestError) -> PushTarget {
        guard let text else { return .online }
        guard let target = PushTarget(rawValue: text) else {
            throw .badRequest(
                "\(text) is not a supported push format. Please specify one of these "
                    + "['online', 'offline', 'online_and_offline']."
            )
        }
        return target
    }

    private static func columns(
        from parser: inout JSONParser,
        _ json: Span<UInt8>,
        limits: ServerLimits
    ) throws(RequestError) -> [PushRows.Column]? {
        guard try parser.enterColumns("df", of: "column") else { return nil }
        var columns: [PushRows.Column] = []
        while let name = try parser.nextColumn("df", index: columns.count) {
            var cells: [GivenCell] = []
            while try parser.hasElement() {
                cells.append(try parser.takeCell(of: json))
            }
            guard cells.count <= limits.maximumPushRows else {
                let message =
                    "\(cells.count) rows are more than the limit of \(limits.maximumPushRows); "
                    + "send them in several requests."
                throw .badRequest(message, refusal: .size)
            }
            columns.append(.init(name: name, cells: cells))
        }
        return columns
    }
}

extension JSONParser {
    /// Takes a value of any kind as a cell; arrays and objects stay JSON.
    fileprivate mutating func takeCell(of json: Span<UInt8>) throws(RequestError) -> GivenCell {
        switch try self.peek() {
        case .number:
            let start = self.position
            if case .integer(let integer) = try self.takeNumber(), integer != 0 {
                return .integer(integer)
            }
            // With its digits, which a json feature keeps.
            return .number(json.extracting(start..<self.position))
        case .string: return .text(try self.takeString())
        case .boolean: return .bool(try self.takeBoolean())
        case .null:
            try self.takeNull()
            return .null
        case .array, .object:
            let start = self.position
            try self.skipValue()
            var text: [UInt8] = []
            text.append(span: json.extracting(start..<self.position))
            // The parser has seen that it is UTF-8.
            return .json(String(decoding: text, as: UTF8.self))
        }
    }
}
