import FeatureCompute
import FeatureModel
import OnlineStores

/// A selection of features, compiled for answers that are copied together from the texts of rows,
/// without columns in between.
///
/// Valid for one state of the definitions and one of the online store's catalogue; who keeps one
/// keeps it weakly, so that what it reads can go when it is valid no more.
package final class DirectRead: Sendable {
    /// A join key that a request must bring.
    package struct Key: Sendable {
        /// Its name as UTF-8.
        package let name: [UInt8]
        /// Whether ids are texts; else they are integers.
        package let isText: Bool
        /// The integers that it may be.
        package let integers: ClosedRange<Int64>
    }

    /// One feature of the answer: of which view, and which of those that are read of it.
    package struct Column: Sendable {
        package let view: Int
        package let position: Int
    }

    /// The join keys, each of which a request brings once, in any order.
    package let keys: [Key]
    /// The features, in the order of the answer.
    package let columns: [Column]
    /// The names of the features as JSON strings with commas between.
    package let featureNames: [UInt8]
    /// For each layout of each view, one after the other, the field of each wanted feature; -1
    /// where rows of that layout do not have it.
    package let fields: [Int32]
    /// The views that are read; `view@v1` for a generation that is not in force.
    package let viewNames: [String]
    /// The number of views that are read.
    package var viewCount: Int { self.plan.views.count }

    /// What is to be known of a layout for every row.
    struct Layout: Sendable {
        let schemaID: UInt16
        /// Where its fields start in ``DirectRead/fields``.
        let fieldsStart: Int
        /// The bytes before the first part of a text.
        let headerLength: Int
    }

    /// The layouts of each view.
    let layouts: [[Layout]]
    let plan: ReadPlan
    let store: RocksDBOnlineStore
    /// The number of the definitions that it goes by.
    let definitions: UInt64
    /// The state of the catalogue that it goes by.
    let catalogue: UInt64

    /// - Returns: `nil` when the selection has computed features or keys that need more reading
    ///   than that of an integer or a text.
    init?(
        _ plan: ReadPlan,
        store: RocksDBOnlineStore,
        definitions: UInt64,
        catalogue: UInt64
    ) {
        guard plan.computations.isEmpty, plan.requestFields.isEmpty else { return nil }
        var keys: [Key] = []
        for key in plan.joinKeys {
            let name = Array(key.name.utf8)
            switch key.type {
            case .int32:
                let integers = Int64(Int32.min)...Int64(Int32.max)
                keys.append(Key(name: name, isText: false, integers: integers))
            case .int64: keys.append(Key(name: name, isText: false, integers: .min ... .max))
            case .string: keys.append(Key(name: name, isText: true, integers: .min ... .max))
            default: return nil
            }
        }
        guard !keys.isEmpty else { return nil }
        var columns: [Column] = []
        var names: [UInt8] = []
        for column in plan.columns {
            guard case .feature(let cell) = column.origin else { return nil }
            columns.append(Column(view: cell.view, position: cell.position))
            if !names.isEmpty { names.append(UInt8(ascii: ",")) }
            JSONString.encode(Array(column.name.utf8).span, to: &names)
        }
        var fields: [Int32] = []
        var layouts: [[Layout]] = []
        for view in plan.views {
            var ofView: [Layout] = []
            for layout in view.layouts {
                let fieldCount = layout.layout.schema.fields.count
                ofView.append(
                    Layout(
                        schemaID: layout.schemaID,
                        fieldsStart: fields.count,
                        headerLength: RowText.headerLength(fieldCount: fieldCount)
                    )
                )
                fields += layout.fields.map { $0.map { Int32($0) } ?? -1 }
            }
            layouts.append(ofView)
        }
        self.keys = keys
        self.columns = columns
        self.featureNames = names
        self.fields = fields
        self.layouts = layouts
        self.viewNames = plan.views.map(\.name)
        self.plan = plan
        self.store = store
        self.definitions = definitions
        self.catalogue = catalogue
    }
}

/// The ids of a request in the form that a ``DirectRead`` takes.
package struct DirectEntities: Sendable {
    /// One id.
    package struct ID: Sendable {
        /// The id, where it is an integer.
        package var integer: Int64
        /// Where it stands in the body: the digits, or the text with its quotes.
        package var start: Int
        package var end: Int

        package init(integer: Int64, start: Int, end: Int) {
            self.integer = integer
            self.start = start
            self.end = end
        }
    }

    /// The ids of all columns, one column after the other, in the request's order.
    package var ids: [ID] = []
    /// For each column of the request, its join key among those of the read.
    package var keys: [Int] = []
    /// For each column of the request, where its list stands in the body, from the first id to the
    /// last, when nothing but commas is between them; else -1.
    package var lists: [(start: Int, end: Int)] = []
    /// The number of entity rows.
    package var rowCount = 0

    package init() {}

    /// Forgets the ids, and keeps the memory.
    package mutating func removeAll() {
        self.ids.removeAll(keepingCapacity: true)
        self.keys.removeAll(keepingCapacity: true)
        self.lists.removeAll(keepingCapacity: true)
        self.rowCount = 0
    }
}

/// What a ``DirectRead`` found, in buffers that are used again and again.
package struct DirectRows: Sendable {
    /// What is known of one view's row for one entity.
    package struct Row: Sendable {
        package enum State: Sendable {
            case nothing
            case expired
            case present
        }

        package var state = State.nothing
        /// Whether its values are served.
        package var isPresent: Bool {
            if case .present = self.state { true } else { false }
        }
        /// Whether it has an event time.
        package var hasTime: Bool {
            if case .nothing = self.state { false } else { true }
        }
        /// Where the fields of its layout start in ``DirectRead/fields``.
        package var fieldsStart = 0
        /// Where the ends of its text start in ``DirectRows/texts``.
        package var endsStart = 0
        /// Where the parts of its text start.
        package var partsStart = 0
        /// Where its text ends.
        package var end = 0
    }

    /// For each view and entity row, view by view.
    package internal(set) var rows: [Row] = []
    /// For each view, what became of its rows, without the null values, which nobody looked at yet.
    package internal(set) var counts: [RowCounts] = []
    var batch = RowBatch()
    var keys = KeyBatch()
    /// For each view and entity row, its key.
    var keyViews: [Int] = []

    package init() {}

    /// The texts of all rows; drawn in RowText.swift.
    package var texts: [UInt8] { self.batch.bytes }
}

/// What became of a ``DirectRead``.
package enum DirectOutcome: Sendable {
    case found
    /// It must be read where it may wait for a disk.
    case needsFiles
    /// It must be read the general way, which also says what is wrong where something is.
    case unfit
}
