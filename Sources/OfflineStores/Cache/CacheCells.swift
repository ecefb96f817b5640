import FeatureCompute
import FeatureModel

/// A column that grows by what chunks hold.
struct CacheCells {
    let type: ValueType
    var integers: [Int64] = []
    var floats: [Double] = []
    var bytes = Column.ByteStorage()
    /// How many values there are.
    var count = 0
    /// Made when the first null comes.
    private var nulls: Bitmap?

    init(type: ValueType) {
        self.type = type
    }

    /// Says of values at the end that none of them is null.
    mutating func appendValidity(_ count: Int) {
        guard self.nulls != nil else { return }
        for _ in 0..<count { self.nulls?.append(false) }
    }

    /// Says of the value at an index whether it is null.
    mutating func append(isNull: Bool, at index: Int) {
        if self.nulls == nil {
            guard isNull else { return }
            self.nulls = Bitmap(repeating: false, count: index)
        }
        self.nulls?.append(isNull)
        guard isNull else { return }
        switch self.type.physicalType {
        case .integer: self.integers[index] = 0
        case .float: self.floats[index] = 0
        case .bytes: break
        }
    }

    /// The column; the cells are empty afterwards.
    mutating func finish() -> Column {
        let storage: Column.Storage =
            switch self.type.physicalType {
            case .integer: .integers(self.integers)
            case .float: .floats(self.floats)
            case .bytes: .bytes(self.bytes)
            }
        let column = Column(type: self.type, storage: storage, nulls: self.nulls)
        self = CacheCells(type: self.type)
        return column
    }
}
