/// How many bytes of a CSV file are held at once.
package struct CSVWindowSize: Sendable {
    /// What is read at once, unless a record is longer.
    package var initial: Int
    /// No record may be as long.
    ///
    /// A quote that nothing closes makes the rest of a file one record; without a bound that would
    /// take all memory.
    package var maximum: Int

    package init(initial: Int = 1 << 20, maximum: Int = 1 << 28) {
        self.initial = initial
        self.maximum = maximum
    }
}
