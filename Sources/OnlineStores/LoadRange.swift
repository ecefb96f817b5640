import NativeStorage

/// Some of the keys of a load, next to each other: what one thread handles.
struct LoadRange: Sendable {
    /// The first key that belongs to it; `nil` for all from the beginning.
    let lower: [UInt8]?
    /// The first key that does not belong to it; `nil` for all to the end.
    let upper: [UInt8]?

    /// All keys.
    static let all = LoadRange(lower: nil, upper: nil)

    /// So many keys are looked at for each range.
    private static let samplesPerRange = 32

    /// Cuts all keys into ranges of about the same number of bytes.
    ///
    /// - Parameters:
    ///   - parts: Where the records are, in memory.
    ///   - runs: Where they are in files.
    ///   - count: How many ranges there should be; there may be fewer.
    /// - Returns: The ranges, keys ascending; at least one. Every key is in one of them.
    static func ranges(parts: [LoadPart], runs: [Run], count: Int) -> [LoadRange] {
        guard count > 1 else { return [.all] }
        var samples: [[UInt8]] = []
        let records = parts.reduce(0) { $0 + $1.references.count }
        let recordStep = max(records / (count * Self.samplesPerRange), 1)
        var index = recordStep / 2
        for part in parts {
            while index < part.references.count {
                samples.append(unsafe Array(part.record(at: index).key))
                index += recordStep
            }
            index -= part.references.count
        }
        let stretches = runs.reduce(0) { $0 + $1.index.count }
        let stretchStep = max(stretches / (count * Self.samplesPerRange), 1)
        index = stretchStep / 2
        for run in runs {
            while index < run.index.count {
                samples.append(run.index.key(at: index))
                index += stretchStep
            }
            index -= run.index.count
        }
        samples.sort { compareBytes($0.span, $1.span) < 0 }
        var cuts: [[UInt8]] = []
        for cut in 1..<count where !samples.isEmpty {
            let key = samples[cut * samples.count / count]
            if key != cuts.last {
                cuts.append(key)
            }
        }
        let bounds: [[UInt8]?] = [nil] + cuts + [nil]
        return zip(bounds, bounds.dropFirst()).map { LoadRange(lower: $0, upper: $1) }
    }

    /// The records of the range in some parts, in the order in which they were added.
    ///
    /// - Returns: References whose locations ``PartRecords`` knows.
    func references(in parts: [LoadPart]) -> [RecordReference] {
        var references: [RecordReference] = []
        let bounds = parts.map { part in
            let start = self.lower.map { part.lowerBound(of: $0) } ?? 0
            let end = self.upper.map { part.lowerBound(of: $0) } ?? part.references.count
            return start..<end
        }
        references.reserveCapacity(bounds.reduce(0) { $0 + $1.count })
        for (index, part) in parts.enumerated() {
            let location = UInt64(index) << PartRecords.offsetBits
            for reference in part.references[bounds[index]] {
                references.append(
                    RecordReference(word: reference.word, location: location | reference.location)
                )
            }
        }
        return references
    }
}

/// Finds records in several parts: a location is the part's index and the record's offset.
@safe
struct PartRecords: RecordKeys {
    static let offsetBits: UInt64 = 40

    /// Kept for the memory that ``bases`` point to.
    private let parts: [LoadPart]
    private let bases: [UnsafeRawPointer]

    init(_ parts: [LoadPart]) {
        self.parts = parts
        unsafe self.bases = unsafe parts.map { unsafe $0.base }
    }

    func record(at location: UInt64) -> RecordPointer {
        let offset = Int(location & (1 << Self.offsetBits - 1))
        return unsafe RecordPointer(start: self.bases[Int(location >> Self.offsetBits)] + offset)
    }

    func key(at location: UInt64) -> UnsafeBufferPointer<UInt8> {
        unsafe self.record(at: location).key
    }

    func age(at location: UInt64) -> RowAge { unsafe self.record(at: location).age }
}
