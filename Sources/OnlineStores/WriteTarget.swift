/// Where a load or a push writes: a generation of a view, and one of its schemas.
struct WriteTarget: Sendable {
    let viewName: String
    let viewID: UInt32
    let schema: RowSchema
    /// Tells writers of this process apart.
    let number: Int
}
