import NativeStorage

/// Finds the stored rows of keys that come in ascending order: a walk beside them.
struct StoredRows: ~Copyable {
    /// So many entries are passed one by one; what is further away is looked up.
    private static let maximumSteps = 8

    private enum Place {
        case beforeAll
        case entry
        case afterAll
    }

    private let database: StoreDatabase
    private var cursor: RocksDBCursor
    private var place = Place.beforeAll

    /// The rows as they are now.
    init(_ database: StoreDatabase) throws(OnlineStoreError) {
        self.database = database
        self.cursor = try database.cursor()
    }

    /// Looks for the row of a key; keys come in ascending order.
    ///
    /// - Returns: Whether it is there: ``withRow(_:)`` has it then.
    mutating func find(_ key: Span<UInt8>) throws(OnlineStoreError) -> Bool {
        do throws(RocksDBError) {
            return try self.move(to: key)
        } catch {
            throw self.database.storeError(error)
        }
    }

    /// Calls `body` with the row that was found; it is gone afterwards.
    func withRow<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        self.cursor.withEntry { _, row in body(row) }
    }

    private mutating func move(to key: Span<UInt8>) throws(RocksDBError) -> Bool {
        var steps = 0
        while true {
            let isEntry: Bool
            switch self.place {
            case .afterAll: return false
            case .beforeAll: isEntry = try self.cursor.seek(to: key)
            case .entry:
                let order = self.cursor.compareKey(to: key)
                if order >= 0 { return order == 0 }
                isEntry =
                    steps < Self.maximumSteps
                    ? try self.cursor.next() : try self.cursor.seek(to: key)
                steps += 1
            }
            self.place = isEntry ? .entry : .afterAll
        }
    }
}
