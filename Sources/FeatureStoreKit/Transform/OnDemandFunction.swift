import FeatureCompute
public import FeatureModel

/// A transformation in Swift, which stands in for the expression of an on-demand feature.
///
/// A definition names it (`function: discount`), and the program that trains or serves hands it to
/// its store. It must give the same value for the same inputs, always and everywhere: what training
/// computed is computed again when the feature is served.
///
/// ```swift
/// let store = FeatureStore(
///     files,
///     functions: [
///         "discount": OnDemandFunction(inputs: ["price", "loyalty__level"]) { row in
///             guard let price = try row.float("price") else { return .null }
///             let level = try row.integer("loyalty__level") ?? 0
///             return .float(price * (level > 3 ? 0.9 : 1))
///         }
///     ]
/// )
/// ```
public struct OnDemandFunction: Sendable {
    /// What computes one row.
    ///
    /// An error that it throws makes that row's value null, and is counted and told.
    public typealias Body = @Sendable (_ row: borrowing OnDemandInputs) throws -> Value

    /// The names of its inputs, as an expression would name them.
    ///
    /// Only these are read, and only these may be asked for.
    public let inputs: [String]
    let body: Body

    /// A function of these inputs.
    public init(inputs: [String], body: @escaping Body) {
        var seen: Set<String> = []
        self.inputs = inputs.filter { seen.insert($0).inserted }
        self.body = body
    }
}

/// The inputs of one row.
public struct OnDemandInputs: ~Copyable {
    let names: [String]
    let columns: [Column]
    var row = 0

    init(names: [String], columns: [Column]) {
        self.names = names
        self.columns = columns
    }

    /// The value of an input, of the input's type.
    ///
    /// - Throws: ``UndeclaredInputError`` when the function does not declare the input; the whole
    ///   read fails then.
    public subscript(name: String) -> Value {
        get throws(UndeclaredInputError) {
            guard let index = self.names.firstIndex(of: name) else {
                throw UndeclaredInputError(name: name, inputs: self.names)
            }
            return self.columns[index][self.row]
        }
    }

    /// An int32 or int64; `nil` when it is null or of another type.
    public func integer(_ name: String) throws(UndeclaredInputError) -> Int64? {
        guard case .integer(let value) = try self[name] else { return nil }
        return value
    }

    /// A number of any type; `nil` when it is null or no number.
    public func float(_ name: String) throws(UndeclaredInputError) -> Double? {
        switch try self[name] {
        case .float(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }

    /// A bool; `nil` when it is null or of another type.
    public func bool(_ name: String) throws(UndeclaredInputError) -> Bool? {
        guard case .bool(let value) = try self[name] else { return nil }
        return value
    }

    /// A string, or the text of an array, a map, a json, uuid or decimal; `nil` when it is null or
    /// of another type.
    public func string(_ name: String) throws(UndeclaredInputError) -> String? {
        guard case .string(let value) = try self[name] else { return nil }
        return value
    }

    /// A unix_timestamp; `nil` when it is null or of another type.
    public func timestamp(_ name: String) throws(UndeclaredInputError) -> Timestamp? {
        guard case .timestamp(let value) = try self[name] else { return nil }
        return value
    }
}

/// A function asked for an input that it does not declare.
public struct UndeclaredInputError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The name that it asked for.
    public let name: String
    /// The inputs that it declares.
    public let inputs: [String]

    /// What is wrong, for people.
    public var description: String {
        "it asks for \"\(self.name)\", which is not among its inputs "
            + "(\(self.inputs.joined(separator: ", ")))"
    }
}
