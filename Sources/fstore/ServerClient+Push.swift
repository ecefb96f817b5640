import FeatureServer
import FeatureStoreKit

extension ServerClient {
    /// How many rows go in one request: half of what a server takes.
    private static let maximumRows = 5_000
    /// The bytes of one body, with room for the limit of a server.
    private static let maximumBytes = 8_000_000

    /// Sends rows to the server, in several requests when they are many.
    ///
    /// A part of a push with an idempotency key has a key of its own, made from it.
    func push(_ request: PushRequest) throws(FeatureStoreError) -> PushResult {
        var total: PushResult?
        var first = 0
        let count = request.rows.rowCount
        var size = min(count, Self.maximumRows)
        let path: String
        switch request.destination {
        case .source: path = "/push"
        case .view: path = "/write-to-online-store"
        }
        repeat {
            var part = request
            let end = min(first + size, count)
            part.rows = request.rows[first..<end]
            let isWhole = first == 0 && end == count
            if let key = request.idempotencyKey, !isWhole {
                part.idempotencyKey = "\(key)/\(first)"
            }
            let body = part.jsonBody
            if body.count > Self.maximumBytes, size > 1 {
                size = (size + 1) / 2
                continue
            }
            let result: PushResult
            do {
                result = try Self.result(of: self.post(path, body: body))
            } catch {
                guard first > 0 else { throw error }
                // What was pushed is not to be pushed again with the rest.
                throw FeatureStoreError(
                    code: error.code,
                    message: "the first \(first) rows were pushed, and then: \(error.message)"
                )
            }
            if total == nil {
                total = result
            } else {
                total?.append(result, firstRow: first)
            }
            first = end
        } while first < count
        guard let total else {
            throw FeatureStoreError(code: .invalidData, message: "there are no rows to push")
        }
        return total
    }

    private static func result(of answer: Response) throws(FeatureStoreError) -> PushResult {
        // A push whose rows were rejected fails with the same body.
        if answer.status == 422,
            let result = try? decoded(answer.body) as PushResult
        {
            return result
        }
        return try decoded(answer.checked())
    }
}

extension PushRequest {
    /// The body of the request as it goes over the wire.
    fileprivate var jsonBody: [UInt8] {
        var body: [UInt8] = []
        switch self.destination {
        case .source(let name):
            body.append(contentsOf: #"{"push_source_name":"#.utf8)
            GivenCell.text(name).append(to: &body)
            body.append(contentsOf: #","to":""#.utf8)
            body.append(contentsOf: self.target.rawValue.utf8)
            body.append(UInt8(ascii: "\""))
        case .view(let name):
            body.append(contentsOf: #"{"feature_view_name":"#.utf8)
            GivenCell.text(name).append(to: &body)
        }
        if let key = self.idempotencyKey {
            body.append(contentsOf: #","idempotency_key":"#.utf8)
            GivenCell.text(key).append(to: &body)
        }
        body.append(contentsOf: #","df":{"#.utf8)
        for (index, column) in self.rows.columns.enumerated() {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            GivenCell.text(column.name).append(to: &body)
            body.append(contentsOf: ":[".utf8)
            for (row, cell) in column.cells.enumerated() {
                if row > 0 { body.append(UInt8(ascii: ",")) }
                cell.append(to: &body)
            }
            body.append(UInt8(ascii: "]"))
        }
        body.append(contentsOf: "}}".utf8)
        return body
    }
}
