/// A pattern of names, in which `*` stands for any characters or none.
struct NamePattern: Hashable, Sendable {
    private let bytes: [UInt8]

    init(_ text: String) {
        self.bytes = Array(text.utf8)
    }

    /// Whether all of a name is what the pattern says, letter for letter.
    ///
    /// - Complexity: O(name × pattern) at worst; no recursion.
    func matches(_ name: String) -> Bool {
        let name = Array(name.utf8)
        let star = UInt8(ascii: "*")
        var position = 0
        var next = 0
        // Where the last star stands, and how far it reaches in the name.
        var lastStar: Int?
        var reached = 0
        while position < name.count {
            if next < self.bytes.count, self.bytes[next] == star {
                lastStar = next
                reached = position
                next += 1
            } else if next < self.bytes.count, self.bytes[next] == name[position] {
                position += 1
                next += 1
            } else if let lastStar {
                reached += 1
                position = reached
                next = lastStar + 1
            } else {
                return false
            }
        }
        return self.bytes[next...].allSatisfy { $0 == star }
    }
}
