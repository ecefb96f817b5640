import FeatureCompute
import FeatureModel

/// What can change a project.
public enum AuditAction: String, Hashable, Sendable, CaseIterable {
    case apply
    case teardown
    case materialize
    case push
    /// A write to one feature view.
    case write
    case forget
    case gc
    case snapshot
    case restore
    case saveDataset = "save_dataset"
    case deleteDataset = "delete_dataset"
    case createToken = "create_token"
    case rotateToken = "rotate_token"
    case revokeToken = "revoke_token"
}

/// What a change was about, in names and numbers; never keys, values or tokens.
public struct AuditDetails: Sendable {
    /// What was changed: views, push sources, saved datasets, tokens.
    public var objects: [String]
    /// Numbers by their names, such as `rows`.
    public var counts: [(name: String, count: Int)] = []
    /// Whether nothing was changed after all; then there is no line.
    public var isNothing = false

    /// Details about some objects.
    public init(objects: [String] = []) {
        self.objects = objects
    }

    /// Adds a number.
    public mutating func count(_ name: String, _ count: Int) {
        self.counts.append((name, count))
    }
}

/// What became of a change.
enum AuditResult: Sendable {
    case done
    /// Why in a word; the message is not told: it may hold values.
    case failed(FeatureStoreError.Code)
    /// The client's token does not allow it.
    case refused(AccessDenial.Kind)
}

/// One line of the audit log.
struct AuditEntry: Sendable {
    let time: Timestamp
    let project: String
    let action: AuditAction
    let caller: Caller
    let details: AuditDetails
    let result: AuditResult

    /// How many names a line has at most, and how many bytes of each.
    private static let maximumObjects = 1_000
    private static let maximumNameBytes = 200

    /// JSON in UTF-8 with a newline.
    var line: [UInt8] {
        var line: [UInt8] = []
        func text(_ key: StaticString, _ value: String) {
            line.append(contentsOf: "\(line.isEmpty ? "{" : ",")\"\(key)\":".utf8)
            JSONString.encode(Self.shortened(value).span, to: &line)
        }
        text("time", self.time.description)
        text("project", self.project)
        text("action", self.action.rawValue)
        switch self.result {
        case .done: text("result", "done")
        case .failed(let code):
            text("result", "failed")
            text("error", "\(code)")
        case .refused(let kind):
            text("result", "refused")
            text("error", kind.rawValue)
        }
        text("who", self.caller.name)
        if let requestID = self.caller.requestID { text("request", requestID) }
        line.append(contentsOf: ",\"objects\":[".utf8)
        for (index, name) in self.details.objects.prefix(Self.maximumObjects).enumerated() {
            if index > 0 { line.append(UInt8(ascii: ",")) }
            JSONString.encode(Self.shortened(name).span, to: &line)
        }
        line.append(contentsOf: "],\"counts\":{".utf8)
        for (index, count) in self.details.counts.enumerated() {
            if index > 0 { line.append(UInt8(ascii: ",")) }
            JSONString.encode(Array(count.name.utf8).span, to: &line)
            line.append(contentsOf: ":\(count.count)".utf8)
        }
        line.append(contentsOf: "}}\n".utf8)
        return line
    }

    /// A name as a line has it: what a client made up may be long.
    private static func shortened(_ name: String) -> [UInt8] {
        Array(name.shortened(toBytes: self.maximumNameBytes).utf8)
    }
}
