import FeatureCompute
import FeatureModel
import FeatureStoreKit

/// Writes a training set as the body of an answer.
struct TrainingSetEncoder {
    /// One column, and how its values are written.
    private struct Column {
        let name: [UInt8]
        let values: FeatureCompute.Column
        /// By row: whether the client gave a JSON string; `nil` for values of the store.
        let isString: Bitmap?
        let isFeature: Bool

        /// Appends a value as JSON.
        func append(row: Int, style: CellFormatter.JSONStyle, to body: inout [UInt8]) {
            guard let isString = self.isString, !isString[row], !self.values.isNull(at: row),
                case .bytes(let texts) = self.values.storage
            else {
                // Keys and times are exact in every form.
                let style = self.isFeature ? style : .rows
                CellFormatter.append(json: self.values, row: row, style: style, to: &body)
                return
            }
            // A number or a boolean, letter for letter.
            body.append(contentsOf: texts.bytes[texts.range(at: row)])
        }
    }

    private let set: TrainingSet
    private let columns: [Column]

    /// - Parameters:
    ///   - set: The set.
    ///   - rows: The entity rows as the client gave them; `nil` when it gave none.
    init(_ set: TrainingSet, rows: TrainingSetRequest.GivenRows?) {
        self.set = set
        let features = Set(set.report.columns.map { Array($0.name.utf8) })
        var isString: [[UInt8]: Bitmap] = [:]
        for column in rows?.columns ?? [] {
            isString[Array(column.name.utf8)] = column.isString
        }
        self.columns = set.table.columns.map { column in
            let name = Array(column.name.utf8)
            var quoted: [UInt8] = []
            quoted.append(jsonString: column.name)
            return Column(
                name: quoted,
                values: column.column,
                // The times come out as times, whatever they were.
                isString: column.column.type == .string ? isString[name] : nil,
                isFeature: features.contains(name)
            )
        }
    }

    /// The body in a form.
    func body(_ format: AnswerFormat) throws(FeatureStoreError) -> [UInt8] {
        switch format {
        case .json: try self.json()
        case .csv: self.set.csv()
        case .jsonLines: self.jsonLines()
        }
    }

    /// `{"columns":{"driver_id":[…],…},"report":{…}}`.
    ///
    /// Features are written as in the answer of `/get-online-features`.
    private func json() throws(FeatureStoreError) -> [UInt8] {
        var body = Array(#"{"columns":{"#.utf8)
        for (index, column) in self.columns.enumerated() {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            body.append(contentsOf: column.name)
            body.append(contentsOf: ":[".utf8)
            for row in 0..<self.set.table.rowCount {
                if row > 0 { body.append(UInt8(ascii: ",")) }
                column.append(row: row, style: .wire, to: &body)
            }
            body.append(UInt8(ascii: "]"))
        }
        body.append(contentsOf: #"},"report":"#.utf8)
        body.append(contentsOf: try ReportJSON.encode(self.set.report))
        body.append(UInt8(ascii: "}"))
        return body
    }

    /// An object a row, written as `--output FILE.jsonl` writes it.
    private func jsonLines() -> [UInt8] {
        var body: [UInt8] = []
        for row in 0..<self.set.table.rowCount {
            body.append(UInt8(ascii: "{"))
            for (index, column) in self.columns.enumerated() {
                if index > 0 { body.append(UInt8(ascii: ",")) }
                body.append(contentsOf: column.name)
                body.append(UInt8(ascii: ":"))
                column.append(row: row, style: .rows, to: &body)
            }
            body.append(contentsOf: "}\n".utf8)
        }
        return body
    }
}
