import FeatureStoreKit
import Foundation
import TestSupport
import Testing

struct PushedTextTests {
    @Test
    func `A file that is no UTF-8 is refused by its line, not mended`() throws {
        try withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("rows.csv")
            try Data(Array("id,city\n1,Oslo\n2,Bod".utf8) + [0xF8, 0x0A]).write(to: file)
            #expect {
                try PushRows(file: file.path)
            } throws: { error in
                "\(error)".contains("rows.csv:3: column \"city\" is no text in UTF-8")
            }
        }
    }
}
