import FeatureCompute
import FeatureModel
import NativeStorage

extension OnDemandEvaluator {
    /// Compiles a feature, and evaluates it for sample inputs of the declared types.
    ///
    /// - Throws: Why it cannot be computed; or that its result is never of its type, where the
    ///   class of the result cannot hang on the values.
    func probe(_ computed: ComputedFeature) throws(OnDemandError) {
        // What a function does besides computing is not known, so that it is not called.
        guard case .expression(let expression) = computed.formula else { return }
        let inputs = computed.inputs.enumerated().map { index, input in
            input.field.type.samples(shiftedBy: index)
        }
        let type = computed.feature.type
        let results = try self.values(
            of: expression,
            type: type,
            inputs: inputs,
            rowCount: sampleCount
        )
        guard !expression.isConditional, results.failures > 0 else { return }
        // A whole number is what a number may turn out to be, so the class is what is asked about.
        let wide: ValueType = type.physicalType == .bytes ? type.textual : .float64
        let classes = try self.values(
            of: expression,
            type: wide,
            inputs: inputs,
            rowCount: sampleCount
        )
        let hasFitting = (0..<sampleCount).contains { !classes.column.isNull(at: $0) }
        guard !hasFitting, let result = try self.resultClass(of: expression, inputs) else { return }
        throw OnDemandError(
            "is \(type), and its expression \"\(expression.text)\" gives \(result)",
            fix: type.way(from: result)
        )
    }

    /// What an expression gives for samples: `text`, `bytes` or `a number`; `nil` when nothing.
    private func resultClass(
        of expression: SQLExpression,
        _ inputs: [Column]
    ) throws(OnDemandError) -> String? {
        for (type, name) in [
            (ValueType.string, "text"), (.bytes, "bytes"), (.float64, "a number"),
        ] {
            let values = try self.values(
                of: expression,
                type: type,
                inputs: inputs,
                rowCount: sampleCount
            )
            if (0..<sampleCount).contains(where: { !values.column.isNull(at: $0) }) { return name }
        }
        return nil
    }
}

private let sampleCount = 16

extension ValueType {
    /// The type that takes whatever lies in SQLite as values of this type do.
    fileprivate var textual: ValueType { self == .bytes ? .bytes : .string }

    /// How to get from a result to the type.
    fileprivate func way(from result: String) -> String {
        switch (self, result) {
        case (_, "text") where self.physicalType != .bytes:
            "write CAST(… AS REAL) or CAST(… AS INTEGER), or declare the feature as string"
        case (.bytes, _):
            "write CAST(… AS BLOB), or declare the feature as string or as a number"
        case (_, "bytes"):
            "write hex(…) for a text, or declare the feature as bytes"
        case (.string, _):
            "write CAST(… AS TEXT), or declare the feature as float64 or int64"
        default:
            "write an expression that gives \(self), or declare the feature as float64 or int64"
        }
    }

    /// Values of the type, small and great, in another order for each shift; the last is null.
    fileprivate func samples(shiftedBy shift: Int) -> Column {
        let texts: [String] =
            switch self {
            case .int32, .int64: ["3", "0", "-7", "1", "100", "2147483647"]
            case .float32, .float64: ["2.5", "0", "-1.5", "1", "1000", "0.001"]
            case .bool: ["true", "false"]
            case .unixTimestamp: ["2024-02-29T12:34:56Z", "1970-01-01", "1969-12-31T23:59:59Z"]
            case .string: ["a", "1", "{\"a\": 1}", "[1, 2]", "", "2.5"]
            case .bytes: ["AQI=", ""]
            case .json: ["{\"a\": 1}", "[1, 2]", "1", "\"a\""]
            case .map: ["{\"a\": 1}", "{}"]
            case .uuid: ["00000000-0000-4000-8000-000000000000"]
            case .decimal: ["1.50", "-3"]
            case .array(.string): ["[\"a\", \"b\"]", "[]"]
            case .array(.bool): ["[true]", "[]"]
            case .array(.bytes): ["[\"AQI=\"]", "[]"]
            case .array(.unixTimestamp): ["[0]", "[]"]
            case .array: ["[1, 2]", "[]"]
            }
        var builder = ColumnBuilder(type: self)
        var parser = CellParser()
        for row in 0..<sampleCount {
            let text = Array(texts[(row + row / texts.count * shift) % texts.count].utf8)
            if row == sampleCount - 1 || !parser.append(text.span, to: &builder) {
                builder.appendNull()
            }
        }
        return builder.finish()
    }
}
