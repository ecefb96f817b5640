extension String {
    /// The text, or so many bytes of its beginning and `…` when it has more.
    ///
    /// Cut inside of a character, the rest of it becomes U+FFFD.
    package func shortened(toBytes count: Int) -> String {
        guard self.utf8.count > count else { return self }
        return String(decoding: self.utf8.prefix(count), as: UTF8.self) + "…"
    }
}
