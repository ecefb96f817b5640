/// How new a row is.
struct RowAge: Comparable {
    let eventTime: Int64
    let writeTime: Int64

    static func < (left: RowAge, right: RowAge) -> Bool {
        left.eventTime != right.eventTime
            ? left.eventTime < right.eventTime : left.writeTime < right.writeTime
    }
}
