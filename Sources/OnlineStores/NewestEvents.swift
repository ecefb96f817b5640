/// The newest event that pushes wrote into each generation, as the database keeps it.
///
/// The value is a row of 12 bytes for each generation: its id, and the event's time in
/// microseconds, both with the low byte first.
enum NewestEvents {
    private static let rowBytes = 12

    /// The key under which they lie.
    static var key: [UInt8] { [Keyspace.metadata] + Array("newest".utf8) }

    /// The value, in the order of the ids.
    static func bytes(of events: [UInt32: Int64]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (viewID, time) in events.sorted(by: { $0.key < $1.key }) {
            bytes.append(littleEndian: viewID)
            bytes.append(littleEndian: time)
        }
        return bytes
    }

    /// The events that the database knows: of the generations in the catalogue.
    static func stored(
        in database: StoreDatabase,
        of catalogue: Catalogue
    ) throws(OnlineStoreError) -> [UInt32: Int64] {
        guard let bytes = try database.value(forKey: self.key) else { return [:] }
        let known = Set(catalogue.views.map(\.viewID))
        var events: [UInt32: Int64] = [:]
        for start in stride(from: 0, to: bytes.count - self.rowBytes + 1, by: self.rowBytes) {
            let viewID = bytes.span.littleEndian(at: start, as: UInt32.self)
            guard known.contains(viewID) else { continue }
            events[viewID] = bytes.span.littleEndian(at: start + 4, as: Int64.self)
        }
        return events
    }
}
