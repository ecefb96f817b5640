import FeatureModel
import Foundation
import TestSupport
import Testing

@Suite struct AllowedPathsTests {
    @Test func `What stays inside is allowed, and what leads out is not, links included`() throws {
        try withTemporaryDirectory { directory in
            let files = FileManager.default
            func make(_ path: String) throws -> String {
                let url = directory.appendingPathComponent(path)
                try files.createDirectory(
                    at: url.deletingLastPathComponent(),
                    withIntermediateDirectories: true
                )
                try Data().write(to: url)
                return url.path
            }
            func link(_ path: String, to target: String) throws {
                try files.createSymbolicLink(
                    atPath: directory.path + "/" + path,
                    withDestinationPath: target
                )
            }
            let root = directory.path + "/repository"
            _ = try make("repository/data/a.csv")
            _ = try make("repository2/b.csv")
            _ = try make("outside/c.csv")
            _ = try make("common/d.csv")
            try link("repository/inner", to: "data")
            try link("repository/data/out.csv", to: "../../outside/c.csv")
            try link("repository/far", to: directory.path + "/outside")
            try link("repository/nowhere.csv", to: "/nowhere/at/all")
            try link("repository/loop", to: "loop")
            try link("repository/common", to: "../common")
            try link("alias", to: "repository")

            let paths = AllowedPaths(repository: root, others: [])
            for inside in [
                "", "/", "/data/a.csv", "/data/none.csv", "/new/folder/x.csv", "/inner/a.csv",
                "/data/../data/a.csv", "/./data/./a.csv", "/data/*.csv", "//data//a.csv",
                "/..data/a.csv", "/data/a..csv",
            ] {
                #expect(paths.contains(root + inside), "\(inside)")
            }
            for outside in [
                "/..", "/../outside/c.csv", "/../repository2/b.csv", "2/b.csv", "/data/out.csv",
                "/far/c.csv", "/far/none.csv", "/far/*.csv", "/nowhere.csv", "/loop",
                "/data/../../outside/c.csv", "/new/../../outside/c.csv", "/inner/../../outside",
                "/far/..", "/data/*/../../../outside/c.csv", "/common/d.csv", "/data/a\u{0}.csv",
            ] {
                #expect(!paths.contains(root + outside), "\(outside)")
            }
            #expect(!paths.contains("/etc/passwd"))
            #expect(!paths.contains(directory.path + "/repositor"))
            // By another name of the same folder.
            #expect(paths.contains(directory.path + "/alias/data/a.csv"))
            #expect(
                AllowedPaths(repository: directory.path + "/alias", others: [])
                    .contains(root + "/data/a.csv")
            )

            let more = AllowedPaths(repository: root, others: ["../common", "/nowhere/at"])
            #expect(more.contains(root + "/../common/d.csv"))
            #expect(more.contains(root + "/common/d.csv"))
            #expect(more.contains(root + "/nowhere/../../common/d.csv") == false)
            #expect(more.contains("/nowhere/at/all"))
            #expect(!more.contains(root + "/far/c.csv"))
            #expect(AllowedPaths(repository: root, others: ["/"]).contains("/etc/passwd"))
        }
    }
}
