/// The two forms in which numbers are told to whoever watches the server.
enum MetricsFormat: AnswerForm {
    /// Prometheus's text format 0.0.4.
    case text
    /// OpenMetrics 1.0.
    case openMetrics

    /// The value of the answer's `content-type`.
    var contentType: String {
        switch self {
        case .text: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    var mediaTypes: [String] {
        switch self {
        case .text: ["text/plain"]
        case .openMetrics: ["application/openmetrics-text"]
        }
    }
}

/// Writes families of metrics, each with its help, its type and its samples.
struct MetricsWriter {
    /// What the numbers of a family are.
    enum Kind: String {
        /// They only grow; the name of a sample ends with `_total`.
        case counter
        case gauge
        case histogram
        case summary
    }

    let format: MetricsFormat
    private(set) var output: [UInt8] = []
    private var family = ""

    init(_ format: MetricsFormat) {
        self.format = format
    }

    /// Begins a family.
    ///
    /// - Parameters:
    ///   - name: Its name, for a counter without `_total`.
    ///   - kind: What its numbers are.
    ///   - help: One sentence.
    mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        self.family = kind == .counter ? name + "_total" : name
        // OpenMetrics names the family of a counter without what its samples end with.
        let title = self.format == .openMetrics ? name : self.family
        self.append("# HELP \(title) \(help)\n# TYPE \(title) \(kind.rawValue)\n")
    }

    /// Writes one number of the family that was begun.
    ///
    /// - Parameters:
    ///   - value: The number.
    ///   - labels: Names and values.
    ///   - suffix: What follows the family's name: `_sum`.
    mutating func add(
        _ value: Double,
        _ labels: KeyValuePairs<String, String> = [:],
        suffix: String = ""
    ) {
        self.append(self.family + suffix)
        var separator = "{"
        for (name, value) in labels {
            self.append("\(separator)\(name)=\"")
            self.append(label: value)
            self.append("\"")
            separator = ","
        }
        self.append((separator == "," ? "} " : " ") + Self.text(value) + "\n")
    }

    /// Writes one number of the family that was begun.
    mutating func add(
        _ value: Int,
        _ labels: KeyValuePairs<String, String> = [:],
        suffix: String = ""
    ) {
        self.add(Double(value), labels, suffix: suffix)
    }

    /// A family of one number without labels.
    mutating func write(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        self.begin(name, kind, help)
        self.add(value)
    }

    /// A family of one number without labels.
    mutating func write(_ name: String, _ kind: Kind, _ help: String, _ value: Int) {
        self.write(name, kind, help, Double(value))
    }

    /// Ends the text.
    mutating func finish() {
        if self.format == .openMetrics { self.append("# EOF\n") }
    }

    /// The shortest text of a number that both forms take; a whole one without a point.
    static func text(_ value: Double) -> String {
        if let whole = Int(exactly: value) { return "\(whole)" }
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return "\(value)"
    }

    private mutating func append(_ text: String) {
        self.output.append(contentsOf: text.utf8)
    }

    private mutating func append(label value: String) {
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\\"), UInt8(ascii: "\""):
                self.output += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): self.append("\\n")
            default: self.output.append(byte)
            }
        }
    }
}
